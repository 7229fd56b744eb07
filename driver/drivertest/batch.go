package drivertest

import (
	"errors"
	"syscall"

	"rondo.dev/rondo/driver"
)

var batchTests = []test{
	{name: "Batch/in_order", run: batchOrder, needs: []Feature{Datagrams}},
	{name: "Batch/waits", run: batchWaits, needs: []Feature{Datagrams}},
	{name: "Batch/waits_for_room", run: batchRoom, needs: []Feature{Datagrams}},
	{name: "Batch/error_behind_the_first", run: batchError, needs: []Feature{Datagrams}},
	{name: "Batch/cancel_loses_none", run: batchCancel, needs: []Feature{Datagrams}},
	{name: "Batch/closing", run: batchClose, needs: []Feature{Datagrams}},
	{name: "Batch/descriptors", run: batchRights, needs: []Feature{Datagrams, Rights, Foreign}},
}

// batchOf returns n messages, empty ones with room or those of pattern.
func batchOf(from, n int, full bool) *driver.Batch {
	b := &driver.Batch{Msgs: make([]driver.Msg, n)}
	for i := range b.Msgs {
		buf := make([]byte, 100)
		if full {
			buf = pattern(from+i, 1+(from+i)%90)
		}
		b.Msgs[i].Bufs = [][]byte{buf}
	}
	return b
}

// expectBatch checks that the first n messages of b are those that begin at from.
func (r *rig) expectBatch(b *driver.Batch, from, n int) {
	r.Helper()
	if n < 1 || n > len(b.Msgs) {
		r.Fatalf("a batch of %d messages has %d", len(b.Msgs), n)
	}
	for i := range n {
		m := &b.Msgs[i]
		want := pattern(from+i, 1+(from+i)%90)
		if string(m.Bufs[0][:m.N]) != string(want) {
			r.Fatalf("message %d is %s, want %s", from+i, excerpt(m.Bufs[0][:m.N]), excerpt(want))
		}
	}
}

func batchOrder(r *rig) {
	b, to := r.datagrams()
	a, from := r.connected(to)
	for sent, got := 0, 0; got < 100; {
		if sent < 100 {
			batch := batchOf(sent, 10, true)
			sent += r.must(func(c *call) { c.SendBatch(a, batch, c) })
		}
		batch := batchOf(0, 7, false)
		n := r.must(func(c *call) { c.RecvBatch(b, batch, c) })
		r.expectBatch(batch, got, n)
		if batch.Msgs[0].Addr != from {
			r.Errorf("a message of a batch from %v, want %v", batch.Msgs[0].Addr, from)
		}
		got += n
	}
}

func batchWaits(r *rig) {
	a, b := r.unixPair()
	for range 3 {
		batch := batchOf(0, 4, false)
		c := r.submit(func(c *call) { c.RecvBatch(b, batch, c) })
		r.stillWaiting(c)
		r.must(func(c *call) { c.Send(a, pattern(0, 1), c) })
		if res := r.await(c); res.Err != nil || res.N != 1 {
			r.Fatalf("a batch ended with %+v", res)
		}
		r.expectBatch(batch, 0, 1)
	}
}

func batchRoom(r *rig) {
	a, b := r.unixPair()
	const total = 1000 // more than a socket holds
	got := 0
	var sends []*call
	for got < total {
		if sent, busy := sentBy(r, sends); !busy && sent < total {
			batch := batchOf(sent, total-sent, true)
			sends = append(sends, r.submit(func(c *call) { c.SendBatch(a, batch, c) }))
		}
		batch := batchOf(0, 9, false)
		n := r.must(func(c *call) { c.RecvBatch(b, batch, c) })
		r.expectBatch(batch, got, n)
		got += n
	}
	if sent, _ := sentBy(r, sends); sent != total {
		r.Errorf("%d messages were sent, %d received", sent, got)
	}
}

// sentBy counts the messages of batches, of which the last may be in flight.
func sentBy(r *rig, sends []*call) (n int, busy bool) {
	r.Helper()
	for _, c := range sends {
		switch {
		case !c.ended:
			busy = true
		case c.last().Err != nil:
			r.Fatalf("a batch ended with %+v", c.last())
		default:
			n += c.last().N
		}
	}
	return n, busy
}

func batchError(r *rig) {
	a, _ := r.datagrams()
	_, to := r.datagrams()
	batch := batchOf(0, 3, true)
	for i := range batch.Msgs {
		batch.Msgs[i].Addr = to
	}
	batch.Msgs[2].Bufs = [][]byte{make([]byte, 65_536)}
	for done := 0; done < 2; {
		done += r.must(func(c *call) { c.SendBatch(a, batch, c) })
		batch.Msgs = batch.Msgs[min(done, len(batch.Msgs)):]
	}
	r.fails(syscall.EMSGSIZE, func(c *call) { c.SendBatch(a, batch, c) })
	r.fails(syscall.EBADF, func(c *call) { c.RecvBatch(1<<20, batchOf(0, 1, false), c) })
	if n := r.must(func(c *call) { c.RecvBatch(a, &driver.Batch{}, c) }); n != 0 {
		r.Errorf("a batch of nothing has %d", n)
	}
}

func batchCancel(r *rig) {
	a, b := r.unixPair()
	next, sent := 0, 0
	for round := 0; round < 200 || next < sent; round++ {
		batch := batchOf(0, 3, false)
		c := r.submit(func(c *call) { c.RecvBatch(b, batch, c) })
		if round < 200 {
			if r.rand.IntN(2) == 0 {
				r.wait(0)
			}
			out := batchOf(sent, 1+r.rand.IntN(2), true)
			sent += r.must(func(c *call) { c.SendBatch(a, out, c) })
			if r.rand.IntN(2) == 0 {
				r.wait(0)
			}
			r.d.Cancel(&c.Op)
		}
		switch res := r.await(c); {
		case errors.Is(res.Err, driver.ErrCanceled):
		case res.Err != nil:
			r.Fatalf("a batch ended with %+v", res)
		default:
			r.expectBatch(batch, next, res.N)
			next += res.N
		}
		for sent-next > 5 { // a socket does not hold many
			batch := batchOf(0, 5, false)
			n := r.must(func(c *call) { c.RecvBatch(b, batch, c) })
			r.expectBatch(batch, next, n)
			next += n
		}
	}
}

func batchClose(r *rig) {
	_, b := r.unixPair()
	c := r.submit(func(c *call) { c.RecvBatch(b, batchOf(0, 3, false), c) })
	r.stillWaiting(c)
	r.close(b)
	if res := r.await(c); !errors.Is(res.Err, driver.ErrCanceled) {
		r.Errorf("a batch on a closed descriptor ended with %+v", res)
	}
}

// batchRights passes descriptors by Ancillary, with room for some or none.
func batchRights(r *rig) {
	a, b := r.unixPair()
	rd, wr := r.pipe()
	for _, room := range []int{2, 1, 0} {
		out := batchOf(0, 1, true)
		out.Msgs[0].Ancillary = &driver.Ancillary{Rights: []int{rd, wr}}
		r.must(func(c *call) { c.SendBatch(a, out, c) })
		in := batchOf(0, 1, false)
		in.Msgs[0].Ancillary = &driver.Ancillary{MaxRights: room}
		r.must(func(c *call) { c.RecvBatch(b, in, c) })
		got := in.Msgs[0].Ancillary.Rights
		if len(got) != room {
			r.Errorf("with room for %d descriptors came %d", room, len(got))
		}
		if cut := in.Msgs[0].RecvFlags&msgControlTrunc != 0; cut != (room < 2) {
			r.Errorf("with room for %d descriptors the flags are %#x", room, in.Msgs[0].RecvFlags)
		}
		for _, fd := range got {
			r.own(fd)
			r.suite.World.Inspect(r.T, fd)
		}
	}
}

// msgControlTrunc is MSG_CTRUNC, in the one value it has where descriptors are passed.
const msgControlTrunc = 0x8
