package faults

import (
	"encoding/binary"
	"net/netip"
	"sync/atomic"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/netio"
)

// packets go over Unix sockets, which lose none and keep their order.
func packets(w *worker) {
	network := []string{"unixgram", "unixpacket"}[w.rng.IntN(2)]
	type ends struct{ a, b *netio.PacketConn }
	p := must(w, func(t *async.Task) (ends, error) {
		a, b, err := netio.PacketPair(t, network)
		return ends{a, b}, err
	})
	w.exchange(p.a, p.b, netip.AddrPort{})
	w.close(p.a, p.b)
}

// datagrams go by UDP. It loses none as long as few are on their way.
func datagrams(w *worker) {
	open := func(t *async.Task) (*netio.PacketConn, error) { return netio.ListenPacket(t, "udp", "127.0.0.1:0") }
	a, b := must(w, open), must(w, open)
	w.exchange(a, b, b.LocalAddrPort())
	w.close(a, b)
}

// exchange sends numbered messages from a to b; to is b's address, if a needs that.
func (w *worker) exchange(a, b *netio.PacketConn, to netip.AddrPort) {
	total := w.rng.IntN(200)
	var received atomic.Int64
	w.all(
		func(w *worker) { w.send(a, to, total, &received) },
		func(w *worker) { w.receive(b, !to.IsValid(), total, &received) },
	)
}

// message is the i-th message: its number, and then what that makes of it.
func message(i int) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(i))
	return append(b, pattern(i, i*7%300)...)
}

// onTheWay is how many messages any socket holds.
const onTheWay = 10

func (w *worker) send(c *netio.PacketConn, to netip.AddrPort, total int, received *atomic.Int64) {
	for at := 0; at < total; {
		if at-int(received.Load()) > onTheWay {
			w.wait(w.pause/100 + 1)
			continue
		}
		batch := make([]netio.Message, min(1+w.rng.IntN(5), total-at))
		for i := range batch {
			batch[i] = netio.Message{Buf: message(at + i), Addr: to}
		}
		b := batch[0].Buf
		var op async.Op[int]
		single := true
		switch w.rng.IntN(3) {
		case 0:
			op = c.Write(b)
			if to.IsValid() {
				op = c.WriteTo(b, to)
			}
		case 1:
			op = c.WriteMsg(&batch[0])
		default:
			op, single = c.WriteBatch(batch), false
		}
		n, _, f := finish(w, &op)
		switch {
		case !single && f == done && n != len(batch):
			w.Fatalf("%d of %d messages were sent without an error", n, len(batch))
		case !single:
			at += n
		case n == len(b):
			at++
		case n != 0 || f == done:
			w.Fatalf("%d of the %d bytes of a message were sent", n, len(b))
		}
	}
}

func (w *worker) receive(c *netio.PacketConn, ordered bool, total int, received *atomic.Int64) {
	batch := make([]netio.Message, 4)
	for i := range batch {
		batch[i].Buf = make([]byte, 400)
	}
	seen := make([]bool, total)
	take := func(b []byte) {
		if len(b) < 8 {
			w.Fatalf("a message of %d bytes, which nobody has sent", len(b))
		}
		i := int(binary.LittleEndian.Uint64(b))
		if i >= total || string(b) != string(message(i)) {
			w.Fatalf("%d bytes that are not message %d", len(b), i)
		}
		if seen[i] || ordered && i != int(received.Load()) {
			w.Fatalf("message %d came as number %d", i, received.Load())
		}
		seen[i] = true
		received.Add(1)
	}
	for int(received.Load()) < total {
		some := batch[:1+w.rng.IntN(len(batch))]
		first := some[0].Buf
		var n int
		switch w.rng.IntN(4) {
		case 0:
			op := c.Read(first)
			n, _, _ = finish(w, &op)
		case 1:
			op := c.ReadFrom(first)
			d, _, _ := finish(w, &op)
			n = d.N
		case 2:
			op := c.ReadMsg(&some[0])
			n, _, _ = finish(w, &op)
		default:
			op := c.ReadBatch(some)
			n, _, _ = finish(w, &op)
			for _, m := range some[:n] {
				take(m.Buf[:m.N])
			}
			continue
		}
		if n > 0 {
			take(first[:n])
		}
	}
}
