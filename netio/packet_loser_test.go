package netio_test

import (
	"bytes"
	"net/netip"
	"slices"
	"testing"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/netio"
)

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
