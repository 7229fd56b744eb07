package async

// An executor ends in three steps, which its owner takes. Dismiss asks all tasks to
// end; Close shuts the door, behind which whatever came in before is drained and run
// for as long as the owner cares to; Abandon ends what is left. After that nobody
// waits for a task or an operation here who does not know that nothing will come.

// Dismiss cancels all tasks with cause, and from now on every task without a parent
// as it starts: it runs, as a cancelled task does, and its first await returns cause.
// What was posted by somebody who did not know yet is so no exception. Those that stand in
// for a task of another executor are: that one is dismissed there, and passes it on, unless
// it has to be spared.
func (e *Executor) Dismiss(cause error) {
	e.dismissed = orCanceled(cause)
	for c := e.roots; c != nil; c = c.next {
		c.dismiss()
	}
}

func (c *Core) dismiss() {
	if d, ok := c.frame.(deputy); ok && d.standsIn() {
		return
	}
	if b := c.cold.Load(); b != nil {
		if _, ok := b.base.(*Task); ok {
			return
		}
	}
	c.cancel(c.exec.dismissed)
}

// Close refuses posts and foreign wakes from now on.
func (e *Executor) Close() { e.inbox.close() }

// Abandon ends every task as it stands, with err: none is stepped again, their
// deferred calls are not run, and whoever waits for their results gets err. It is not
// called from within a step.
func (e *Executor) Abandon(err error) {
	for e.roots != nil {
		e.roots.abandon(err)
	}
}

// abandon ends c's children, and with the last of them c, whose function counts as
// returned.
func (c *Core) abandon(err error) {
	c.phase = draining
	if co, ok := c.frame.(*Coroutine); ok {
		c.frame = co.owner // which tells of the end; the coroutine stays suspended
	}
	b := c.coldBlock()
	if c.state.Or(stateFailed)&stateFailed == 0 {
		b.err = err
	}
	if b.children == nil {
		c.finish()
		return
	}
	for b.children != nil {
		b.children.abandon(err)
	}
}
