package netio

import (
	"io"

	"rondo.dev/rondo/async"
)

// A Reader is what can be read from, such as a *Conn.
type Reader interface {
	// Read reads up to len(b) bytes, at least one unless b is empty. At the end
	// it returns io.EOF. b is the reader's from the await's beginning to its end.
	Read(b []byte) async.Op[int]
}

// A Writer is what can be written to.
type Writer interface {
	// Write writes all of b, or returns how many bytes it wrote and why not more.
	// b is the writer's from the await's beginning to its end.
	Write(b []byte) async.Op[int]
}

// A Receiver is a Reader that has memory of its own to read into: who waits for it
// needs no buffer.
type Receiver interface {
	Reader
	// Recv lends at least one byte, until the next operation that reads or closes
	// is started. At the end it returns io.EOF.
	Recv() async.Op[[]byte]
}

// An Unreader is a Reader that takes bytes back: those that were read from it, and
// which whoever has read them could not use.
type Unreader interface {
	Reader
	// Unread puts a copy of b before what would be read next, and returns len(b).
	// It never waits for long.
	Unread(b []byte) async.Op[int]
}

// A CloseWriter is a Writer whose reader can be told that nothing more comes, while
// the other direction goes on.
type CloseWriter interface {
	Writer
	CloseWrite() async.Act
}

// A ReadWriter is both.
type ReadWriter interface {
	Reader
	Writer
}

// A WriterTo writes all that it has to a Writer by itself. Copy uses it.
type WriterTo interface {
	// WriteTo writes until there is nothing left, and returns how many bytes it
	// has written.
	WriteTo(t *async.Task, w Writer) (n int64, err error)
}

// ReadFull reads until b is full. It returns how many bytes it read: io.EOF if
// there was none, io.ErrUnexpectedEOF if there were too few. Cancelled, it returns
// how many are in b, with the cause: they are not lost.
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
