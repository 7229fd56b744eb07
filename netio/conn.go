package netio

import (
	"errors"
	"math"
	"net"
	"net/netip"
	"os"
	"syscall"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/driver"
)

// A Conn is a stream connection: TCP, or a Unix socket.
//
// It is at home on one loop for ever. Its operations are values, which do nothing
// until they are awaited: by a task with Await, by a plain goroutine with Wait.
// From tasks of other loops and from goroutines they go to the home loop and
// back, which is right but slower.
//
// Reads are carried out one after the other, in the order in which they were
// started, and so are writes; the two don't wait for each other.
//
// An idle connection has 104 bytes and no buffer.
type Conn struct {
	home *place
	cold *connCold
	// chunks are received bytes that Recv lends: first the one that is lent
	// now (connLentOut), then those that nobody has taken.
	chunks *chunk
	writes *writing // the write in progress, and those that wait
	reading
}

type connFlags uint8

const (
	connClosed   connFlags = 1 << iota // Close was called
	connLentOut                        // the first chunk is in the user's hands
	connEnded                          // CloseWrite is done
	connPipe                           // it is an end of a pipe, not a socket
	connFIFO                           // reads ask first whether there is something: see PipeReader
	connUnix                           // a Unix socket, else TCP
	connBlocking                       // a splice might wait in it: see errBlocks
)

// connCold is what few connections have.
type connCold struct {
	stash   []byte             // read and put back; the next read gets it first
	failed  error              // the error that the next read gets, once
	queue   []queuedRead       // reads that wait for their turn
	buf     []byte             // of a Read that waits for a lent receive
	splice  *driver.SpliceArgs // of a readSplice that has its turn
	message *messageRead       // of a readMessage that has its turn
	files   []*os.File         // came with the first byte of the stash
	rlimit  limit
	wlimit  limit
	closing *closing
	local   net.Addr
	remote  net.Addr
}

func newConn(p *place, fd int, flags connFlags) *Conn {
	c := new(Conn)
	c.init(p, fd, flags)
	return c
}

func (c *Conn) init(p *place, fd int, flags connFlags) {
	c.home, c.fd, c.flags = p, int32(fd), flags
}

func (c *Conn) rare() *connCold {
	if c.cold == nil {
		c.cold = new(connCold)
	}
	return c.cold
}

// Home returns the loop that the connection belongs to.
func (c *Conn) Home() *rondo.Loop { return c.home.loop }

// LocalAddr returns the local address. It is for tasks of the home loop, like
// RemoteAddr; once asked for, the addresses are still known after Close.
func (c *Conn) LocalAddr() net.Addr {
	c.lookUpAddrs()
	return c.cold.local
}

// RemoteAddr returns the peer's address, or a zero one if the peer had reset the
// connection before anybody asked: the kernel has forgotten it then.
func (c *Conn) RemoteAddr() net.Addr {
	c.lookUpAddrs()
	return c.cold.remote
}

// LocalAddrPort is LocalAddr as a value; it is zero if that is no IP address. It costs
// the connection no memory, and is not known after Close unless LocalAddr is.
func (c *Conn) LocalAddrPort() netip.AddrPort {
	if k := c.cold; k != nil && k.local != nil {
		return addrPort(k.local)
	}
	return c.addrPort(c.home.drv.LocalAddr)
}

// RemoteAddrPort is RemoteAddr as a value, as LocalAddrPort is LocalAddr.
func (c *Conn) RemoteAddrPort() netip.AddrPort {
	if k := c.cold; k != nil && k.remote != nil {
		return addrPort(k.remote)
	}
	return c.addrPort(c.home.drv.PeerAddr)
}

func (c *Conn) addrPort(ask func(fd int) (driver.Addr, error)) netip.AddrPort {
	if c.flags&connClosed != 0 {
		return netip.AddrPort{}
	}
	a, err := ask(int(c.fd))
	if err != nil {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(a.AddrPort.Addr().Unmap(), a.AddrPort.Port())
}

func (c *Conn) lookUpAddrs() {
	k := c.rare()
	if c.flags&connClosed != 0 {
		return
	}
	if k.local == nil {
		a, err := c.home.drv.LocalAddr(int(c.fd))
		k.local = netAddr(c.network(), a, err)
	}
	if k.remote == nil {
		a, err := c.home.drv.PeerAddr(int(c.fd))
		k.remote = netAddr(c.network(), a, err)
	}
}

// network names what kind of connection c is.
func (c *Conn) network() string {
	switch {
	case c.flags&connUnix != 0:
		return "unix"
	case c.flags&connPipe != 0:
		return "pipe"
	}
	return "tcp"
}

// netAddr is an address as package net has it; with an error, a zero one, so that
// nobody has to look for nil.
func netAddr(network string, a driver.Addr, err error) net.Addr {
	if err != nil {
		a = driver.Addr{}
	}
	switch {
	case isUnix(network):
		return &net.UnixAddr{Name: a.Path, Net: network}
	case network[0] == 'u':
		return net.UDPAddrFromAddrPort(a.AddrPort)
	}
	return net.TCPAddrFromAddrPort(a.AddrPort)
}

func addrPort(a net.Addr) netip.AddrPort {
	switch a := a.(type) {
	case *net.TCPAddr:
		return a.AddrPort()
	case *net.UDPAddr:
		return a.AddrPort()
	}
	return netip.AddrPort{}
}

// opError wraps an error as package net does.
func (c *Conn) opError(op string, err error) error {
	e := &net.OpError{Op: op, Net: c.network(), Err: err}
	if k := c.cold; k != nil {
		e.Source, e.Addr = k.local, k.remote
	}
	return e
}

// SetNoDelay turns Nagle's algorithm off (the default) or on.
func (c *Conn) SetNoDelay(on bool) async.Act { return c.setOption(driver.NoDelay, flag(on)) }

// SetKeepAlive turns the probes of an idle connection on or off.
func (c *Conn) SetKeepAlive(on bool) async.Act { return c.setOption(driver.KeepAlive, flag(on)) }

// SetLinger sets what Close does with data not yet sent: negative, the default,
// sends it in the background; 0 discards it and resets the connection; positive
// waits for so many seconds.
func (c *Conn) SetLinger(seconds int) async.Act { return c.setOption(driver.Linger, seconds) }

// SetReadBuffer sets the size of the kernel's receive buffer in bytes.
func (c *Conn) SetReadBuffer(bytes int) async.Act { return c.setOption(driver.RecvBuffer, bytes) }

// SetWriteBuffer sets the size of the kernel's send buffer in bytes.
func (c *Conn) SetWriteBuffer(bytes int) async.Act { return c.setOption(driver.SendBuffer, bytes) }

// SetQuickAck sends acknowledgements at once, or lets them wait for data to go with
// (TCP_QUICKACK, tcp(7)). The kernel changes it back as it sees fit.
func (c *Conn) SetQuickAck(on bool) async.Act { return c.setOption(driver.QuickAck, flag(on)) }

// SetTrafficClass sets the octet of that name of what is sent (RFC 2474; IPv4 calls
// it TOS). Its two lowest bits are ECN, of which TCP takes care by itself.
func (c *Conn) SetTrafficClass(class uint8) async.Act {
	return c.setOption(driver.TrafficClass, int(class))
}

// SetHopLimit sets how many routers what is sent passes at most (IPv4 calls it
// TTL), from 1 to 255.
func (c *Conn) SetHopLimit(hops int) async.Act { return c.setOption(driver.HopLimit, hops) }

// connDefaults are the options of new connections. They are what package net sets; a driver
// that lacks one has no use for it.
var connDefaults = [...]struct {
	option driver.Option
	value  int
}{
	{driver.NoDelay, 1},
	{driver.KeepAlive, 1},
	{driver.KeepAliveIdle, 15},
	{driver.KeepAlivePeriod, 15},
	{driver.KeepAliveCount, 9},
}

func (p *place) setDefaults(fd int) {
	for _, o := range connDefaults {
		p.drv.SetOption(fd, o.option, o.value)
	}
}

func flag(on bool) int {
	if on {
		return 1
	}
	return 0
}

func (c *Conn) setOption(o driver.Option, v int) async.Act {
	v = min(max(v, math.MinInt32), math.MaxInt32) // the system takes no more
	return async.NewAct((*connSet)(c), uint64(o)<<32|uint64(uint32(int32(v))))
}

// connSet is the source of operations that are over at once. The ticket says how
// one went, so that there is nothing to keep until it is polled.
type connSet Conn

const (
	setDone uint32 = 1 + iota
	setClosed
	setUnsupported
	setErrno // and above: an errno
)

func (s *connSet) Home() *async.Executor { return s.home.exec }

func (s *connSet) Start(_ *async.Task, _ []byte, arg uint64) uint32 {
	if s.flags&connClosed != 0 {
		return setClosed
	}
	switch err := s.home.drv.SetOption(int(s.fd), driver.Option(arg>>32), int(int32(arg))).(type) {
	case nil:
		return setDone
	case syscall.Errno:
		return setErrno + uint32(err)
	}
	return setUnsupported
}

func (s *connSet) PollOp(_ *async.Task, ticket uint32, _ bool) (struct{}, error) {
	var err error
	switch ticket {
	case setDone:
		return struct{}{}, nil
	case setClosed:
		err = net.ErrClosed
	case setUnsupported:
		err = errors.ErrUnsupported
	default:
		err = os.NewSyscallError("setsockopt", syscall.Errno(ticket-setErrno))
	}
	return struct{}{}, (*Conn)(s).opError("set", err)
}

func (s *connSet) CancelOp(*async.Task, uint32) bool { return false }
func (s *connSet) Settle(uint32, bool) int           { return 0 }
