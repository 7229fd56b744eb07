package tlsio

import (
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/netio"
)

// serving is one connection of a Serve. The handshake and the handler are tasks one
// after the other: the handshake's coroutine, with a stack that has grown, is gone
// before the handler's, which can stay small, is there. It awaits them without
// being a task, as netio's own Serve does.
type serving struct {
	netio.Served
	acceptor *Acceptor
	handler  func(*async.Task, *Conn) error
	parent   *async.Task
	conn     *Conn // nil until the end of the handshake
	child    *async.Child
	waker    async.Waker
	view     async.Task // for polling child
	handling bool
}

// begin starts with the handshake.
func (s *serving) begin() {
	s.waker = async.WakerFor(s)
	s.view = s.parent.WithWaker(&s.waker)
	s.run(s.shake)
}

func (s *serving) run(f func(t *async.Task) error) {
	s.child = s.parent.Go(f)
	s.child.Poll(&s.view)
}

func (s *serving) shake(t *async.Task) error {
	if t.Core().Decline() {
		return nil
	}
	defer func() {
		if s.conn == nil {
			s.Conn.Close().Await(t)
		}
	}()
	if limit := s.acceptor.limit(); limit > 0 {
		var stop func()
		t, stop = t.WithTimeout(limit)
		defer stop()
	}
	c, conn := s.acceptor.conn(s.Conn)
	if err := c.handshake(t, conn); err != nil {
		return err
	}
	s.conn = c
	return nil
}

func (s *serving) handle(t *async.Task) error {
	defer s.close(t)
	return s.handler(t, s.conn)
}

// close is a function of its own to keep its operation off the handler's stack.
func (s *serving) close(t *async.Task) { s.conn.Close().Await(t) }

// WakeLocal is called when the child has ended, on its loop.
func (s *serving) WakeLocal() {
	_, err := s.child.Poll(&s.view)
	if s.conn == nil || s.handling {
		s.Done(err)
		return
	}
	s.handling = true
	s.run(s.handle)
}

// Wake makes it Wakeable. Nobody but the child has the waker.
func (s *serving) Wake() { s.WakeLocal() }
