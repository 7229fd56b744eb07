package async

import (
	"time"

	"rondo.dev/rondo/internal/wheel"
)

// Sleep suspends the task for d or a little longer, never shorter; see package
// timer, which is where users find it.
func Sleep(d time.Duration) Act { return NewAct(sleeping{}, uint64(max(d, 0))) }

// SleepUntil suspends the task until the time at, by the monotonic clock if at has a
// reading of it, as times from time.Now have. How long that is it asks when it is
// begun.
func SleepUntil(at time.Time) Act { return NewAct(&sleepingUntil{at: at}, 0) }

// sleepingUntil is the source of SleepUntil.
type sleepingUntil struct {
	sleeping
	at time.Time
}

func (s *sleepingUntil) Start(t *Task, _ []byte, _ uint64) uint32 {
	return s.sleeping.Start(t, nil, uint64(max(time.Until(s.at), 0)))
}

// sleeping is the source of Sleep: it works on every executor, with the slots
// that the executor has for it.
type sleeping struct{}

// sleeps is an executor's sleeps in flight: pages of slots, so that the wheel's
// pointers to them stay good, with a free list through them. A ticket is a slot's
// index + 1, and above it the generation that tells a stale ticket.
type sleeps struct {
	pages []*[sleepPage]sleep
	free  uint32 // index + 1 of the first free slot
	made  uint32
}

type sleep struct {
	timer wheel.Timer
	waker *Waker
	next  uint32 // free list
	gen   uint8
	fired bool
}

const (
	sleepPage      = 63 // 4 KiB, with the word that the runtime puts before it
	sleepIndexBits = 26
)

// Fire is called by the wheel.
func (s *sleep) Fire() {
	s.fired = true
	if s.waker != nil {
		s.waker.WakeLocal()
	}
}

func (s *sleeps) get() (x *sleep, ticket uint32) {
	i := s.free
	if i == 0 {
		if s.made%sleepPage == 0 {
			if s.made >= 1<<sleepIndexBits-sleepPage {
				panic("rondo: more than 67 million sleeps on one executor")
			}
			s.pages = append(s.pages, new([sleepPage]sleep))
		}
		s.made++
		i = s.made
	}
	x = s.at(i)
	s.free = x.next
	x.next = 0
	return x, i | uint32(x.gen)<<sleepIndexBits
}

func (s *sleeps) at(i uint32) *sleep { return &s.pages[(i-1)/sleepPage][(i-1)%sleepPage] }

// find returns the slot of a ticket, or nil for one that is over.
func (s *sleeps) find(ticket uint32) *sleep {
	x := s.at(ticket & (1<<sleepIndexBits - 1))
	if x.gen&(1<<(32-sleepIndexBits)-1) != uint8(ticket>>sleepIndexBits) {
		panic("rondo: a Sleep was polled that is over, or is a copy of one that is")
	}
	return x
}

func (s *sleeps) put(x *sleep, ticket uint32) {
	x.gen = (x.gen + 1) & (1<<(32-sleepIndexBits) - 1)
	x.waker, x.fired = nil, false
	x.next = s.free
	s.free = ticket & (1<<sleepIndexBits - 1)
}

func (sleeping) Home() *Executor { return nil }

func (sleeping) Start(t *Task, _ []byte, d uint64) uint32 {
	e := t.core.exec
	x, ticket := e.sleeps.get()
	e.wheel.StartAfter(&x.timer, int64(d), x)
	return ticket
}

// PollOp frees the slot with the result even if that is to be kept: it can't be
// taken back, and there is nothing in it.
func (sleeping) PollOp(t *Task, ticket uint32, _ bool) (struct{}, error) {
	s := &t.core.exec.sleeps
	x := s.find(ticket)
	if !x.fired {
		x.waker = t.waker
		return struct{}{}, Pending
	}
	s.put(x, ticket)
	return struct{}{}, nil
}

func (sleeping) CancelOp(t *Task, ticket uint32) (idle bool) {
	e := t.core.exec
	x := e.sleeps.find(ticket)
	e.wheel.Stop(&x.timer)
	e.sleeps.put(x, ticket)
	return true
}

func (sleeping) Settle(uint32, bool) int { return 0 }
