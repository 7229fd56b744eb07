package driver

import (
	"math/bits"
	"math/rand/v2"
	"syscall"
	"time"
)

// Faults are the probabilities, from 0 to 1, with which a Memory does what a
// kernel may do but seldom does under test. They are drawn from
// MemoryOptions.Seed alone, so a run can be repeated.
type Faults struct {
	Short    float64       // an operation on a stream or file moves fewer bytes than it could
	Error    float64       // an operation fails with one of Errors, and does nothing
	Errors   []error       // nil means EIO
	Delay    float64       // an operation takes up to MaxDelay before it happens, and again before its end is told
	MaxDelay time.Duration // of virtual time; 0 means 100 microseconds
	Reorder  float64       // what is due at one time comes in another order; never within one direction of a descriptor
	Spurious float64       // Wait returns without a reason instead of waiting
	Late     float64       // a cancelled operation ends in a later Wait instead of inside Cancel
	Win      float64       // a cancelled operation that can happen does, and has its result
}

// A Verdict says what becomes of one operation (of a multishot one, up to its
// next result). The zero value leaves it alone: it happens as soon as it can.
type Verdict struct {
	Err    error         // fail with this error instead
	Limit  int           // move at most so many bytes, if positive; messages stay whole
	Before time.Duration // time between the moment when it can happen and its happening
	After  time.Duration // time between its happening and its completion
	Cancel CancelOutcome // what Cancel does
}

// A CancelOutcome is how a cancel goes. An operation that has happened, and is
// only waiting for its completion, always ends with its result.
type CancelOutcome uint8

const (
	CancelAtOnce CancelOutcome = iota // ends as cancelled, inside Cancel
	CancelLate                        // ends as cancelled in a later Wait, unless it happens until then
	ResultAtOnce                      // happens, if it can, and ends inside Cancel; else CancelAtOnce
	ResultLate                        // happens, if it can, and ends in a later Wait; else CancelLate
)

// judge decides about an operation.
func (m *Memory) judge(op *Op) Verdict {
	if m.o.Hook != nil {
		return m.o.Hook(op)
	}
	f := &m.o.Faults
	var v Verdict
	if m.chance(f.Short) {
		v.Limit = 1 + m.rand.IntN(1<<m.rand.IntN(16))
	}
	if m.chance(f.Error) {
		v.Err = f.Errors[m.rand.IntN(len(f.Errors))]
	}
	if m.chance(f.Delay) {
		v.Before = m.delay()
	}
	if m.chance(f.Delay) {
		v.After = m.delay()
	}
	late, win := m.chance(f.Late), m.chance(f.Win)
	switch {
	case late && win:
		v.Cancel = ResultLate
	case late:
		v.Cancel = CancelLate
	case win:
		v.Cancel = ResultAtOnce
	}
	return v
}

func (f *Faults) withDefaults() {
	if len(f.Errors) == 0 {
		f.Errors = []error{syscall.EIO}
	}
	if f.MaxDelay <= 0 {
		f.MaxDelay = 100 * time.Microsecond
	}
}

// chance draws nothing for what cannot happen, so that adding a kind of fault
// leaves the runs without it as they were.
func (m *Memory) chance(p float64) bool { return p > 0 && m.rand.Float64() < p }

func (m *Memory) delay() time.Duration {
	return 1 + time.Duration(m.rand.Int64N(int64(m.o.Faults.MaxDelay)))
}

// tie is the place of an event among those of the same time.
func (m *Memory) tie() uint64 {
	if m.chance(m.o.Faults.Reorder) {
		return m.rand.Uint64()
	}
	return 0
}

// newRand makes the one source of chance of a Memory.
func newRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, bits.Reverse64(seed))) }
