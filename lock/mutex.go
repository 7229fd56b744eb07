package lock

import (
	"sync"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/internal/waitline"
)

// A Mutex is a lock that suspends the task that waits for it, and may be held
// while its holder is suspended. It is fair: those who wait get it in their order.
// The zero value is unlocked. It must not be copied after its first use.
//
// Tasks of one loop need no lock for what they do between two awaits; and where
// nobody awaits while holding it, a sync.Mutex does, and is cheaper.
//
// Every method may be called by any task or goroutine. As with sync.Mutex, another
// one than the one that has locked it may unlock it.
type Mutex struct {
	mu     sync.Mutex
	units  waitline.Units // one: the lock
	used   bool           // the unit was put there
	holder *async.Core    // who has locked it, if that was a task; for debugging
}

// open makes m.mu locked, and m usable.
func (m *Mutex) open() {
	m.mu.Lock()
	if !m.used {
		var nobody waitline.Woken
		m.used = true
		m.units.Put(1, &nobody)
	}
}

// Lock suspends until m is unlocked, and locks it. Cancelled, or as the loser of a
// Select, it has not locked it; else, Unlock has to be called:
//
//	if err := m.Lock().Await(t); err != nil {
//		return err
//	}
//	defer m.Unlock()
//
// A task that locks a mutex that it has locked waits for itself. With debugging on
// (rondo.Debug, and always in package asynctest) that panics.
func (m *Mutex) Lock() async.Act { return async.NewLightAct((*locking)(m), 0) }

// TryLock locks m if it is unlocked and nobody waits for it, and reports whether
// it did.
func (m *Mutex) TryLock() bool {
	m.open()
	defer m.mu.Unlock()
	return m.units.Take(1)
}

// Unlock unlocks m, or rather hands it to who has waited longest. It panics if m
// is not locked.
func (m *Mutex) Unlock() {
	k := m.unlock()
	k.Wake(nil)
}

func (m *Mutex) unlock() (k waitline.Woken) {
	m.open()
	defer m.mu.Unlock()
	if m.units.Free() > 0 {
		panic("rondo/lock: Unlock of an unlocked Mutex")
	}
	m.holder = nil
	m.units.Put(1, &k)
	return k
}

// locking is the source of Lock.
type locking Mutex

func (s *locking) Home() *async.Executor { return nil }

func (s *locking) Start(t *async.Task, _ []byte, _ uint64) uint32 {
	m := (*Mutex)(s)
	m.open()
	defer m.mu.Unlock()
	checkSelf(t, m.holder)
	ticket := m.units.Start(1)
	if ticket == waitline.GivenTicket {
		m.holder = t.Core()
	}
	return ticket
}

func (s *locking) PollOp(t *async.Task, ticket uint32, _ bool) (struct{}, error) {
	if ticket == waitline.GivenTicket {
		return struct{}{}, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.units.Poll(t, ticket) == waitline.Waiting {
		return struct{}{}, async.Pending
	}
	s.holder = t.Core()
	return struct{}{}, nil
}

func (s *locking) CancelOp(t *async.Task, ticket uint32) (idle bool) {
	k := (*Mutex)(s).cancel(ticket)
	k.Wake(t.Executor())
	return true
}

func (m *Mutex) cancel(ticket uint32) (k waitline.Woken) {
	m.mu.Lock()
	defer m.mu.Unlock()
	back := m.units.Cancel(ticket)
	if back > 0 {
		m.holder = nil
	}
	m.units.Put(back, &k)
	return k
}

// Settle has nothing to do: a cancelled operation is gone at once.
func (s *locking) Settle(uint32, bool) int { return 0 }

// checkSelf panics if t is about to wait for a lock that it holds itself.
func checkSelf(t *async.Task, holder *async.Core) {
	if holder == t.Core() && t.Executor().Debug() {
		panic("rondo/lock: a task locks what it has locked already, and would wait for itself")
	}
}
