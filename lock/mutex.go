package lock

import (
	"sync/atomic"

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
	locks  waitline.Counter // of one
	holder holder
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
func (m *Mutex) Lock() async.Act { return async.NewQuickAct((*locking)(m), 0) }

// TryLock locks m if it is unlocked and nobody waits for it, and reports whether
// it did.
func (m *Mutex) TryLock() bool { return m.locks.Take(1, 1) }

// Unlock unlocks m, or rather hands it to who has waited longest. It panics if m
// is not locked.
func (m *Mutex) Unlock() {
	m.holder.forget()
	if !m.locks.Give(1, 1, 1) {
		k := m.unlock()
		k.Wake(nil)
	}
}

func (m *Mutex) unlock() (k waitline.Woken) {
	u := m.locks.Open(1)
	defer m.locks.Shut(1)
	if u.Free() > 0 {
		panic("rondo/lock: Unlock of an unlocked Mutex")
	}
	u.Put(1, &k)
	return k
}

// locking is the source of Lock.
type locking Mutex

func (s *locking) Home() *async.Executor { return nil }

func (s *locking) Start(t *async.Task, _ []byte, _ uint64) uint32 {
	s.holder.check(t)
	return s.locks.StartQuick(t, 1, 1)
}

func (s *locking) PollOp(t *async.Task, ticket uint32, _ bool) (struct{}, error) {
	if ticket == 0 && !s.locks.Take(1, 1) || ticket != 0 && !s.given(t, ticket) {
		return struct{}{}, async.Pending
	}
	s.holder.set(t)
	return struct{}{}, nil
}

func (s *locking) given(t *async.Task, ticket uint32) bool {
	u := s.locks.Open(1)
	defer s.locks.Shut(1)
	return u.Poll(t, ticket) != waitline.Waiting
}

func (s *locking) CancelOp(t *async.Task, ticket uint32) (idle bool) {
	k := (*Mutex)(s).cancel(ticket)
	k.Wake(t.Executor())
	return true
}

func (m *Mutex) cancel(ticket uint32) (k waitline.Woken) {
	u := m.locks.Open(1)
	defer m.locks.Shut(1)
	u.Put(u.Cancel(ticket), &k)
	return k
}

// Settle has nothing to do: a cancelled operation is gone at once.
func (s *locking) Settle(uint32, bool) int { return 0 }

// A holder is the task that has a lock, if debugging is on where it runs.
type holder struct{ core atomic.Pointer[async.Core] }

func (h *holder) set(t *async.Task) {
	if t.Executor().Debug() {
		h.core.Store(t.Core())
	}
}

// forget is called before the lock is another's.
func (h *holder) forget() {
	if h.core.Load() != nil {
		h.core.Store(nil)
	}
}

// check panics if t is about to wait for a lock that it holds itself.
func (h *holder) check(t *async.Task) {
	if h.core.Load() == t.Core() && t.Executor().Debug() {
		panic("rondo/lock: a task locks what it has locked already, and would wait for itself")
	}
}
