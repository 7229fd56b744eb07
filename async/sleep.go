package async

import (
	"math/bits"
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
// pointers to them stay good, with a free list through them.
//
// A ticket is a slot's index, and above it the generation that tells a stale ticket.
// Few bits are left for that with the long indexes of the last slots. So that the
// first slots, which do for nearly all programs, don't pay for those, an index is only
// as long as it has to be: its class, which comes first in the ticket, says how long.
// A ticket is used again when its slot has been two million times, if it is one of the
// first 64 slots; 32 thousand times, of the first 4096; 128 times, of the first
// million. A copy of a started Sleep that somebody has kept for so long, which is a
// mistake in any case, may be taken for another one.
type sleeps struct {
	pages []*[sleepPage]sleep
	free  uint32 // ticket of the first free slot, 0 for none
	made  uint32
}

type sleep struct {
	timer  wheel.Timer
	waker  *Waker
	next   uint32 // of a free slot: the next one; of another: whether it has fired
	ticket uint32 // of this use, or the next
}

const (
	sleepPage      = 63 // 4 KiB, with the word that the runtime puts before it
	sleepIndexBits = 6  // of an index in the first class
	sleepClassBits = 5  // of a ticket: its class + 1
	sleepClasses   = 21 // an index of class k has k bits more than those of the first
)

// hasFired is no ticket, for those end in a class.
const hasFired = 1<<sleepClassBits - 1

// firstTicket returns the first ticket of a slot.
func firstTicket(index uint32) uint32 {
	class := uint32(bits.Len32(index >> sleepIndexBits))
	return index<<sleepClassBits | (class + 1)
}

// generationBit returns the lowest bit of a ticket's generation.
func generationBit(ticket uint32) uint32 {
	class := ticket&(1<<sleepClassBits-1) - 1
	return 1 << (sleepClassBits + sleepIndexBits + class)
}

// Fire is called by the wheel.
func (s *sleep) Fire() {
	s.next = hasFired
	if s.waker != nil {
		s.waker.WakeLocal()
	}
}

func (s *sleeps) get() (x *sleep, ticket uint32) {
	if s.free == 0 {
		s.make()
	}
	x = s.at(s.free)
	s.free, x.next = x.next, 0
	return x, x.ticket
}

// make makes a free slot.
func (s *sleeps) make() {
	if s.made%sleepPage == 0 {
		if s.made == 1<<(sleepIndexBits+sleepClasses-1) {
			panic("rondo: more than 67 million sleeps on one executor")
		}
		s.pages = append(s.pages, new([sleepPage]sleep))
	}
	s.free = firstTicket(s.made)
	s.made++
	s.at(s.free).ticket = s.free
}

func (s *sleeps) at(ticket uint32) *sleep {
	i := ticket & (generationBit(ticket) - 1) >> sleepClassBits
	return &s.pages[i/sleepPage][i%sleepPage]
}

// find returns the slot of a ticket. It panics for one that is over.
func (s *sleeps) find(ticket uint32) *sleep {
	x := s.at(ticket)
	if x.ticket != ticket {
		panic("rondo: a Sleep was polled that is over, or is a copy of one that is")
	}
	return x
}

func (s *sleeps) put(x *sleep) {
	x.ticket += generationBit(x.ticket)
	x.waker = nil
	x.next, s.free = s.free, x.ticket
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
	if x.next != hasFired {
		x.waker = t.waker
		return struct{}{}, Pending
	}
	s.put(x)
	return struct{}{}, nil
}

func (sleeping) CancelOp(t *Task, ticket uint32) (idle bool) {
	e := t.core.exec
	x := e.sleeps.find(ticket)
	e.wheel.Stop(&x.timer)
	e.sleeps.put(x)
	return true
}

func (sleeping) Settle(uint32, bool) int { return 0 }
