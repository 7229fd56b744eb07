package lock

import (
	"errors"
	"math"

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
	units waitline.Counter // of none: those that nobody has are given back too often
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
	if n == 1 {
		return async.NewQuickAct((*acquiring)(s), 1)
	}
	return async.NewLightAct((*acquiring)(s), uint64(n))
}

// TryAcquire takes n units if they are there and nobody waits, and reports whether
// it did. It panics if n is negative.
func (s *Semaphore) TryAcquire(n int64) bool {
	checkUnits(n)
	return s.units.Take(n, 0)
}

// Release gives n units back. More than were acquired make the semaphore larger;
// units that are acquired and never released make it smaller. It panics if n is
// negative, or if more units than an int64 can count would be free.
func (s *Semaphore) Release(n int64) {
	checkUnits(n)
	if !s.units.Give(n, n-math.MaxInt64, math.MaxInt64) {
		k := s.release(n)
		s.units.WakeMany(&k)
	}
}

func (s *Semaphore) release(n int64) (k waitline.Woken) {
	u := s.units.Open(0)
	defer s.units.Shut(0)
	if u.Free() > math.MaxInt64-n {
		panic("rondo/lock: a semaphore of more units than can be counted")
	}
	u.Put(n, &k)
	return k
}

// Available returns how many units nobody has.
func (s *Semaphore) Available() int64 { return s.units.Free(0) }

// Close makes every Acquire fail with ErrClosed, those that wait as well. Units
// that were acquired stay so, and can be released. Closing again does nothing.
func (s *Semaphore) Close() {
	k := s.close()
	k.Wake(nil)
}

func (s *Semaphore) close() (k waitline.Woken) {
	u := s.units.Open(0)
	defer s.units.Shut(0)
	u.Close(&k)
	return k
}

func checkUnits(n int64) {
	if n < 0 {
		panic("rondo/lock: a negative number of units")
	}
}

// acquiring is the source of Acquire, quick for one unit.
type acquiring Semaphore

func (s *acquiring) Home() *async.Executor { return nil }

func (s *acquiring) Start(t *async.Task, _ []byte, n uint64) uint32 {
	if n == 1 {
		return s.units.StartQuick(t, 1, 0)
	}
	u := s.units.Open(0)
	defer s.units.Shut(0)
	return u.Start(int64(n))
}

func (s *acquiring) PollOp(t *async.Task, ticket uint32, _ bool) (struct{}, error) {
	state := waitline.Waiting
	if ticket != 0 {
		state = s.look(t, ticket)
	} else if s.units.Take(1, 0) {
		state = waitline.Given
	} else if s.units.Closed(0) {
		state = waitline.Told
	}
	switch state {
	case waitline.Waiting:
		return struct{}{}, async.Pending
	case waitline.Told:
		return struct{}{}, ErrClosed
	}
	return struct{}{}, nil
}

func (s *acquiring) look(t *async.Task, ticket uint32) waitline.State {
	u := s.units.Open(0)
	defer s.units.Shut(0)
	return u.Poll(t, ticket)
}

func (s *acquiring) CancelOp(t *async.Task, ticket uint32) (idle bool) {
	k := (*Semaphore)(s).cancel(ticket)
	k.Wake(t.Executor())
	return true
}

func (s *Semaphore) cancel(ticket uint32) (k waitline.Woken) {
	u := s.units.Open(0)
	defer s.units.Shut(0)
	u.Put(u.Cancel(ticket), &k)
	return k
}

// Settle has nothing to do: a cancelled operation is gone at once.
func (s *acquiring) Settle(uint32, bool) int { return 0 }
