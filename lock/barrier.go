package lock

import (
	"sync"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/internal/waitline"
)

// A Barrier holds tasks up until so many of them have come, then lets all of them
// go on, and holds up the next. It must not be copied after its first use.
//
// Every method may be called by any task or goroutine.
type Barrier struct {
	mu   sync.Mutex
	size int
	here int // how many wait
	line waitline.Line
}

// NewBarrier returns a barrier for n. It panics if n is not positive.
func NewBarrier(n int) *Barrier {
	if n <= 0 {
		panic("rondo/lock: a barrier for nobody")
	}
	return &Barrier{size: n}
}

// Arrive suspends until the barrier opens. One of those who go on then, the last
// to come, gets true. Cancelled while the barrier is closed, or as the loser of a
// Select, it has not arrived, and somebody else has to come.
func (b *Barrier) Arrive() async.Op[bool] { return async.NewLightOp((*arriving)(b), nil, 0) }

// arriving is the source of Arrive.
type arriving Barrier

func (s *arriving) Home() *async.Executor { return nil }

func (s *arriving) Start(t *async.Task, _ []byte, _ uint64) uint32 {
	ticket, k := (*Barrier)(s).arrive()
	k.WakeMany(t.Executor(), &s.mu, &s.line)
	return ticket
}

func (b *Barrier) arrive() (ticket uint32, k waitline.Woken) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.here++; b.here < b.size {
		return b.line.Add(1).Ticket(), k
	}
	b.here = 0
	b.line.Tell(&k)
	return waitline.GivenTicket, k
}

func (s *arriving) PollOp(t *async.Task, ticket uint32, _ bool) (leads bool, err error) {
	if ticket == waitline.GivenTicket {
		return true, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.line.Find(ticket)
	if w.State() == waitline.Waiting {
		w.Await(t)
		return false, async.Pending
	}
	s.line.Free(w)
	return false, nil
}

// CancelOp makes an operation gone. Once the barrier has opened, that changes
// nothing for the others.
func (s *arriving) CancelOp(_ *async.Task, ticket uint32) (idle bool) {
	if ticket == waitline.GivenTicket {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.line.Find(ticket)
	if w.State() == waitline.Waiting {
		s.here--
	}
	s.line.Free(w)
	return true
}

// Settle has nothing to do: a cancelled operation is gone at once.
func (s *arriving) Settle(uint32, bool) int { return 0 }
