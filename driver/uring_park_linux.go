package driver

import (
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A parker is how the owner of a ring sleeps, and how others wake it.
type parker interface {
	// park sleeps until the ring has an answer, wake was called, or a deadline
	// that is not zero has passed; perhaps for a shorter time. It reports whether
	// there was a wake, and consumes it.
	park(deadline time.Time) (woken bool, err error)
	// take reports whether a wake is pending, and consumes it.
	take() bool
	// wake may be called by anybody, at any time, even after close.
	wake()
	// eventfd is what the ring has to watch for wakes, or -1.
	eventfd() int
	close() error
}

func newParker(locked bool, file *os.File, r *ring) (parker, error) {
	if locked {
		return newThreadParker(r)
	}
	return newGoroutineParker(file, r)
}

// A goroutineParker parks the goroutine in the runtime's poller, as if it read
// from the ring: no thread sleeps with it. A ring is readable when it has an
// answer, unless it is one with DEFER_TASKRUN.
//
// A wake of an owner that is not parked is one atomic swap. That of a parked one
// moves the deadline of its read into the past, which makes it runnable without
// a system call.
//
// No wake is lost. Swaps and the compare-and-swap of state have one order:
//   - A wake before the owner's compare-and-swap makes that fail: no sleep.
//   - A wake after it, and before the swap that follows the read, finds the state
//     parked (or a wake that did), and moves the deadline. The owner has set its
//     own before the compare-and-swap, and sets the next after the swap, so it
//     does not undo the move before the read has ended. If the read has not
//     begun, it fails at once; a deadline stays.
//   - A wake after that swap is found by the next take or park.
//
// A waker may be slow to move the deadline, and so end a later read. The owner
// sees from the swap that there was no wake, and Wait parks again with a deadline
// of its own: limited tells that there is one to replace, or to remove.
//
// Closing the file makes moving its deadline an error without consequence, so
// wakes need no regard for close.
type goroutineParker struct {
	state    atomic.Uint32 // wakeRunning, wakeParked or wakeWoken
	file     *os.File
	read     syscall.RawConn
	answered func(fd uintptr) bool
	limited  bool // the file has a deadline; the owner's
}

func newGoroutineParker(file *os.File, r *ring) (*goroutineParker, error) {
	if err := file.SetReadDeadline(time.Time{}); err != nil {
		return nil, fmt.Errorf("runtime does not poll io_uring: %w", err)
	}
	read, err := file.SyscallConn()
	if err != nil {
		return nil, err
	}
	return &goroutineParker{file: file, read: read, answered: func(uintptr) bool { return r.answered() }}, nil
}

func (p *goroutineParker) park(deadline time.Time) (woken bool, err error) {
	if p.limited || !deadline.IsZero() {
		if err := p.file.SetReadDeadline(deadline); err != nil {
			return false, err
		}
		p.limited = !deadline.IsZero()
	}
	if !p.state.CompareAndSwap(wakeRunning, wakeParked) {
		return p.take(), nil
	}
	// The poller forgets what it knows of the file, then answered looks, then the
	// goroutine sleeps: an answer that comes in between is told by the poller.
	err = p.read.Read(p.answered)
	woken = p.state.Swap(wakeRunning) == wakeWoken
	if errors.Is(err, os.ErrDeadlineExceeded) {
		p.limited = true // by whomever
		err = nil
	}
	return woken, err
}

func (p *goroutineParker) take() bool {
	return p.state.Load() == wakeWoken && p.state.Swap(wakeRunning) == wakeWoken
}

func (p *goroutineParker) wake() {
	if p.state.Swap(wakeWoken) == wakeParked {
		// An error means that the file is closed, and nobody sleeps.
		_ = p.file.SetReadDeadline(time.Unix(1, 0))
	}
}

func (p *goroutineParker) eventfd() int { return -1 }

func (p *goroutineParker) close() error { return nil }

// A threadParker parks the thread in the ring, which watches an eventfd for
// wakes. It is for an owner that has its thread for itself.
type threadParker struct {
	wakeup
	ring *ring
}

func newThreadParker(r *ring) (*threadParker, error) {
	p := &threadParker{ring: r}
	if err := p.open(); err != nil {
		return nil, fmt.Errorf("eventfd: %w", err)
	}
	return p, nil
}

func (p *threadParker) park(deadline time.Time) (woken bool, err error) {
	if !p.wakeup.park() {
		return true, nil
	}
	ns := int64(-1)
	if !deadline.IsZero() {
		ns = max(int64(time.Until(deadline)), 0)
	}
	err = p.ring.enterWait(ns)
	woken = p.unpark()
	switch err {
	case unix.ETIME, unix.EINTR, unix.EAGAIN, unix.EBUSY:
		err = nil
	}
	return woken, err
}

func (p *threadParker) eventfd() int { return p.fd }
