package netio

import (
	"io"

	"rondo.dev/rondo/async"
)

// A Reader is what can be read from, such as a *Conn.
type Reader interface {
	// Read reads up to len(b) bytes, at least one unless b is empty. At the end
	// it returns io.EOF.
	Read(b []byte) async.Op[int]
}

// ReadFull reads until b is full. It returns how many bytes it read: io.EOF if
// there was none, io.ErrUnexpectedEOF if there were too few.
func ReadFull(t *async.Task, r Reader, b []byte) (n int, err error) {
	for n < len(b) && err == nil {
		var m int
		m, err = r.Read(b[n:]).Await(t)
		n += m
	}
	if n == len(b) {
		return n, nil
	}
	if err == io.EOF && n > 0 {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}
