package async

// A Flight is one operation in flight: an Op without its buffer and argument,
// which have been handed over. Op.Await has one on its stack, a lowered function
// in its frame; the protocol of awaiting is the same code in both executions.
// The zero value is ready for Begin, and again after the operation is done.
type Flight[T any] struct {
	src      Source[T]
	ticket   uint32
	asked    bool // it was asked to give up
	shielded bool // it is not to be asked

	// At is the frame's, which has no room of its own for it: it says where the frame's
	// function is. Flights of coroutines don't use it.
	At uint16
}

// Begin starts op, unless t is cancelled, and reports whether it is done. If not,
// the caller suspends, and calls Resume when it runs again.
func (f *Flight[T]) Begin(t *Task, op Op[T]) (v T, err error, done bool) {
	if op.flags&opQuick != 0 {
		if v, err, done = op.try(t); done {
			return v, err, true
		}
	}
	return f.begin(t, &op)
}

func (f *Flight[T]) begin(t *Task, op *Op[T]) (v T, err error, done bool) {
	t.checkAwait()
	if op.src == nil || op.flags&opDone != 0 {
		op.checkUsable()
	}
	f.src, f.ticket, f.asked = op.src, op.ticket, false
	f.shielded = op.flags&opShielded != 0
	if f.ticket == 0 {
		if cause := t.Cause(); cause != nil && !f.shielded {
			return v, cause, true
		}
		if home := f.src.Home(); home != t.core.exec && home != nil {
			f.src = newRemote(f.src, home, t.core.exec, false, f.shielded)
		}
		f.ticket = f.src.Start(t, op.buf, op.arg)
		if op.flags&opQuick != 0 { // Start wakes t: see NewQuickOp
			return v, nil, false
		}
	}
	if t.Spend() {
		// The result, if it is there already, waits where it is.
		t.waker.WakeLocal()
		return v, nil, false
	}
	return f.Resume(t)
}

// Resume goes on with an operation that is not done.
func (f *Flight[T]) Resume(t *Task) (v T, err error, done bool) {
	v, err = f.src.PollOp(t, f.ticket, false)
	if !IsPending(err) {
		return v, err, true
	}
	if f.asked || f.shielded {
		return v, err, false
	}
	cause := t.Cause()
	if cause == nil {
		return v, err, false
	}
	f.asked = true
	if f.src.CancelOp(t, f.ticket) {
		var zero T
		return zero, cause, true
	}
	v, err = f.src.PollOp(t, f.ticket, false) // it may have ended inside CancelOp
	return v, err, !IsPending(err)
}

// Launch, Poll and Cancel are Poll and Cancel of an Op, for what keeps an operation for
// longer than an await, and for more than one task: a Flight is less than half as large.
// Launch begins op, whether or not t is cancelled, and polls it.
func (f *Flight[T]) Launch(t *Task, op Op[T]) (T, error) {
	op.checkUsable()
	f.src, f.ticket = op.src, op.ticket
	if f.ticket == 0 {
		if home := f.src.Home(); home != t.core.exec && home != nil {
			f.src = newRemote(f.src, home, t.core.exec, true, op.flags&opShielded != 0)
		}
		f.ticket = f.src.Start(t, op.buf, op.arg)
	}
	if t.Spend() {
		t.waker.WakeLocal()
		var zero T
		return zero, Pending
	}
	return f.Poll(t)
}

// Poll polls what Launch has begun, and does not ask it to give up if t is cancelled.
func (f *Flight[T]) Poll(t *Task) (T, error) { return f.src.PollOp(t, f.ticket, false) }

// Cancel asks what Launch has begun to give up. If it reports idle, the operation is
// gone; else it is polled until it has its result.
func (f *Flight[T]) Cancel(t *Task) (idle bool) { return f.src.CancelOp(t, f.ticket) }
