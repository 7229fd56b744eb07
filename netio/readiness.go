package netio

import (
	"net"
	"os"
	"slices"
	"syscall"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/driver"
)

// A Readiness tells when a descriptor is ready to be read or written that belongs to
// somebody else: a library with a socket of its own, a device, an inotify instance.
// What then reads and writes it is the caller's business.
//
//	r, err := netio.NewReadiness(t, file)
//	...
//	err = r.Do(t, driver.Readable, func(fd uintptr) (done bool) {
//		n, errno = unix.Read(int(fd), buf)
//		return errno != unix.EAGAIN
//	})
//
// The descriptor should be non-blocking. It may be used by others at the same time:
// being told that it is ready is a hint, and whoever comes first has it. A regular
// file is always ready.
//
// It is at home on one loop. The owner closes the descriptor only after Close has
// returned: a wait for a descriptor that was closed has no end, or is for another one
// with its number.
type Readiness struct {
	home    *place
	fd      int
	raw     syscall.RawConn // or nil: fd is a number
	watches [readyKinds]watch
	closed  bool
	closer  *async.Waker
}

// readyKinds is how many sets of driver.Readable and driver.Writable there are.
const readyKinds = int(driver.Readable|driver.Writable) + 1

// maxReadyTicket leaves room for them in a ticket.
const maxReadyTicket = 1<<29 - 1

// watch is what waits for one set of events. All who wait for the same share one
// operation of the driver.
type watch struct {
	op      driver.Op
	of      *Readiness
	events  driver.Events
	waiters []readyWait
}

// readyWait is a wait in flight.
type readyWait struct {
	ticket uint32
	waker  *async.Waker
	over   bool
	ev     driver.Events
	err    error
}

// NewReadiness returns the Readiness of what c has: an *os.File, a connection of
// package net, or another owner of a descriptor. It is at home on t's loop.
func NewReadiness(t *async.Task, c syscall.Conn) (*Readiness, error) {
	p := here(t)
	if err := p.checkKernel(); err != nil {
		return nil, err
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return nil, err
	}
	r := newReadiness(p)
	r.raw = raw
	if err := raw.Control(func(fd uintptr) { r.fd = int(fd) }); err != nil {
		return nil, err
	}
	return r, nil
}

// NewReadinessFD returns the Readiness of a descriptor, which for a driver that is a
// world of its own, such as the one in memory, is a descriptor of that world.
func NewReadinessFD(t *async.Task, fd int) *Readiness {
	r := newReadiness(here(t))
	r.fd = fd
	return r
}

func newReadiness(p *place) *Readiness {
	r := &Readiness{home: p}
	for ev := range r.watches {
		r.watches[ev].of, r.watches[ev].events = r, driver.Events(ev)
	}
	return r
}

// Home returns the loop that it belongs to.
func (r *Readiness) Home() *rondo.Loop { return r.home.loop }

// Ready waits until the descriptor is ready for one of the events asked for, and
// returns those that it is ready for; driver.Hangup may be among them. Being told may
// be a mistake: try without blocking, and wait again. Several may wait. Cancelled, it
// returns at once; there is nothing to lose.
func (r *Readiness) Ready(ev driver.Events) async.Op[driver.Events] {
	return async.NewOp((*readying)(r), nil, uint64(ev&(driver.Readable|driver.Writable)))
}

// Readable is Ready for reading.
func (r *Readiness) Readable() async.Op[driver.Events] { return r.Ready(driver.Readable) }

// Writable is Ready for writing.
func (r *Readiness) Writable() async.Op[driver.Events] { return r.Ready(driver.Writable) }

// Do calls f with the descriptor until it reports that it is done, and waits for the
// events in between, as a syscall.RawConn does. f must not block, nor close the
// descriptor.
func (r *Readiness) Do(t *async.Task, ev driver.Events, f func(fd uintptr) (done bool)) error {
	for {
		if cause := t.Cause(); cause != nil {
			return cause
		}
		done, err := r.try(f)
		if done || err != nil {
			return err
		}
		if _, err := r.Ready(ev).Await(t); err != nil {
			return err
		}
	}
}

// try calls f once. The owner's lock, if there is one, keeps the descriptor open.
func (r *Readiness) try(f func(fd uintptr) bool) (done bool, err error) {
	if r.raw == nil {
		return f(uintptr(r.fd)), nil
	}
	err = r.raw.Control(func(fd uintptr) { done = f(fd) })
	return done, err
}

// Close ends all waits, with net.ErrClosed, and has the driver forget the descriptor,
// which stays open. It is not cancelled with its task.
func (r *Readiness) Close() async.Act { return async.NewAct((*readyClose)(r), 0).Shielded() }

// readying is the source of Ready. The lower bits of a ticket say which watch.
type readying Readiness

func (x *readying) Home() *async.Executor { return x.home.exec }

func (x *readying) Start(_ *async.Task, _ []byte, ev uint64) uint32 {
	r := (*Readiness)(x)
	ticket := (r.home.ticket()%maxReadyTicket+1)*uint32(readyKinds) + uint32(ev)
	w := readyWait{ticket: ticket}
	if r.closed {
		w.over, w.err = true, r.opError(net.ErrClosed)
	}
	at := &r.watches[ev]
	at.waiters = append(at.waiters, w)
	if !r.closed && !at.op.InFlight() {
		at.arm()
	}
	return ticket
}

func (x *readying) PollOp(t *async.Task, ticket uint32, keep bool) (driver.Events, error) {
	w, at := (*Readiness)(x).find(ticket)
	if !w.over {
		w.waker = t.Waker()
		return 0, async.Pending
	}
	ev, err := w.ev, w.err
	if !keep {
		at.remove(ticket)
	}
	return ev, err
}

// CancelOp is idle: the driver's operation is left to itself.
func (x *readying) CancelOp(_ *async.Task, ticket uint32) bool {
	w, at := (*Readiness)(x).find(ticket)
	if w.over {
		return false
	}
	at.remove(ticket)
	if len(at.waiters) == 0 {
		at.of.home.drv.Cancel(&at.op)
	}
	return true
}

func (x *readying) Settle(ticket uint32, _ bool) int {
	_, at := (*Readiness)(x).find(ticket)
	at.remove(ticket)
	return 0
}

func (r *Readiness) find(ticket uint32) (*readyWait, *watch) {
	at := &r.watches[ticket%uint32(readyKinds)]
	for i := range at.waiters {
		if at.waiters[i].ticket == ticket {
			return &at.waiters[i], at
		}
	}
	panic("rondo/netio: a wait for readiness was polled that is not in flight: it has had its result, or is a copy of one that has")
}

func (x *watch) remove(ticket uint32) {
	x.waiters = slices.DeleteFunc(x.waiters, func(w readyWait) bool { return w.ticket == ticket })
}

// waits reports whether somebody does.
func (x *watch) waits() bool {
	return slices.ContainsFunc(x.waiters, func(w readyWait) bool { return !w.over })
}

// arm has the driver wait. An owner who has a lock is asked first whether the
// descriptor is still open.
func (x *watch) arm() {
	r := x.of
	submit := func(fd int) {
		x.op.Ready(fd, x.events, x)
		r.home.drv.Submit(&x.op)
	}
	if r.raw == nil {
		submit(r.fd)
	} else if err := r.raw.Control(func(fd uintptr) { submit(int(fd)) }); err != nil {
		x.end(0, err)
	}
}

// Complete is called by the driver.
func (x *watch) Complete(_ *driver.Op, res driver.Result) {
	r := x.of
	switch {
	case r.closed:
		if r.closer != nil && !r.armed() {
			r.closer.WakeLocal()
			r.closer = nil
		}
	case res.Err == driver.ErrCanceled:
		// For those who had given up. Somebody may have come since.
		if x.waits() {
			x.arm()
		}
	case res.Err != nil:
		x.end(0, r.opError(os.NewSyscallError("poll", res.Err)))
	default:
		x.end(driver.Events(res.N), nil)
	}
}

// end ends all waits that there are now. To wake somebody may add and remove others.
func (x *watch) end(ev driver.Events, err error) {
	for range len(x.waiters) {
		i := slices.IndexFunc(x.waiters, func(w readyWait) bool { return !w.over })
		if i < 0 {
			return
		}
		w := &x.waiters[i]
		w.over, w.ev, w.err = true, ev, err
		if w.waker != nil {
			w.waker.WakeLocal()
		}
	}
}

// armed reports whether the driver has an operation.
func (r *Readiness) armed() bool {
	for i := range r.watches {
		if r.watches[i].op.InFlight() {
			return true
		}
	}
	return false
}

func (r *Readiness) opError(err error) error {
	return &net.OpError{Op: "ready", Net: "fd", Err: err}
}

// readyClose is the source of Close.
type readyClose Readiness

func (x *readyClose) Home() *async.Executor { return x.home.exec }

func (x *readyClose) Start(*async.Task, []byte, uint64) uint32 {
	r := (*Readiness)(x)
	if r.closed {
		return tooLate
	}
	r.closed = true
	for i := range r.watches {
		at := &r.watches[i]
		at.end(0, r.opError(net.ErrClosed))
		r.home.drv.Cancel(&at.op)
	}
	return closesIt
}

func (x *readyClose) PollOp(t *async.Task, ticket uint32, _ bool) (struct{}, error) {
	r := (*Readiness)(x)
	if ticket == tooLate {
		return struct{}{}, r.opError(net.ErrClosed)
	}
	if r.armed() {
		r.closer = t.Waker()
		return struct{}{}, async.Pending
	}
	return struct{}{}, nil
}

func (x *readyClose) CancelOp(*async.Task, uint32) bool { return false }
func (x *readyClose) Settle(uint32, bool) int           { return 0 }
