package loadgen

import (
	"bytes"
	"math/rand/v2"
)

// messages has the bytes that every connection sends: each message is a window
// into one random pool, at a place that depends on the connection and on the
// message's number. So nothing is filled in or copied to send, and an echo of
// another connection, of an older message, or with bytes lost or repeated does
// not compare equal.
type messages struct {
	pool []byte
	size int
}

// offsets is how many places there are, a power of two.
const offsets = 1 << 16

func newMessages(size int) messages {
	pool := make([]byte, offsets+size)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(pool) // never fails
	return messages{pool, size}
}

// message returns the message of a number; consecutive ones of a connection,
// and the same of neighbours, lie far apart.
func (m messages) message(conn, number uint32) []byte {
	hash := (uint64(conn)<<32 | uint64(number)) * 0x9e3779b97f4a7c15
	at := hash >> 48 % offsets
	return m.pool[at:][:m.size]
}

// equal reports whether b is what a message has at an offset.
func (m messages) equal(conn, number uint32, offset int, b []byte) bool {
	return bytes.Equal(m.message(conn, number)[offset:][:len(b)], b)
}
