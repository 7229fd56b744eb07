package driver

import (
	"slices"
	"syscall"
)

// How an operation goes through a Memory: it is queued on a lane, tried when it
// has come to the head of it, waits there until it is tried with success, and is
// reported. Trying one operation never runs another one's completion: what a
// success makes possible elsewhere is put on the schedule.

// A memOp is an operation in flight.
type memOp struct {
	op      *Op
	fd      *memFD // what it works on; nil if it names no open descriptor
	lane    *memLane
	verdict Verdict

	phase  memPhase
	result Result // once it has happened
	last   bool   // result ends the operation
}

type memPhase uint8

const (
	memWaiting  memPhase = iota // has not happened, and leaves no trace if cancelled
	memHappened                 // result is known and will be reported, whatever comes
	memEnded                    // out of the books
)

// A memLane holds operations that happen and end one after the other: those of
// one direction of a descriptor. Other operations have a lane of their own.
type memLane struct {
	queue  []*memOp
	kicked bool // an event is going to try the head
}

// A step is how far trying an operation went.
type step uint8

const (
	stepWait step = iota // it has to wait
	stepMore             // it has a result, and goes on
	stepEnd              // it has its last result
)

// Submit starts op. Unless a fault delays it, what can happen at once does, and
// completes inside the call.
func (m *Memory) Submit(op *Op) {
	m.begin(op)
	if m.closed {
		m.end(op, m.refused(op))
		return
	}
	x := &memOp{op: op, verdict: m.judge(op)}
	m.enlist(x)
	x.fd = m.openFD(int(op.fd))
	x.lane = x.fd.laneFor(x)
	x.lane.queue = append(x.lane.queue, x)
	if op.kind == OpClose && x.fd != nil {
		m.closing(x)
	}
	switch {
	case x.lane.queue[0] != x:
	case x.verdict.Before > 0:
		m.kick(x.lane)
	default:
		m.try(x)
	}
}

// refused is the result of an operation on a closed driver: a descriptor is closed
// all the same.
func (m *Memory) refused(op *Op) Result {
	switch {
	case op.kind != OpClose:
		return Result{Err: ErrClosed}
	case m.openFD(int(op.fd)) == nil:
		return Result{Err: syscall.EBADF}
	}
	m.remove(int(op.fd))
	return Result{}
}

// Cancel ends op as its verdict says.
func (m *Memory) Cancel(op *Op) {
	if op.state != opInFlight || op.kind == OpClose {
		return
	}
	op.state = opCancelled
	x := m.ops[op.slot]
	if x.phase == memHappened {
		return // report ends it
	}
	outcome := x.verdict.Cancel
	if outcome == ResultAtOnce || outcome == ResultLate {
		if outcome == ResultLate {
			x.verdict.After = max(x.verdict.After, turnTime)
		} else {
			x.verdict.After = 0
		}
		if x.lane.queue[0] == x {
			m.try(x)
		}
		if x.phase != memWaiting {
			return
		}
	}
	cancelled := func() {
		if x.phase == memWaiting {
			m.finish(x, Result{Err: ErrCanceled})
		}
	}
	if outcome == CancelAtOnce || outcome == ResultAtOnce {
		cancelled()
		return
	}
	m.after(max(x.verdict.After, turnTime), cancelled)
}

// kick has the head of a lane tried soon, because something has changed.
func (m *Memory) kick(l *memLane) {
	if l.kicked || len(l.queue) == 0 {
		return
	}
	l.kicked = true
	m.after(l.queue[0].verdict.Before, func() {
		l.kicked = false
		if len(l.queue) > 0 && l.queue[0].phase == memWaiting {
			m.try(l.queue[0])
		}
	})
}

// try lets the head of a lane happen if it can.
func (m *Memory) try(x *memOp) {
	r, s := m.perform(x)
	if s == stepWait {
		return
	}
	x.phase, x.result, x.last = memHappened, r, s == stepEnd
	if x.verdict.After > 0 {
		m.after(x.verdict.After, func() { m.report(x) })
		return
	}
	m.report(x)
}

// report tells the result of x.
func (m *Memory) report(x *memOp) {
	if x.last {
		m.finish(x, x.result)
		return
	}
	r := x.result
	x.phase, x.result = memWaiting, Result{}
	x.verdict = m.judge(x.op)
	m.told++
	m.more(x.op, r)
	switch {
	case x.phase == memEnded: // by a cancel from the completion
	case x.phase == memHappened: // by such a cancel too: that result is still to be told
	case x.op.state == opCancelled:
		m.finish(x, Result{Err: ErrCanceled})
	default:
		m.kick(x.lane)
	}
}

// finish takes x off the books and tells its end.
func (m *Memory) finish(x *memOp, r Result) {
	x.phase = memEnded
	l := x.lane
	l.queue = slices.DeleteFunc(l.queue, func(q *memOp) bool { return q == x })
	m.kick(l)
	if x.fd != nil {
		x.fd.leave(m, x)
	}
	m.ops[x.op.slot] = nil
	m.opsFree = append(m.opsFree, x.op.slot)
	m.told++
	m.end(x.op, r)
}

// enlist gives x a slot.
func (m *Memory) enlist(x *memOp) {
	if n := len(m.opsFree); n > 0 {
		x.op.slot = m.opsFree[n-1]
		m.opsFree = m.opsFree[:n-1]
		m.ops[x.op.slot] = x
		return
	}
	x.op.slot = uint32(len(m.ops))
	m.ops = append(m.ops, x)
}
