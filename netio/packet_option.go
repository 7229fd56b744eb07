package netio

import (
	"net"
	"net/netip"
	"os"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/driver"
)

// SetReadBuffer sets the size of the kernel's receive buffer in bytes.
func (c *PacketConn) SetReadBuffer(bytes int) async.Act { return c.set(driver.RecvBuffer, bytes) }

// SetWriteBuffer sets the size of the kernel's send buffer in bytes.
func (c *PacketConn) SetWriteBuffer(bytes int) async.Act { return c.set(driver.SendBuffer, bytes) }

// SetBroadcast lets messages be sent to broadcast addresses, which UDP sockets may
// from the start, or not.
func (c *PacketConn) SetBroadcast(on bool) async.Act { return c.set(driver.Broadcast, flag(on)) }

// SetTrafficClass sets the octet of that name of messages that don't say their own
// (RFC 2474; IPv4 calls it TOS). Its two lowest bits are ECN (RFC 3168).
func (c *PacketConn) SetTrafficClass(class uint8) async.Act {
	return c.set(driver.TrafficClass, int(class))
}

// SetReadTrafficClass has ReadMsg and ReadBatch tell Message.TrafficClass.
func (c *PacketConn) SetReadTrafficClass(on bool) async.Act {
	return c.set(driver.RecvTrafficClass, flag(on))
}

// SetReadSegments lets the system hand out several messages of one sender as one
// (UDP_GRO, from Linux 5.0; net.OpError with ENOPROTOOPT where there is none).
// Receive with ReadMsg and ReadBatch then, into buffers of 64 KiB: only
// Message.SegmentSize tells where one message ends and the next begins.
func (c *PacketConn) SetReadSegments(on bool) async.Act {
	return c.set(driver.RecvSegments, flag(on))
}

// SetHopLimit sets how many routers messages pass at most (IPv4 calls it TTL), from
// 1 to 255. Multicast has its own.
func (c *PacketConn) SetHopLimit(hops int) async.Act { return c.set(driver.HopLimit, hops) }

// SetMulticastHopLimit sets how many routers multicast messages pass at most; 0
// keeps them on this host, and 1, the default, on its networks.
func (c *PacketConn) SetMulticastHopLimit(hops int) async.Act {
	return c.set(driver.MulticastHops, hops)
}

// SetMulticastLoopback says whether members of a group on this host get what it
// sends, which they do by default.
func (c *PacketConn) SetMulticastLoopback(on bool) async.Act {
	return c.set(driver.MulticastLoop, flag(on))
}

// SetMulticastInterface sets the network interface by which multicast messages are
// sent; nil leaves the choice to the system.
func (c *PacketConn) SetMulticastInterface(ifi *net.Interface) async.Act {
	return c.set(driver.MulticastInterface, index(ifi))
}

// JoinGroup has the socket receive what is sent to a multicast group on a network
// interface; nil leaves the choice of it to the system. It has to be bound to the
// group's port: to all addresses, or to the group's.
func (c *PacketConn) JoinGroup(group netip.Addr, ifi *net.Interface) async.Act {
	return c.group(group, ifi, true)
}

// LeaveGroup undoes JoinGroup, for which the interface has to be the same.
func (c *PacketConn) LeaveGroup(group netip.Addr, ifi *net.Interface) async.Act {
	return c.group(group, ifi, false)
}

func (c *PacketConn) group(group netip.Addr, ifi *net.Interface, join bool) async.Act {
	return c.promptly(func(d driver.Driver) error { return d.Group(c.fd, group, index(ifi), join) })
}

func (c *PacketConn) set(o driver.Option, value int) async.Act {
	return c.promptly(func(d driver.Driver) error { return d.SetOption(c.fd, o, value) })
}

func index(ifi *net.Interface) int {
	if ifi == nil {
		return 0
	}
	return ifi.Index
}

func (c *PacketConn) promptly(f func(driver.Driver) error) async.Act {
	return async.NewAct(&prompt{c: c, f: f}, 0)
}

// prompt is the source of an operation that is over at once.
type prompt struct {
	c   *PacketConn
	f   func(driver.Driver) error
	err error
}

func (x *prompt) Home() *async.Executor { return x.c.home.exec }

func (x *prompt) Start(*async.Task, []byte, uint64) uint32 {
	if x.c.closing != nil {
		x.err = net.ErrClosed
	} else {
		x.err = os.NewSyscallError("setsockopt", x.f(x.c.home.drv))
	}
	return 1
}

func (x *prompt) PollOp(*async.Task, uint32, bool) (struct{}, error) {
	if x.err != nil {
		return struct{}{}, x.c.opError("set", x.err)
	}
	return struct{}{}, nil
}

func (x *prompt) CancelOp(*async.Task, uint32) bool { return false }
func (x *prompt) Settle(uint32, bool) int           { return 0 }
