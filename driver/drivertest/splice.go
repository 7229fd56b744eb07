package drivertest

import (
	"bytes"
	"errors"
	"path"
	"syscall"

	"rondo.dev/rondo/driver"
)

var spliceTests = []test{
	{name: "Splice/socket_to_socket", run: spliceSockets, needs: []Feature{Splice, Foreign}},
	{name: "Splice/does_not_wait", run: spliceWaits, needs: []Feature{Splice, Foreign}},
	{name: "Splice/end", run: spliceEnd, needs: []Feature{Splice, Foreign}},
	{name: "Splice/file", run: spliceFile, needs: []Feature{Splice, Foreign, Files}},
	{name: "Splice/errors", run: spliceErrors, needs: []Feature{Splice, Foreign, Files}},
	{name: "Splice/cancel", run: spliceCancel, needs: []Feature{Splice, Foreign, Files}},
}

// splice moves what it can once, and reports whether that was anything. Without an
// error, 0 bytes are the end.
func (r *rig) splice(from, to, n int, off int64) (moved int, again bool) {
	r.Helper()
	c := r.submit(func(c *call) { c.Splice(from, &driver.SpliceArgs{To: to, N: n, Offset: off}, c) })
	res := r.await(c)
	if errors.Is(res.Err, syscall.EAGAIN) {
		return 0, true
	}
	if res.Err != nil {
		r.Fatalf("splice: %v", res.Err)
	}
	if res.N < 0 || res.N > n {
		r.Fatalf("splice of %d bytes has moved %d", n, res.N)
	}
	return res.N, false
}

// spliceSockets moves a stream from one connection to another through a pipe.
func spliceSockets(r *rig) {
	a, b := r.pair()
	c, d := r.pair()
	rd, wr := r.pipe()
	const size = 300_000
	sent, held, got := 0, 0, 0
	ended := false
	for got < size {
		if sent < size {
			n := min(size-sent, 1+r.rand.IntN(30_000))
			// Less than a connection holds, so that it does not wait.
			if sent-got < 2000 {
				sent += r.must(func(x *call) { x.Send(a, pattern(sent, min(n, 2000)), x) })
			}
		} else if !ended {
			ended = true
			r.must(func(x *call) { x.Shutdown(a, 1, x) })
		}
		if held == 0 {
			held, _ = r.splice(b, wr, 1+r.rand.IntN(5000), -1)
		}
		if held > 0 {
			n, _ := r.splice(rd, c, held, -1)
			held -= n
			if n > 0 {
				buf := make([]byte, n)
				for at := 0; at < n; {
					at += r.must(func(x *call) { x.Recv(d, buf[at:], x) })
				}
				if !bytes.Equal(buf, pattern(got, n)) {
					r.Fatalf("%d bytes at %d are others than were sent: %s", n, got, excerpt(buf))
				}
				got += n
			}
		}
		r.settle()
	}
}

func spliceWaits(r *rig) {
	a, b := r.pair()
	rd, wr := r.pipe()
	if n, again := r.splice(b, wr, 100, -1); !again {
		r.Errorf("moved %d bytes out of nothing", n)
	}
	if n, again := r.splice(rd, a, 100, -1); !again {
		r.Errorf("moved %d bytes out of an empty pipe", n)
	}
	if n, _ := r.splice(b, wr, 0, -1); n != 0 {
		r.Errorf("was asked for none, and moved %d bytes", n)
	}
	ready := r.submit(func(c *call) { c.Ready(b, driver.Readable, c) })
	r.stillWaiting(ready)
	r.send(a, []byte("hello"))
	r.ready(ready, driver.Readable)
	if n, _ := r.splice(b, wr, 100, -1); n < 1 || n > 5 {
		r.Errorf("moved %d bytes", n)
	}
	// A pipe that is full takes nothing, and loses nothing.
	rd, wr = r.pipe()
	filling, written := r.fill(wr, func(c *call, b []byte) { c.Write(wr, b, c) })
	r.d.Cancel(&filling.Op)
	if res := r.await(filling); res.Err == nil {
		written += res.N
	}
	r.send(a, []byte("behind"))
	r.ready(r.submit(func(c *call) { c.Ready(b, driver.Readable, c) }), driver.Readable)
	if n, again := r.splice(b, wr, 100, -1); !again {
		r.Errorf("moved %d bytes into a full pipe", n)
	}
	got := 0
	for got < written {
		buf := make([]byte, 1<<16)
		n := r.must(func(c *call) { c.Read(rd, buf, c) })
		if !bytes.Equal(buf[:n], pattern(got, n)) {
			r.Fatalf("%d bytes at %d are others than were written", n, got)
		}
		got += n
	}
}

func spliceEnd(r *rig) {
	a, b := r.pair()
	rd, wr := r.pipe()
	r.must(func(c *call) { c.Shutdown(a, 1, c) })
	r.ready(r.submit(func(c *call) { c.Ready(b, driver.Readable, c) }), driver.Readable)
	if n, again := r.splice(b, wr, 100, -1); n != 0 || again {
		r.Errorf("behind the end: %d, %v", n, again)
	}
	r.close(wr)
	if n, again := r.splice(rd, b, 100, -1); n != 0 || again {
		r.Errorf("behind the end of the pipe: %d, %v", n, again)
	}
}

func spliceFile(r *rig) {
	const size = 20_000
	fd := r.create(path.Join(r.suite.World.Dir(r.T), "f"))
	r.writeAt(fd, pattern(0, size), 0)
	rd, wr := r.pipe()
	at := 0
	for {
		n, again := r.splice(fd, wr, 3000, int64(at))
		if again {
			r.Fatal("an empty pipe had no room")
		}
		if n == 0 {
			break
		}
		for end := at + n; at < end; {
			buf := make([]byte, end-at)
			m := r.must(func(c *call) { c.Read(rd, buf, c) })
			if !bytes.Equal(buf[:m], pattern(at, m)) {
				r.Fatalf("%d bytes at %d are not those of the file", m, at)
			}
			at += m
		}
	}
	if at != size {
		r.Errorf("the file has ended after %d bytes of %d", at, size)
	}
}

func spliceErrors(r *rig) {
	_, b := r.pair()
	c, _ := r.pair()
	rd, wr := r.pipe()
	fails := func(want error, from, to int, off int64) {
		r.Helper()
		r.fails(want, func(x *call) { x.Splice(from, &driver.SpliceArgs{To: to, N: 10, Offset: off}, x) })
	}
	fails(syscall.EINVAL, b, c, -1) // no pipe
	fails(syscall.EBADF, rd, 1<<20, -1)
	fails(syscall.EBADF, 1<<20, wr, -1)
	fails(syscall.EBADF, 1<<20, wr, 0)
	fails(syscall.EINVAL, b, wr, 7) // no file
	gone, into := r.pipe()
	r.close(gone)
	fd := r.create(path.Join(r.suite.World.Dir(r.T), "f"))
	r.writeAt(fd, []byte("content"), 0)
	fails(syscall.EPIPE, fd, into, 0)
}

// spliceCancel cancels moves from a file: each has its result, or moved nothing.
func spliceCancel(r *rig) {
	const size = 2000
	fd := r.create(path.Join(r.suite.World.Dir(r.T), "f"))
	r.writeAt(fd, pattern(0, size), 0)
	for range 20 {
		rd, wr := r.pipe()
		x := r.submit(func(c *call) { c.Splice(fd, &driver.SpliceArgs{To: wr, N: size}, c) })
		r.d.Cancel(&x.Op)
		moved := 0
		switch res := r.await(x); {
		case res.Err == nil:
			moved = res.N
		case !errors.Is(res.Err, driver.ErrCanceled):
			r.Fatalf("splice ended with %+v", res)
		}
		r.close(wr)
		var all []byte
		buf := make([]byte, 2*size)
		for {
			n := r.must(func(c *call) { c.Read(rd, buf, c) })
			if n == 0 {
				break
			}
			all = append(all, buf[:n]...)
		}
		if !bytes.Equal(all, pattern(0, moved)) {
			r.Fatalf("it says %d, and has moved %d bytes", moved, len(all))
		}
		r.close(rd)
	}
}
