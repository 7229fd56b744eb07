package netio_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
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

// Where a message of no bytes is the end, it is none if others have come behind it, nor is
// one that there was no room for.
func TestPacketEmptyInOrder(t *testing.T) {
	onEach(t, func(e *env) {
		a, b, err := netio.PacketPair(e.task, "unixpacket")
		e.check(err)
		for _, s := range []string{"", "one", "", "", "two", ""} {
			e.send(a, s)
		}
		ms := make([]netio.Message, 10)
		for i := range ms {
			ms[i].Buf = make([]byte, 10)
		}
		n, err := b.ReadBatch(ms).Await(e.task)
		e.check(err)
		var got []string
		for _, m := range ms[:n] {
			got = append(got, string(m.Buf[:m.N]))
		}
		e.equal(fmt.Sprintf("%q", got), `["" "one" "" "" "two"]`)

		e.send(a, "hello")
		n, err = b.Read(nil).Await(e.task)
		e.check(err)
		e.equal(n, 0)
		e.send(a, "hello")
		d, err := b.ReadFrom(nil).Await(e.task)
		e.check(err)
		e.equal(d.Truncated, true)
		e.send(a, "hello")
		n, err = b.ReadBatch(make([]netio.Message, 1)).Await(e.task)
		e.check(err)
		e.equal(n, 1)
		e.close(a)
		_, err = b.Read(nil).Await(e.task)
		e.is(err, io.EOF)
		e.close(b)
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
