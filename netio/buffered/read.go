package buffered

import (
	"cmp"
	"context"

	"rondo.dev/rondo/async"
)

// Read makes a Reader a netio.Reader: it reads what is buffered, or, if that is
// nothing, from the source straight into b. What a losing Read has read, it gives back.
// One Read may be in flight at a time.
func (r *Reader) Read(b []byte) async.Op[int] { return async.NewOp((*readSource)(r), b, 0) }

// Unread puts a copy of b, which was read from r, before what would be read next.
func (r *Reader) Unread(b []byte) async.Op[int] { return async.NewOp((*unreadSource)(r), b, 0) }

// reading is the Read in flight.
type reading struct {
	ticket uint32
	busy   bool
	over   bool
	asked  bool          // the source was asked to give up, as by a loser: it keeps what it has
	inner  async.Op[int] // of the source, unless over
	buf    []byte
	n      int
	err    error
}

type readSource Reader

// Home returns nil: the operation of the source finds its own way.
func (s *readSource) Home() *async.Executor { return nil }

func (s *readSource) Start(_ *async.Task, b []byte, _ uint64) uint32 {
	r := (*Reader)(s)
	x := &r.op
	if x.busy {
		panic("rondo/buffered: a second Read was started while one is in flight")
	}
	*x = reading{ticket: max(x.ticket+1, 1), busy: true, buf: b}
	switch {
	case len(b) == 0:
		x.over = true
	case len(r.data) > 0:
		x.n, x.over = copy(b, r.data), true
		r.take(x.n)
	default:
		x.inner = r.src.Read(b)
	}
	return x.ticket
}

func (s *readSource) PollOp(t *async.Task, ticket uint32, keep bool) (int, error) {
	x := s.find(ticket)
	if !x.over {
		n, err := x.inner.Poll(t)
		if async.IsPending(err) {
			return 0, err
		}
		if x.asked {
			n, err = 0, cmp.Or(t.Cause(), context.Canceled)
		}
		x.n, x.err, x.over = n, err, true
	}
	n, err := x.n, x.err
	if !keep {
		x.end()
	}
	return n, err
}

func (s *readSource) CancelOp(t *async.Task, ticket uint32) (idle bool) {
	x := s.find(ticket)
	if x.over || !x.inner.Cancel(t, true) {
		x.asked = !x.over
		return false
	}
	x.end()
	return true
}

func (s *readSource) Settle(ticket uint32, back bool) int {
	x := s.find(ticket)
	if back {
		(*Reader)(s).unread(x.buf[:x.n])
	}
	x.end()
	return 0
}

func (s *readSource) find(ticket uint32) *reading {
	if !s.op.busy || s.op.ticket != ticket {
		panic("rondo/buffered: a Read was polled that is not in flight: it has had its result, or is a copy of one that has")
	}
	return &s.op
}

func (x *reading) end() { *x = reading{ticket: x.ticket} }

// unreadSource is the source of Unread, which is over when it is started.
type unreadSource Reader

func (s *unreadSource) Home() *async.Executor { return nil }

func (s *unreadSource) Start(_ *async.Task, b []byte, _ uint64) uint32 {
	(*Reader)(s).unread(b)
	return uint32(len(b)) + 1
}

func (s *unreadSource) PollOp(_ *async.Task, ticket uint32, _ bool) (int, error) {
	return int(ticket - 1), nil
}

func (s *unreadSource) CancelOp(*async.Task, uint32) bool { return false }
func (s *unreadSource) Settle(uint32, bool) int           { return 0 }
