package web

import (
	"bytes"
	"errors"
	"net/http"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/netio"
)

// TakeOver has something else go on with the connection when the handler has returned:
// for protocols that begin with a request and last for long, as those of package
// websocket. Nothing of the request is kept then, neither its buffers nor the handler's
// goroutine or stack. That is the difference to HijackAsync, whose caller goes on within
// the handler.
//
// first is sent in place of a response; it is the caller's again at once. Once it has
// gone, begin is called on the connection's loop with the connection, a *netio.Conn or a
// *tlsio.Conn, and a copy of what was received behind the head of the request and not read.
// It must not block. The frame that it returns is stepped by a task of its own, which has
// no stack: an async function is called by one with a lowered.Callee. When the frame is
// done the connection is closed, if it is not yet, and what the task has spawned is
// cancelled.
//
// begin is not called if first could not be sent, if the handler panics, or an async one
// fails: the connection is closed then.
//
// The task is the server's: its connection counts among MaxConns, Shutdown waits for it,
// and Close cancels it. A panic is logged and costs the connection, nothing else. Its errors
// are its own affair.
//
// It returns http.ErrHijacked if the connection was taken over before.
func (w *response) TakeOver(first []byte, begin func(conn any, received []byte) async.Frame) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.hijacked:
		return http.ErrHijacked
	case w.over():
		return errOver
	}
	if w.status != 0 {
		if err := w.flush(); err != nil {
			return err
		}
	}
	if w.x.worker == nil {
		w.x.c.core.DropStack() // which the request has made large, for whoever goes on
	}
	w.take()
	w.x.rq.body.giveBack()
	w.x.out = append(w.x.out, first...)
	w.x.next = begin
	return nil
}

// succession is a connection that was taken over, and the task that goes on with it: what
// is left of a connection that serves no requests any more.
type succession struct {
	netio.Served
	core  async.Core
	shard *shard
	frame async.Frame // nil in the end
}

// handOver starts the task that goes on with c, which ends here.
func (c *connection) handOver(t *async.Task) {
	x, sh := c.x, c.shard
	x.unreceive(t)
	s := &succession{Served: c.Served, shard: sh, frame: x.next(c.stream(), bytes.Clone(x.in))}
	if s.frame == nil {
		panic("web: the function given to TakeOver returned no frame")
	}
	c.tell(http.StateHijacked)
	c.x = nil
	sh.recycle(x)
	c.exit()
	c.state = ended
	s.core.Start(sh.parent, s)
}

// Step makes it a frame.
func (s *succession) Step(t *async.Task) (done bool) {
	if !s.frame.Step(t) {
		return false
	}
	s.frame = nil
	s.core.CancelLocal(errLeft)
	closeRaw(t, s.Conn) // if it is not closed already
	return true
}

// errLeft is why the children of a task end that was done with its connection.
var errLeft = errors.New("web: the connection has come to its end")

// Outcome makes it an Ender. What the frame has ended with is nobody's here.
func (s *succession) Outcome() error { return nil }

// Ended tells the server.
func (s *succession) Ended(err error) {
	s.core.Taken()
	if s.frame != nil { // it has not come to its end
		s.frame = nil
		s.shard.close(s.Conn)
	}
	var p *async.PanicError
	switch {
	case errors.As(err, &p):
		s.shard.logger().Error("web: who has taken a connection over panicked", "panic", p.Value, "stack", string(p.Stack))
	case errors.Is(err, async.ErrGoexit):
		s.shard.logger().Error("web: who has taken a connection over has called runtime.Goexit")
	}
	s.Done(nil)
}
