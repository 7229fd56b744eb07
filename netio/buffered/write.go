package buffered

import (
	"errors"
	"io"

	"rondo.dev/rondo/async"
)

// Write makes a Writer a netio.Writer. What fits is buffered; if b does not, the
// buffer is written, and a b that is larger than the buffer follows from where it is.
// The result counts bytes of b that are written or buffered. One Write may be in
// flight at a time.
func (w *Writer) Write(b []byte) async.Op[int] { return async.NewOp((*writeSource)(w), b, 0) }

// writing is the Write in flight.
type writing struct {
	ticket uint32
	busy   bool
	stage  stage
	asked  bool          // cancelled: nothing more is begun
	inner  async.Op[int] // of the destination
	buf    []byte
	from   int // bytes done by earlier attempts
	n      int // bytes of buf done by this one
	err    error
}

type stage uint8

const (
	flushing stage = iota // inner writes what was buffered
	direct                // inner writes buf
	written               // over
)

type writeSource Writer

// Home returns nil: the operation of the destination finds its own way.
func (s *writeSource) Home() *async.Executor { return nil }

func (s *writeSource) Start(t *async.Task, b []byte, already uint64) uint32 {
	w := (*Writer)(s)
	x := &w.op
	if x.busy {
		panic("rondo/buffered: a second Write was started while one is in flight")
	}
	*x = writing{ticket: max(x.ticket+1, 1), busy: true, buf: b, from: int(already)}
	switch {
	case len(b) <= w.Available():
		w.buffer(t)
	case len(w.data) > 0:
		x.inner = w.dst.Write(w.data)
	default:
		x.stage, x.inner = direct, w.dst.Write(b)
	}
	return x.ticket
}

// buffer ends the Write by taking all of it into the buffer.
func (w *Writer) buffer(t *async.Task) {
	x := &w.op
	if len(x.buf) > 0 {
		w.room(t, len(x.buf))
		copy(w.extend(len(x.buf)), x.buf)
	}
	x.n, x.stage = len(x.buf), written
}

func (s *writeSource) PollOp(t *async.Task, ticket uint32, keep bool) (int, error) {
	w, x := (*Writer)(s), s.find(ticket)
	for x.stage != written {
		n, err := x.inner.Poll(t)
		if async.IsPending(err) {
			return 0, err
		}
		w.moved(t, n, err)
	}
	n, err := x.from+x.n, x.err
	if !keep {
		x.end()
	}
	return n, err
}

// moved is the end of inner.
func (w *Writer) moved(t *async.Task, n int, err error) {
	x := &w.op
	switch {
	case x.stage == direct:
		x.n, x.err, x.stage = n, err, written
		if n < len(x.buf) && err == nil {
			x.err = io.ErrShortWrite
		}
		return
	case err == nil && n < len(w.data):
		err = io.ErrShortWrite
	}
	w.wrote(n)
	switch {
	case err != nil:
		x.err, x.stage = err, written
	case len(x.buf) <= w.size:
		w.buffer(t)
	case x.asked:
		x.err, x.stage = cause(t), written
	default:
		w.release(t)
		x.stage, x.inner = direct, w.dst.Write(x.buf)
	}
}

// cause is the error of a Write that was cancelled. A loser, whose task was not, only
// has to have one.
func cause(t *async.Task) error {
	if err := t.Cause(); err != nil {
		return err
	}
	return errLost
}

var errLost = errors.New("operation cancelled")

func (s *writeSource) CancelOp(t *async.Task, ticket uint32) (idle bool) {
	x := s.find(ticket)
	x.asked = true
	if x.stage == written || !x.inner.Cancel(t, false) {
		return false
	}
	if x.from > 0 {
		// What earlier attempts have written is its result.
		x.err, x.stage = cause(t), written
		return false
	}
	x.end()
	return true
}

func (s *writeSource) Settle(ticket uint32, _ bool) (used int) {
	x := s.find(ticket)
	used = x.n
	x.end()
	return used
}

func (s *writeSource) find(ticket uint32) *writing {
	if !s.op.busy || s.op.ticket != ticket {
		panic("rondo/buffered: a Write was polled that is not in flight: it has had its result, or is a copy of one that has")
	}
	return &s.op
}

func (x *writing) end() { *x = writing{ticket: x.ticket} }
