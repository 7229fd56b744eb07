// Package interop runs libraries that know nothing of rondo in its tasks, against
// real servers: pgx with PostgreSQL, go-redis with Redis. It is a module of its own so
// that they are no dependency of rondo, and has nothing but tests.
//
// Each test starts a server of its own, on a free port, with its data in a temporary
// directory, and is skipped where the server is not installed.
package interop
