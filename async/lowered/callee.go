package lowered

import "rondo.dev/rondo/async"

// A Callee is one dynamic call in flight, a field of the caller's frame: of a
// function value, a closure or an interface method, whose callee is not known
// statically. The zero value is ready, and ready again after the call is done.
type Callee struct {
	frame async.Frame      // what it answered, or
	co    *async.Coroutine // where it runs
}

// Begin carries out the call that f makes, and reports whether it is done. If not,
// the caller suspends, and calls Resume when it runs again.
//
// f makes the call, with t or another view of the task, and stores the results; it does
// nothing else, since it may be called twice. The first time it asks for the frame: a
// callee that has one answers, and is stepped from then on; one that is no async
// function simply runs; one that was not lowered declines, and f is called again on
// a borrowed coroutine, which it keeps until it returns.
//
// In a program that was not lowered nobody is asked, and f is called on a coroutine.
//
// Cancelling is the callee's: its awaits see the task's cause. A call under way is
// resumed until it is done. A panic of the callee is raised here.
func (c *Callee) Begin(t *async.Task, f func()) (done bool) {
	core := t.Core()
	reply := async.Declined
	if t.Executor().Lowered() {
		core.Ask()
		f()
		c.frame, reply = core.Reply()
	}
	switch reply {
	case async.Returned:
		return true
	case async.Declined:
		c.co = t.Executor().Host().Coroutine()
		c.co.Begin(core, body(f))
	}
	return c.Resume(t)
}

// Resume goes on with a call that is not done.
func (c *Callee) Resume(t *async.Task) (done bool) {
	if c.frame != nil {
		return c.frame.Step(t)
	}
	if !c.co.Resume() {
		return false
	}
	co := c.co
	c.co = nil
	err := co.Failure()
	t.Executor().Host().Recycle(co)
	if err != nil {
		raise(err)
	}
	return true
}

// Frame returns the frame of a callee that answered, with the results as fields,
// and forgets it; nil if f has stored the results itself.
func (c *Callee) Frame() async.Frame {
	f := c.frame
	c.frame = nil
	return f
}

// body makes a function something to run on a coroutine.
type body func()

func (f body) Run(*async.Task) { f() }
