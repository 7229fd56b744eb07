package lowered

import "rondo.dev/rondo/async"

// Asked reports whether the caller wants the function's frame rather than its
// run. It is the first thing that every async function of a lowered build does.
func Asked(t *async.Task) bool { return t.Core().Asked() }

// Answer gives the caller the frame. The function returns right after it.
func Answer(t *async.Task, f async.Frame) { t.Core().Answer(f) }

// Decline is the prologue of an async function that could not be lowered: if the
// question is open it is closed, and the function runs on the coroutine on which
// it was asked.
func Decline(t *async.Task) { t.Core().Decline() }

// A Callee is one dynamic call in flight, a field of the caller's frame. The zero
// value is ready, and ready again after the call is done.
type Callee struct {
	frame async.Frame      // what it answered, or
	co    *async.Coroutine // where it runs
}

// Call carries out a call whose callee is not known statically: of a function
// value, a closure or an interface method. f makes the call and stores the
// results. The callee is asked on a borrowed coroutine: one that answers gives it
// back at once, and its frame is stepped here; one that does not was not lowered,
// and keeps it until it returns. Call is repeated in every step of the caller
// until it reports done. Then Frame tells where the results are.
func (c *Callee) Call(t *async.Task, f func()) (done bool) {
	if c.frame == nil && c.co == nil {
		c.co = t.Executor().Host().Coroutine()
		t.Core().Ask()
		c.co.Begin(t.Core(), body(f))
		done = c.co.Resume()
		c.frame = t.Executor().TakeAnswer()
		if !done {
			return false
		}
		c.release(t)
		if c.frame == nil {
			t.Core().Decline() // it called no async function at all
			return true
		}
	}
	if c.frame != nil {
		return c.frame.Step(t)
	}
	if !c.co.Resume() {
		return false
	}
	c.release(t)
	return true
}

// release gives the coroutine back, and raises the function's panic in the
// caller, whose defers may recover from it. A Goexit goes on in the caller as a
// panic with async.ErrGoexit.
func (c *Callee) release(t *async.Task) {
	co := c.co
	c.co = nil
	err := co.Failure()
	t.Executor().Host().Recycle(co)
	if err != nil {
		t.Core().Decline()
		panic(err)
	}
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

// A TaskOf is a child task and its frame in one piece, for a parent whose own
// frame has room for it (then it costs no allocation), or for new (then one).
// Frame is filled in, then Start called. A frame with an error to report is an
// async.Ender.
type TaskOf[F any, P interface {
	*F
	async.Frame
}] struct {
	Core  async.Core
	Frame F
}

// Start runs the frame as a child of parent.
func (x *TaskOf[F, P]) Start(parent *async.Task) { x.Core.Start(parent, P(&x.Frame)) }
