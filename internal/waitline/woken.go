package waitline

import (
	"sync"

	"rondo.dev/rondo/async"
)

// Woken is those who are to be woken when the object's mutex is released. The zero
// value is nobody.
type Woken struct {
	one  wakeup
	more []wakeup
}

// wakeup is a waiter's waker, copied: the waiter itself may be gone, or somebody
// else's, as soon as the mutex is released.
type wakeup struct {
	waker *async.Waker
	home  *async.Executor
}

// add adds the waker of a waiter. One that is polled right after its Start may have none
// yet, and will see its state then.
func (k *Woken) add(l *Line, w *Waiter) {
	switch {
	case w.waker == nil:
		return
	case k.one.waker == nil:
		k.one = wakeup{w.waker, w.home}
		return
	case k.more == nil:
		k.more, l.pool.spare = l.pool.spare, nil
	}
	k.more = append(k.more, wakeup{w.waker, w.home})
}

// Wake wakes all of them. here is the executor that the caller runs on, or nil if
// it can't know. The mutex must not be held.
func (k *Woken) Wake(here *async.Executor) {
	k.one.wake(here)
	for _, u := range k.more {
		u.wake(here)
	}
}

func (u wakeup) wake(here *async.Executor) {
	switch {
	case u.waker == nil:
	case here != nil && u.home == here:
		u.waker.WakeLocal()
	default:
		u.waker.Wake()
	}
}

// WakeMany is Wake for those who wake many again and again: it gives the memory
// of k back to the line that it is of. mu, which guards the line, must not be held.
func (k *Woken) WakeMany(here *async.Executor, mu *sync.Mutex, l *Line) {
	k.Wake(here)
	if k.more == nil {
		return
	}
	clear(k.more)
	mu.Lock()
	defer mu.Unlock()
	if p := l.pool; p != nil && cap(k.more) > cap(p.spare) {
		p.spare = k.more[:0]
	}
}

// Give takes w out of the line: it has what it needs.
func (l *Line) Give(w *Waiter, k *Woken) {
	l.Remove(w)
	w.state = Given
	k.add(l, w)
}

// Tell takes everybody out of the line, and marks them.
func (l *Line) Tell(k *Woken) {
	for w := l.first; w != nil; w = l.first {
		l.Remove(w)
		w.state = Told
		k.add(l, w)
	}
}
