package async

// These are what package lowered is made of: a caller asks a function for its
// frame by calling it with the question open; see there. The executor's owner calls
// them, in a step of the core. A question is open for one call: whoever has asked takes
// the reply right after it, also if the call panicked and it goes on.

// A Reply is what came of calling a function with the question open.
type Reply uint8

const (
	// Returned: no async function was met. The call has been carried out.
	Returned Reply = iota
	// Answered: the function gave its frame instead of running.
	Answered
	// Declined: the function did nothing. It has to be called again on a coroutine.
	Declined
	asking // the question is open
)

// Ask opens the question: the next async function that is called with this task
// answers with its frame, or declines, instead of running.
func (c *Core) Ask() { c.reply = asking }

// Asked reports whether the question is open.
func (c *Core) Asked() bool { return c.reply == asking }

// Answer closes the question with a frame. The function that was called returns.
func (c *Core) Answer(f Frame) {
	c.reply = Answered
	c.exec.answer = f
}

// Decline closes the question, if it is open, without one, and reports whether it
// was. If so the function that was called returns. It will be called again on a
// coroutine.
func (c *Core) Decline() (asked bool) {
	if c.reply != asking {
		return false
	}
	c.reply = Declined
	return true
}

// Unwind says that a frame has caught a runtime.Goexit that goes on to the bottom of
// the stack, and is to be stepped again nevertheless, to make its deferred calls: the
// executor's next owner does so. It reports whether it is the first that says so; the
// frames around it were not left for good.
func (c *Core) Unwind() (first bool) {
	first = !c.exec.unwinding
	c.exec.unwinding = true
	return first
}

// Reply closes the question, and returns what came of it.
func (c *Core) Reply() (f Frame, r Reply) {
	f, r = c.exec.answer, c.reply
	c.exec.answer, c.reply = nil, Returned
	if r == asking {
		r = Returned
	}
	return f, r
}
