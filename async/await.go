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
// function does the same in a few lines of its own.
func Await[T any](t *Task, f Future[T]) (T, error) {
	t.checkAwait()
	if cause := t.Cause(); cause != nil {
		var zero T
		return zero, cause
	}
	if t.Spend() {
		t.yield()
	}
	v, err := f.Poll(t)
	if !IsPending(err) {
		return v, err
	}
	return awaitPending(t, f)
}

func awaitPending[T any](t *Task, f Future[T]) (T, error) {
	asked := false
	for {
		t.suspend()
		v, err := f.Poll(t)
		if !IsPending(err) {
			return v, err
		}
		if asked {
			continue
		}
		cause := t.Cause()
		if cause == nil {
			continue
		}
		asked = true
		if c, ok := f.(Canceler); !ok || c.Cancel(t, false) {
			return v, cause
		}
		// It may have ended inside Cancel.
		if v, err = f.Poll(t); !IsPending(err) {
			return v, err
		}
	}
}
