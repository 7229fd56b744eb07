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

	core   *Core    // the task whose function it runs; nil: idle
	awaits awaiting // the operation that the function awaits, if it does
	body   Body
	owner  Frame // what it stands for in its core, if it is the core's frame
	failed error // how the last function ended if it did not return
	gone   bool  // its function called runtime.Goexit: it can't be used again
	grown  bool  // see DropStack
}

// Body is a function to be run on a coroutine.
type Body interface {
	Run(t *Task)
}

// NewCoroutine makes a coroutine on pull, which is iter.Pull[struct{}].
func NewCoroutine(pull func(seq func(yield func(struct{}) bool)) (next func() (struct{}, bool), stop func())) *Coroutine {
	co := new(Coroutine)
	co.next, co.stop = pull(co.run)
	return co
}

// Close ends an idle coroutine.
func (co *Coroutine) Close() {
	if co.core != nil {
		panic("rondo: a coroutine was closed with a task on it")
	}
	co.stop()
}

// Gone reports whether the coroutine has ended, because its function called
// runtime.Goexit. A Host that gets one back by Recycle forgets it.
func (co *Coroutine) Gone() bool { return co.gone }

// Grown reports whether a function has called DropStack. A Host that gets such a
// coroutine back by Recycle closes it.
func (co *Coroutine) Grown() bool { return co.grown }

// DropStack has the coroutine that c's function runs on, if it runs on one, closed at
// the function's end and not kept for others. The function itself calls it, when it
// knows that it makes the stack large: whoever got that next might keep it for long,
// and stacks of 4 KiB are never made smaller again. A new coroutine costs a
// microsecond or two.
func (c *Core) DropStack() {
	if co := c.exec.stack; co != nil && co.core == c {
		co.grown = true
	}
}

// Begin puts b on an idle coroutine, as a part of the task c. Resume runs it.
func (co *Coroutine) Begin(c *Core, b Body) { co.core, co.body = c, b }

// Resume runs the function until it suspends or has come to its end, and reports
// the latter; then the coroutine is idle again, and Failure tells more.
//
// Operations are begun and polled here, on the stack of whoever resumes: a
// coroutine that is suspended in one is only switched to when it is done, and
// needs no stack for what drivers do. That keeps the smallest stack there is, 2
// KiB of which half can be used, large enough for one that waits.
func (co *Coroutine) Resume() (done bool) {
	for {
		if x := co.awaits; x != nil {
			if !x.step() {
				return false
			}
			co.awaits = nil
		}
		if co.enter() {
			return true
		}
		if co.awaits == nil {
			return false
		}
	}
}

// Yield goes back to whoever resumed the coroutine, until it is resumed again. What
// runs on it calls that: see lowered.Loop.
func (co *Coroutine) Yield() { co.yield(struct{}{}) }

// enter switches to the coroutine, and reports whether its function has ended.
func (co *Coroutine) enter() (done bool) {
	e := co.core.exec
	below := e.stack
	e.stack = co
	defer func() {
		e.stack = below
		if co.gone {
			recover() // what leave raised; see there
			done = true
		}
	}()
	co.next()
	return co.core == nil
}

// run runs one function after the other, on the coroutine, until it is closed. This and
// call are all that lies below a function on its small stack.
func (co *Coroutine) run(yield func(struct{}) bool) {
	co.yield = yield
	defer co.leave()
	for open := true; open; open = yield(struct{}{}) {
		co.call()
		co.core, co.body = nil, nil
	}
}

// call runs the function.
func (co *Coroutine) call() {
	if e := co.core.exec; e.ground == nil {
		e.learnGround()
	}
	defer func() {
		if v := recover(); v != nil {
			co.failed = asFailure(v)
		}
	}()
	co.body.Run(&co.core.task)
}

// leave ends the coroutine. If it has a function still, that has called
// runtime.Goexit, which can't be stopped, not even by who recovers a panic under it. It
// would go on to end the goroutine that resumed the coroutine; a panic raised over it
// reaches that goroutine in its place, and is caught there, in enter.
func (co *Coroutine) leave() {
	if co.core == nil {
		return
	}
	co.core, co.body, co.gone = nil, nil, true
	if co.failed == nil {
		co.failed = ErrGoexit
	}
	panic(ErrGoexit)
}

// Failure returns how the last function ended if it did not return, and forgets
// it: a *PanicError, or ErrGoexit.
func (co *Coroutine) Failure() error {
	err := co.failed
	co.failed = nil
	return err
}

// Enter runs b, which is the function of c, for c's frame, owner: it asks for the
// function's frame, if there may be one, and else runs it on a coroutine, which
// takes owner's place until the function's end. It returns the frame, or whether the
// function has come to its end. It is called in the first step, once.
func (c *Core) Enter(owner Frame, b Body) (f Frame, done bool) {
	if c.exec.lowered {
		c.Ask()
		b.Run(&c.task)
		switch f, reply := c.Reply(); reply {
		case Answered:
			return f, false
		case Returned:
			return nil, true
		}
	}
	return nil, c.borrow(owner, b).Step(&c.task)
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
	if err := co.Failure(); err != nil {
		c.fail(err)
	}
	c.exec.host.Recycle(co)
	return true
}
