package async

import "context"

// A Source is what can be done with an object in one way: reading a connection,
// accepting from a listener, sleeping. Objects embed what an operation in flight
// needs; the Op that users hold is only a value that names it. Nothing but values
// crosses this interface, so that awaiting an operation allocates nothing.
//
// A ticket names one operation of the source. It is never 0, and not used again
// for a long time: a source panics or does nothing for a ticket it does not know.
// What a ticket of 0 is to PollOp is said at NewQuickOp.
// A second operation, started while one is in flight, waits for its turn.
//
// All methods but Home are called on the executor that Home returns.
type Source[T any] interface {
	// Home returns the executor that the object belongs to for ever, or nil if
	// the source works on the executor of whichever task uses it.
	Home() *Executor
	// Start begins an operation. It may be over when Start returns.
	Start(t *Task, buf []byte, arg uint64) (ticket uint32)
	// PollOp is Future.Poll for the operation. With keep, which is so for losers,
	// the result stays with the operation, which goes on occupying its place
	// until Settle.
	PollOp(t *Task, ticket uint32, keep bool) (T, error)
	// CancelOp is Canceler.Cancel for the operation. If it reports idle, the
	// operation is gone.
	CancelOp(t *Task, ticket uint32) (idle bool)
	// Settle ends an operation that has been polled to its end with keep. With
	// back, nobody takes the result, and it goes back into the object; what
	// can't, such as bytes written, is returned as the number of bytes of the
	// buffer that are used up. The next attempt is started with
	// the rest of the buffer, and with arg more by that number: such a source
	// counts from arg.
	Settle(ticket uint32, back bool) (used int)
}

// An Op is an operation on some object: a value, inert until it is awaited or
// polled. It may be copied, kept and dropped before that.
//
// Op has two ways of use. Await and Wait, by value, run it to its end. Poll and
// Cancel, by pointer, make &op a Future and a Canceler, for combinators; an Op
// that was polled must not be copied until it has its result.
type Op[T any] struct {
	src    Source[T]
	buf    []byte
	arg    uint64
	ticket uint32 // 0: not started
	flags  opFlags
}

type opFlags uint32

const (
	opShielded opFlags = 1 << iota // runs on although its task is cancelled
	opLoser                        // cancelled as a loser, not yet settled
	opDone                         // has had its result
	opLight                        // begun and polled on the stack of who awaits
	opQuick                        // its source is quick
)

// NewOp returns an operation of a source. buf and arg are passed to Start.
func NewOp[T any](src Source[T], buf []byte, arg uint64) Op[T] {
	return Op[T]{src: src, buf: buf, arg: arg}
}

// NewLightOp returns an operation of a source that needs next to no stack: Await
// begins and polls it on the coroutine's own, which saves a switch to and fro when
// it is over at once. It is for what happens in memory, as with channels and locks;
// and for system calls that seldom wait, of objects that a program has few of, as with
// files and sockets of packets: a stack that they have made larger stays so for some
// time.
func NewLightOp[T any](src Source[T], buf []byte, arg uint64) Op[T] {
	return Op[T]{src: src, buf: buf, arg: arg, flags: opLight}
}

// NewQuickOp returns a light operation of a source that is quick: it has no home, and
// what it does is so often done at once that this is asked for first. PollOp with a
// ticket of 0 then carries out an operation that was not begun, if it need not wait;
// else it does nothing, and returns Pending. PollOp is not told arg. Who has to wait is
// not polled right after Start: that keeps t's waker, and wakes it if the operation is
// over by then. Those calls, with a lock each, are most of what a channel costs.
func NewQuickOp[T any](src Source[T], arg uint64) Op[T] {
	return Op[T]{src: src, arg: arg, flags: opLight | opQuick}
}

// Await suspends t until the operation has its result; see package async's Await
// for what happens when t is cancelled.
func (o Op[T]) Await(t *Task) (T, error) { return o.await(t) }

// await has a pointer so that Act.Await is inlined, which saves copying an Op.
func (o *Op[T]) await(t *Task) (_ T, _ error) {
	if t.core.Decline() {
		return // called by a function value: see package lowered
	}
	switch {
	case o.flags&opLight == 0:
		return o.awaitAside(t)
	case o.flags&opQuick != 0:
		if v, err, done := o.try(t); done {
			return v, err
		}
	}
	return o.awaitHere(t)
}

// try carries out a quick operation if that need not wait. If it has not, nothing has
// happened, and it is begun as others are.
func (o *Op[T]) try(t *Task) (v T, err error, done bool) {
	if o.ticket != 0 || !t.AtOnce() {
		return v, err, false
	}
	v, err = o.src.PollOp(t, 0, false)
	return v, err, !IsPending(err)
}

// awaitAside is Await off the coroutine's stack: see Coroutine.Resume.
func (o *Op[T]) awaitAside(t *Task) (T, error) {
	e := t.core.exec
	co := e.stack
	if !t.core.inStep || co == nil || co.core != t.core {
		panic(t.core.stackless())
	}
	x := newOpAwait(e, o, t)
	co.awaits = x
	co.yield(struct{}{})
	return x.end(e)
}

// awaitHere is Await on the coroutine's own stack.
func (o *Op[T]) awaitHere(t *Task) (T, error) {
	var f Flight[T]
	v, err, done := f.begin(t, o)
	for !done {
		t.suspend()
		v, err, done = f.Resume(t)
	}
	return v, err
}

// Wait is Await for a plain goroutine: it blocks until the operation has its
// result, or ctx ends and the operation has been cancelled. It costs a dozen small
// allocations and a trip to the object's executor and back; a goroutine that
// lives on a connection is better off with a net.Conn. A task that calls it would
// block its loop, and panics if it comes to that.
func (o Op[T]) Wait(ctx context.Context) (T, error) {
	if o.flags&opShielded != 0 {
		ctx = context.WithoutCancel(ctx)
	}
	return Block[T](ctx, &o)
}

// Poll starts the operation if that has not happened, and polls it.
func (o *Op[T]) Poll(t *Task) (T, error) {
	if o.ticket == 0 {
		o.checkUsable()
		if t.Spend() {
			if o.flags&opQuick != 0 {
				// It has its place in the line; its result, if it is there, waits.
				o.ticket = o.src.Start(t, o.buf, o.arg)
			} else {
				t.waker.WakeLocal()
			}
			var zero T
			return zero, Pending
		}
		if o.flags&opQuick != 0 {
			if v, err := o.src.PollOp(t, 0, false); !IsPending(err) {
				*o = Op[T]{flags: opDone}
				return v, err
			}
		} else if home := o.src.Home(); home != t.core.exec && home != nil {
			o.src = newRemote(o.src, home, t.core.exec, true, o.flags&opShielded != 0)
		}
		o.ticket = o.src.Start(t, o.buf, o.arg)
		if o.flags&opQuick != 0 {
			var zero T
			return zero, Pending
		}
	}
	loser := o.flags&opLoser != 0
	v, err := o.src.PollOp(t, o.ticket, loser)
	switch {
	case IsPending(err):
	case loser:
		o.reset(o.src.Settle(o.ticket, true))
	default:
		*o = Op[T]{flags: opDone}
	}
	return v, err
}

// Cancel is described at Canceler. A loser can be polled or awaited again: an Op
// that has written a part of its buffer goes on with the rest, any other starts
// anew.
func (o *Op[T]) Cancel(t *Task, loser bool) (idle bool) {
	if o.ticket == 0 {
		return true
	}
	if o.flags&opShielded != 0 {
		// It is not to be cancelled. A loser is left to itself.
		return loser
	}
	if o.src.CancelOp(t, o.ticket) {
		o.reset(0)
		return true
	}
	if loser {
		o.flags |= opLoser
	}
	return false
}

// reset makes o startable again, with the first used bytes of its buffer done.
// They are counted in arg, for the result of the rest.
func (o *Op[T]) reset(used int) {
	if r, ok := o.src.(*remote[T]); ok {
		o.src = r.src // it carries one operation only
	}
	o.buf = o.buf[min(used, len(o.buf)):] // a source may have its bytes elsewhere
	o.arg += uint64(used)
	o.ticket = 0
	o.flags &^= opLoser
}

func (o *Op[T]) checkUsable() {
	if o.flags&opDone != 0 {
		panic("rondo: an operation was polled after it had its result")
	}
	if o.src == nil {
		panic("rondo: the zero Op was used")
	}
}

// An Act is an operation without a value: closing, flushing, sleeping.
type Act struct {
	op Op[struct{}]
}

// NewAct returns an operation of a source without a value.
func NewAct(src Source[struct{}], arg uint64) Act { return Act{NewOp(src, nil, arg)} }

// NewQuickAct is NewQuickOp for an operation without a value.
func NewQuickAct(src Source[struct{}], arg uint64) Act {
	return Act{Op[struct{}]{src: src, arg: arg, flags: opLight | opQuick}}
}

// NewLightAct is NewLightOp for an operation without a value.
func NewLightAct(src Source[struct{}], arg uint64) Act { return Act{NewLightOp(src, nil, arg)} }

// Op returns the operation that a is, for Flight.Begin.
func (a Act) Op() Op[struct{}] { return a.op }

// Shielded returns a that runs to its end even if its task is cancelled, before
// or while it runs: for closing.
func (a Act) Shielded() Act {
	a.op.flags |= opShielded
	return a
}

// Await suspends t until it is done.
func (a Act) Await(t *Task) error {
	_, err := a.op.await(t) // not Await, for a is a copy already
	return err
}

// Wait blocks a plain goroutine until it is done.
func (a Act) Wait(ctx context.Context) error {
	_, err := a.op.Wait(ctx)
	return err
}

// Poll makes *Act a Future.
func (a *Act) Poll(t *Task) (struct{}, error) { return a.op.Poll(t) }

// Cancel makes *Act a Canceler.
func (a *Act) Cancel(t *Task, loser bool) (idle bool) { return a.op.Cancel(t, loser) }
