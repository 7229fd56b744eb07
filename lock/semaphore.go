package lock

import (
	"errors"
	"sync"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/internal/waitline"
)

// ErrClosed is the error of acquiring from a Semaphore that was closed.
var ErrClosed = errors.New("rondo/lock: semaphore is closed")

// A Semaphore is a number of units that are acquired and released, one or several
// at a time. It is fair: units are given in the order in which they were asked
// for, and a large request is not overtaken by small ones behind it. The zero
// value has no units. It must not be copied after its first use.
//
// Every method may be called by any task or goroutine.
type Semaphore struct {
	mu    sync.Mutex
	units waitline.Units
}

// NewSemaphore returns a semaphore with n units. It panics if n is negative.
func NewSemaphore(n int64) *Semaphore {
	s := new(Semaphore)
	s.Release(n)
	return s
}

// Acquire suspends until there are n units and takes them; it is for one unit
// usually. Cancelled, or as the loser of a Select, it has none. On a semaphore
// that is closed, before or meanwhile, it returns ErrClosed. It panics if n is
// negative. More units than there will ever be are waited for until it is
// cancelled.
func (s *Semaphore) Acquire(n int64) async.Act {
	checkUnits(n)
	return async.NewLightAct((*acquiring)(s), uint64(n))
}

// TryAcquire takes n units if they are there and nobody waits, and reports whether
// it did. It panics if n is negative.
func (s *Semaphore) TryAcquire(n int64) bool {
	checkUnits(n)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.units.Take(n)
}

// Release gives n units back. More than were acquired make the semaphore larger;
// units that are acquired and never released make it smaller. It panics if n is
// negative.
func (s *Semaphore) Release(n int64) {
	checkUnits(n)
	k := s.release(n)
	k.WakeMany(nil, &s.mu, s.units.Line())
}

func (s *Semaphore) release(n int64) (k waitline.Woken) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.units.Put(n, &k)
	return k
}

// Available returns how many units nobody has.
func (s *Semaphore) Available() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.units.Free()
}

// Close makes every Acquire fail with ErrClosed, those that wait as well. Units
// that were acquired stay so, and can be released. Closing again does nothing.
func (s *Semaphore) Close() {
	k := s.close()
	k.Wake(nil)
}

func (s *Semaphore) close() (k waitline.Woken) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.units.Close(&k)
	return k
}

func checkUnits(n int64) {
	if n < 0 {
		panic("rondo/lock: a negative number of units")
	}
}

// acquiring is the source of Acquire.
type acquiring Semaphore

func (s *acquiring) Home() *async.Executor { return nil }

func (s *acquiring) Start(_ *async.Task, _ []byte, n uint64) uint32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.units.Start(int64(n))
}

func (s *acquiring) PollOp(t *async.Task, ticket uint32, _ bool) (struct{}, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch s.units.Poll(t, ticket) {
	case waitline.Waiting:
		return struct{}{}, async.Pending
	case waitline.Told:
		return struct{}{}, ErrClosed
	}
	return struct{}{}, nil
}

func (s *acquiring) CancelOp(t *async.Task, ticket uint32) (idle bool) {
	k := (*Semaphore)(s).cancel(ticket)
	k.Wake(t.Executor())
	return true
}

func (s *Semaphore) cancel(ticket uint32) (k waitline.Woken) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.units.Put(s.units.Cancel(ticket), &k)
	return k
}

// Settle has nothing to do: a cancelled operation is gone at once.
func (s *acquiring) Settle(uint32, bool) int { return 0 }
