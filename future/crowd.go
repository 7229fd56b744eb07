package future

import (
	"sync/atomic"

	"rondo.dev/rondo/async"
)

// A crowd polls those of its members that were woken, and no others, in the order
// of their wakes. Each member has a waker of its own that puts it into the queue of
// the woken and passes the wake on to whoever polls the crowd.
//
// woken, and what hangs on it, is touched on the executor only. A wake from
// elsewhere goes through remote, a stack that any goroutine pushes to and the poll
// takes as a whole. The order there matters: the poll stores its waker, then takes
// the stack; a wake pushes, then loads the waker. So either the poll sees the
// member, or the wake sees the waker.
type crowd[T any] struct {
	waiter     atomic.Pointer[async.Waker]
	remote     atomic.Pointer[member[T]]
	woken, end *member[T] // the queue, through member.next
	queued     int        // its length
	inFlight   int        // members that are, woken or not
	view       async.Task // what a member is polled with; futures keep its waker only
}

// member is one future of a crowd. It stays good for wakes after its future has
// ended, also when it has another one by then: that wake is a spurious one.
type member[T any] struct {
	arm[T]
	crowd *crowd[T]
	waker async.Waker
	inQ   bool       // in the queue
	next  *member[T] // there

	elsewhere atomic.Bool // in the stack of remote wakes
	below     *member[T]  // in that stack

	before, after *member[T] // see roster
}

// join makes m a member of c with a future to be polled: for good, as a member that is
// used again may still be woken by what it was before.
func (m *member[T]) join(c *crowd[T], f async.Future[T]) {
	if m.f = f; m.crowd == nil {
		m.crowd, m.waker = c, async.WakerFor(m)
	}
	c.enqueue(m)
}

func (c *crowd[T]) enqueue(m *member[T]) {
	if m.inQ {
		return
	}
	m.inQ = true
	if c.woken == nil {
		c.woken = m
	} else {
		c.end.next = m
	}
	c.end = m
	c.queued++
}

func (c *crowd[T]) dequeue() *member[T] {
	m := c.woken
	c.woken, m.next = m.next, nil
	c.queued--
	m.inQ = false
	return m
}

// Wake is for any goroutine.
func (m *member[T]) Wake() {
	if m.elsewhere.Swap(true) {
		return // it is on its way
	}
	c := m.crowd
	for {
		m.below = c.remote.Load()
		if c.remote.CompareAndSwap(m.below, m) {
			break
		}
	}
	if w := c.waiter.Load(); w != nil {
		w.Wake()
	}
}

// WakeLocal is for the executor.
func (m *member[T]) WakeLocal() {
	m.crowd.enqueue(m)
	m.crowd.wakeWaiter()
}

func (c *crowd[T]) wakeWaiter() {
	if w := c.waiter.Load(); w != nil {
		w.WakeLocal()
	}
}

// attend begins a poll: it makes t the one to wake, and returns how many members
// it may poll. Those that wake themselves meanwhile are for the next.
func (c *crowd[T]) attend(t *async.Task) (turns int) {
	if w := t.Waker(); c.waiter.Load() != w {
		c.waiter.Store(w)
	}
	if c.remote.Load() != nil {
		c.takeRemote()
	}
	return c.queued
}

func (c *crowd[T]) takeRemote() {
	var oldest *member[T] // the stack turned round: the first wake first
	for m := c.remote.Swap(nil); m != nil; {
		below := m.below
		m.below = oldest
		oldest, m = m, below
	}
	for m := oldest; m != nil; {
		below := m.below
		m.below = nil
		m.elsewhere.Store(false) // from now on another wake may push it
		c.enqueue(m)
		m = below
	}
}

// step polls woken members, at most turns, until one of them has ended: landed,
// burst, or fresh because it was a loser. It returns nil if none has for now. With
// start it polls fresh ones too, else only those that are in flight.
//
// It spends the task's budget, also on futures that have none of their own: a crowd
// of thousands that are always ready leaves others their turns.
func (c *crowd[T]) step(t *async.Task, turns *int, start bool) *member[T] {
	for *turns > 0 {
		if c.woken.pollable(start) && t.Spend() {
			*turns = 0
			break
		}
		*turns--
		m := c.dequeue()
		if !m.pollable(start) {
			continue
		}
		was := m.state.inFlight()
		s := m.poll(c.viewFor(t, m))
		c.count(was, s)
		if !s.inFlight() {
			return m
		}
	}
	if c.queued > 0 {
		t.Waker().WakeLocal()
	}
	return nil
}

func (m *member[T]) pollable(start bool) bool {
	return m.f != nil && (m.state.inFlight() || start && m.state == fresh)
}

// giveUp asks a member that is in flight to give up. It is polled after that even if
// nothing wakes it: it may have ended inside Cancel.
func (c *crowd[T]) giveUp(t *async.Task, m *member[T], loser bool) stage {
	was := m.state.inFlight()
	if !was {
		return m.state
	}
	s := m.giveUp(c.viewFor(t, m), loser)
	c.count(was, s)
	if s.giving() {
		c.enqueue(m)
	}
	return s
}

func (c *crowd[T]) count(was bool, s stage) {
	switch is := s.inFlight(); {
	case is && !was:
		c.inFlight++
	case was && !is:
		c.inFlight--
	}
}

// viewFor returns t with the member's own waker.
func (c *crowd[T]) viewFor(t *async.Task, m *member[T]) *async.Task {
	c.view = t.WithWaker(&m.waker)
	return &c.view
}
