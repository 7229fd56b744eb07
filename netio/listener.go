package netio

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"slices"
	"syscall"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/driver"
)

// A Listener accepts connections. It is at home on one loop, like a Conn.
//
// Accepting stays armed in the driver between two Accepts. Connections that
// arrive then wait at the listener, a few of them; more wait in the kernel.
type Listener struct {
	home    *place
	fd      int
	addr    net.Addr
	op      driver.Op
	ready   []int // descriptors of connections that nobody has taken
	failed  error // what the next Accept gets, once
	queue   []acceptor
	closing *closing
	path    string // to be unlinked by Close
	early   int    // so many have not inherited the options of new connections
}

// acceptor is an Accept in flight.
type acceptor struct {
	ticket uint32
	waker  *async.Waker
	state  acceptState
	fd     int
	err    error
}

type acceptState uint8

const (
	acceptWaits acceptState = iota
	acceptDone              // fd or err is set
)

// maxReady is how many connections may wait at the listener.
const maxReady = 64

// A ListenConfig has the options of a listener. The zero value is what Listen
// uses.
type ListenConfig struct {
	Backlog   int  // connections that wait in the kernel; 0: the system's maximum
	ReusePort bool // let several sockets, also of other processes, share the address
}

// Listen listens on a TCP address such as "127.0.0.1:8080", ":80" or
// "[::1]:http" if network is "tcp", "tcp4" or "tcp6"; names are resolved off the
// loop. If it is "unix" the address is the path of a Unix socket, which is made and,
// unless SetUnlinkOnClose says else, removed by Close; or with a leading @ an
// abstract name (unix(7)). The listener is at home on t's loop.
func Listen(t *async.Task, network, address string) (*Listener, error) {
	return (&ListenConfig{}).Listen(t, network, address)
}

// Listen is described at the function of that name.
func (lc *ListenConfig) Listen(t *async.Task, network, address string) (*Listener, error) {
	if network == "unix" {
		return lc.listenUnix(t, address, network, driver.Stream)
	}
	if err := checkNetwork(network, "tcp"); err != nil {
		return nil, &net.OpError{Op: "listen", Net: network, Err: err}
	}
	addr, err := resolveListen(t, nil, network, address)
	if err == nil {
		var ln *Listener
		if ln, err = lc.listen(t, addr, network == "tcp6"); err == nil {
			return ln, nil
		}
	}
	var op *net.OpError
	if errors.As(err, &op) {
		return nil, err
	}
	return nil, &net.OpError{Op: "listen", Net: network, Err: err}
}

// ListenAddrPort listens on an address that needs no resolution. [::] is all
// addresses, those of IPv4 too.
func (lc *ListenConfig) ListenAddrPort(t *async.Task, addr netip.AddrPort) (*Listener, error) {
	return lc.listen(t, addr, false)
}

func (lc *ListenConfig) listen(t *async.Task, addr netip.AddrPort, only6 bool) (*Listener, error) {
	p := here(t)
	fd, err := p.drv.Listen(driver.Addr{AddrPort: addr}, driver.ListenOptions{Backlog: lc.Backlog, ReusePort: lc.ReusePort, IPv6Only: only6})
	if err != nil {
		return nil, &net.OpError{Op: "listen", Net: "tcp", Addr: net.TCPAddrFromAddrPort(addr), Err: os.NewSyscallError("listen", err)}
	}
	return newListener(p, fd, "tcp"), nil
}

func newListener(p *place, fd int, network string) *Listener {
	ln := &Listener{home: p, fd: fd}
	a, err := p.drv.LocalAddr(fd)
	ln.addr = netAddr(network, a, err)
	if isUnix(network) {
		return ln
	}
	// Accepted connections inherit these, which saves system calls; but not those that
	// have come already.
	p.setDefaults(fd)
	if p.checkKernel() == nil {
		ln.early = queued(fd)
	}
	return ln
}

// network is the listener's, as errors tell it.
func (ln *Listener) network() string { return ln.addr.Network() }

// connFlags are those of the connections that are accepted.
func (ln *Listener) connFlags() connFlags {
	if isUnix(ln.network()) {
		return connUnix
	}
	return 0
}

// Addr returns the listener's address. Any goroutine may call it.
func (ln *Listener) Addr() net.Addr { return ln.addr }

// AddrPort is Addr as a value.
func (ln *Listener) AddrPort() netip.AddrPort { return addrPort(ln.addr) }

// Home returns the loop that the listener, and what it accepts, belongs to.
func (ln *Listener) Home() *rondo.Loop { return ln.home.loop }

// Accept waits for the next connection, which is at home on the listener's loop.
// Several Accepts are served in their order. Cancelled, it returns at once, and
// the connection that a losing Accept had got waits for the next one.
//
// An error such as a lack of descriptors does not end the listener: Accept may be
// tried again. Closing it does, with net.ErrClosed.
func (ln *Listener) Accept() async.Op[*Conn] { return async.NewOp((*accepting)(ln), nil, 0) }

// Close closes the listener and the connections that nobody has accepted.
// Accepts in flight end with net.ErrClosed, and so does a second Close. It is not
// cancelled with its task; any task, or goroutine, may close.
func (ln *Listener) Close() async.Act { return async.NewAct((*listenerClose)(ln), 0).Shielded() }

// accept is Accept for a connection that is yet to be made of its descriptor.
func (ln *Listener) accept() async.Op[int] { return async.NewOp((*acceptingFD)(ln), nil, 0) }

// accepting is the source of Accept.
type accepting Listener

func (x *accepting) Home() *async.Executor { return x.home.exec }

func (x *accepting) Start(t *async.Task, b []byte, arg uint64) uint32 {
	return (*acceptingFD)(x).Start(t, b, arg)
}

func (x *accepting) PollOp(t *async.Task, ticket uint32, keep bool) (*Conn, error) {
	fd, err := (*acceptingFD)(x).PollOp(t, ticket, keep)
	if err != nil {
		return nil, err
	}
	return newConn(x.home, fd, (*Listener)(x).connFlags()), nil
}

func (x *accepting) CancelOp(t *async.Task, ticket uint32) (idle bool) {
	return (*acceptingFD)(x).CancelOp(t, ticket)
}

func (x *accepting) Settle(ticket uint32, back bool) int {
	return (*acceptingFD)(x).Settle(ticket, back)
}

// acceptingFD is the source of accept.
type acceptingFD Listener

func (x *acceptingFD) Home() *async.Executor { return x.home.exec }

func (x *acceptingFD) Start(*async.Task, []byte, uint64) uint32 {
	ln := (*Listener)(x)
	a := acceptor{ticket: ln.home.ticket()}
	ln.queue = append(ln.queue, a)
	ln.serve()
	if ln.waits() && !ln.op.InFlight() {
		ln.arm()
	}
	return a.ticket
}

func (x *acceptingFD) PollOp(t *async.Task, ticket uint32, keep bool) (int, error) {
	ln := (*Listener)(x)
	a := ln.acceptor(ticket)
	if a.state == acceptWaits {
		a.waker = t.Waker()
		return 0, async.Pending
	}
	fd, err := a.fd, a.err
	if !keep {
		ln.remove(ticket)
	}
	return fd, err
}

func (x *acceptingFD) CancelOp(_ *async.Task, ticket uint32) (idle bool) {
	ln := (*Listener)(x)
	if ln.acceptor(ticket).state == acceptDone {
		return false
	}
	ln.remove(ticket)
	return true
}

func (x *acceptingFD) Settle(ticket uint32, back bool) int {
	ln := (*Listener)(x)
	a := *ln.acceptor(ticket)
	ln.remove(ticket)
	switch {
	case !back || a.err != nil:
	case ln.closing != nil:
		ln.home.drv.CloseNow(a.fd)
	default:
		// To the front: it was the first.
		ln.ready = slices.Insert(ln.ready, 0, a.fd)
		ln.serve()
	}
	return 0
}

func (ln *Listener) acceptor(ticket uint32) *acceptor {
	for i := range ln.queue {
		if ln.queue[i].ticket == ticket {
			return &ln.queue[i]
		}
	}
	panic("rondo/netio: an Accept was polled that is not in flight: it has had its result, or is a copy of one that has")
}

func (ln *Listener) remove(ticket uint32) {
	ln.queue = slices.DeleteFunc(ln.queue, func(a acceptor) bool { return a.ticket == ticket })
}

// first returns the Accept that has waited longest, or nil.
func (ln *Listener) first() *acceptor {
	for i := range ln.queue {
		if a := &ln.queue[i]; a.state == acceptWaits {
			return a
		}
	}
	return nil
}

// waits reports whether an Accept is waiting.
func (ln *Listener) waits() bool { return ln.first() != nil }

func (ln *Listener) arm() {
	ln.op.AcceptMulti(ln.fd, (*acceptResults)(ln))
	ln.home.drv.Submit(&ln.op)
}

// serve gives what is there to the Accepts that wait, in their order. Whoever is woken
// may take its result at once, so the queue is looked at afresh each time.
func (ln *Listener) serve() {
	for a := ln.first(); a != nil; a = ln.first() {
		switch {
		case ln.closing != nil:
			a.err = ln.opError(net.ErrClosed)
		case len(ln.ready) > 0:
			a.fd = ln.ready[0]
			if ln.ready = ln.ready[1:]; len(ln.ready) == 0 {
				ln.ready = nil
			}
		case ln.failed != nil:
			a.err, ln.failed = ln.opError(ln.failed), nil
		default:
			return
		}
		a.state = acceptDone
		if a.waker != nil {
			a.waker.WakeLocal()
		}
	}
}

func (ln *Listener) opError(err error) error {
	return &net.OpError{Op: "accept", Net: ln.network(), Addr: ln.addr, Err: err}
}

// acceptResults is told about the driver's accepts.
type acceptResults Listener

// Complete is called by the driver.
func (x *acceptResults) Complete(_ *driver.Op, r driver.Result) {
	ln := (*Listener)(x)
	if r.Err == nil && r.N >= 0 {
		ln.accepted(r.N, r.More)
	}
	if r.More {
		return
	}
	switch r.Err {
	case nil, driver.ErrCanceled, syscall.ECONNABORTED:
	default:
		ln.failed = os.NewSyscallError("accept", r.Err)
		ln.serve()
	}
	if ln.waits() && ln.closing == nil {
		ln.arm()
	}
}

func (ln *Listener) accepted(fd int, more bool) {
	if ln.closing != nil {
		ln.home.drv.CloseNow(fd)
		return
	}
	if ln.early > 0 {
		ln.early--
		ln.home.setDefaults(fd)
	}
	ln.ready = append(ln.ready, fd)
	ln.serve()
	if len(ln.ready) >= maxReady && more {
		ln.home.drv.Cancel(&ln.op) // the rest waits in the kernel
	}
}

// listenerClose is the source of Close.
type listenerClose Listener

func (x *listenerClose) Home() *async.Executor { return x.home.exec }

func (x *listenerClose) Start(*async.Task, []byte, uint64) uint32 {
	ln := (*Listener)(x)
	if ln.closing != nil {
		return tooLate
	}
	ln.closing = new(closing)
	for _, fd := range ln.ready {
		ln.home.drv.CloseNow(fd)
	}
	ln.ready = nil
	ln.serve()
	if ln.path != "" {
		// Before it is closed, as package net does: afterwards the name might be
		// somebody else's.
		ln.home.drv.Unlink(driver.Addr{Path: ln.path})
	}
	ln.closing.op.Close(ln.fd, ln.closing)
	ln.home.drv.Submit(&ln.closing.op)
	return closesIt
}

func (x *listenerClose) PollOp(t *async.Task, ticket uint32, _ bool) (struct{}, error) {
	if ticket == tooLate {
		return struct{}{}, &net.OpError{Op: "close", Net: (*Listener)(x).network(), Addr: x.addr, Err: net.ErrClosed}
	}
	return x.closing.poll(t)
}

func (x *listenerClose) CancelOp(*async.Task, uint32) bool { return false }
func (x *listenerClose) Settle(uint32, bool) int           { return 0 }
