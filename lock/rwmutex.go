package lock

import (
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/internal/waitline"
)

// An RWMutex is a lock that any number of readers hold, or one writer; for the rest
// it is like Mutex. It is fair to both: a reader that comes after a waiting writer
// waits behind it. So a task must not read-lock it twice, since a writer may come
// in between.
type RWMutex struct {
	locks  waitline.Counter // of readers: a reader has one, a writer all of them
	holder holder           // the writer
}

// readers is how many there may be.
const readers = 1 << 30

// Lock suspends until nobody else holds m, and locks it for writing. It is like
// Mutex.Lock, also in what debugging finds.
func (m *RWMutex) Lock() async.Act { return async.NewQuickAct((*rwLocking)(m), readers) }

// RLock suspends until no writer holds m or waits in front, and locks it for
// reading. Cancelled, or as the loser of a Select, it has not locked it; else,
// RUnlock has to be called.
func (m *RWMutex) RLock() async.Act { return async.NewQuickAct((*rwReading)(m), 1) }

// TryLock locks m for writing if nobody holds it or waits for it, and reports
// whether it did.
func (m *RWMutex) TryLock() bool { return m.locks.Take(readers, readers) }

// TryRLock locks m for reading if no writer holds it and nobody waits for it, and
// reports whether it did.
func (m *RWMutex) TryRLock() bool { return m.locks.Take(1, readers) }

// Unlock ends a Lock. It panics if m is not locked for writing.
func (m *RWMutex) Unlock() {
	m.holder.forget()
	m.give(readers, readers, readers, "rondo/lock: Unlock of an RWMutex that is not locked for writing")
}

// RUnlock ends an RLock. It panics if m is not locked for reading.
func (m *RWMutex) RUnlock() {
	m.give(1, 1, readers-1, "rondo/lock: RUnlock of an RWMutex that is not locked for reading")
}

// Downgrade makes a lock for writing one for reading, without letting a writer in
// between. It panics if m is not locked for writing.
func (m *RWMutex) Downgrade() {
	m.holder.forget()
	m.give(readers-1, readers, readers, "rondo/lock: Downgrade of an RWMutex that is not locked for writing")
}

// give gives n units back, of which so many have to be taken.
func (m *RWMutex) give(n, least, most int64, misuse string) {
	if !m.locks.Give(n, least, most) {
		k := m.put(n, least, most, misuse)
		m.locks.WakeMany(&k)
	}
}

func (m *RWMutex) put(n, least, most int64, misuse string) (k waitline.Woken) {
	u := m.locks.Open(readers)
	defer m.locks.Shut(readers)
	if taken := readers - u.Free(); taken < least || taken > most {
		panic(misuse)
	}
	u.Put(n, &k)
	return k
}

// rwLocking is the source of Lock.
type rwLocking RWMutex

func (s *rwLocking) Home() *async.Executor { return nil }

func (s *rwLocking) Start(t *async.Task, _ []byte, n uint64) uint32 {
	s.holder.check(t)
	return s.locks.StartQuick(t, int64(n), readers)
}

func (s *rwLocking) PollOp(t *async.Task, ticket uint32, _ bool) (struct{}, error) {
	_, err := (*RWMutex)(s).poll(t, ticket, readers)
	if err == nil {
		s.holder.set(t)
	}
	return struct{}{}, err
}

func (m *RWMutex) poll(t *async.Task, ticket uint32, n int64) (struct{}, error) {
	if ticket == 0 && !m.locks.Take(n, readers) || ticket != 0 && !m.given(t, ticket) {
		return struct{}{}, async.Pending
	}
	return struct{}{}, nil
}

func (m *RWMutex) given(t *async.Task, ticket uint32) bool {
	u := m.locks.Open(readers)
	defer m.locks.Shut(readers)
	return u.Poll(t, ticket) != waitline.Waiting
}

func (s *rwLocking) CancelOp(t *async.Task, ticket uint32) (idle bool) {
	k := (*RWMutex)(s).cancel(ticket)
	k.Wake(t.Executor())
	return true
}

func (m *RWMutex) cancel(ticket uint32) (k waitline.Woken) {
	u := m.locks.Open(readers)
	defer m.locks.Shut(readers)
	u.Put(u.Cancel(ticket), &k)
	return k
}

// Settle has nothing to do: a cancelled operation is gone at once.
func (s *rwLocking) Settle(uint32, bool) int { return 0 }

// rwReading is the source of RLock: it differs in how much it takes at once.
type rwReading RWMutex

func (s *rwReading) Home() *async.Executor { return nil }

func (s *rwReading) Start(t *async.Task, _ []byte, n uint64) uint32 {
	return (*rwLocking)(s).Start(t, nil, n)
}

func (s *rwReading) PollOp(t *async.Task, ticket uint32, _ bool) (struct{}, error) {
	return (*RWMutex)(s).poll(t, ticket, 1)
}

func (s *rwReading) CancelOp(t *async.Task, ticket uint32) (idle bool) {
	return (*rwLocking)(s).CancelOp(t, ticket)
}

func (s *rwReading) Settle(uint32, bool) int { return 0 }
