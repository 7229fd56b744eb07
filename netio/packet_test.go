package netio_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/netio"
)

// packets opens a UDP socket on loopback.
func (e *env) packets() *netio.PacketConn {
	e.Helper()
	c, err := netio.ListenPacket(e.task, "udp", "127.0.0.1:0")
	e.check(err)
	return c
}

// sender opens a UDP socket that is connected to another.
func (e *env) sender(to *netio.PacketConn) *netio.PacketConn {
	e.Helper()
	c, err := netio.DialPacket(e.task, "udp", to.LocalAddr().String())
	e.check(err)
	return c
}

// packetPairs returns what opens a connected pair of sockets, of every kind there is:
// what a sends, b receives.
func (e *env) packetPairs() map[string]func() (a, b *netio.PacketConn) {
	pairs := map[string]func() (a, b *netio.PacketConn){
		"udp": func() (a, b *netio.PacketConn) {
			b = e.packets()
			return e.sender(b), b
		},
	}
	for _, network := range []string{"unixgram", "unixpacket"} {
		pairs[network] = func() (a, b *netio.PacketConn) {
			a, b, err := netio.PacketPair(e.task, network)
			e.check(err)
			return a, b
		}
	}
	return pairs
}

// eachPair runs f on a pair of every kind, in every world.
func eachPair(t *testing.T, f func(e *env, network string, a, b *netio.PacketConn)) {
	onEach(t, func(e *env) {
		for network, open := range e.packetPairs() {
			a, b := open()
			f(e, network, a, b)
			e.close(a, b)
		}
	})
}

func (e *env) send(c *netio.PacketConn, s string) {
	e.Helper()
	n, err := c.Write([]byte(s)).Await(e.task)
	e.check(err)
	e.equal(n, len(s))
}

// receive receives a message, of up to 100 bytes.
func (e *env) receive(c *netio.PacketConn) string {
	e.Helper()
	b := make([]byte, 100)
	n, err := c.Read(b).Await(e.task)
	e.check(err)
	return string(b[:n])
}

// Messages keep their boundaries, and tell who has sent them.
func TestPacketBoundaries(t *testing.T) {
	eachPair(t, func(e *env, network string, a, b *netio.PacketConn) {
		for n := 1; n < 20_000; n = 3*n + 1 {
			m, err := a.Write(pattern(n, n)).Await(e.task)
			e.check(err)
			e.equal(m, n)
		}
		buf := make([]byte, 30_000)
		for n := 1; n < 20_000; n = 3*n + 1 {
			d, err := b.ReadFrom(buf).Await(e.task)
			e.check(err)
			e.equal(d.N, n)
			e.equal(d.Truncated, false)
			e.same(buf[:n], n)
			if network == "udp" {
				e.equal(d.Addr, a.LocalAddrPort())
			}
		}
	})
}

// A message without bytes is one all the same.
func TestPacketEmpty(t *testing.T) {
	eachPair(t, func(e *env, network string, a, b *netio.PacketConn) {
		if network == "unixpacket" {
			return // where it is the end
		}
		for _, s := range []string{"", "x", ""} {
			e.send(a, s)
		}
		for _, s := range []string{"", "x", ""} {
			e.equal(e.receive(b), s)
		}
		n, err := a.WriteMsg(&netio.Message{}).Await(e.task)
		e.check(err)
		e.equal(n, 0)
		e.equal(e.receive(b), "")
		for _, f := range []func([]netio.Message) async.Op[int]{a.WriteBatch, b.ReadBatch} {
			n, err := f(nil).Await(e.task) // a batch of none is nothing
			e.check(err)
			e.equal(n, 0)
		}
		e.send(a, "last")
		e.equal(e.receive(b), "last")
	})
}

// What does not fit is lost, which is told, and the next message is whole.
func TestPacketTruncated(t *testing.T) {
	eachPair(t, func(e *env, network string, a, b *netio.PacketConn) {
		for range 3 {
			e.send(a, "too long")
			e.send(a, "next")
		}
		buf := make([]byte, 4)
		d, err := b.ReadFrom(buf).Await(e.task)
		e.check(err)
		e.equal(fmt.Sprint(d.N, d.Truncated)+string(buf), "4 truetoo ")
		e.equal(e.receive(b), "next")

		m := netio.Message{Buf: buf}
		_, err = b.ReadMsg(&m).Await(e.task)
		e.check(err)
		e.equal(fmt.Sprint(m.N, m.Truncated)+string(buf), "4 truetoo ")
		e.equal(e.receive(b), "next")

		ms := []netio.Message{{Buf: buf}, {Buf: make([]byte, 4)}}
		for at := 0; at < 2; {
			n, err := b.ReadBatch(ms[at:]).Await(e.task)
			e.check(err)
			at += n
		}
		e.equal(fmt.Sprint(ms[0].N, ms[0].Truncated)+string(buf), "4 truetoo ")
		e.equal(fmt.Sprint(ms[1].N, ms[1].Truncated)+string(ms[1].Buf), "4 falsenext")
	})
}

// Batches move all messages, whatever they are cut into, and in order.
func TestPacketBatches(t *testing.T) {
	eachPair(t, func(e *env, network string, a, b *netio.PacketConn) {
		const total = 50
		out := make([]netio.Message, total)
		for i := range out {
			out[i].Buf = pattern(i, 10+i)
		}
		n, err := a.WriteBatch(out).Await(e.task)
		e.check(err)
		e.equal(n, total)
		e.equal(out[total-1].N, 10+total-1)
		in := make([]netio.Message, 7)
		for i := range in {
			in[i].Buf = make([]byte, 100)
		}
		for at := 0; at < total; {
			n, err := b.ReadBatch(in).Await(e.task)
			e.check(err)
			if n < 1 {
				e.Fatalf("a batch of %d messages", n)
			}
			for i := range n {
				e.equal(in[i].N, 10+at)
				e.same(in[i].Buf[:in[i].N], at)
				if network == "udp" {
					e.equal(in[i].Addr, a.LocalAddrPort())
				}
				at++
			}
		}
	})
}

// Both ways, to addresses of either family.
func TestPacketWriteTo(t *testing.T) {
	onEach(t, func(e *env) {
		for _, at := range []string{"127.0.0.1:0", "[::1]:0"} {
			a, err := netio.ListenPacket(e.task, "udp", at)
			if err != nil {
				e.Log(err) // a system without IPv6
				continue
			}
			b, err := netio.ListenPacket(e.task, "udp", at)
			e.check(err)
			e.equal(a.RemoteAddr(), nil)
			for range 3 {
				n, err := a.WriteTo([]byte("ping"), b.LocalAddrPort()).Await(e.task)
				e.check(err)
				e.equal(n, 4)
				buf := make([]byte, 10)
				d, err := b.ReadFrom(buf).Await(e.task)
				e.check(err)
				e.equal(d.Addr, a.LocalAddrPort())
				_, err = b.WriteTo(buf[:d.N], d.Addr).Await(e.task)
				e.check(err)
				e.equal(e.receive(a), "ping")
			}
			e.close(a, b)
		}
	})
}

// A socket of both families speaks IPv4 by plain addresses.
func TestPacketDualStack(t *testing.T) {
	onEach(t, func(e *env) {
		a, err := netio.ListenPacket(e.task, "udp", ":0")
		e.check(err)
		b := e.packets()
		to := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), a.LocalAddrPort().Port())
		_, err = b.WriteTo([]byte("four"), to).Await(e.task)
		e.check(err)
		buf := make([]byte, 10)
		d, err := a.ReadFrom(buf).Await(e.task)
		e.check(err)
		e.equal(d.Addr, b.LocalAddrPort())
		_, err = a.WriteTo([]byte("and back"), d.Addr).Await(e.task)
		e.check(err)
		e.equal(e.receive(b), "and back")
		e.close(a, b)
	})
}

// What nobody receives is told to a connected socket, and only to that.
func TestPacketRefused(t *testing.T) {
	onEach(t, func(e *env) {
		b := e.packets()
		a := e.sender(b)
		e.close(b)
		e.send(a, "anybody?")
		_, err := a.Read(make([]byte, 1)).Await(e.task)
		e.is(err, syscall.ECONNREFUSED)
		var op *net.OpError
		if !errors.As(err, &op) || op.Op != "read" || op.Net != "udp" {
			e.Errorf("got %#v", err)
		}
		// The same for a batch, and for a loser, whose error is put back.
		e.send(a, "anybody?")
		_, err = a.ReadBatch(make([]netio.Message, 2)).Await(e.task)
		e.is(err, syscall.ECONNREFUSED)
		read := a.Read(make([]byte, 1))
		if lose(e, &read, func() { e.send(a, "anybody?") }) {
			_, err = a.Read(make([]byte, 1)).Await(e.task)
			e.is(err, syscall.ECONNREFUSED)
		}
		e.close(a)

		c := e.packets()
		_, err = c.WriteTo([]byte("x"), b.LocalAddrPort()).Await(e.task)
		e.check(err)
		_, err = c.WriteTo([]byte("x"), c.LocalAddrPort()).Await(e.task)
		e.check(err)
		e.equal(e.receive(c), "x")
		e.close(c)
	})
}

func TestPacketErrors(t *testing.T) {
	onEach(t, func(e *env) {
		a := e.packets()
		_, err := a.Write([]byte("to whom?")).Await(e.task)
		e.is(err, syscall.EDESTADDRREQ)
		_, err = a.WriteTo(make([]byte, 70_000), a.LocalAddrPort()).Await(e.task)
		e.is(err, syscall.EMSGSIZE)
		// A batch ends before the message that fails.
		to := a.LocalAddrPort()
		n, err := a.WriteBatch([]netio.Message{
			{Buf: []byte("one"), Addr: to}, {Buf: []byte("two"), Addr: to}, {Buf: make([]byte, 70_000), Addr: to}, {Buf: []byte("four"), Addr: to},
		}).Await(e.task)
		e.is(err, syscall.EMSGSIZE)
		e.equal(n, 2)
		e.equal(e.receive(a), "one")
		e.equal(e.receive(a), "two")
		_, err = netio.ListenPacket(e.task, "udp", a.LocalAddr().String())
		e.is(err, syscall.EADDRINUSE)
		e.close(a)
		for _, c := range []struct{ network, address string }{
			{"udp", "127.0.0.1"}, {"udp", "127.0.0.1:99999"}, {"tcp", "127.0.0.1:1"}, {"udp6", "127.0.0.1:1"},
			{"udp4", "[::1]:1"}, {"unix", "@x"}, {"unixgram", ""}, {"unixpacket", ""}, {"", ""},
		} {
			var op *net.OpError
			if _, err := netio.DialPacket(e.task, c.network, c.address); !errors.As(err, &op) || op.Op != "dial" {
				e.Errorf("DialPacket %q %q: %v", c.network, c.address, err)
			}
			if _, err := netio.ListenPacket(e.task, c.network, c.address); !errors.As(err, &op) || op.Op != "listen" {
				e.Errorf("ListenPacket %q %q: %v", c.network, c.address, err)
			}
		}
		if _, _, err := netio.PacketPair(e.task, "udp"); err == nil {
			e.Error("a pair of udp")
		}
	})
}

// The end of a connection of ordered messages is io.EOF, and stays.
func TestPacketEnd(t *testing.T) {
	onEach(t, func(e *env) {
		a, b, err := netio.PacketPair(e.task, "unixpacket")
		e.check(err)
		e.send(a, "last")
		e.close(a)
		ms := make([]netio.Message, 4)
		for i := range ms {
			ms[i].Buf = make([]byte, 10)
		}
		n, err := b.ReadBatch(ms).Await(e.task)
		e.check(err)
		e.equal(n, 1)
		for range 2 {
			_, err = b.ReadBatch(ms).Await(e.task)
			e.equal(err, io.EOF)
			_, err = b.Read(ms[0].Buf).Await(e.task)
			e.equal(err, io.EOF)
			_, err = b.ReadMsg(&ms[0]).Await(e.task)
			e.equal(err, io.EOF)
		}
		_, err = b.Write([]byte("x")).Await(e.task)
		e.is(err, syscall.EPIPE)
		e.close(b)
	})
}

// A Unix sender waits for room, and each message arrives once.
func TestPacketBackpressure(t *testing.T) {
	onEach(t, func(e *env) {
		for _, network := range []string{"unixgram", "unixpacket"} {
			a, b, err := netio.PacketPair(e.task, network)
			e.check(err)
			const total = 1000
			sender := e.spawn(func(e *env) {
				for i := range total / 2 {
					e.send(a, fmt.Sprint("message ", i))
				}
				ms := make([]netio.Message, total/2)
				for i := range ms {
					ms[i].Buf = fmt.Append(nil, "message ", total/2+i)
				}
				n, err := a.WriteBatch(ms).Await(e.task)
				e.check(err)
				e.equal(n, len(ms))
			})
			for i := range total {
				e.equal(e.receive(b), fmt.Sprint("message ", i))
			}
			e.check(sender.Await(e.task))
			e.close(a, b)
		}
	})
}

// Several receives are served in their order.
func TestPacketTurns(t *testing.T) {
	eachPair(t, func(e *env, network string, a, b *netio.PacketConn) {
		var got []string
		var readers []*async.Child
		for range 5 {
			readers = append(readers, e.spawn(func(e *env) { got = append(got, e.receive(b)) }))
		}
		for i := range 5 {
			e.send(a, fmt.Sprint(i))
		}
		for _, r := range readers {
			e.check(r.Await(e.task))
		}
		e.equal(fmt.Sprint(got), "[0 1 2 3 4]")
	})
}

// Deadlines end what is in flight and what comes later, until they are set anew.
func TestPacketDeadline(t *testing.T) {
	eachPair(t, func(e *env, network string, a, b *netio.PacketConn) {
		reader := e.spawn(func(e *env) {
			_, err := b.Read(make([]byte, 1)).Await(e.task)
			e.is(err, os.ErrDeadlineExceeded)
		})
		e.check(b.SetReadDeadline(time.Now().Add(time.Millisecond)).Await(e.task))
		e.check(reader.Await(e.task))
		_, err := b.ReadBatch(make([]netio.Message, 1)).Await(e.task)
		e.is(err, os.ErrDeadlineExceeded)
		e.check(b.SetDeadline(time.Time{}).Await(e.task))
		e.send(a, "x")
		e.equal(e.receive(b), "x")
		e.check(a.SetWriteDeadline(time.Unix(1, 0)).Await(e.task))
		_, err = a.Write([]byte("x")).Await(e.task)
		e.is(err, os.ErrDeadlineExceeded)
		e.check(a.SetWriteDeadline(time.Time{}).Await(e.task))
		if network == "udp" {
			return // where a sender does not wait
		}
		writer := e.spawn(func(e *env) {
			ms := make([]netio.Message, 5000)
			for i := range ms {
				ms[i].Buf = fmt.Append(nil, i)
			}
			n, err := a.WriteBatch(ms).Await(e.task)
			e.is(err, os.ErrDeadlineExceeded)
			e.check(a.SetWriteDeadline(time.Time{}).Await(e.task))
			for i := range n {
				e.equal(e.receive(b), fmt.Sprint(i))
			}
		})
		e.check(a.SetWriteDeadline(time.Now().Add(time.Millisecond)).Await(e.task))
		e.check(writer.Await(e.task))
	})
}

// Closing ends what is in flight and what waits for its turn.
func TestPacketClose(t *testing.T) {
	eachPair(t, func(e *env, network string, _, b *netio.PacketConn) {
		a, b := e.packetPairs()[network]()
		var children []*async.Child
		for _, f := range []func(t *async.Task) error{
			func(t *async.Task) error { _, err := b.Read(make([]byte, 1)).Await(t); return err },
			func(t *async.Task) error { _, err := b.ReadFrom(make([]byte, 1)).Await(t); return err },
			func(t *async.Task) error { _, err := b.ReadMsg(&netio.Message{}).Await(t); return err },
			func(t *async.Task) error { _, err := b.ReadBatch(make([]netio.Message, 3)).Await(t); return err },
		} {
			children = append(children, e.spawn(func(e *env) { e.is(f(e.task), net.ErrClosed) }))
		}
		e.check(b.SetReadDeadline(time.Now().Add(time.Hour)).Await(e.task))
		e.close(b)
		for _, c := range children {
			e.check(c.Await(e.task))
		}
		e.is(b.Close().Await(e.task), net.ErrClosed)
		_, err := b.Write(nil).Await(e.task)
		e.is(err, net.ErrClosed)
		e.is(b.SetReadDeadline(time.Time{}).Await(e.task), net.ErrClosed)
		e.is(b.SetReadBuffer(1).Await(e.task), net.ErrClosed)
		_, err = b.PeerCred()
		e.is(err, net.ErrClosed)
		e.close(a)
	})
}

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

// Operations of other loops and of goroutines, closing too.
func TestPacketElsewhere(t *testing.T) {
	onTwoLoops(t, func(e *env, other *rondo.Loop) {
		b := e.packets()
		a := e.sender(b)
		e.check(e.there(other, func(e *env) {
			for i := range 20 {
				e.send(a, fmt.Sprint(i))
				e.equal(e.receive(b), fmt.Sprint(i))
				_, err := a.WriteTo(fmt.Append(nil, i), b.LocalAddrPort()).Await(e.task)
				e.check(err)
				ms := []netio.Message{{Buf: make([]byte, 10)}, {Buf: make([]byte, 10)}}
				n, err := b.ReadBatch(ms).Await(e.task)
				e.check(err)
				e.equal(n, 1)
				e.equal(string(ms[0].Buf[:ms[0].N]), fmt.Sprint(i))
			}
			read := b.Read(make([]byte, 10))
			lost := lose(e, &read, func() { e.send(a, "put back") })
			_ = lost
			e.equal(e.receive(b), "put back")
			e.close(a)
		}).Await(e.task))
		e.close(b)
	})
}

// Named sockets of datagrams: who sends is known by its path.
func TestUnixgram(t *testing.T) {
	onEach(t, func(e *env) {
		for _, dir := range []string{e.TempDir(), fmt.Sprintf("@rondo-%d-", os.Getpid())} {
			at := filepath.Join(dir, "server")
			mine := filepath.Join(dir, "client")
			b, err := netio.ListenPacket(e.task, "unixgram", at)
			e.check(err)
			e.equal(b.LocalAddr().String(), at)
			a, err := (&netio.PacketConfig{LocalAddr: mine}).Dial(e.task, "unixgram", at)
			e.check(err)
			e.equal(a.RemoteAddr().String(), at)
			e.send(a, "hello")
			buf := make([]byte, 10)
			d, err := b.ReadFrom(buf).Await(e.task)
			e.check(err)
			e.equal(fmt.Sprint(string(buf[:d.N]), " from ", d.Path), "hello from "+mine)
			_, err = b.WriteToPath([]byte("welcome"), d.Path).Await(e.task)
			e.check(err)
			e.equal(e.receive(a), "welcome")
			if _, err := netio.ListenPacket(e.task, "unixgram", at); err == nil {
				e.Error("two sockets have one path")
			}
			e.close(a, b)
			if _, err := os.Stat(at); err == nil {
				e.Error("the path is still there")
			}
			// So it can be had again.
			b, err = netio.ListenPacket(e.task, "unixgram", at)
			e.check(err)
			e.close(b)
			if _, err := netio.DialPacket(e.task, "unixgram", at); err == nil {
				e.Error("connected to nobody")
			}
		}
	})
}

// Connections of ordered messages through a listener.
func TestUnixPacketListener(t *testing.T) {
	onEach(t, func(e *env) {
		at := fmt.Sprintf("@rondo-packets-%d", os.Getpid())
		ln, err := netio.ListenUnixPacket(e.task, at)
		e.check(err)
		e.equal(ln.Addr().Network(), "unixpacket")
		for range 3 {
			a, err := netio.DialPacket(e.task, "unixpacket", at)
			e.check(err)
			b, err := ln.Accept().Await(e.task)
			e.check(err)
			e.send(a, "one")
			e.send(a, "two")
			e.equal(e.receive(b), "one")
			e.equal(e.receive(b), "two")
			e.close(a)
			_, err = b.Read(make([]byte, 1)).Await(e.task)
			e.equal(err, io.EOF)
			e.close(b)
		}
		// A losing Accept gives the connection to the next.
		accept := ln.Accept()
		var a *netio.PacketConn
		lose(e, &accept, func() {
			a, err = netio.DialPacket(e.task, "unixpacket", at)
			e.check(err)
		})
		b, err := ln.Accept().Await(e.task)
		e.check(err)
		e.send(b, "back")
		e.equal(e.receive(a), "back")
		// One that nobody takes is closed with the listener.
		c, err := netio.DialPacket(e.task, "unixpacket", at)
		e.check(err)
		e.close(ln, a, b, c)
	})
}

// onlyKernel skips where descriptors are not the system's.
func (e *env) onlyKernel() {
	if !e.kernel() || runtime.GOOS != "linux" {
		e.Skip("descriptors are passed by a kernel")
	}
}

func (e *env) openPipe() (r, w *os.File) {
	r, w, err := os.Pipe()
	e.check(err)
	return r, w
}

// Files are passed, and work at the receiver; what it has no room for is closed.
func TestPacketFiles(t *testing.T) {
	onKernel(t, func(e *env) {
		e.onlyKernel()
		for _, network := range []string{"unixgram", "unixpacket"} {
			a, b, err := netio.PacketPair(e.task, network)
			e.check(err)
			r, w := e.openPipe()
			out := &netio.Message{Buf: []byte("pipe"), Files: []*os.File{r, w}}
			_, err = a.WriteMsg(out).Await(e.task)
			e.check(err)
			in := &netio.Message{Buf: make([]byte, 10), MaxFiles: 4}
			n, err := b.ReadMsg(in).Await(e.task)
			e.check(err)
			e.equal(string(in.Buf[:n]), "pipe")
			e.equal(len(in.Files), 2)
			e.equal(in.Truncated, false)
			r.Close()
			w.Close()
			_, err = in.Files[1].Write([]byte("through"))
			e.check(err)
			buf := make([]byte, 10)
			k, err := in.Files[0].Read(buf)
			e.check(err)
			e.equal(string(buf[:k]), "through")

			// Room for one; for none; and a receive that knows of none.
			for _, room := range []int{1, 0} {
				out.Files = in.Files
				_, err = a.WriteBatch([]netio.Message{*out}).Await(e.task)
				e.check(err)
				ms := []netio.Message{{Buf: buf, MaxFiles: room}}
				_, err = b.ReadBatch(ms).Await(e.task)
				e.check(err)
				e.equal(len(ms[0].Files), room)
				e.equal(ms[0].Truncated, true)
				for _, f := range ms[0].Files {
					f.Close()
				}
			}
			_, err = a.WriteMsg(out).Await(e.task)
			e.check(err)
			e.equal(e.receive(b), "pipe")
			// Closed ones are not sent.
			r.Close()
			_, err = a.WriteMsg(&netio.Message{Buf: []byte("x"), Files: []*os.File{r}}).Await(e.task)
			e.is(err, os.ErrClosed)
			in.Files[0].Close()
			in.Files[1].Close()
			e.close(a, b)
		}
	})
}

// Files that a loser has received are kept with its message, and closed if nobody
// takes them. That none is left open is checked at the end of every test.
func TestPacketFilesOfLosers(t *testing.T) {
	onKernel(t, func(e *env) {
		e.onlyKernel()
		for _, then := range []string{"taken", "taken by a batch", "no room", "plain", "closed"} {
			a, b, err := netio.PacketPair(e.task, "unixgram")
			e.check(err)
			r, w := e.openPipe()
			in := netio.Message{Buf: make([]byte, 10), MaxFiles: 2}
			read := b.ReadMsg(&in)
			lose(e, &read, func() {
				_, err := a.WriteMsg(&netio.Message{Buf: []byte("pipe"), Files: []*os.File{r, w}}).Await(e.task)
				e.check(err)
			})
			r.Close()
			w.Close()
			var got []*os.File
			switch then {
			case "taken":
				_, err := b.ReadMsg(&in).Await(e.task)
				e.check(err)
				got = in.Files
			case "taken by a batch":
				ms := []netio.Message{in}
				_, err := b.ReadBatch(ms).Await(e.task)
				e.check(err)
				got = ms[0].Files
			case "no room":
				m := netio.Message{Buf: make([]byte, 10)}
				_, err := b.ReadMsg(&m).Await(e.task)
				e.check(err)
				e.equal(m.Truncated, true)
			case "plain":
				e.equal(e.receive(b), "pipe")
			}
			if then == "taken" || then == "taken by a batch" {
				e.equal(len(got), 2)
				_, err := got[1].Write([]byte("x"))
				e.check(err)
			}
			for _, f := range got {
				f.Close()
			}
			e.close(a, b)
		}
	})
}

// Unix streams are connections like any other.
func TestUnixStream(t *testing.T) {
	onEach(t, func(e *env) {
		for _, at := range []string{filepath.Join(e.TempDir(), "s"), fmt.Sprintf("@rondo-stream-%d", os.Getpid())} {
			ln, err := netio.Listen(e.task, "unix", at)
			e.check(err)
			e.equal(ln.Addr().Network()+" "+ln.Addr().String(), "unix "+at)
			a, err := netio.Dial(e.task, "unix", at)
			e.check(err)
			b := e.accept(ln)
			e.equal(a.RemoteAddr().String(), at)
			e.equal(b.LocalAddr().String(), at)
			e.equal(b.RemoteAddr().String(), "")
			e.write(a, "hello")
			e.equal(e.recv(b), "hello")
			e.check(b.CloseWrite().Await(e.task))
			e.wantEOF(a)
			cred, err := a.PeerCred()
			e.check(err)
			e.equal(cred, netio.Cred{PID: os.Getpid(), UID: os.Getuid(), GID: os.Getgid()})
			e.close(a, b, ln)
			_, err = b.Read(make([]byte, 1)).Await(e.task)
			var op *net.OpError
			if !asOpError(err, &op) || op.Net != "unix" {
				e.Errorf("got %#v", err)
			}
			if _, err := os.Stat(at); err == nil {
				e.Error("the path is still there")
			}
			if _, err := netio.Dial(e.task, "unix", at); err == nil {
				e.Error("connected to nobody")
			}
		}
		a, b, err := netio.Pair(e.task)
		e.check(err)
		e.write(a, "pair")
		e.equal(e.recv(b), "pair")
		e.close(a)
		e.wantEOF(b)
		e.close(b)
		for _, f := range []func() error{
			func() error { _, err := netio.Dial(e.task, "unix", ""); return err },
			func() error { _, err := netio.Listen(e.task, "unix", ""); return err },
		} {
			if f() == nil {
				e.Error("an empty path will do")
			}
		}
	})
}

func TestUnixUnlink(t *testing.T) {
	onKernel(t, func(e *env) {
		at := filepath.Join(e.TempDir(), "s")
		ln, err := netio.Listen(e.task, "unix", at)
		e.check(err)
		ln.SetUnlinkOnClose(false)
		e.close(ln)
		_, err = os.Stat(at)
		e.check(err)
		_, err = netio.Listen(e.task, "unix", at)
		e.is(err, syscall.EADDRINUSE)
		e.check(os.Remove(at))
	})
}

// Serve places connections of a Unix listener on all loops.
func TestUnixServe(t *testing.T) {
	onTwoLoops(t, func(e *env, _ *rondo.Loop) {
		at := filepath.Join(e.TempDir(), "s")
		ln, err := netio.Listen(e.task, "unix", at)
		e.check(err)
		scope, stop := e.task.WithCancel()
		server := e.with(scope).spawn(func(e *env) {
			err := netio.Serve(e.task, ln, func(t *async.Task, c *netio.Conn) error {
				if n := c.LocalAddr().Network(); n != "unix" {
					e.Errorf("a connection of %q", n)
				}
				data, err := c.Recv().Await(t)
				if err != nil {
					return err
				}
				_, err = c.Write(data).Await(t)
				return err
			})
			e.is(err, errTest)
		})
		for i := range 30 {
			c, err := netio.Dial(e.task, "unix", at)
			e.check(err)
			e.write(c, fmt.Sprintf("%02d", i))
			e.equal(e.read(c, 2), fmt.Sprintf("%02d", i))
			e.wantEOF(c)
			e.close(c)
		}
		stop(errTest)
		e.check(server.Await(e.task))
	})
}

// The messages of a loser go back, whole and in order, whoever receives next.
func TestPacketLosers(t *testing.T) {
	receives := map[string]func(b *netio.PacketConn, ms []netio.Message) async.Op[int]{
		"Read":      func(b *netio.PacketConn, ms []netio.Message) async.Op[int] { return b.Read(ms[0].Buf) },
		"ReadMsg":   func(b *netio.PacketConn, ms []netio.Message) async.Op[int] { return b.ReadMsg(&ms[0]) },
		"ReadBatch": func(b *netio.PacketConn, ms []netio.Message) async.Op[int] { return b.ReadBatch(ms) },
	}
	eachPair(t, func(e *env, network string, a, b *netio.PacketConn) {
		for loser, receive := range receives {
			for winner, again := range receives {
				ms := make([]netio.Message, 2)
				for i := range ms {
					ms[i].Buf = make([]byte, 20)
				}
				op := receive(b, ms)
				lose(e, &op, func() {
					for _, s := range []string{"one", "two", "three"} {
						e.send(a, s)
					}
				})
				for i := range ms {
					clear(ms[i].Buf)
				}
				var got []string
				for len(got) < 3 {
					n, err := again(b, ms).Await(e.task)
					e.check(err)
					if winner != "ReadBatch" {
						ms[0].N, n = n, 1
					}
					for _, m := range ms[:n] {
						got = append(got, string(m.Buf[:m.N]))
						if network == "udp" && winner != "Read" {
							e.equal(m.Addr, a.LocalAddrPort())
						}
					}
				}
				if !slices.Equal(got, []string{"one", "two", "three"}) {
					e.Errorf("%s: %s lost, %s got %q", network, loser, winner, got)
				}
				// And the loser can be awaited again.
				e.send(a, "more")
				_, err := op.Await(e.task)
				e.check(err)
				e.equal(string(bytes.TrimRight(ms[0].Buf[:4], "\x00")), "more")
			}
		}
	})
}

// A send that has lost is not repeated when it is awaited again, if it was sent.
func TestPacketLosingSends(t *testing.T) {
	eachPair(t, func(e *env, network string, a, b *netio.PacketConn) {
		one := netio.Message{Buf: []byte("msg")}
		ops := map[string]async.Op[int]{
			"Write":    a.Write([]byte("msg")),
			"WriteMsg": a.WriteMsg(&one),
		}
		if network == "udp" {
			ops["WriteTo"] = a.WriteTo([]byte("msg"), b.LocalAddrPort())
			six := netip.AddrPortFrom(netip.AddrFrom16(b.LocalAddrPort().Addr().As16()), b.LocalAddrPort().Port())
			if e.kernel() {
				ops["WriteTo mapped"] = a.WriteTo([]byte("msg"), six)
			}
		}
		for name, op := range ops {
			if _, err := op.Poll(e.task); async.IsPending(err) {
				if !op.Cancel(e.task, true) {
					for {
						if _, err := op.Poll(e.task); !async.IsPending(err) {
							break
						}
						e.settle()
					}
				}
				n, err := op.Await(e.task)
				e.check(err)
				e.equal(n, 3)
			}
			e.equal(e.receive(b), "msg")
			e.send(a, "next")
			if got := e.receive(b); got != "next" {
				e.Fatalf("%s %s: got %q twice", network, name, got)
			}
		}
	})
}
