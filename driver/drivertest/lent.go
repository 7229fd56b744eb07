package drivertest

import (
	"bytes"
	"errors"
	"syscall"

	"rondo.dev/rondo/driver"
)

var lentTests = []test{
	{name: "Lent/stays_armed", run: lentArmed},
	{name: "Lent/end_of_stream", run: lentEnd},
	{name: "Lent/bytes_stay_valid", run: lentValid},
	{name: "Lent/megabytes", run: lentMegabytes},
	{name: "Lent/out_of_buffers", run: lentExhausted},
}

// lentStream receives a stream of pattern bytes by RecvLent, and releases what
// it gets.
type lentStream struct {
	r       *rig
	c       *call
	fd      int
	got     int
	atEnd   bool
	starved int // ends with ENOBUFS in a row
	prepare func(c *call)
}

func (r *rig) lentStream(fd int) *lentStream {
	in := &lentStream{r: r, c: &call{r: r, ended: true}, fd: fd}
	r.calls = append(r.calls, in.c)
	in.prepare = func(c *call) { c.RecvLent(fd, c) }
	in.c.each = in.take
	return in
}

func (in *lentStream) take(res driver.Result) {
	switch {
	case errors.Is(res.Err, driver.ErrCanceled):
	case errors.Is(res.Err, syscall.ENOBUFS):
		in.starved++
		return
	case res.Err != nil:
		in.r.Errorf("recvlent: %v", res.Err)
	case res.N == 0:
		in.atEnd = true
		if res.More || res.Lent.Bytes != nil {
			in.r.Errorf("the end of the stream is told as %+v", res)
		}
	case res.N != len(res.Lent.Bytes):
		in.r.Errorf("%d bytes received, %d lent", res.N, len(res.Lent.Bytes))
	case !bytes.Equal(res.Lent.Bytes, pattern(in.got, res.N)):
		in.r.Errorf("the bytes differ after %d", in.got)
	}
	if res.Err == nil {
		in.starved = 0
		in.got += res.N
		if res.Lent.Bytes != nil {
			in.r.d.Release(res.Lent)
		}
	}
}

// arm submits the operation unless it is in flight.
func (in *lentStream) arm() {
	if in.c.ended && !in.atEnd {
		in.r.again(in.c, in.prepare)
	}
}

// until receives until n bytes have come in all. Results that a driver has put
// off hold buffers too, so it may run out of them for a few turns.
func (in *lentStream) until(n int) {
	in.r.Helper()
	for in.got < n && !in.atEnd && !in.r.Failed() {
		if in.starved > 0 {
			in.r.wait(0)
		}
		if in.starved > 1000 {
			in.r.Fatal("recvlent: no buffers, though all were released")
		}
		in.arm()
		in.r.until(func() bool { return in.got >= n || in.c.ended }, "bytes in lent buffers")
	}
}

// lentArmed sends in small pieces with pauses, through one operation as far as
// the driver keeps it armed.
func lentArmed(r *rig) {
	a, b := r.pair()
	in := r.lentStream(b)
	in.arm()
	r.stillWaiting(in.c)
	if n := r.d.Stats().Lent; n != 0 {
		r.Errorf("a waiting operation holds %d buffers", n)
	}
	for sent := 0; sent < 1000; {
		r.send(a, pattern(sent, 10))
		sent += 10
		in.until(sent)
	}
	in.arm()
	r.stillWaiting(in.c)
}

func lentEnd(r *rig) {
	a, b := r.pair()
	r.send(a, pattern(0, 100))
	r.close(a)
	in := r.lentStream(b)
	in.until(101)
	if !in.atEnd || in.got != 100 {
		r.Errorf("received %d bytes, end %v; want 100 and the end", in.got, in.atEnd)
	}
}

// lentValid holds a buffer while others come and go.
func lentValid(r *rig) {
	a, b := r.pair()
	var held []driver.Lent
	got := 0
	c := r.submit(func(c *call) {
		c.each = func(res driver.Result) {
			if res.Err == nil && res.N > 0 {
				got += res.N
				held = append(held, res.Lent)
			}
		}
		c.RecvLent(b, c)
	})
	for i := range 8 {
		r.send(a, bytes.Repeat([]byte{byte('a' + i)}, 10))
		for got < (i+1)*10 {
			before := got
			r.until(func() bool { return got > before || c.ended }, "bytes")
			if c.ended {
				if err := c.last().Err; err != nil {
					r.Fatalf("recvlent: %v", err)
				}
				r.again(c, func(c *call) { c.RecvLent(b, c) })
			}
		}
	}
	if n := r.d.Stats().Lent; n != int64(len(held)) {
		r.Errorf("%d buffers held, the driver counts %d", len(held), n)
	}
	var all []byte
	for _, l := range held {
		all = append(all, l.Bytes...)
		r.d.Release(l)
	}
	for i, x := range all {
		if x != byte('a'+i/10) {
			r.Fatalf("lent bytes were overwritten: %s", excerpt(all))
		}
	}
	if n := r.d.Stats().Lent; n != 0 {
		r.Errorf("all buffers released, the driver counts %d lent", n)
	}
	r.d.Cancel(&c.Op)
	r.await(c)
}

func lentMegabytes(r *rig) {
	const total = 4 << 20
	a, b := r.pair()
	all, sent := pattern(0, total), 0
	out := &call{r: r}
	r.calls = append(r.calls, out)
	next := func(c *call) { c.Send(a, all[sent:min(sent+50_000, total)], c) }
	out.each = func(res driver.Result) {
		if res.Err != nil {
			r.Errorf("send: %v", res.Err)
			return
		}
		if sent += res.N; sent < total {
			r.again(out, next)
		}
	}
	r.again(out, next)
	in := r.lentStream(b)
	in.until(total)
	r.await(out)
	r.close(a)
	in.until(total + 1)
	if !in.atEnd || in.got != total {
		r.Errorf("received %d bytes, end %v; want %d and the end", in.got, in.atEnd, total)
	}
}

// lentExhausted receives without releasing anything until the driver runs out.
// That ends the operation with ENOBUFS and loses no byte.
func lentExhausted(r *rig) {
	const tooMany = 1 << 16
	a, b := r.pair()
	in := r.lentStream(b)
	var held []driver.Lent
	var err error
	in.c.each = func(res driver.Result) {
		if res.Err != nil {
			err = res.Err
			return
		}
		if !bytes.Equal(res.Lent.Bytes, pattern(in.got, res.N)) {
			r.Errorf("the bytes differ after %d", in.got)
		}
		in.got += res.N
		held = append(held, res.Lent)
	}
	sent := 0
	out := &call{r: r, ended: true}
	r.calls = append(r.calls, out)
	for err == nil && len(held) < tooMany {
		in.arm()
		if out.ended {
			sent += max(0, resultN(out))
			r.again(out, func(c *call) { c.Send(a, pattern(sent, 16<<10), c) })
		}
		before := len(held)
		r.until(func() bool { return len(held) > before || in.c.ended || out.ended }, "bytes in lent buffers")
	}
	if !errors.Is(err, syscall.ENOBUFS) {
		r.Fatalf("%d buffers held and none released: %v, want ENOBUFS", len(held), err)
	}
	// Another connection is told the same, at the latest when data is there.
	c, d := r.pair()
	r.send(c, []byte("x"))
	r.fails(syscall.ENOBUFS, func(c *call) { c.RecvLent(d, c) })
	for _, l := range held {
		r.d.Release(l)
	}
	in.c.each = in.take
	r.d.Cancel(&out.Op)
	r.await(out)
	sent += max(0, resultN(out))
	r.must(func(c *call) { c.Shutdown(a, 1, c) })
	in.until(sent + 1)
	if !in.atEnd || in.got != sent {
		r.Errorf("%d bytes sent, %d received, end %v", sent, in.got, in.atEnd)
	}
}

// resultN is how many bytes a call moved that has ended, if it was ever begun.
func resultN(c *call) int {
	if len(c.results) == 0 || c.last().Err != nil {
		return 0
	}
	return c.last().N
}
