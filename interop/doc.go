// Package interop runs libraries that know nothing of rondo in its tasks, against
// real servers: pgx with PostgreSQL, go-redis with Redis. It also has clients that know
// nothing of rondo at its servers: gorilla's of WebSockets, and gRPC's. It is a module of
// its own so that they are no dependency of rondo, and has nothing but tests.
//
// Each test starts a server of its own, on a free port. Those of databases have their
// data in a temporary directory, and are skipped where the server is not installed.
package interop
