package driver

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// OpenEpoll opens a driver that makes completions of readiness: an operation is
// tried at once, waits for an edge-triggered event if it would block, and is
// tried again. It runs everywhere on Linux. Operations on files, which are always
// "ready" and block nevertheless, run on at most Options.FileWorkers goroutines.
//
// Its own epoll instance registers each descriptor once, for as long as it is
// open, so the driver has to know when a number gets a new meaning: descriptors
// that were used with operations other than Ready are closed through Op.Close, or
// through CloseNow if nothing is in flight, never by a close(2) of somebody else,
// unless Forget has told the driver. (It does notice when the new descriptor is one
// that it has made.) With Ready only, a descriptor stays its owner's, who has to
// cancel the operation before closing.
func OpenEpoll(o Options) (Driver, error) { return newEpoll(o) }

// An epoll is a driver on epoll(7).
type epoll struct {
	flight
	kernelSockets
	wakeup  wakeup
	fd      int
	sleeper sleeper
	events  []unix.EpollEvent // room for those of one turn
	fds     table
	lent    lentPool
	pool    *filePool
	pooled  int         // operations with the pool, whose end is not collected
	ended   []performed // room for collecting

	told   int64   // results told, to see whether a turn had any
	resume []int32 // descriptors whose share of the last turn was used up
	closes []*Op   // OpClose, once all completions that are put off are delivered
	strays []*Op   // operations whose descriptor somebody else has closed

	closed bool
}

// maxEvents bounds the events of a turn.
const maxEvents = 256

func newEpoll(o Options) (_ Driver, err error) {
	o = o.withDefaults()
	ep := &epoll{events: make([]unix.EpollEvent, maxEvents), lent: newLentPool(o.Buffers, o.BufferSize)}
	if err := ep.wakeup.open(); err != nil {
		return nil, fmt.Errorf("rondo/driver: eventfd: %w", err)
	}
	defer func() {
		if err != nil {
			_ = ep.wakeup.close()
		}
	}()
	if ep.fd, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return nil, fmt.Errorf("rondo/driver: epoll_create1: %w", err)
	}
	if ep.sleeper, err = newSleeper(ep.fd, o.Locked); err != nil {
		return nil, fmt.Errorf("rondo/driver: epoll: %w", err)
	}
	if errno := ep.watchWakeup(); errno != 0 {
		_ = ep.sleeper.close()
		return nil, fmt.Errorf("rondo/driver: epoll_ctl: %w", errno)
	}
	ep.pool = newFilePool(o.FileWorkers, performFile, ep.wakeup.wake)
	return ep, nil
}

// Name returns "epoll".
func (ep *epoll) Name() string { return "epoll" }

// Submit starts op, and finishes it if it does not have to wait.
func (ep *epoll) Submit(op *Op) {
	ep.begin(op)
	if ep.closed {
		ep.finish(op, refused(op))
		return
	}
	switch op.kind {
	case OpReady:
		ep.submitReady(op)
		return
	case OpOpen:
		ep.toPool(nil, op)
		return
	case OpFile:
		if op.file().Path != "" {
			ep.toPool(nil, op)
			return
		}
	case OpStat:
		if op.stat().Path != "" {
			ep.toPool(nil, op)
			return
		}
	case OpSplice:
		if op.splice().Offset < 0 {
			ep.stats.Direct++
			ep.finish(op, outcome(rawSplice(op.fd, op.splice())))
			return
		}
	}
	e, errno := ep.meet(op.fd)
	if errno == 0 && e.is&fdClosing != 0 {
		errno = unix.EBADF
	}
	if errno != 0 {
		ep.finish(op, Result{Err: errno})
		return
	}
	ep.submitTo(e, op)
}

func (ep *epoll) submitTo(e *entry, op *Op) {
	switch op.kind {
	case OpClose:
		ep.submitClose(e, op)
		return
	case OpShutdown:
		ep.stats.Direct++
		ep.finish(op, outcome(0, rawShutdown(op.fd, int(op.flags))))
		return
	case OpReadAt, OpWriteAt:
		if !ep.tryNow(e, op) {
			ep.toPool(e, op)
		}
		return
	case OpReadvAt, OpWritevAt, OpFsync, OpStat, OpFile, OpSplice:
		ep.toPool(e, op)
		return
	case OpRead, OpWrite, OpWritev:
		if e.is&fdFile != 0 {
			ep.toPool(e, op)
			return
		}
	}
	w := op.direction()
	e.push(w, op)
	if e.first[w] == op {
		ep.drive(op.fd, e, w)
	}
}

// Cancel ends op if it only waits. What is being carried out by the pool ends
// when it ends.
func (ep *epoll) Cancel(op *Op) {
	if op.state != opInFlight || op.kind == OpClose {
		return
	}
	canceled := Result{Err: ErrCanceled}
	e := ep.fds.at(op.fd)
	switch {
	case e != nil && e.remove(op.direction(), op),
		e != nil && e.rest != nil && cut(&e.rest.ready, op),
		cut(&ep.strays, op):
		ep.finish(op, canceled)
	case ep.pooled > 0 && ep.pool.withdraw(op, op.slot):
		ep.leftPool(op, canceled)
	default:
		op.state = opCancelled
	}
}

// finish ends op.
func (ep *epoll) finish(op *Op, r Result) {
	ep.told++
	ep.end(op, r)
}

// tell hands out one of several results of op.
func (ep *epoll) tell(op *Op, r Result) {
	ep.told++
	ep.more(op, r)
}

// Wait runs what became possible, and sleeps if that told nothing.
func (ep *epoll) Wait(d time.Duration) error {
	if ep.closed {
		return ErrClosed
	}
	before := ep.told
	woken := ep.wakeup.take()
	ep.settle()
	if err := ep.look(); err != nil {
		return err
	}
	if woken || d == 0 || ep.told != before || ep.unsettled() {
		return nil
	}
	return ep.sleep(d, before)
}

// settle does what was left for this turn, and nothing that is left meanwhile.
func (ep *epoll) settle() {
	closes, strays, resume := ep.closes, ep.strays, ep.resume
	ep.closes, ep.strays, ep.resume = nil, nil, nil
	ep.told += int64(ep.run())
	for _, op := range closes {
		ep.closeFor(op)
	}
	for _, op := range strays {
		ep.finish(op, Result{Err: unix.EBADF})
	}
	ep.collect()
	for _, fd := range resume {
		e := ep.fds.at(fd)
		e.is &^= fdResumed
		ep.drive(fd, e, inward)
		ep.drive(fd, e, outward)
	}
}

// unsettled reports whether there is something for settle to do.
func (ep *epoll) unsettled() bool {
	return ep.pending() || len(ep.closes) > 0 || len(ep.strays) > 0 || len(ep.resume) > 0
}

// look takes the events that are there, at most maxEvents of them.
func (ep *epoll) look() error {
	ep.stats.Enters++
	n, errno := rawEpollPoll(ep.fd, ep.events)
	if errno != 0 {
		return fmt.Errorf("rondo/driver: epoll_wait: %w", errno)
	}
	ep.dispatch(n)
	return nil
}

// sleep waits for results beyond before, a wake, or the end of d. Events that
// tell nothing, such as one of a direction in which nothing waits, don't end it.
func (ep *epoll) sleep(d time.Duration, before int64) error {
	var deadline time.Time
	if d > 0 {
		deadline = time.Now().Add(min(d, longestSleep))
	}
	for {
		if !ep.wakeup.park() {
			return nil
		}
		ep.stats.Enters++
		n, err := ep.sleeper.sleep(ep.events, deadline)
		woken := ep.wakeup.unpark()
		if err != nil {
			return fmt.Errorf("rondo/driver: epoll_wait: %w", err)
		}
		ep.collect()
		ep.dispatch(n)
		if woken || ep.told != before || d > 0 && time.Until(deadline) <= 0 {
			return nil
		}
	}
}

// Wake makes Wait return.
func (ep *epoll) Wake() { ep.wakeup.wake() }

// Release takes a lent buffer back.
func (ep *epoll) Release(l Lent) { ep.lent.release(l) }

// Stats returns the counters.
func (ep *epoll) Stats() Stats {
	s := ep.stats
	s.PoolBusy = int64(ep.pool.busy())
	s.Lent = int64(ep.lent.out)
	return s
}

// Close ends everything in flight, and frees what the kernel holds for the driver.
func (ep *epoll) Close() error {
	if ep.closed {
		return ErrClosed
	}
	ep.closed = true
	canceled := Result{Err: ErrCanceled}
	ep.fds.all(func(e *entry) { ep.abandon(e, canceled) })
	for _, op := range ep.pool.withdrawIf(func(op *Op) bool { return op.kind != OpClose }) {
		ep.leftPool(op, canceled)
	}
	for ep.stats.InFlight > 0 {
		ep.settle()
		ep.pool.idle()
		ep.collect()
	}
	ep.pool.idle()
	err := ep.sleeper.close()
	if e := ep.wakeup.close(); err == nil {
		err = e
	}
	return err
}
