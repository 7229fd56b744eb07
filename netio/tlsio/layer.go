package tlsio

import (
	"crypto/tls"

	"rondo.dev/rondo/async"
)

// layer makes records of plaintext and plaintext of records: crypto/tls, or for a
// server's connections package tls13. It takes what has arrived from the connection's
// wire, and leaves there what is to be sent. It never waits: when more has to arrive,
// its error is an again.
type layer interface {
	// read puts plaintext into b, which is not empty.
	read(b []byte) (n int, err error)
	// lend returns plaintext in a buffer that t may keep until reclaim.
	lend(t *async.Task) ([]byte, error)
	reclaim()
	// leave has what was lent stay with whoever has it.
	leave()
	write(b []byte) (n int, err error)
	closeWrite() error
	state() tls.ConnectionState
	// close lets go of all buffers and keys. Only state is called afterwards.
	close()
}
