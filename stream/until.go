package stream

import (
	"io"

	"rondo.dev/rondo/async"
)

// TakeUntil returns a stream of the items of s until f is ready, whichever value it
// has; an error of f is passed on before the end. What s has then stays in it. If s
// ends first, f is given up.
//
//	requests := stream.TakeUntil(all, &shutdown) // shutdown := event.Done().Op()
//
// f is in flight between polls: see Close. It stays so when the stream loses a
// Select. If the task is cancelled both are given up. One allocation.
func TakeUntil[T, U any](s Stream[T], f async.Future[U]) Stream[T] {
	return &takenUntil[T, U]{until: until[T, U]{in: inletOf(s), f: inletOf[U](f)}}
}

// SkipUntil returns s without the items that come before f is ready. They are taken
// and dropped. An error of f is passed on. If s ends first, f is given up. For the
// rest it is like TakeUntil. One allocation.
func SkipUntil[T, U any](s Stream[T], f async.Future[U]) Stream[T] {
	return &skippedUntil[T, U]{until: until[T, U]{in: inletOf(s), f: inletOf[U](f)}}
}

// until is a stream beside a future that changes what becomes of it.
type until[T, U any] struct {
	lanes
	in    inlet[T]
	f     inlet[U]
	fired bool  // f has been ready
	over  bool  // s has ended, or is given up: what is in flight is waited for
	lost  bool  // was asked to give up as a loser meanwhile
	err   error // comes before the end
}

// look polls f.
func (u *until[T, U]) look(t *async.Task) {
	if u.fired {
		return
	}
	if _, err := u.f.poll(t); !async.IsPending(err) {
		u.fired, u.err = true, itemError(err)
	}
}

// end gives up what is still in flight, as a loser, before it says that it is over.
func (u *until[T, U]) end(t *async.Task) (v T, err error) {
	u.over = true
	if !u.cancel(t, true, &u.in, &u.f) {
		if err := u.settle(t, &u.in, &u.f); async.IsPending(err) {
			return v, err
		}
	}
	if u.lost {
		u.lost = false
		return v, errLost
	}
	err, u.err = u.err, nil
	if err == nil {
		err = io.EOF
	}
	return v, err
}

// Cancel makes both kinds Cancelers. f is given up as a loser, if at all: one that
// has ended otherwise could not be polled again.
func (u *until[T, U]) Cancel(t *async.Task, loser bool) (idle bool) {
	idle = u.cancel(t, loser, &u.in)
	if u.over {
		u.lost = loser
		idle = !u.in.state.inFlight() && !u.f.state.inFlight()
	} else if !loser && !u.f.Cancel(t, true) {
		u.quitting, idle = true, false
	}
	return idle
}

func (u *until[T, U]) PollClose(t *async.Task) error { return closeAll(t, &u.f, &u.in) }

type takenUntil[T, U any] struct{ until[T, U] }

func (x *takenUntil[T, U]) Poll(t *async.Task) (v T, err error) {
	if x.over {
		return x.end(t)
	}
	settled := x.settle(t, &x.in, &x.f)
	if unsettled(settled) {
		return v, settled
	}
	if settled == nil {
		x.look(t)
	}
	switch {
	case x.in.full || settled == nil && !x.fired:
		if v, err = x.in.next(t); err != io.EOF {
			return v, err
		}
	case settled != nil:
		return v, settled
	}
	return x.end(t)
}

type skippedUntil[T, U any] struct{ until[T, U] }

func (x *skippedUntil[T, U]) Poll(t *async.Task) (v T, err error) {
	if x.over {
		return x.end(t)
	}
	settled := x.settle(t, &x.in, &x.f)
	if unsettled(settled) {
		return v, settled
	}
	for {
		if settled == nil {
			x.look(t)
		}
		if x.err != nil {
			err, x.err = x.err, nil
			return v, err
		}
		if settled != nil && !x.in.full {
			return v, settled
		}
		v, err = x.in.next(t)
		switch {
		case err == io.EOF:
			return x.end(t)
		case err != nil || x.fired:
			return v, err
		}
		if err := x.in.again(t); err != nil {
			var none T
			return none, err
		}
	}
}
