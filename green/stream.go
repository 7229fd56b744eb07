package green

import (
	"context"
	"io"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/netio"
)

// Reader returns r as an io.Reader for code that blocks: it suspends a task, and
// blocks a goroutine. Who may call is what Conn says.
func Reader(t *async.Task, r netio.Reader) io.Reader { return &reader{homeOf(t), r} }

type reader struct {
	home
	r netio.Reader
}

func (x *reader) Read(b []byte) (int, error) {
	if t := x.caller(); t != nil {
		return x.r.Read(b).Await(t)
	}
	return x.r.Read(b).Wait(context.Background())
}

// Writer returns w as an io.Writer for code that blocks: it suspends a task, and
// blocks a goroutine. Who may call is what Conn says.
func Writer(t *async.Task, w interface{ Write(b []byte) async.Op[int] }) io.Writer {
	return &writer{homeOf(t), w}
}

type writer struct {
	home
	w interface{ Write(b []byte) async.Op[int] }
}

func (x *writer) Write(b []byte) (int, error) {
	if t := x.caller(); t != nil {
		return x.w.Write(b).Await(t)
	}
	return x.w.Write(b).Wait(context.Background())
}
