package drivertest

import (
	"bytes"
	"errors"
	"syscall"

	"rondo.dev/rondo/driver"
)

var streamTests = []test{
	{name: "Stream/echo", run: streamEcho},
	{name: "Stream/read_waits_for_data", run: streamReadWaits},
	{name: "Stream/write_waits_for_room", run: streamBackpressure},
	{name: "Stream/both_directions_at_once", run: streamDuplex},
	{name: "Stream/vectored_write", run: streamVectored},
	{name: "Stream/empty_write", run: streamEmptyWrite},
	{name: "Stream/pipe", run: streamPipe},
	{name: "Stream/foreign_pipe", run: streamForeignPipe, needs: []Feature{Foreign}},
	{name: "Stream/bad_descriptor", run: streamBadDescriptor},
	{name: "Stream/misuse_panics", run: streamMisuse},
}

// readKinds and writeKinds are the ways to move bytes through a stream.
var readKinds = []struct {
	name    string
	prepare func(c *call, fd int, b []byte)
}{
	{"read", func(c *call, fd int, b []byte) { c.Read(fd, b, c) }},
	{"recv", func(c *call, fd int, b []byte) { c.Recv(fd, b, c) }},
	{"recvmsg", func(c *call, fd int, b []byte) { c.RecvMsg(fd, &driver.Msg{Bufs: [][]byte{b}}, c) }},
}

var writeKinds = []struct {
	name    string
	prepare func(c *call, fd int, b []byte)
}{
	{"write", func(c *call, fd int, b []byte) { c.Write(fd, b, c) }},
	{"send", func(c *call, fd int, b []byte) { c.Send(fd, b, c) }},
	{"writev", func(c *call, fd int, b []byte) {
		c.Writev(fd, &driver.Vec{Bufs: [][]byte{b[:len(b)/2], b[len(b)/2:]}}, c)
	}},
	{"sendmsg", func(c *call, fd int, b []byte) { c.SendMsg(fd, &driver.Msg{Bufs: [][]byte{b}}, c) }},
}

func streamEcho(r *rig) {
	a, b := r.pair()
	for _, w := range writeKinds {
		for _, rd := range readKinds {
			message := []byte(w.name + " to " + rd.name)
			for sent := 0; sent < len(message); {
				sent += r.must(func(c *call) { w.prepare(c, a, message[sent:]) })
			}
			got := make([]byte, 0, len(message))
			for len(got) < len(message) {
				buf := make([]byte, len(message))
				n := r.must(func(c *call) { rd.prepare(c, b, buf[:len(message)-len(got)]) })
				if n == 0 {
					r.Fatalf("%s: end of the stream", message)
				}
				got = append(got, buf[:n]...)
			}
			if !bytes.Equal(got, message) {
				r.Fatalf("got %q, want %q", got, message)
			}
		}
	}
}

func streamReadWaits(r *rig) {
	for _, k := range readKinds {
		a, b := r.pair()
		buf := make([]byte, 8)
		c := r.submit(func(c *call) { k.prepare(c, b, buf) })
		r.stillWaiting(c)
		r.send(a, []byte("x"))
		if res := r.await(c); res.Err != nil || res.N != 1 || buf[0] != 'x' {
			r.Errorf("%s: %+v with %q", k.name, res, buf)
		}
	}
}

func streamBackpressure(r *rig) {
	for _, k := range writeKinds {
		a, b := r.pair()
		c, written := r.fill(a, func(c *call, b []byte) { k.prepare(c, a, b) })
		total := func() int {
			if !c.ended {
				return written
			}
			if res := c.last(); res.Err != nil || res.N <= 0 {
				r.Fatalf("%s that had waited: %+v", k.name, res)
			}
			return written + c.last().N
		}
		// Reading makes room, so that the last write comes to its end.
		got := 0
		complete := func() bool { return c.ended && got == total() }
		for !complete() {
			buf := make([]byte, 64<<10)
			read := r.submit(func(c *call) { c.Recv(b, buf, c) })
			r.until(func() bool { return read.ended || complete() }, "bytes or the end of the write")
			if !read.ended {
				r.d.Cancel(&read.Op)
				r.cancelled(read)
				break
			}
			res := read.last()
			if res.Err != nil || res.N == 0 || !bytes.Equal(buf[:res.N], pattern(got, res.N)) {
				r.Fatalf("%s: %+v and %s after %d bytes", k.name, res, excerpt(buf[:res.N]), got)
			}
			got += res.N
			r.settle()
		}
		if got != total() {
			r.Errorf("%s: %d bytes written, %d read", k.name, total(), got)
		}
	}
}

// streamDuplex moves a megabyte each way through a connection, with reads and
// writes of all sizes in flight in both directions.
func streamDuplex(r *rig) {
	const total = 1 << 20
	all := pattern(0, total)
	a, b := r.pair()
	var calls []*call
	start := func(step func(c *call)) {
		c := &call{r: r}
		r.calls = append(r.calls, c)
		calls = append(calls, c)
		c.each = func(res driver.Result) {
			if res.Err != nil || res.N <= 0 {
				r.Errorf("%v: %+v", c.Kind(), res)
				return
			}
			step(c)
		}
		step(c)
	}
	move := func(fd int, write bool) {
		done := 0
		var buf []byte
		start(func(c *call) {
			if c.results != nil {
				n := c.last().N
				if !write && !bytes.Equal(buf[:n], all[done:done+n]) {
					r.Errorf("the bytes differ after %d", done)
					return
				}
				done += n
			}
			if done == total {
				return
			}
			size := min(1+r.rand.IntN(20_000), total-done)
			r.again(c, func(c *call) {
				if write {
					c.Send(fd, all[done:done+size], c)
				} else {
					buf = make([]byte, size)
					c.Recv(fd, buf, c)
				}
			})
		})
	}
	for _, fd := range []int{a, b} {
		move(fd, true)
		move(fd, false)
	}
	r.awaitAll(calls)
}

func streamVectored(r *rig) {
	a, b := r.pair()
	cases := map[string][]int{
		"one":            {100},
		"three":          {1, 2, 3},
		"with empty":     {0, 5, 0, 0, 7, 0},
		"more than iovs": make([]int, 3000),
	}
	for i := range cases["more than iovs"] {
		cases["more than iovs"][i] = i % 3
	}
	for _, name := range []string{"one", "three", "with empty", "more than iovs"} {
		var bufs [][]byte
		size := 0
		for _, n := range cases[name] {
			bufs = append(bufs, pattern(size, n))
			size += n
		}
		all := pattern(0, size)
		for sent := 0; sent < size; {
			v := &driver.Vec{Bufs: bufs}
			n := r.must(func(c *call) { c.Writev(a, v, c) })
			if n <= 0 || n > size-sent {
				r.Fatalf("%s: wrote %d of %d bytes", name, n, size-sent)
			}
			sent += n
			bufs = skip(bufs, n)
		}
		r.expect(b, all)
	}
}

// skip returns bufs without their first n bytes.
func skip(bufs [][]byte, n int) [][]byte {
	for len(bufs) > 0 && n >= len(bufs[0]) {
		n -= len(bufs[0])
		bufs = bufs[1:]
	}
	if len(bufs) == 0 {
		return nil
	}
	rest := append([][]byte{bufs[0][n:]}, bufs[1:]...)
	return rest
}

func streamEmptyWrite(r *rig) {
	a, b := r.pair()
	if n := r.must(func(c *call) { c.Send(a, nil, c) }); n != 0 {
		r.Errorf("send of nothing returned %d", n)
	}
	r.send(a, []byte("after"))
	r.expect(b, []byte("after"))
}

// streamPipe is about pipes of the driver's own making.
func streamPipe(r *rig) {
	movesThrough(r, func() (rd, wr int) {
		rd, wr, err := r.d.Pipe()
		r.check(err)
		r.suite.World.Inspect(r.T, rd)
		r.suite.World.Inspect(r.T, wr)
		return r.own(rd), r.own(wr)
	})
}

func streamForeignPipe(r *rig) { movesThrough(r, r.pipe) }

// movesThrough fails the test unless bytes go through a pipe, and its end.
func movesThrough(r *rig, pipe func() (rd, wr int)) {
	rd, wr := pipe()
	buf := make([]byte, 8)
	c := r.submit(func(c *call) { c.Read(rd, buf, c) })
	r.stillWaiting(c)
	if n := r.must(func(c *call) { c.Write(wr, []byte("y"), c) }); n != 1 {
		r.Fatalf("write of a byte returned %d", n)
	}
	if res := r.await(c); res.Err != nil || res.N != 1 || buf[0] != 'y' {
		r.Fatalf("read: %+v with %q", res, buf)
	}
	end := r.submit(func(c *call) { c.Read(rd, buf, c) })
	r.stillWaiting(end)
	r.close(wr)
	if res := r.await(end); res.Err != nil || res.N != 0 {
		r.Errorf("read after the writer closed: %+v, want the end", res)
	}
	rd, wr = pipe()
	r.close(rd)
	r.fails(syscall.EPIPE, func(c *call) { c.Write(wr, []byte("z"), c) })
}

func streamBadDescriptor(r *rig) {
	a, _ := r.pair()
	r.close(a)
	for _, fd := range []int{-1, a} {
		for _, k := range readKinds {
			r.fails(syscall.EBADF, func(c *call) { k.prepare(c, fd, make([]byte, 1)) })
		}
		for _, k := range writeKinds {
			r.fails(syscall.EBADF, func(c *call) { k.prepare(c, fd, make([]byte, 1)) })
		}
		r.fails(syscall.EBADF, func(c *call) { c.RecvLent(fd, c) })
		r.fails(syscall.EBADF, func(c *call) { c.Accept(fd, c) })
		r.fails(syscall.EBADF, func(c *call) { c.AcceptMulti(fd, c) })
		r.fails(syscall.EBADF, func(c *call) { c.Ready(fd, driver.Readable, c) })
		r.fails(syscall.EBADF, func(c *call) { c.Shutdown(fd, 1, c) })
		r.fails(syscall.EBADF, func(c *call) { c.Close(fd, c) })
	}
}

func streamMisuse(r *rig) {
	_, b := r.pair()
	panics := func(what string, f func()) {
		defer func() {
			if recover() == nil {
				r.Errorf("%s does not panic", what)
			}
		}()
		f()
	}
	var blank driver.Op
	panics("submitting an operation that was not prepared", func() { r.d.Submit(&blank) })
	c := r.submit(func(c *call) { c.Recv(b, make([]byte, 1), c) })
	r.stillWaiting(c)
	panics("submitting an operation in flight", func() { r.d.Submit(&c.Op) })
	panics("preparing an operation in flight", func() { c.Recv(b, nil, c) })
	r.d.Cancel(&c.Op)
	if res := r.await(c); !errors.Is(res.Err, driver.ErrCanceled) {
		r.Errorf("the operation ended with %+v after misuse, want it cancelled", res)
	}
}
