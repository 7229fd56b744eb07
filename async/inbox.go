package async

import "sync"

// inbox is how anything crosses into an executor: a list behind a mutex, taken
// whole. Two invariants make it lossless:
//
//   - put reports whether the list was empty. Only that putter interrupts the
//     owner; the others know that an interrupt is on its way which take has not
//     yet answered.
//   - the owner takes after every interrupt, and before it sleeps.
type inbox struct {
	mu    sync.Mutex
	list  []letter
	spare []letter // empty: the memory of a list that was dealt with; the owner's

	closed bool // nobody will take any more
}

// A letter is something that is to happen at the executor: the wake of a task, the
// start of an operation, or what a function does. It is an interface so that posting
// one of the first two allocates nothing.
type letter interface {
	// arrive is called by the executor's owner.
	arrive()
}

// arrive wakes c. The bit falls before c is queued: a wake that comes from now on
// has to be noticed.
func (c *Core) arrive() {
	c.state.And(^stateRemote)
	c.exec.schedule(c)
}

// call is a function as a letter.
type call func()

func (f call) arrive() { f() }

func (b *inbox) put(l letter) (first, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return false, false
	}
	b.list = append(b.list, l)
	return len(b.list) == 1, true
}

// close refuses letters from now on. What is in the list is still there for take.
func (b *inbox) close() {
	b.mu.Lock()
	b.closed = true
	b.mu.Unlock()
}

func (b *inbox) take() []letter {
	b.mu.Lock()
	l := b.list
	if len(l) > 0 {
		b.list, b.spare = b.spare, nil
	}
	b.mu.Unlock()
	return l
}

// giveBack is told that the first n letters of a list were dealt with. If there
// are more, they go back to the front. Else the list's memory is used again,
// unless it was a burst that would keep too much.
func (b *inbox) giveBack(l []letter, n int) {
	switch {
	case n < len(l):
		b.mu.Lock()
		b.list = append(l[n:], b.list...)
		b.mu.Unlock()
	case cap(l) <= maxSpare:
		clear(l)
		b.spare = l[:0]
	}
}

// maxSpare is how many letters an inbox keeps room for.
const maxSpare = 4096
