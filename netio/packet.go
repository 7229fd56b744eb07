package netio

import (
	"net"
	"net/netip"
	"os"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/driver"
)

// A PacketConn is a socket that keeps the boundaries of messages: UDP, or a Unix
// socket of datagrams ("unixgram") or of ordered messages ("unixpacket").
//
// It is at home on one loop for ever, and its operations are values, as those of a
// Conn are. Receives are carried out one after the other, in the order in which
// they were started, and so are sends; the two don't wait for each other.
//
// A message is received whole or, if it is longer than the buffer, cut, and the
// rest is lost. It is sent whole or not at all.
type PacketConn struct {
	home    *place
	fd      int
	network string // "udp", "unixgram" or "unixpacket"
	local   net.Addr
	remote  net.Addr // of a connected socket
	path    string   // to be unlinked by Close
	in, out *transfer
	kept    []datagram // received and put back; the next receive gets them first
	failed  error      // likewise, once
	limits  *packetLimits
	closing *closing
}

func newPacketConn(p *place, fd int, network string) *PacketConn {
	c := &PacketConn{home: p, fd: fd, network: network}
	a, err := p.drv.LocalAddr(fd)
	c.local = netAddr(network, a, err)
	if a, err := p.drv.PeerAddr(fd); err == nil {
		c.remote = netAddr(network, a, nil)
	}
	return c
}

// ordered reports whether the socket is a connection, which has an end.
func (c *PacketConn) ordered() bool { return c.network == "unixpacket" }

// Home returns the loop that the socket belongs to.
func (c *PacketConn) Home() *rondo.Loop { return c.home.loop }

// LocalAddr returns the socket's own address, a *net.UDPAddr or *net.UnixAddr. Any
// goroutine may call it. A UDP socket that was not bound has the address that it
// had when it was made.
func (c *PacketConn) LocalAddr() net.Addr { return c.local }

// RemoteAddr returns the address that the socket is connected to, or nil. Any
// goroutine may call it.
func (c *PacketConn) RemoteAddr() net.Addr { return c.remote }

// LocalAddrPort is LocalAddr as a value; it is zero if that is no IP address.
func (c *PacketConn) LocalAddrPort() netip.AddrPort { return addrPort(c.local) }

// RemoteAddrPort is RemoteAddr as a value.
func (c *PacketConn) RemoteAddrPort() netip.AddrPort { return addrPort(c.remote) }

// opError wraps an error as package net does.
func (c *PacketConn) opError(op string, err error) error {
	e := &net.OpError{Op: op, Net: c.network, Err: err, Source: c.local, Addr: c.remote}
	if c.remote == nil {
		e.Source, e.Addr = nil, c.local
	}
	return e
}

// PeerCred is Conn.PeerCred, for "unixpacket" and pairs.
func (c *PacketConn) PeerCred() (Cred, error) {
	if c.closing != nil {
		return Cred{}, c.opError("get", net.ErrClosed)
	}
	cred, err := c.home.drv.PeerCred(c.fd)
	if err != nil {
		return Cred{}, c.opError("get", os.NewSyscallError("getsockopt", err))
	}
	return Cred(cred), nil
}

// A Datagram is what ReadFrom tells of a message.
type Datagram struct {
	N         int            // bytes of the buffer that it fills
	Addr      netip.AddrPort // who has sent it
	Path      string         // the same of a Unix socket; "" if that has no name
	Truncated bool           // it was longer than the buffer; the rest is lost
}

// A Message is a message with all that goes along with it.
type Message struct {
	// Buf is what to send, or room for what is received.
	Buf []byte
	// N is how many bytes of Buf were received, or sent.
	N int

	// Addr is where to send to, unless the socket is connected; or who has sent
	// the message. Path is that of a Unix socket; "" if it has no name.
	Addr netip.AddrPort
	Path string

	// Truncated says that the message, or its files, did not fit; what is missing
	// is lost.
	Truncated bool

	// TrafficClass is the octet of that name (RFC 2474; IPv4 calls it TOS), with
	// ECN in its two lowest bits (RFC 3168). Sent as 0, the socket's own is used:
	// see SetTrafficClass. It is received after SetReadTrafficClass.
	TrafficClass uint8

	// SegmentSize, if positive, says that Buf holds several messages of so many
	// bytes, the last of which may be shorter, for one address. Sending, the
	// system takes them apart (UDP_SEGMENT; from Linux 4.18, at most 64 of them
	// and 64 KiB). Receiving, it has put them together, if SetReadSegments asks
	// for that.
	SegmentSize int

	// Files go along over a Unix socket (SCM_RIGHTS): the receiver gets open files
	// of its own for what the sender has open. Those to send stay the sender's,
	// who must not close them before the send has ended. Those received are the
	// receiver's to close; net.FileConn makes a connection of one that is a socket,
	// and FromNetConn takes it over. At most MaxFiles are received; others are
	// closed, as they are by receives that have no room for any.
	Files    []*os.File
	MaxFiles int
}

// Read receives a message into b, and returns how many bytes it has. What does not
// fit is lost; ReadFrom tells. For "unixpacket", io.EOF says that the peer has
// closed; a message without bytes is taken for that.
//
// Cancelled while it waits, it suspends until the kernel has given b back. A
// message that a losing Read has received is put back, whole, and the next receive
// gets it first.
//
// On a connected UDP socket it may fail with ECONNREFUSED: nobody received what was
// sent before.
func (c *PacketConn) Read(b []byte) async.Op[int] { return async.NewLightOp((*packetRead)(c), b, 0) }

// ReadFrom is Read, and tells who has sent the message.
func (c *PacketConn) ReadFrom(b []byte) async.Op[Datagram] {
	return async.NewLightOp((*packetReadFrom)(c), b, 0)
}

// Write sends b as one message to the peer of a connected socket. It returns
// len(b), or 0 with an error. A UDP message that finds no room on its way is lost;
// a Unix socket waits for room at the receiver.
//
// It is whole or not: cancelled, it was sent if it returns len(b). A losing Write
// that has been sent remembers that, and returns len(b) when it is awaited again.
func (c *PacketConn) Write(b []byte) async.Op[int] { return async.NewLightOp((*packetWrite)(c), b, 0) }

// WriteTo is Write to an address.
func (c *PacketConn) WriteTo(b []byte, addr netip.AddrPort) async.Op[int] {
	if arg, ok := packAddr(addr); ok {
		return async.NewLightOp((*packetWriteIPv4)(c), b, arg)
	}
	return async.NewLightOp[int](&packetWriteTo{c, driver.Addr{AddrPort: addr}}, b, 0)
}

// WriteToPath is Write to a Unix socket of datagrams.
func (c *PacketConn) WriteToPath(b []byte, path string) async.Op[int] {
	return async.NewLightOp[int](&packetWriteTo{c, driver.Addr{Path: path}}, b, 0)
}

// ReadMsg receives one message into m, and returns how many bytes it has. m is the
// socket's from the await's beginning to its end.
func (c *PacketConn) ReadMsg(m *Message) async.Op[int] {
	return async.NewOp[int](&packetMessages{c: c, one: m}, nil, 0)
}

// WriteMsg sends m, and returns how many bytes it has. m is the socket's from the
// await's beginning to its end.
func (c *PacketConn) WriteMsg(m *Message) async.Op[int] {
	return async.NewOp[int](&packetMessages{c: c, one: m, sends: true}, nil, 0)
}

// ReadBatch receives messages into ms, and returns how many: it waits for the first,
// and takes those that are there then, by one system call (recvmmsg(2) on Linux).
// The buffers may be of any size. ms is the socket's from the await's beginning to
// its end.
func (c *PacketConn) ReadBatch(ms []Message) async.Op[int] {
	return async.NewOp[int](&packetMessages{c: c, many: ms}, nil, 0)
}

// WriteBatch sends all of ms, in order, by as few system calls as it can (sendmmsg(2)
// on Linux). It returns how many messages were sent: len(ms), or fewer with the error
// of the one that comes next. A losing WriteBatch that has sent some goes on with the
// others when it is awaited again, and then returns the sum.
func (c *PacketConn) WriteBatch(ms []Message) async.Op[int] {
	return async.NewOp[int](&packetMessages{c: c, many: ms, sends: true}, nil, 0)
}
