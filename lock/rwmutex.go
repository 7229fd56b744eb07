package lock

import (
	"sync"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/internal/waitline"
)

// An RWMutex is a lock that any number of readers hold, or one writer; for the rest
// it is like Mutex. It is fair to both: a reader that comes after a waiting writer
// waits behind it. So a task must not read-lock it twice, since a writer may come
// in between.
type RWMutex struct {
	mu     sync.Mutex
	units  waitline.Units // a reader has one, a writer all of them
	used   bool           // the units were put there
	holder *async.Core    // the writer, if that was a task; for debugging
}

// readers is how many there may be.
const readers = 1 << 30

// open makes m.mu locked, and m usable.
func (m *RWMutex) open() {
	m.mu.Lock()
	if !m.used {
		var nobody waitline.Woken
		m.used = true
		m.units.Put(readers, &nobody)
	}
}

// Lock suspends until nobody else holds m, and locks it for writing. It is like
// Mutex.Lock, also in what debugging finds.
func (m *RWMutex) Lock() async.Act { return async.NewLightAct((*rwLocking)(m), readers) }

// RLock suspends until no writer holds m or waits in front, and locks it for
// reading. Cancelled, or as the loser of a Select, it has not locked it; else,
// RUnlock has to be called.
func (m *RWMutex) RLock() async.Act { return async.NewLightAct((*rwLocking)(m), 1) }

// TryLock locks m for writing if nobody holds it or waits for it, and reports
// whether it did.
func (m *RWMutex) TryLock() bool { return m.take(readers) }

// TryRLock locks m for reading if no writer holds it and nobody waits for it, and
// reports whether it did.
func (m *RWMutex) TryRLock() bool { return m.take(1) }

func (m *RWMutex) take(n int64) bool {
	m.open()
	defer m.mu.Unlock()
	return m.units.Take(n)
}

// Unlock ends a Lock. It panics if m is not locked for writing.
func (m *RWMutex) Unlock() {
	k := m.put(readers, true, "rondo/lock: Unlock of an RWMutex that is not locked for writing")
	k.WakeMany(nil, &m.mu, m.units.Line())
}

// RUnlock ends an RLock. It panics if m is not locked for reading.
func (m *RWMutex) RUnlock() {
	k := m.put(1, false, "rondo/lock: RUnlock of an RWMutex that is not locked for reading")
	k.WakeMany(nil, &m.mu, m.units.Line())
}

// Downgrade makes a lock for writing one for reading, without letting a writer in
// between. It panics if m is not locked for writing.
func (m *RWMutex) Downgrade() {
	k := m.put(readers-1, true, "rondo/lock: Downgrade of an RWMutex that is not locked for writing")
	k.WakeMany(nil, &m.mu, m.units.Line())
}

// put gives n units back, of a writer or of a reader.
func (m *RWMutex) put(n int64, writer bool, misuse string) (k waitline.Woken) {
	m.open()
	defer m.mu.Unlock()
	if free := m.units.Free(); writer != (free == 0) || free == readers {
		panic(misuse)
	}
	m.holder = nil
	m.units.Put(n, &k)
	return k
}

// rwLocking is the source of Lock and RLock.
type rwLocking RWMutex

func (s *rwLocking) Home() *async.Executor { return nil }

func (s *rwLocking) Start(t *async.Task, _ []byte, n uint64) uint32 {
	m := (*RWMutex)(s)
	m.open()
	defer m.mu.Unlock()
	checkSelf(t, m.holder)
	return m.units.Start(int64(n))
}

func (s *rwLocking) PollOp(t *async.Task, ticket uint32, _ bool) (struct{}, error) {
	if ticket == waitline.GivenTicket {
		return struct{}{}, nil // of a reader
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.units.Poll(t, ticket) == waitline.Waiting {
		return struct{}{}, async.Pending
	}
	if s.units.Free() == 0 {
		s.holder = t.Core()
	}
	return struct{}{}, nil
}

func (s *rwLocking) CancelOp(t *async.Task, ticket uint32) (idle bool) {
	k := (*RWMutex)(s).cancel(ticket)
	k.Wake(t.Executor())
	return true
}

func (m *RWMutex) cancel(ticket uint32) (k waitline.Woken) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.units.Put(m.units.Cancel(ticket), &k)
	return k
}

// Settle has nothing to do: a cancelled operation is gone at once.
func (s *rwLocking) Settle(uint32, bool) int { return 0 }
