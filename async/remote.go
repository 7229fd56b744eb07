package async

import (
	"errors"
	"sync/atomic"
)

// ErrExecutorClosed is the error of operations on an object whose event loop has
// ended.
var ErrExecutorClosed = errors.New("rondo: the object's event loop has ended")

// remote carries one operation to the executor that its object is at home on,
// and the result back: for tasks of other loops, and for goroutines. It stands
// in for the source on the waiting side, and is a root task on the other: one
// allocation, one post, one wake.
//
// Who touches what: src to keep are set before the post; core, ticket and asked
// belong to home. val and err are written at home before done is set, and read
// by the waiting side after it has seen done.
type remote[T any] struct {
	src   Source[T]
	home  *Executor
	exec  *Executor // of the waiting side
	buf   []byte
	arg   uint64
	keep  bool // the result stays with the operation until Settle
	asked bool
	core  Core

	ticket uint32
	waker  atomic.Pointer[Waker]
	done   atomic.Bool
	val    T
	err    error
}

// newRemote returns a source for one operation of src, whose home is not exec.
func newRemote[T any](src Source[T], home, exec *Executor, keep bool) Source[T] {
	return &remote[T]{src: src, home: home, exec: exec, keep: keep}
}

// A Consumer is a Source of int whose results are bytes of the buffer that are
// used up, whoever takes the result: writing.
type Consumer interface{ Consumes() }

func (r *remote[T]) Home() *Executor { return r.exec }

func (r *remote[T]) Start(t *Task, buf []byte, arg uint64) (ticket uint32) {
	r.buf, r.arg = buf, arg
	r.waker.Store(t.waker)
	if !r.home.Post(func() { r.core.StartRoot(r.home, r) }) {
		r.err = ErrExecutorClosed
		r.keep = false
		r.done.Store(true)
	}
	return 1
}

func (r *remote[T]) PollOp(t *Task, _ uint32, _ bool) (T, error) {
	if !r.done.Load() {
		r.waker.Store(t.waker)
		// Looked at again: the end that came before the waker was there woke an
		// older one.
		if !r.done.Load() {
			var zero T
			return zero, Pending
		}
	}
	return r.val, r.err
}

func (r *remote[T]) CancelOp(t *Task, _ uint32) (idle bool) {
	r.core.cancelFrom(r.home, t.Cause())
	return false
}

func (r *remote[T]) Settle(_ uint32, back bool) (used int) {
	if !r.keep {
		return 0
	}
	r.home.Post(func() { r.src.Settle(r.ticket, back) })
	if _, ok := r.src.(Consumer); ok && back {
		used, _ = any(r.val).(int)
	}
	return used
}

// Step is the operation's turn at home.
func (r *remote[T]) Step(t *Task) (done bool) {
	if r.ticket == 0 {
		r.ticket = r.src.Start(t, r.buf, r.arg)
	}
	v, err := r.src.PollOp(t, r.ticket, r.keep)
	if cause := t.Cause(); cause != nil && IsPending(err) && !r.asked {
		r.asked = true
		if r.src.CancelOp(t, r.ticket) {
			r.keep = false // gone: there is nothing to settle
			return r.end(v, cause)
		}
		v, err = r.src.PollOp(t, r.ticket, r.keep)
	}
	if IsPending(err) {
		return false
	}
	return r.end(v, err)
}

func (r *remote[T]) end(v T, err error) bool {
	r.val, r.err = v, err
	r.done.Store(true)
	r.waker.Load().Wake()
	return true
}

// cancelFrom is Cancel for a core that may not have started yet: the post goes
// behind the one that starts it.
func (c *Core) cancelFrom(home *Executor, cause error) {
	home.Post(func() { c.cancel(orCanceled(cause)) })
}
