package async

// Await suspends t until f has its result, and returns it.
//
// If t's scope is cancelled already, Await returns the cause and does not poll f
// at all. If t is cancelled while f is pending, Await asks f to give up (see
// Canceler) and stays until it has: if the result came all the same it is
// returned, with whatever error is its own, and the next Await returns the cause;
// else the cause is returned. So a result that exists is never lost.
//
// A future that is always ready is made to yield from time to time.
//
// Await is polling, parking and this protocol, and nothing else: a lowered
// function does the same with an Awaiting in its frame.
func Await[T any](t *Task, f Future[T]) (_ T, _ error) {
	if t.core.Decline() {
		return // called by a function value: see package lowered
	}
	var a Awaiting[T]
	v, err, done := a.Begin(t, f)
	for !done {
		t.suspend()
		v, err, done = a.Resume(t)
	}
	return v, err
}

// An Awaiting is one Await under way, as a Flight is for an Op: Await has one on
// its stack, a lowered function in its frame. The zero value is ready for Begin,
// and again after the result.
type Awaiting[T any] struct {
	f      Future[T]
	polled bool
	asked  bool // it was asked to give up

	At uint16 // the frame's, as that of a Flight
}

// Begin begins to await f, and reports whether that is done. If not, the caller
// suspends, and calls Resume when it runs again.
func (a *Awaiting[T]) Begin(t *Task, f Future[T]) (v T, err error, done bool) {
	t.checkAwait()
	if cause := t.Cause(); cause != nil {
		return v, cause, true
	}
	a.f, a.polled, a.asked = f, false, false
	if t.Spend() {
		t.core.WakeLocal()
		return v, nil, false
	}
	return a.poll(t)
}

// Resume goes on with an Awaiting that is not done.
func (a *Awaiting[T]) Resume(t *Task) (v T, err error, done bool) {
	if !a.polled {
		// The budget was spent in Begin. The wake that ended the wait for the
		// next turn may have been a cancellation's too: there is no other.
		if cause := t.Cause(); cause != nil {
			return v, cause, true
		}
	}
	return a.poll(t)
}

func (a *Awaiting[T]) poll(t *Task) (v T, err error, done bool) {
	a.polled = true
	v, err = a.f.Poll(t)
	if !IsPending(err) {
		return v, err, true
	}
	if a.asked {
		return v, err, false
	}
	cause := t.Cause()
	if cause == nil {
		return v, err, false
	}
	a.asked = true
	if GiveUp(t, a.f, false) {
		var zero T
		return zero, cause, true
	}
	v, err = a.f.Poll(t) // it may have ended inside Cancel
	return v, err, !IsPending(err)
}
