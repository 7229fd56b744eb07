package drivertest

import (
	"bytes"
	"time"

	"rondo.dev/rondo/driver"
)

var manyTests = []test{
	{name: "Many/connections_waiting_at_once", run: manyConnections},
	{name: "Many/submissions_in_one_turn", run: manySubmissions},
	{name: "Many/completions_in_one_turn", run: manyCompletions},
	{name: "Order/reads", run: orderReads, needs: []Feature{Order}},
	{name: "Order/writes", run: orderWrites, needs: []Feature{Order}},
	{name: "Order/results_before_end", run: orderLent},
}

// manyConnections has a thousand connections wait for their byte, cancels some
// and serves the others in another order.
func manyConnections(r *rig) {
	const n = 1000
	l, at := r.listen(loopback, driver.ListenOptions{})
	writers := make([]int, n)
	reads := make([]*call, n)
	bufs := make([][]byte, n)
	for i := range n {
		a, b := r.join(l, at)
		writers[i], bufs[i] = a, make([]byte, 4)
		reads[i] = r.submit(func(c *call) { c.Recv(b, bufs[i], c) })
	}
	r.stillWaiting(reads...)
	if got := r.d.Stats().InFlight; got != n {
		r.Errorf("%d operations are in flight, the driver counts %d", n, got)
	}
	for i := 0; i < n; i += 10 {
		r.d.Cancel(&reads[i].Op)
	}
	var writes []*call
	for _, i := range r.rand.Perm(n) {
		if i%10 != 0 {
			writes = append(writes, r.submit(func(c *call) { c.Send(writers[i], []byte{byte(i)}, c) }))
		}
	}
	r.awaitAll(writes)
	for i, c := range reads {
		if i%10 == 0 {
			r.cancelled(c)
		} else if res := r.await(c); res.Err != nil || res.N != 1 || bufs[i][0] != byte(i) {
			r.Fatalf("read %d ended with %+v and %q", i, res, bufs[i])
		}
	}
}

// manySubmissions submits far more operations in one turn than a submission
// queue holds.
func manySubmissions(r *rig) {
	const n = 5000
	a, b := r.pair()
	r.must(func(c *call) { c.Shutdown(a, 1, c) })
	calls := make([]*call, n)
	for i := range calls {
		calls[i] = r.submit(func(c *call) { c.Recv(b, make([]byte, 1), c) })
	}
	for i, c := range calls {
		if res := r.await(c); res.Err != nil || res.N != 0 {
			r.Fatalf("read %d of an ended stream: %+v", i, res)
		}
	}
}

// manyCompletions has thousands of waiting operations end by one event.
func manyCompletions(r *rig) {
	const n = 5000
	a, b := r.pair()
	calls := make([]*call, n)
	for i := range calls {
		calls[i] = r.submit(func(c *call) { c.Ready(b, driver.Readable, c) })
	}
	r.stillWaiting(calls...)
	r.send(a, []byte("x"))
	for i, c := range calls {
		if res := r.await(c); res.Err != nil || driver.Events(res.N)&driver.Readable == 0 {
			r.Fatalf("ready %d: %+v", i, res)
		}
	}
}

// orderReads has many reads wait on one descriptor: they end in the order of
// their submission and get the stream in that order.
func orderReads(r *rig) {
	const n = 100
	a, b := r.pair()
	var got []byte
	var ended []int
	calls := make([]*call, n)
	for i := range calls {
		buf := make([]byte, 1+i%7)
		calls[i] = r.submit(func(c *call) {
			c.each = func(res driver.Result) {
				ended = append(ended, i)
				got = append(got, buf[:res.N]...)
			}
			c.Recv(b, buf, c)
		})
	}
	r.settle()
	r.send(a, pattern(0, 7*n))
	r.awaitAll(calls)
	inOrder(r, ended)
	if !bytes.Equal(got, pattern(0, len(got))) {
		r.Errorf("the reads got the stream out of order: %s", excerpt(got))
	}
}

// orderWrites submits many writes to one descriptor at once, more than there is
// room for: each continues the stream where the one before it ended.
func orderWrites(r *rig) {
	const n = 100
	a, b := r.pair()
	var ended []int
	var want []byte
	calls := make([]*call, n)
	for i := range calls {
		// One value a write shows where each begins and ends.
		buf := bytes.Repeat([]byte{byte(i)}, 1+r.rand.IntN(150_000))
		calls[i] = r.submit(func(c *call) {
			c.each = func(res driver.Result) {
				if res.Err != nil {
					r.Errorf("write %d: %v", i, res.Err)
					return
				}
				ended = append(ended, i)
				want = append(want, buf[:res.N]...)
			}
			c.Send(a, buf, c)
		})
	}
	var got []byte
	for {
		buf := make([]byte, 64<<10)
		c := r.submit(func(c *call) { c.Recv(b, buf, c) })
		r.until(func() bool { return c.ended || len(ended) == n && len(got) == len(want) }, "bytes or the last write")
		if !c.ended {
			r.d.Cancel(&c.Op)
			r.await(c)
		}
		if res := c.last(); res.Err == nil {
			got = append(got, buf[:res.N]...)
		}
		if len(ended) == n && len(got) >= len(want) {
			break
		}
	}
	inOrder(r, ended)
	if !bytes.Equal(got, want) {
		r.Errorf("%d bytes written, %d read, and they differ", len(want), len(got))
	}
}

func inOrder(r *rig, ended []int) {
	r.Helper()
	for i := range ended {
		if ended[i] != i {
			r.Fatalf("operations ended in the order %v", ended[:i+1])
		}
	}
}

// orderLent checks that no result of a multishot operation comes after its end.
// The call itself checks that; this makes results and cancels meet.
func orderLent(r *rig) {
	for range 50 {
		a, b := r.pair()
		in := r.lentStream(b)
		in.arm()
		r.settle()
		total := 0
		for range 5 {
			n := 1 + r.rand.IntN(100)
			r.send(a, pattern(total, n))
			total += n
		}
		r.d.Cancel(&in.c.Op)
		in.until(total)
		r.close(a)
		r.close(b)
		r.wait(time.Millisecond)
	}
}
