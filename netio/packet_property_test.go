package netio_test

import (
	"encoding/binary"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/driver"
	"rondo.dev/rondo/netio"
)

// TestNoMessageIsLost moves numbered messages over Unix sockets, which lose none, in
// both directions at once, by all operations there are, which are cancelled, time
// out, and lose, at random. Every message arrives once, whole, and in its order.
func TestNoMessageIsLost(t *testing.T) {
	seed := *seedFlag
	if seed == 0 {
		seed = rand.Uint64()
	}
	total := 20_000
	if testing.Short() {
		total = 2000
	}
	ws := worlds()
	ws = append(ws, &world{name: "memory,faults", memory: &driver.MemoryOptions{Seed: seed, Faults: driver.Faults{
		Short: .3, Delay: .3, MaxDelay: 50 * time.Microsecond, Reorder: .5, Spurious: .1, Late: .5, Win: .5}}})
	var fates [3]atomic.Int64
	for _, w := range ws {
		if w.kernel() {
			w.loops = 2
		}
		t.Run(w.name, func(t *testing.T) {
			t.Logf("go test -run '%s' ./netio -netio.seed=%d", t.Name(), seed)
			w.run(t, func(e *env) { moveMessages(e, seed, total, &fates) })
		})
	}
	for f := range fates {
		if n := fates[f].Load(); n < int64(total/1000) {
			t.Errorf("only %d operations met fate %d: the test tests nothing", n, f)
		}
	}
}

func moveMessages(e *env, seed uint64, total int, fates *[3]atomic.Int64) {
	loops := rondo.LoopOf(e.task).Runtime().Loops()
	for _, network := range []string{"unixgram", "unixpacket"} {
		a, b, err := netio.PacketPair(e.task, network)
		e.check(err)
		var tasks []*async.Child
		start := func(f func(x *chaos)) {
			seed++
			rng := rand.New(rand.NewPCG(seed, 1))
			tasks = append(tasks, e.there(loops[len(tasks)%len(loops)], func(e *env) { f(&chaos{e, rng, fates}) }))
		}
		for _, ends := range [][2]*netio.PacketConn{{a, b}, {b, a}} {
			start(func(x *chaos) { x.sendMessages(ends[0], total/4) })
			start(func(x *chaos) { x.receiveMessages(ends[1], total/4) })
		}
		for _, c := range tasks {
			e.check(c.Await(e.task))
		}
		e.close(a, b)
	}
}

// message is the i-th message: its number, and then what that makes of it.
func message(i int) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(i))
	return append(b, pattern(i, i*7%300)...)
}

func (x *chaos) sendMessages(c *netio.PacketConn, total int) {
	for at := 0; at < total; {
		batch := make([]netio.Message, 1+x.rng.IntN(min(10, total-at)))
		for i := range batch {
			batch[i].Buf = message(at + i)
		}
		b := batch[0].Buf
		var op async.Op[int]
		single := true
		switch x.rng.IntN(3) {
		case 0:
			op = c.Write(b)
		case 1:
			op = c.WriteMsg(&batch[0])
		default:
			op, single = c.WriteBatch(batch), false
		}
		n, err, f := disturb(x, &op)
		for f == lost { // only the handle knows how far it came
			n, err, f = disturb(x, &op)
		}
		x.check(err)
		switch {
		case !single && f == done && n != len(batch):
			x.Errorf("%d of %d messages were sent without an error", n, len(batch))
		case !single:
			at += n
		case n == len(b):
			at++
		case n != 0 || f == done:
			x.Errorf("%d of the %d bytes of a message were sent", n, len(b))
		}
	}
}

func (x *chaos) receiveMessages(c *netio.PacketConn, total int) {
	batch := make([]netio.Message, 5)
	for i := range batch {
		batch[i].Buf = make([]byte, 400)
	}
	at := 0
	take := func(b []byte) {
		if want := message(at); string(b) != string(want) {
			x.Fatalf("message %d has %d bytes, want %d", at, len(b), len(want))
		}
		at++
	}
	for at < total {
		some := batch[:1+x.rng.IntN(len(batch))]
		first := some[0].Buf
		n := 0
		var err error
		switch x.rng.IntN(4) {
		case 0:
			op := c.Read(first)
			n, err, _ = disturb(x, &op)
		case 1:
			op := c.ReadFrom(first)
			var d netio.Datagram
			d, err, _ = disturb(x, &op)
			n = d.N
		case 2:
			op := c.ReadMsg(&some[0])
			n, err, _ = disturb(x, &op)
		default:
			op := c.ReadBatch(some)
			n, err, _ = disturb(x, &op)
			x.check(err)
			for _, m := range some[:n] {
				take(m.Buf[:m.N])
			}
			continue
		}
		x.check(err)
		if n > 0 {
			take(first[:n])
		}
	}
}
