package netio

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"syscall"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/driver"
)

// A PacketConfig has the options of opening a PacketConn. The zero value is what
// ListenPacket and DialPacket use.
type PacketConfig struct {
	// ReusePort lets several sockets, also of other processes, share the address
	// (SO_REUSEPORT). What comes from one address goes to one of them.
	ReusePort bool
	// ReuseAddr lets several sockets share the port of a multicast group
	// (SO_REUSEADDR).
	ReuseAddr bool
	// LocalAddr is the own address of a socket that DialPacket makes: that of a UDP
	// socket, "host:port" without a name, or a path. "" leaves it to the system; a
	// Unix socket then has no name.
	LocalAddr string
	// Resolver resolves names; nil means net.DefaultResolver.
	Resolver *net.Resolver
	// Control, if not nil, is called with the socket before it is bound or
	// connected, to set options for which there is no method, such as
	// SO_BINDTODEVICE. It runs on the loop, and must not block. Of c only Control
	// may be called. The driver in memory has no descriptors to give, and fails.
	Control func(network, address string, c syscall.RawConn) error
}

// prepare sets the options of a new socket that have to be set first.
func (pc *PacketConfig) prepare(p *place, network string, addr driver.Addr, fd int) error {
	for _, o := range []struct {
		option driver.Option
		wanted bool
	}{
		{driver.ReusePort, pc.ReusePort},
		{driver.ReuseAddr, pc.ReuseAddr},
		{driver.IPv6Only, network == "udp6"},
	} {
		if !o.wanted {
			continue
		}
		if err := p.drv.SetOption(fd, o.option, 1); err != nil {
			return os.NewSyscallError("setsockopt", err)
		}
	}
	if pc.Control == nil {
		return nil
	}
	if err := p.checkKernel(); err != nil {
		return err
	}
	return pc.Control(network, addr.String(), rawSocket(fd))
}

// rawSocket is what Control gets: a descriptor.
type rawSocket int

func (fd rawSocket) Control(f func(fd uintptr)) error {
	f(uintptr(fd))
	return nil
}

func (rawSocket) Read(func(uintptr) bool) error  { return errors.ErrUnsupported }
func (rawSocket) Write(func(uintptr) bool) error { return errors.ErrUnsupported }

// ListenPacket opens a socket that receives from, and sends to, anybody. network is
// "udp", "udp4" or "udp6" with an address such as ":53"; or "unixgram" with the path
// of a Unix socket, which is made, and removed by Close, or with a leading @ an
// abstract name. Names are resolved off the loop. The socket is at home on t's loop.
func ListenPacket(t *async.Task, network, address string) (*PacketConn, error) {
	return (&PacketConfig{}).Listen(t, network, address)
}

// DialPacket opens a socket that exchanges messages with one address only. network
// is one of ListenPacket's, or "unixpacket", whose messages come in order and on a
// connection: see ListenUnixPacket. Names are resolved off the loop; of several
// addresses the first is taken.
func DialPacket(t *async.Task, network, address string) (*PacketConn, error) {
	return (&PacketConfig{}).Dial(t, network, address)
}

// PacketPair returns two connected Unix sockets, of "unixgram" or "unixpacket"
// (socketpair(2)), both at home on t's loop.
func PacketPair(t *async.Task, network string) (a, b *PacketConn, err error) {
	p := here(t)
	kind, err := unixKind(network)
	if err != nil {
		return nil, nil, dialError(network, nil, err)
	}
	x, y, err := p.drv.SocketPair(kind)
	if err != nil {
		return nil, nil, dialError(network, nil, os.NewSyscallError("socketpair", err))
	}
	return newPacketConn(p, x, network), newPacketConn(p, y, network), nil
}

func unixKind(network string) (driver.SocketType, error) {
	switch network {
	case "unixgram":
		return driver.Datagram, nil
	case "unixpacket":
		return driver.SeqPacket, nil
	}
	return 0, net.UnknownNetworkError(network)
}

// Listen is described at ListenPacket.
func (pc *PacketConfig) Listen(t *async.Task, network, address string) (*PacketConn, error) {
	c, err := pc.listen(t, network, address)
	if err == nil {
		return c, nil
	}
	var op *net.OpError
	if errors.As(err, &op) {
		return nil, err
	}
	return nil, &net.OpError{Op: "listen", Net: network, Err: err}
}

func (pc *PacketConfig) listen(t *async.Task, network, address string) (*PacketConn, error) {
	if network == "unixgram" {
		if address == "" {
			return nil, errNoPath
		}
		c, err := pc.open(t, network, driver.Addr{Path: address})
		if err == nil {
			c.path = address
		}
		return c, err
	}
	if err := checkNetwork(network, "udp"); err != nil {
		return nil, err
	}
	at, err := resolveListen(t, pc.Resolver, network, address)
	if err != nil {
		return nil, err
	}
	c, err := pc.open(t, network, driver.Addr{AddrPort: at})
	if errors.Is(err, syscall.EAFNOSUPPORT) && at.Addr() == netip.IPv6Unspecified() && network == "udp" {
		return pc.open(t, network, driver.Addr{AddrPort: netip.AddrPortFrom(netip.IPv4Unspecified(), at.Port())})
	}
	return c, err
}

// ListenAddrPort listens on an address that needs no resolution.
func (pc *PacketConfig) ListenAddrPort(t *async.Task, addr netip.AddrPort) (*PacketConn, error) {
	return pc.open(t, "udp", driver.Addr{AddrPort: addr})
}

// open makes a socket and binds it.
func (pc *PacketConfig) open(t *async.Task, network string, addr driver.Addr) (*PacketConn, error) {
	p := here(t)
	fd, err := p.drv.Packet(addr, driver.Datagram)
	err = os.NewSyscallError("socket", err)
	if err == nil {
		if err = pc.prepare(p, network, addr, fd); err == nil {
			err = os.NewSyscallError("bind", p.drv.Bind(fd, addr))
		}
		if err != nil {
			p.drv.CloseNow(fd)
		}
	}
	if err != nil {
		return nil, &net.OpError{Op: "listen", Net: network, Addr: netAddr(network, addr, nil), Err: err}
	}
	return opened(p, fd, network), nil
}

// opened returns the socket of a descriptor, with the options that package net sets.
func opened(p *place, fd int, network string) *PacketConn {
	if !isUnix(network) {
		network = "udp"
		p.drv.SetOption(fd, driver.Broadcast, 1)
	}
	return newPacketConn(p, fd, network)
}

// Dial is described at DialPacket.
func (pc *PacketConfig) Dial(t *async.Task, network, address string) (*PacketConn, error) {
	x := &connecting{place: here(t), kind: driver.Datagram}
	var err error
	if isUnix(network) {
		err = pc.dialPath(x, network, address)
	} else {
		err = pc.dialUDP(t, x, network, address)
	}
	if err != nil {
		if cause := t.Cause(); cause != nil {
			err = cause // what the resolver makes of that says less
		}
		return nil, dialError(network, nil, err)
	}
	x.prepare = func(fd int) error { return pc.prepare(x.place, network, x.addr, fd) }
	fd, err := async.Await(t, x)
	if err != nil {
		return nil, dialError(network, netAddr(network, x.addr, nil), err)
	}
	c := opened(x.place, fd, network)
	if isUnix(network) {
		c.path = pc.LocalAddr
	}
	return c, nil
}

func (pc *PacketConfig) dialPath(x *connecting, network, path string) (err error) {
	if path == "" {
		return errNoPath
	}
	x.addr, x.local = driver.Addr{Path: path}, driver.Addr{Path: pc.LocalAddr}
	x.kind, err = unixKind(network)
	return err
}

func (pc *PacketConfig) dialUDP(t *async.Task, x *connecting, network, address string) error {
	if err := checkNetwork(network, "udp"); err != nil {
		return err
	}
	if pc.LocalAddr != "" {
		local, err := netip.ParseAddrPort(pc.LocalAddr)
		if err != nil {
			return err
		}
		x.local = driver.Addr{AddrPort: local}
	}
	addrs, err := resolve(t, pc.Resolver, network, address)
	if err != nil {
		return err
	}
	x.addr = driver.Addr{AddrPort: addrs[0]}
	return nil
}
