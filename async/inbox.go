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
	spare []letter // the owner's: the list that take gave out before

	closed bool // nobody will take any more
}

// letter is a wake of core, or a call of f.
type letter struct {
	core *Core
	f    func()
}

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

// giveBack lets the memory of a list that was dealt with be used again, unless
// it was a burst that would keep too much.
func (b *inbox) giveBack(l []letter) {
	if cap(l) == 0 || cap(l) > 4096 {
		return
	}
	clear(l)
	b.mu.Lock()
	if b.spare == nil {
		b.spare = l[:0]
	}
	b.mu.Unlock()
}
