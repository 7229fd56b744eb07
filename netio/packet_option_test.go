package netio_test

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"
	"testing"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/netio"
)

// Every option can be set, and what has an effect that can be seen here has it.
func TestPacketOptions(t *testing.T) {
	onEach(t, func(e *env) {
		for _, at := range []string{"127.0.0.1:0", ":0"} {
			a, err := netio.ListenPacket(e.task, "udp", at)
			e.check(err)
			for name, act := range map[string]async.Act{
				"read buffer":      a.SetReadBuffer(100_000),
				"write buffer":     a.SetWriteBuffer(100_000),
				"broadcast":        a.SetBroadcast(false),
				"class":            a.SetTrafficClass(0x28),
				"read class":       a.SetReadTrafficClass(true),
				"hop limit":        a.SetHopLimit(3),
				"multicast hops":   a.SetMulticastHopLimit(2),
				"multicast loop":   a.SetMulticastLoopback(false),
				"multicast choice": a.SetMulticastInterface(nil),
			} {
				if err := act.Await(e.task); err != nil {
					e.Errorf("%s: %s: %v", at, name, err)
				}
			}
			e.close(a)
		}
	})
}

// The traffic class goes along, a message's own before the socket's, over both families.
func TestPacketTrafficClass(t *testing.T) {
	onEach(t, func(e *env) {
		for _, at := range []string{"127.0.0.1:0", "[::1]:0", ":0"} {
			b, err := netio.ListenPacket(e.task, "udp", at)
			if err != nil {
				e.Log(err)
				continue
			}
			to := b.LocalAddrPort()
			if at == ":0" {
				to = netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), to.Port())
			}
			a, err := netio.DialPacket(e.task, "udp", to.String())
			e.check(err)
			e.check(b.SetReadTrafficClass(true).Await(e.task))
			e.check(a.SetTrafficClass(0x28).Await(e.task))
			e.send(a, "one")
			_, err = a.WriteBatch([]netio.Message{{Buf: []byte("two"), TrafficClass: 2}, {Buf: []byte("three")}}).Await(e.task)
			e.check(err)
			for _, want := range []uint8{0x28, 2, 0x28} {
				m := netio.Message{Buf: make([]byte, 10)}
				_, err := b.ReadMsg(&m).Await(e.task)
				e.check(err)
				if m.TrafficClass != want || m.Truncated {
					e.Errorf("%s: %q came with class %#x, want %#x (%v)", at, m.Buf[:m.N], m.TrafficClass, want, m.Truncated)
				}
			}
			e.close(a, b)
		}
	})
}

// Segments are taken apart on the way, or put together at the receiver's wish.
func TestPacketSegments(t *testing.T) {
	onEach(t, func(e *env) {
		b := e.packets()
		a := e.sender(b)
		whole := pattern(0, 2500)
		send := func() {
			n, err := a.WriteMsg(&netio.Message{Buf: whole, SegmentSize: 1000}).Await(e.task)
			if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.EIO) {
				e.Skip("this kernel has no segmentation of UDP: ", err)
			}
			e.check(err)
			e.equal(n, len(whole))
		}
		send()
		buf := make([]byte, 2000)
		for at := 0; at < len(whole); {
			n, err := b.Read(buf).Await(e.task)
			e.check(err)
			e.equal(n, min(1000, len(whole)-at))
			e.same(buf[:n], at)
			at += n
		}
		if err := b.SetReadSegments(true).Await(e.task); err != nil {
			e.Log(err)
			e.close(a, b)
			return
		}
		send()
		m := netio.Message{Buf: make([]byte, 65536)}
		for at := 0; at < len(whole); {
			n, err := b.ReadMsg(&m).Await(e.task)
			e.check(err)
			e.same(m.Buf[:n], at)
			if n > 1000 {
				e.equal(m.SegmentSize, 1000)
			}
			at += n
		}
		e.close(a, b)
	})
}

// Members of a group get what is sent to it, others don't.
func TestPacketMulticast(t *testing.T) {
	onEach(t, func(e *env) {
		group := netip.MustParseAddr("239.1.2.3")
		loopback, err := net.InterfaceByName("lo")
		if err != nil {
			e.Skip(err)
		}
		pc := netio.PacketConfig{ReuseAddr: true}
		a, err := pc.Listen(e.task, "udp4", ":0")
		e.check(err)
		to := netip.AddrPortFrom(group, a.LocalAddrPort().Port())
		b, err := pc.Listen(e.task, "udp4", fmt.Sprint(":", to.Port()))
		e.check(err)
		sender, err := netio.ListenPacket(e.task, "udp4", ":0")
		e.check(err)
		if err := a.JoinGroup(group, loopback).Await(e.task); err != nil {
			e.Skip("no multicast here: ", err)
		}
		e.check(b.JoinGroup(group, loopback).Await(e.task))
		if err := a.JoinGroup(group, loopback).Await(e.task); err == nil {
			e.Error("a group was joined twice")
		}
		e.check(sender.SetMulticastInterface(loopback).Await(e.task))
		e.check(sender.SetMulticastLoopback(true).Await(e.task))
		send := func(s string) {
			_, err := sender.WriteTo([]byte(s), to).Await(e.task)
			e.check(err)
		}
		send("all")
		e.equal(e.receive(a), "all")
		e.equal(e.receive(b), "all")
		e.check(a.LeaveGroup(group, loopback).Await(e.task))
		send("rest")
		e.equal(e.receive(b), "rest")
		_, err = b.WriteTo([]byte("directly"), netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), sender.LocalAddrPort().Port())).Await(e.task)
		e.check(err)
		e.equal(e.receive(sender), "directly")
		if err := a.LeaveGroup(group, loopback).Await(e.task); err == nil {
			e.Error("a group was left twice")
		}
		e.check(b.LeaveGroup(group, loopback).Await(e.task))
		e.close(a, b, sender)
	})
}

// Control sees the socket before it has an address, and its error is the call's.
func TestPacketControl(t *testing.T) {
	onEach(t, func(e *env) {
		var seen []string
		pc := netio.PacketConfig{Control: func(network, address string, c syscall.RawConn) error {
			return c.Control(func(fd uintptr) { seen = append(seen, network+" "+address) })
		}}
		b, err := pc.Listen(e.task, "udp4", "127.0.0.1:0")
		if !e.kernel() {
			e.is(err, errors.ErrUnsupported)
			return
		}
		e.check(err)
		a, err := pc.Dial(e.task, "udp", b.LocalAddr().String())
		e.check(err)
		e.equal(fmt.Sprint(seen), "[udp4 127.0.0.1:0 udp "+b.LocalAddr().String()+"]")
		e.close(a, b)
		pc.Control = func(string, string, syscall.RawConn) error { return errTest }
		_, err = pc.Listen(e.task, "udp", "127.0.0.1:0")
		e.is(err, errTest)
		_, err = pc.Dial(e.task, "udp", "127.0.0.1:1")
		e.is(err, errTest)
	})
}

// Sockets can share an address, those that are connected too, each with its peer.
func TestPacketSharedPort(t *testing.T) {
	onEach(t, func(e *env) {
		pc := netio.PacketConfig{ReusePort: true}
		all, err := pc.Listen(e.task, "udp4", "127.0.0.1:0")
		e.check(err)
		peer := e.packets()
		other := e.packets()
		pc.LocalAddr = all.LocalAddr().String()
		mine, err := pc.Dial(e.task, "udp", peer.LocalAddr().String())
		e.check(err)
		e.equal(mine.LocalAddr().String(), all.LocalAddr().String())
		for range 3 {
			for range 3 {
				_, err = peer.WriteTo([]byte("to one"), all.LocalAddrPort()).Await(e.task)
				e.check(err)
				e.equal(e.receive(mine), "to one")
			}
			_, err = other.WriteTo([]byte("to all"), all.LocalAddrPort()).Await(e.task)
			e.check(err)
			e.equal(e.receive(all), "to all")
		}
		if _, err := netio.ListenPacket(e.task, "udp4", pc.LocalAddr); err == nil {
			e.Error("a socket that does not share got the address")
		}
		e.close(all, mine, peer, other)
	})
}
