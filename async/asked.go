package async

// These are what package lowered is made of: a caller asks a function for its
// frame by calling it with the question open; see there.

// Ask opens the question: the next async function that is called with this task
// answers with its frame instead of running.
func (c *Core) Ask() { c.asking = true }

// Asked reports whether the question is open.
func (c *Core) Asked() bool { return c.asking }

// Decline closes the question: the function that was called runs on as it is.
func (c *Core) Decline() { c.asking = false }

// Answer closes the question with a frame.
func (c *Core) Answer(f Frame) {
	c.asking = false
	c.exec.answer = f
}

// TakeAnswer returns the frame that the last question was answered with, if any.
func (e *Executor) TakeAnswer() Frame {
	f := e.answer
	e.answer = nil
	return f
}
