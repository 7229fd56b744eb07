package websocket

import (
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/async/lowered"
)

// upgraded is a connection, and the call of the function that has it, as a frame: all that
// is left of both while the function waits, besides its own frame or stack.
type upgraded struct {
	Conn
	callee lowered.Callee
	around *around // nil while the function is a state machine
}

// around is what an upgraded has before and after its function.
type around struct {
	f       func(t *async.Task, c *Conn) error // nil once it was called
	err     error                              // what it has returned
	closing async.Flight[struct{}]
	parting bool
	hurried bool // the close does not wait for the peer's
}

// Step makes it a frame.
func (u *upgraded) Step(t *async.Task) (done bool) {
	k := u.around
	if k == nil || !k.parting {
		if !u.call(t) {
			return false
		}
		return u.part(t)
	}
	_, _, done = k.closing.Resume(t)
	return done || u.hurry(t)
}

// call goes on with the function, and reports whether it has returned.
func (u *upgraded) call(t *async.Task) (done bool) {
	k := u.around
	if k == nil || k.f == nil {
		return u.callee.Resume(t)
	}
	f := k.f
	k.f = nil
	run := func() { k.err = f(t, &u.Conn) }
	if !t.Executor().Lowered() {
		u.callee.Lend(t, run)
		return u.callee.Resume(t)
	}
	u.callee.Ask(t)
	run()
	if u.callee.Declined(t) {
		u.callee.Lend(t, run)
		return u.callee.Resume(t)
	}
	if done = u.callee.Resume(t); !done {
		u.around = nil // its frame has what it returns
	}
	return done
}

// part closes the connection when the function has returned.
func (u *upgraded) part(t *async.Task) (done bool) {
	k := u.around
	if k == nil {
		k = new(around)
		u.around = k
	}
	if f, ok := u.callee.Frame().(interface{ Result() error }); ok {
		k.err = f.Result()
	}
	k.parting = true
	end := u.Close()
	switch {
	case t.Cause() != nil:
		k.hurried = true
		end = u.leave(GoingAway)
	case k.err != nil:
		end = u.CloseWith(InternalError, "")
	}
	_, _, done = k.closing.Begin(t, end.Op())
	return done
}

// hurry has a close that waits for the peer not do so if the task is cancelled, and
// reports whether it is done.
func (u *upgraded) hurry(t *async.Task) (done bool) {
	k := u.around
	if k.hurried || t.Cause() == nil {
		return false
	}
	k.hurried = true
	var now async.Flight[struct{}]
	now.Begin(t, u.CloseNow().Op()) // which finds the close, and is done
	_, _, done = k.closing.Resume(t)
	return done
}
