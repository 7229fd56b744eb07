package signals

import (
	"os"
	"slices"

	"rondo.dev/rondo/async"
)

// A Listener is a stream of signals. It belongs to the executor that it was made
// on; its operations can be awaited from everywhere.
type Listener struct {
	exec    *async.Executor
	stop    func()
	arrived []os.Signal // each once, in the order of their first arrivals
	waiters []waiter    // in the order of their starts
	tickets uint32
	closed  bool
}

// waiter is a Next in flight.
type waiter struct {
	ticket uint32
	waker  *async.Waker
	got    os.Signal // taken, and kept until it is settled
}

// Listen returns a listener to the signals; to all of them if none is given. From
// then on they don't have their usual effect. The listener has to be closed; it is
// when t ends.
func Listen(t *async.Task, sigs ...os.Signal) *Listener {
	l := &Listener{exec: t.Executor()}
	l.stop = watch(t, sigs, l.arrive)
	return l
}

// arrive is called on the executor.
func (l *Listener) arrive(s os.Signal) {
	if !l.closed && !slices.Contains(l.arrived, s) {
		l.arrived = append(l.arrived, s)
		l.wake()
	}
}

// wake has all who wait look again: who is first is decided then.
func (l *Listener) wake() {
	for _, w := range l.waiters {
		if w.waker != nil {
			w.waker.WakeLocal()
		}
	}
}

// Close ends the listening: the signals have their usual effect again, unless
// somebody else listens to them, and all who wait get os.ErrClosed. What has
// arrived and was not taken is forgotten. A second Close does nothing. It is for
// tasks of the listener's own executor.
func (l *Listener) Close() {
	if l.closed {
		return
	}
	l.closed, l.arrived = true, nil
	l.stop()
	l.wake()
}

// Next waits for a signal and takes it. If several have arrived, it is the one that
// did so first. After Close it fails with os.ErrClosed. Several may wait: a signal
// is for one of them.
func (l *Listener) Next() async.Op[os.Signal] { return async.NewOp((*next)(l), nil, 0) }

// next is the source of Next.
type next Listener

func (x *next) Home() *async.Executor { return x.exec }

func (x *next) Start(*async.Task, []byte, uint64) uint32 {
	x.tickets++
	if x.tickets == 0 {
		x.tickets = 1
	}
	x.waiters = append(x.waiters, waiter{ticket: x.tickets})
	return x.tickets
}

func (x *next) find(ticket uint32) int {
	i := slices.IndexFunc(x.waiters, func(w waiter) bool { return w.ticket == ticket })
	if i < 0 {
		panic("rondo/signals: a Next was polled that is not in flight: it has had its result, or is a copy of one that has")
	}
	return i
}

func (x *next) PollOp(t *async.Task, ticket uint32, keep bool) (os.Signal, error) {
	i := x.find(ticket)
	w := &x.waiters[i]
	switch {
	case w.got != nil:
	case x.closed:
		if !keep {
			x.remove(i)
		}
		return nil, os.ErrClosed
	case len(x.arrived) == 0:
		w.waker = t.Waker()
		return nil, async.Pending
	default:
		w.got = x.arrived[0]
		x.arrived = slices.Delete(x.arrived, 0, 1)
	}
	s := w.got
	if !keep {
		x.remove(i)
	}
	return s, nil
}

// CancelOp is at once: a signal is taken only by those who are polled to have it.
func (x *next) CancelOp(_ *async.Task, ticket uint32) (idle bool) {
	i := x.find(ticket)
	if x.waiters[i].got != nil {
		return false
	}
	x.remove(i)
	return true
}

func (x *next) Settle(ticket uint32, back bool) int {
	i := x.find(ticket)
	got := x.waiters[i].got
	x.remove(i)
	if back && got != nil && !x.closed && !slices.Contains(x.arrived, got) {
		x.arrived = slices.Insert(x.arrived, 0, got)
		(*Listener)(x).wake()
	}
	return 0
}

func (x *next) remove(i int) { x.waiters = slices.Delete(x.waiters, i, i+1) }
