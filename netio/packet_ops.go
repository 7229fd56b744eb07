package netio

import (
	"encoding/binary"
	"net/netip"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/driver"
)

// The sources of the operations of a PacketConn. What they have in common is that
// each starts a transfer, and tells its outcome in a type of its own.

// A send that has been sent as a loser starts again with its count of bytes, plus
// one, in arg: a message of no bytes is one too.

type packetRead PacketConn

func (x *packetRead) Home() *async.Executor { return x.home.exec }

func (x *packetRead) Start(_ *async.Task, b []byte, _ uint64) uint32 {
	return (*PacketConn)(x).receive(b)
}

func (x *packetRead) PollOp(t *async.Task, ticket uint32, keep bool) (int, error) {
	d, err := (*PacketConn)(x).pollReceive(t, ticket, keep)
	return d.N, err
}

func (x *packetRead) CancelOp(_ *async.Task, ticket uint32) bool {
	return (*PacketConn)(x).cancel(&x.in, ticket)
}

func (x *packetRead) Settle(ticket uint32, back bool) int {
	return (*PacketConn)(x).settle(&x.in, ticket, back)
}

type packetReadFrom PacketConn

func (x *packetReadFrom) Home() *async.Executor { return x.home.exec }

func (x *packetReadFrom) Start(_ *async.Task, b []byte, _ uint64) uint32 {
	return (*PacketConn)(x).receive(b)
}

func (x *packetReadFrom) PollOp(t *async.Task, ticket uint32, keep bool) (Datagram, error) {
	return (*PacketConn)(x).pollReceive(t, ticket, keep)
}

func (x *packetReadFrom) CancelOp(_ *async.Task, ticket uint32) bool {
	return (*PacketConn)(x).cancel(&x.in, ticket)
}

func (x *packetReadFrom) Settle(ticket uint32, back bool) int {
	return (*PacketConn)(x).settle(&x.in, ticket, back)
}

// receive starts a receive into b.
func (c *PacketConn) receive(b []byte) (ticket uint32) {
	x := c.newTransfer()
	x.buf = b
	return x.start(&c.in)
}

// pollReceive tells what a receive into a buffer has received.
func (c *PacketConn) pollReceive(t *async.Task, ticket uint32, keep bool) (Datagram, error) {
	x := find(c.in, ticket)
	err := x.poll(t)
	if async.IsPending(err) {
		return Datagram{}, err
	}
	var d Datagram
	if x.outcome == gotBytes {
		m := &x.msg
		d = Datagram{N: x.n, Addr: m.Addr.AddrPort, Path: m.Addr.Path, Truncated: m.RecvFlags&msgTrunc != 0}
	}
	if !keep {
		x.end(&c.in)
	}
	return d, err
}

type packetWrite PacketConn

func (x *packetWrite) Home() *async.Executor { return x.home.exec }

func (x *packetWrite) Start(_ *async.Task, b []byte, sent uint64) uint32 {
	return (*PacketConn)(x).send(b, driver.Addr{}, int(sent))
}

func (x *packetWrite) PollOp(t *async.Task, ticket uint32, keep bool) (int, error) {
	return (*PacketConn)(x).pollCount(&x.out, t, ticket, keep)
}

func (x *packetWrite) CancelOp(_ *async.Task, ticket uint32) bool {
	return (*PacketConn)(x).cancel(&x.out, ticket)
}

func (x *packetWrite) Settle(ticket uint32, back bool) int {
	return (*PacketConn)(x).settle(&x.out, ticket, back)
}

// packetWriteIPv4 is the source of a WriteTo whose address is in the argument.
type packetWriteIPv4 PacketConn

func (x *packetWriteIPv4) Home() *async.Executor { return x.home.exec }

func (x *packetWriteIPv4) Start(_ *async.Task, b []byte, arg uint64) uint32 {
	to, sent := unpackAddr(arg)
	return (*PacketConn)(x).send(b, driver.Addr{AddrPort: to}, sent)
}

func (x *packetWriteIPv4) PollOp(t *async.Task, ticket uint32, keep bool) (int, error) {
	return (*PacketConn)(x).pollCount(&x.out, t, ticket, keep)
}

func (x *packetWriteIPv4) CancelOp(_ *async.Task, ticket uint32) bool {
	return (*PacketConn)(x).cancel(&x.out, ticket)
}

func (x *packetWriteIPv4) Settle(ticket uint32, back bool) int {
	return (*PacketConn)(x).settle(&x.out, ticket, back)
}

// packAddr puts an IPv4 address and its port into an argument, which saves the
// allocation of a packetWriteTo. The lowest 16 bits are left for what settling adds:
// a UDP message has less than 65,535 bytes.
func packAddr(addr netip.AddrPort) (arg uint64, ok bool) {
	if !addr.Addr().Is4() {
		return 0, false
	}
	ip := addr.Addr().As4()
	return uint64(binary.BigEndian.Uint32(ip[:]))<<32 | uint64(addr.Port())<<16, true
}

func unpackAddr(arg uint64) (addr netip.AddrPort, sent int) {
	var ip [4]byte
	binary.BigEndian.PutUint32(ip[:], uint32(arg>>32))
	return netip.AddrPortFrom(netip.AddrFrom4(ip), uint16(arg>>16)), int(uint16(arg))
}

// packetWriteTo is the source of one WriteTo to another address.
type packetWriteTo struct {
	c  *PacketConn
	to driver.Addr
}

func (x *packetWriteTo) Home() *async.Executor { return x.c.home.exec }

func (x *packetWriteTo) Start(_ *async.Task, b []byte, sent uint64) uint32 {
	return x.c.send(b, x.to, int(sent))
}

func (x *packetWriteTo) PollOp(t *async.Task, ticket uint32, keep bool) (int, error) {
	return x.c.pollCount(&x.c.out, t, ticket, keep)
}

func (x *packetWriteTo) CancelOp(_ *async.Task, ticket uint32) bool {
	return x.c.cancel(&x.c.out, ticket)
}

func (x *packetWriteTo) Settle(ticket uint32, back bool) int {
	return x.c.settle(&x.c.out, ticket, back)
}

// send starts a send of b.
func (c *PacketConn) send(b []byte, to driver.Addr, sent int) (ticket uint32) {
	x := c.newTransfer()
	x.sends, x.buf, x.msg.Addr = true, b, to
	x.resume(sent)
	return x.start(&c.out)
}

// packetMessages is the source of one ReadMsg, WriteMsg, ReadBatch or WriteBatch.
type packetMessages struct {
	c     *PacketConn
	one   *Message // or
	many  []Message
	sends bool
}

func (s *packetMessages) Home() *async.Executor { return s.c.home.exec }

func (s *packetMessages) queue() **transfer {
	if s.sends {
		return &s.c.out
	}
	return &s.c.in
}

func (s *packetMessages) Start(_ *async.Task, _ []byte, already uint64) uint32 {
	x := s.c.newTransfer()
	x.sends, x.batched, x.one, x.many = s.sends, s.one == nil, s.one, s.many
	if s.one != nil {
		x.buf = s.one.Buf
	}
	x.resume(int(already))
	return x.start(s.queue())
}

func (s *packetMessages) PollOp(t *async.Task, ticket uint32, keep bool) (int, error) {
	return s.c.pollCount(s.queue(), t, ticket, keep)
}

func (s *packetMessages) CancelOp(_ *async.Task, ticket uint32) bool {
	return s.c.cancel(s.queue(), ticket)
}

func (s *packetMessages) Settle(ticket uint32, back bool) int {
	return s.c.settle(s.queue(), ticket, back)
}

// pollCount tells how much a transfer has moved.
func (c *PacketConn) pollCount(queue **transfer, t *async.Task, ticket uint32, keep bool) (int, error) {
	x := find(*queue, ticket)
	err := x.poll(t)
	if async.IsPending(err) {
		return 0, err
	}
	n := x.n
	if !keep {
		x.end(queue)
	}
	return n, err
}

// cancel asks a transfer to end; idle means that it is gone.
func (c *PacketConn) cancel(queue **transfer, ticket uint32) (idle bool) {
	x := find(*queue, ticket)
	switch {
	case x.outcome != waiting:
		return false
	case x.underWay():
		x.cancel(gotCause) // the kernel has the buffer until the end
		return false
	case x.n > 0:
		// It waits for its turn, but an earlier attempt has sent: that much is its
		// result.
		x.outcome = gotCause
		return false
	}
	x.end(queue)
	return true
}

// settle ends a transfer whose result was kept; with back, for nothing.
func (c *PacketConn) settle(queue **transfer, ticket uint32, back bool) (used int) {
	x := find(*queue, ticket)
	if x.outcome == waiting {
		panic("rondo/netio: a send or receive was settled that has no result")
	}
	switch {
	case x.sends:
		used = x.progress() - x.from
	case back:
		c.putBack(x)
	}
	x.end(queue)
	return used
}
