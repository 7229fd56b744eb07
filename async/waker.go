package async

// A Waker makes the executor poll again: it is what a pending future stores. It
// stays usable for ever, also when its task has ended; waking then does nothing.
//
// Wakers are embedded (in a task's core, in a combinator's slot), so a *Waker
// costs one word to store and nothing to make.
type Waker struct {
	to Wakeable
}

// Wakeable is what a Waker wakes. Tasks are; a combinator that wants to know
// which child woke makes its slots so, and passes the wake on to its own waker.
type Wakeable interface {
	// Wake is called from any goroutine.
	Wake()
	// WakeLocal is called on the executor of the task that waits.
	WakeLocal()
}

// WakerFor returns a waker for w, to be embedded in a slot that outlives it.
func WakerFor(w Wakeable) Waker { return Waker{w} }

// Wakeable returns what w wakes.
func (w *Waker) Wakeable() Wakeable { return w.to }

// Wake makes the task run soon. Any goroutine may call it, also a signal-like
// context that must not block for long: it is an atomic operation, and at most
// an append to the executor's inbox and an interrupt of its sleep.
func (w *Waker) Wake() { w.to.Wake() }

// WakeLocal is Wake without atomics, for callers that run on the task's own
// executor: its driver's completions, its timers, its other tasks.
func (w *Waker) WakeLocal() { w.to.WakeLocal() }
