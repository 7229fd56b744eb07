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
	if !t.Executor().Lowered() {
		c.Lend(t, f)
		return c.Resume(t)
	}
	c.Ask(t)
	f()
	if c.Declined(t) {
		c.Lend(t, f)
	}
	return c.Resume(t)
}

// Ask, Declined, Lend and Resume are the parts of Begin, for a caller that makes the
// call itself the first time, and a function of it only if that has to be: a function
// is an allocation. Ask comes right before the call.
func (c *Callee) Ask(t *async.Task) { t.Core().Ask() }

// Declined comes right after the call that Ask came before, and reports whether it has
// to be made again, by Lend.
func (c *Callee) Declined(t *async.Task) bool {
	frame, reply := t.Core().Reply()
	c.frame = frame
	return reply == async.Declined
}

// Lend puts the call that f makes on a coroutine.
func (c *Callee) Lend(t *async.Task, f func()) {
	c.co = t.Executor().Host().Coroutine()
	c.co.Begin(t.Core(), body(f))
}

// Resume goes on with a call, and reports whether it is done.
func (c *Callee) Resume(t *async.Task) (done bool) {
	if c.frame != nil {
		return c.frame.Step(t)
	}
	if c.co == nil {
		return true // it has been carried out at once
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
