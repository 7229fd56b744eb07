package driver

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// OpenUring opens a driver on Linux's io_uring. It needs a kernel of 5.19 or
// newer, and permission, which containers often withhold; the error then wraps
// the kernel's own. With the environment variable RONDO_IO_URING set to off it
// fails as if by the latter, with EPERM.
//
// With Options.Locked the ring belongs to the thread that calls OpenUring.
//
// The driver has to be closed. If it is dropped with operations in flight, the
// kernel goes on writing to memory that the garbage collector takes back.
func OpenUring(o Options) (Driver, error) {
	if os.Getenv("RONDO_IO_URING") == "off" {
		return nil, fmt.Errorf("rondo/driver: RONDO_IO_URING is off: %w", syscall.EPERM)
	}
	return newUring(o)
}

// uring is the driver on io_uring. Requests are written into the ring, or into
// the backlog when it is full; one call of io_uring_enter for each Wait hands all
// of them over. What the kernel answers becomes results in complete.
type uring struct {
	flight
	kernelSockets
	file    *os.File // the ring's descriptor
	ring    ring
	slots   slots
	backlog []sqe // requests without room in the ring, in order
	lender  *lender
	parker  parker
	pool    *filePool
	pooled  map[*Op]uint32 // operations with the pool, and their places there
	ended   []performed    // room for collecting

	files         uringFiles
	multishotRecv bool
	draining      int // closes that wait for other operations
	closed        bool
}

func newUring(o Options) (Driver, error) {
	u, err := buildUring(o, uringSetup)
	if err != nil {
		return nil, fmt.Errorf("rondo/driver: %w", err)
	}
	return u, nil
}

func buildUring(o Options, setup setupFunc) (_ *uring, err error) {
	o = o.withDefaults()
	fd, p, err := setupRing(o, setup)
	if err != nil {
		return nil, err
	}
	// Non-blocking, which io_uring itself does not care about, makes a file one
	// for the runtime's poller: only an owner on no thread of its own needs it.
	if err := unix.SetNonblock(fd, !o.Locked); err != nil {
		unix.Close(fd)
		return nil, err
	}
	u := &uring{file: os.NewFile(uintptr(fd), "io_uring"), slots: newSlots(), pooled: map[*Op]uint32{}}
	defer func() {
		if err != nil {
			err = errors.Join(err, u.free())
		}
	}()
	if u.multishotRecv, err = checkKernel(fd, p); err != nil {
		return u, err
	}
	if u.ring, err = mapRing(fd, p); err != nil {
		return u, fmt.Errorf("mmap of io_uring: %w", err)
	}
	if u.lender, err = newLender(fd, o); err != nil {
		return u, fmt.Errorf("buffers for io_uring: %w", err)
	}
	if u.parker, err = newParker(o.Locked, u.file, &u.ring); err != nil {
		return u, err
	}
	u.pool = newFilePool(o.FileWorkers, performFile, u.parker.wake)
	u.watchWakes()
	// A sandbox may allow to make a ring and not to use it.
	if err = u.ring.enter(); err != nil {
		return u, fmt.Errorf("io_uring_enter: %w", err)
	}
	return u, nil
}

// Name returns "io_uring".
func (u *uring) Name() string { return "io_uring" }

// Submit writes op into the ring.
func (u *uring) Submit(op *Op) {
	u.begin(op)
	if u.closed {
		u.end(op, refused(op))
		return
	}
	if u.draining > 0 && u.drainingClose(op.fd) != 0 {
		u.end(op, Result{Err: unix.EBADF}) // as after the close
		return
	}
	if op.takesNow() && u.tryNow(op) {
		return
	}
	if op.kind == OpSplice && op.splice().Offset < 0 {
		u.spliceNow(op)
		return
	}
	i := u.slots.take(op)
	switch {
	case op.kind == OpClose:
		u.drain(i)
	case u.blocks(op):
		u.toPool(i)
	default:
		u.start(i, 0)
	}
}

// spliceNow moves between streams, by a system call of its own: it does not wait, and
// the ring would hand it to a worker thread, which costs more than the call.
func (u *uring) spliceNow(op *Op) {
	u.stats.Direct++
	n, errno := rawSplice(op.fd, op.splice())
	if errno != 0 {
		u.end(op, Result{Err: errno})
		return
	}
	u.end(op, Result{N: n})
}

// start writes the request for the operation in slot i.
func (u *uring) start(i uint32, flags uint8) {
	if u.slots.at(i).op.kind.hasMessages() {
		u.tryMessages(i)
		return
	}
	e := u.request(i)
	if err := u.prepare(e, u.slots.at(i).op); err != nil {
		*e = sqe{} // which asks for nothing
		u.finish(i, Result{Err: err})
		return
	}
	e.flags |= flags
}

// request returns a new request for the operation in slot i.
func (u *uring) request(i uint32) *sqe {
	e := u.next()
	e.userData = uint64(u.slots.token(i))
	u.slots.at(i).queued = len(u.backlog) > 0
	return e
}

// next returns a new request, zeroed. It is good until the following one.
func (u *uring) next() *sqe {
	if len(u.backlog) == 0 {
		if e := u.ring.next(); e != nil {
			return e
		}
	}
	u.backlog = append(u.backlog, sqe{})
	return &u.backlog[len(u.backlog)-1]
}

// Cancel asks the kernel to cancel op, which ends when the kernel answers for op
// itself. If the kernel was not told of op, it ends at once.
func (u *uring) Cancel(op *Op) {
	if op.state != opInFlight || op.kind == OpClose {
		return
	}
	op.state = opCancelled
	if u.slots.at(op.slot).queued {
		u.finish(op.slot, Result{Err: ErrCanceled})
		return
	}
	if place, ok := u.pooled[op]; ok {
		if u.pool.withdraw(op, place) {
			u.leftPool(op, Result{Err: ErrCanceled})
		}
		return
	}
	// If it is not found, it has an answer already: slots of retried operations
	// look at op.state before they ask again.
	e := u.next()
	e.opcode, e.fd, e.flags = uringAsyncCancel, -1, sqeSkipOnSuccess
	e.addr, e.userData = uint64(u.slots.token(op.slot)), uint64(tokenIgnored)
}

// finish ends the operation in slot i. If a close waits for it and for no other,
// that starts.
func (u *uring) finish(i uint32, r Result) {
	op := u.slots.release(i)
	if u.draining > 0 {
		u.drained(u.drainingClose(op.fd))
	}
	u.end(op, r)
}

// drain starts the close in slot i, once the operations on its descriptor have
// ended that were submitted before it. It cancels them.
func (u *uring) drain(i uint32) {
	closing := u.slots.at(i).op
	var others []*Op
	u.slots.onDescriptor(closing.fd, func(_ uint32, s *slot) {
		if s.op.kind != OpClose && s.op.fd >= 0 {
			others = append(others, s.op)
		}
	})
	if len(others) == 0 {
		u.start(i, 0)
		return
	}
	u.slots.at(i).draining = true
	u.draining++
	for _, op := range others {
		// Its Completer may have cancelled and ended others of the list, and
		// submitted them anew, for another descriptor.
		if op.fd == closing.fd {
			u.Cancel(op)
		}
	}
}

// drainingClose returns the close that waits for operations on fd, or 0.
func (u *uring) drainingClose(fd int32) (found uint32) {
	u.slots.onDescriptor(fd, func(i uint32, s *slot) {
		if s.draining {
			found = i
		}
	})
	return found
}

// drained starts the close in slot i if nothing keeps it waiting any more.
func (u *uring) drained(i uint32) {
	if i == 0 {
		return
	}
	busy := false
	u.slots.onDescriptor(u.slots.at(i).op.fd, func(_ uint32, s *slot) { busy = busy || s.op.kind != OpClose })
	if !busy {
		u.slots.at(i).draining = false
		u.draining--
		u.start(i, 0)
	}
}

// Wait hands over the requests and runs the completions.
func (u *uring) Wait(d time.Duration) error {
	some := u.run() > 0
	if u.closed {
		return ErrClosed
	}
	if err := u.wait(d, some); err != nil {
		return fmt.Errorf("rondo/driver: io_uring: %w", err)
	}
	return nil
}

// wait is Wait; with some it does not park.
func (u *uring) wait(d time.Duration, some bool) error {
	some = u.parker.take() || some
	var deadline time.Time // zero without a limit, and before it is needed
	for {
		if err := u.handOver(); err != nil {
			return err
		}
		if u.reap()+u.collect() > 0 || some || d == 0 || u.pending() {
			return nil
		}
		now := time.Now()
		if d > 0 && deadline.IsZero() {
			deadline = now.Add(d)
		}
		if d > 0 && !now.Before(deadline) {
			return nil
		}
		limit := deadline
		if u.ring.unsubmitted() > 0 {
			// The kernel is short of memory, and tells nobody when it has some.
			if soon := now.Add(time.Millisecond); limit.IsZero() || soon.Before(limit) {
				limit = soon
			}
		}
		woken, err := u.parker.park(limit)
		if err != nil {
			return err
		}
		some = woken
	}
}

// handOver gives the kernel all requests, and time for what it put off. With
// nothing to do it makes no system call.
func (u *uring) handOver() error {
	u.lender.publish()
	for {
		u.unqueue()
		before := u.ring.unsubmitted()
		if before == 0 && !u.ring.wantsEnter() {
			return nil
		}
		switch err := u.ring.enter(); err {
		case nil:
		case unix.EAGAIN, unix.EBUSY:
			return nil // no memory, or answers to be taken first
		default:
			return err
		}
		if left := u.ring.unsubmitted(); left == before || left == 0 && len(u.backlog) == 0 {
			return nil
		}
	}
}

// unqueue moves requests from the backlog to the ring, but for those whose
// operation was cancelled meanwhile.
func (u *uring) unqueue() {
	moved := 0
	for i := range u.backlog {
		e := &u.backlog[i]
		k := token(e.userData)
		slot := u.slots.find(k)
		if slot != 0 || k.index() == 0 {
			room := u.ring.next()
			if room == nil {
				break
			}
			*room = *e
			u.slots.at(slot).queued = false
		}
		moved++
	}
	u.backlog = u.backlog[:copy(u.backlog, u.backlog[moved:])]
}

// reap takes the answers that were there when it began, and returns how many of
// them were told to somebody. Completers may ask for more in the meantime; a
// bound on that is what keeps a turn of the loop short.
func (u *uring) reap() (told int) {
	for left := u.ring.available(); left > 0; left-- {
		if u.complete(u.ring.take()) {
			told++
		}
	}
	u.ring.publishTaken()
	u.lender.publish()
	return told
}

// Wake makes Wait return.
func (u *uring) Wake() { u.parker.wake() }

// watchWakes has the ring answer when the parker's eventfd is written, if it has
// one. The poll is of edges, so nobody needs to read the eventfd.
func (u *uring) watchWakes() {
	if fd := u.parker.eventfd(); fd >= 0 {
		e := u.next()
		e.fd, e.len, e.userData = int32(fd), pollMultishot, uint64(tokenWake)
		pollFor(e, unix.POLLIN)
	}
}

// Release gives a lent buffer back.
func (u *uring) Release(l Lent) {
	if l.Bytes == nil {
		return
	}
	u.lender.giveBack(l)
	u.stats.Lent--
}

// Forget drops what is known of a descriptor.
func (u *uring) Forget(fd int) { u.files.forget(int32(fd)) }

// Stats returns counters.
func (u *uring) Stats() Stats {
	s := u.stats
	s.Enters = u.ring.enters
	s.PoolBusy = int64(u.pool.busy())
	return s
}

// Close cancels what is in flight and waits for its end. An operation that the
// kernel can't interrupt, such as a read of a disk, is waited for.
func (u *uring) Close() error {
	if u.closed {
		return ErrClosed
	}
	u.closed = true // Submit refuses
	for i := range u.slots.slots {
		if op := u.slots.slots[i].op; op != nil {
			u.Cancel(op)
		}
	}
	for u.stats.InFlight > 0 {
		if err := u.wait(-1, u.run() > 0); err != nil {
			// The kernel may still use the memory of what is in flight: the
			// ring stays, and keeps it.
			return fmt.Errorf("rondo/driver: io_uring: %w", err)
		}
	}
	u.pool.idle() // it wakes the parker
	return u.free()
}

// free gives everything back. Nothing is in flight.
func (u *uring) free() error {
	var err error
	if u.parker != nil {
		err = u.parker.close()
	}
	err = errors.Join(err, u.file.Close())
	if u.lender != nil {
		u.lender.close()
	}
	if u.ring.queues != nil {
		u.ring.unmap()
	}
	return err
}
