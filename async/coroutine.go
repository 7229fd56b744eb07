package async

// A Coroutine is a stack that a function can be suspended on. Package async can't
// make one: a Host does, with NewCoroutine, and keeps a pool of idle ones.
//
// A coroutine is resumed only by its executor's owner, and never stopped with a
// function on it: a suspended function is cancelled and run to its end.
type Coroutine struct {
	next  func() (struct{}, bool)
	stop  func()
	yield func(struct{}) bool

	core    *Core // the task whose function it runs; nil: idle
	body    Body
	owner   Frame       // what it stands for in its core, if it is the core's frame
	escaped *PanicError // what the function panicked with, for Call
}

// Body is a function to be run on a coroutine.
type Body interface {
	Run(t *Task)
}

// goexit is what a runtime.Goexit on a coroutine becomes for the one who resumes
// it. The coroutine itself is gone.
type goexit struct{}

// NewCoroutine makes a coroutine on pull, which is iter.Pull[struct{}].
func NewCoroutine(pull func(seq func(yield func(struct{}) bool)) (next func() (struct{}, bool), stop func())) *Coroutine {
	co := new(Coroutine)
	co.next, co.stop = pull(func(yield func(struct{}) bool) {
		co.yield = yield
		for {
			co.call()
			if !yield(struct{}{}) {
				return
			}
		}
	})
	return co
}

// Close ends an idle coroutine.
func (co *Coroutine) Close() {
	if co.core != nil {
		panic("rondo: a coroutine was closed with a task on it")
	}
	co.stop()
}

// Begin puts b on an idle coroutine, as a part of the task c. Resume runs it.
func (co *Coroutine) Begin(c *Core, b Body) { co.core, co.body = c, b }

// Resume runs the function until it suspends or has come to its end, and reports
// the latter; then the coroutine is idle again.
func (co *Coroutine) Resume() (done bool) {
	e := co.core.exec
	below := e.stack
	e.stack = co
	co.next()
	e.stack = below
	return co.core == nil
}

// call runs the function, on the coroutine.
func (co *Coroutine) call() {
	returned := false
	defer func() {
		co.core, co.body = nil, nil
		if returned {
			return
		}
		v := recover()
		if v == nil {
			panic(goexit{})
		}
		co.escaped = newPanicError(v)
	}()
	co.body.Run(&co.core.task)
	returned = true
}

// TakePanic returns what the last function panicked with, and forgets it.
func (co *Coroutine) TakePanic() *PanicError {
	p := co.escaped
	co.escaped = nil
	return p
}

// borrow makes a coroutine the frame of c, with owner's function on it.
func (c *Core) borrow(owner Frame, b Body) *Coroutine {
	co := c.exec.host.Coroutine()
	if co == nil {
		panic(errNoHost)
	}
	co.Begin(c, b)
	co.owner = owner
	c.frame = co
	return co
}

// Step resumes a coroutine that is the frame of a task. At the end the owner
// takes its place in the core again, to say how it went.
func (co *Coroutine) Step(t *Task) (done bool) {
	if !co.Resume() {
		return false
	}
	c := t.core
	c.frame, co.owner = co.owner, nil
	if p := co.TakePanic(); p != nil {
		c.fail(p)
	}
	c.exec.host.Recycle(co)
	return true
}
