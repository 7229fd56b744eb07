// Package abuse has the tests of what bad clients do to a server of package web.
//
// The server is a process of its own, so that its memory and descriptors are its alone.
// While each attack goes on, good clients must get right answers; the memory that an
// attacker takes is bounded; and when it is over nothing is left.
//
// The tests are small by default. In full:
//
//	go test ./web/internal/abuse -v -timeout 0 -abuse.conns=10000 -run TestAttacks/half
//	go test ./web/internal/abuse -v -timeout 0 -abuse.conns=9000 -run 'TestAttacks/HTTP/2,_half-open'
//	go test ./web/internal/abuse -v -timeout 0 -abuse.for=10m -run TestAttacks/malformed
package abuse
