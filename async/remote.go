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
// in for the source on the waiting side, and is the letter that goes to the other
// and a root task there: one allocation, one post, one wake.
//
// Who touches what: src to arg are set before the post. From then on everything
// but waker belongs to home, until done is set; and after that to the waiting
// side, which looks at nothing before it has seen done.
type remote[T any] struct {
	src      Source[T]
	home     *Executor
	exec     *Executor // of the waiting side
	shielded bool
	buf      []byte
	arg      uint64

	core   Core
	ticket uint32
	asked  bool
	keep   bool // the result stays with the operation at home until it is settled
	used   int  // what settling returned
	val    T
	err    error

	waker atomic.Pointer[Waker]
	done  atomic.Bool
}

// Remote reports whether t is there only to carry out one operation for a task or a
// goroutine elsewhere. A source that lends something has to give that one a copy: it
// goes on when t has ended, and unseen from here.
func (t *Task) Remote() bool {
	_, ok := t.core.frame.(deputy)
	return ok
}

// A deputy is a frame that carries out something for somebody elsewhere. standsIn tells
// whether that is a task of another executor, and no goroutine.
type deputy interface{ standsIn() bool }

func (r *remote[T]) standsIn() bool {
	_, isGoroutine := r.exec.host.(*blocker)
	return !isGoroutine
}

// newRemote returns a source for one operation of src, whose home is not exec.
// keep tells that the operation may become a loser.
func newRemote[T any](src Source[T], home, exec *Executor, keep, shielded bool) Source[T] {
	return &remote[T]{src: src, home: home, exec: exec, keep: keep, shielded: shielded}
}

func (r *remote[T]) Home() *Executor { return r.exec }

func (r *remote[T]) Start(t *Task, buf []byte, arg uint64) (ticket uint32) {
	r.buf, r.arg = buf, arg
	r.waker.Store(t.waker)
	if !r.home.post(r) {
		r.keep, r.err = false, ErrExecutorClosed
		if heir, ok := r.home.host.(Heir); ok && r.shielded {
			heir.Inherit(r.inherited)
		}
		r.done.Store(true)
	}
	return 1
}

// arrive begins the operation at home.
func (r *remote[T]) arrive() { r.core.StartRoot(r.home, r) }

// inherited carries out a shielded operation, which is to close something, at a home
// that has ended: it is over at once, or not at all.
func (r *remote[T]) inherited() {
	r.core.init(r.home, r)
	r.home.Turn(&r.core, func(t *Task) {
		v, err := r.src.PollOp(t, r.src.Start(t, r.buf, r.arg), false)
		if !IsPending(err) {
			r.val, r.err = v, err
		}
	})
}

func (r *remote[T]) PollOp(t *Task, _ uint32, keep bool) (T, error) {
	// Before the look at done: an end that comes after it wakes this waker.
	r.waker.Store(t.waker)
	if !r.done.Load() {
		var zero T
		return zero, Pending
	}
	if r.keep && !r.settle(keep) {
		var zero T
		return zero, Pending
	}
	return r.val, r.err
}

// settle ends an operation that was kept at home, and reports whether that is
// over. A result that goes back is waited for: home takes it out of the buffer,
// which is the caller's afterwards.
func (r *remote[T]) settle(back bool) (over bool) {
	r.keep = false
	if !back {
		r.home.Post(func() { r.src.Settle(r.ticket, false) })
		return true
	}
	r.done.Store(false) // home's again
	if r.home.Post(func() { r.used = r.src.Settle(r.ticket, true); r.end() }) {
		return false
	}
	r.done.Store(true) // there is no home any more
	return true
}

func (r *remote[T]) CancelOp(t *Task, _ uint32) (idle bool) {
	// Not Core.Cancel: the core is started by a post of its own, which this one
	// goes behind.
	cause := orCanceled(t.Cause())
	r.home.Post(func() { r.core.cancel(cause) })
	return false
}

// Settle is called after PollOp with keep, which has seen to it.
func (r *remote[T]) Settle(uint32, bool) (used int) { return r.used }

// Step is the operation's turn at home.
func (r *remote[T]) Step(t *Task) (done bool) {
	if r.ticket == 0 {
		// Also if it was cancelled on the way: to those who wait it has begun, and
		// where it goes on after a loser only the source knows what result it has.
		r.ticket = r.src.Start(t, r.buf, r.arg)
	}
	v, err := r.src.PollOp(t, r.ticket, r.keep)
	if IsPending(err) {
		cause := t.Cause()
		if cause == nil || r.asked || r.shielded {
			return false
		}
		r.asked = true
		if r.src.CancelOp(t, r.ticket) {
			r.endWithout(cause)
			return true
		}
		if v, err = r.src.PollOp(t, r.ticket, r.keep); IsPending(err) {
			return false
		}
	}
	r.val, r.err = v, err
	r.end()
	return true
}

// endWithout ends an operation that has nothing to settle at home.
func (r *remote[T]) endWithout(err error) {
	r.keep, r.err = false, err
	r.end()
}

func (r *remote[T]) end() {
	r.done.Store(true)
	r.waker.Load().Wake()
}

// Outcome makes remote an Ender: whatever the operation's error is, it is not the
// task's.
func (r *remote[T]) Outcome() error { return nil }

// Ended hands on a panic of the source, before which Step can't have ended it.
func (r *remote[T]) Ended(err error) {
	if err != nil {
		r.endWithout(err)
	}
}
