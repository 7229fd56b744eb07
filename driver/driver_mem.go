package driver

import (
	"math"
	"math/rand/v2"
	"time"
)

// A Memory is a driver without an operating system: sockets, pipes and files
// live in it, and nowhere else. It starts no goroutine and never looks at the
// real time; everything happens inside its methods, in an order that its options
// and the calls determine. The same seed and the same calls are the same run.
//
// Its time is virtual. A Wait with nothing to do does not wait: it moves the
// clock to the next event, or by the duration given. Only a Wait without a
// limit, with nothing scheduled, blocks until Wake.
//
// It speaks as Linux does: the same errors, the same ends of streams, the same
// resets. Addresses are names in a space of its own. Descriptors are small
// numbers that mean nothing to anybody else; the one freed last is given out
// first, which is hardest on code that holds a stale one.
type Memory struct {
	flight
	o    MemoryOptions
	rand *rand.Rand

	now    time.Duration
	later  schedule
	due    []event // being run by turn
	told   int64   // completions so far, put off or not
	wake   chan struct{}
	closed bool

	ops     []*memOp // by Op.slot; nil where free
	opsFree []uint32
	fds     []*memFD // by descriptor; nil where free
	fdsFree []int
	fdsOpen int

	lent  memLent
	names memNames
	root  *memNode
	nodes uint64 // inodes made
}

// MemoryOptions are what NewMemory takes. The zero value is a machine without
// faults.
type MemoryOptions struct {
	// Seed is where all chance comes from.
	Seed uint64
	// Faults are what goes wrong by chance.
	Faults Faults
	// Hook, if not nil, decides about every operation instead of Faults. It is
	// called when the operation is submitted, and after each result of a
	// multishot one. It must not call the driver.
	Hook func(op *Op) Verdict

	// StreamSize is how many bytes a stream holds in each direction before
	// writing to it waits; 0 means 65536.
	StreamSize int
	// MaxFDs is how many descriptors may be open at once; 0 means no limit, and a
	// negative number none at all.
	MaxFDs int
	// Buffers and BufferSize are as in Options.
	Buffers, BufferSize int
}

var (
	_ Driver = (*Memory)(nil)
	_ Clock  = (*Memory)(nil)
)

// NewMemory returns a new machine. It holds nothing but memory, so it may be
// dropped without Close.
func NewMemory(o MemoryOptions) *Memory {
	lent := Options{Buffers: o.Buffers, BufferSize: o.BufferSize}.withDefaults()
	if o.StreamSize <= 0 {
		o.StreamSize = 65536
	}
	o.Faults.withDefaults()
	m := &Memory{
		o:    o,
		rand: newRand(o.Seed),
		wake: make(chan struct{}, 1),
		lent: memLent{buffers: lent.Buffers, size: lent.BufferSize},
	}
	m.root = m.newNode(memDir | 0o755)
	return m
}

// Name returns "memory".
func (m *Memory) Name() string { return "memory" }

// Now returns the virtual time since the machine was made.
func (m *Memory) Now() time.Duration { return m.now }

// Stats returns counters; a Wait counts as an enter.
func (m *Memory) Stats() Stats {
	s := m.stats
	s.Lent = m.lent.out
	return s
}

// Wake makes the current Wait, or the next one, return.
func (m *Memory) Wake() {
	select {
	case m.wake <- struct{}{}:
	default: // one is pending: it stands for both
	}
}

func (m *Memory) woken() bool {
	select {
	case <-m.wake:
		return true
	default:
		return false
	}
}

// turnTime is what one Wait costs in virtual time, however little it does. It
// keeps an owner that always has work from stopping the clock for all others.
const turnTime = time.Microsecond

// Wait runs what is due. When that completes nothing, it goes from event to
// event until something does, or until d has passed.
func (m *Memory) Wait(d time.Duration) error {
	if m.closed {
		return ErrClosed
	}
	m.stats.Enters++
	end := m.now + min(d, math.MaxInt64-m.now) // no later than the end of time
	m.now += turnTime
	told := m.told
	woken := m.woken()
	late := m.run()
	m.turn()
	for !woken && late == 0 && m.told == told && d != 0 && !m.chance(m.o.Faults.Spurious) {
		at, scheduled := m.later.next()
		switch {
		case !scheduled && d < 0:
			<-m.wake
			return nil
		case d > 0 && (!scheduled || at > end):
			m.now = max(m.now, end)
			return nil
		}
		m.now = max(m.now, at)
		m.turn()
	}
	return nil
}

// turn runs the events that are due, but not those which they add: an endless
// chain of events has to let Wait return.
func (m *Memory) turn() {
	m.due = m.due[:0]
	for {
		at, ok := m.later.next()
		if !ok || at > m.now {
			break
		}
		m.due = append(m.due, m.later.pop())
	}
	for _, e := range m.due {
		e.run()
	}
	clear(m.due)
}

// after schedules f for d from now.
func (m *Memory) after(d time.Duration, f func()) { m.later.add(m.now+d, m.tie(), f) }

// Close cancels what is in flight and runs it to its end, for as much virtual
// time as that takes.
func (m *Memory) Close() error {
	m.closed = true // what is submitted from now on is refused
	for _, x := range m.ops {
		if x != nil {
			m.Cancel(x.op)
		}
	}
	// An operation that is in flight now is either put off, and run ends it, or
	// has an event that does.
	for m.stats.InFlight > 0 {
		m.run()
		if at, ok := m.later.next(); ok {
			m.now = max(m.now, at)
		}
		m.turn()
	}
	return nil
}
