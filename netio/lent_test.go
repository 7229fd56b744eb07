package netio_test

import (
	"testing"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/driver"
	"rondo.dev/rondo/future"
	"rondo.dev/rondo/netio"
)

// eachStarved runs a test where the driver has 4 buffers to lend, of 256 bytes.
func eachStarved(t *testing.T, f func(e *env)) {
	eachDriver(t, func(t *testing.T, w *world) {
		if w.memory != nil {
			w.memory.Buffers, w.memory.BufferSize = 4, 256
		}
		w.drv = driver.Options{Buffers: 4, BufferSize: 256}
		w.run(t, f)
	})
}

// Many connections that receive at once, with few buffers: all get their bytes, in
// order.
func TestFewBuffers(t *testing.T) {
	eachStarved(t, func(e *env) {
		const conns, size = 50, 20_000
		ln := e.listen()
		var tasks []*async.Child
		for range conns {
			a := e.dial(ln)
			b := e.accept(ln)
			tasks = append(tasks, e.spawn(func(e *env) {
				for at := 0; at < size; at += 500 {
					e.equalWrite(a, at, 500)
				}
				e.close(a)
			}), e.spawn(func(e *env) {
				e.drain(b, size)
				e.close(b)
			}))
		}
		for _, c := range tasks {
			e.check(c.Await(e.task))
		}
		e.close(ln)
	})
}

// All buffers are in the hands of tasks, each of which waits for another
// connection before it goes on. They must not wait for each other's buffers.
func TestBuffersAreNoDeadlock(t *testing.T) {
	eachStarved(t, func(e *env) {
		const conns = 10
		ln := e.listen()
		var a, b [conns]*netio.Conn
		for i := range conns {
			a[i] = e.dial(ln)
			b[i] = e.accept(ln)
			e.write(a[i], "holds")
		}
		var tasks []*async.Child
		arrived := 0
		for i := range conns {
			tasks = append(tasks, e.spawn(func(e *env) {
				held, err := b[i].Recv().Await(e.task)
				e.check(err)
				arrived++
				e.until(func() bool { return arrived == conns })
				e.equal(string(held), "holds")
			}))
		}
		for _, c := range tasks {
			e.check(c.Await(e.task))
		}
		for i := range conns {
			e.write(a[i], "again")
			e.equal(e.recv(b[i]), "again")
			e.close(a[i], b[i])
		}
		e.close(ln)
	})
}

// Without buffers, everything that can happen to a Recv still may.
func TestRecvWithoutBuffers(t *testing.T) {
	eachStarved(t, func(e *env) {
		ln := e.listen()
		var held []*netio.Conn
		for range 8 {
			a, b := e.dial(ln), (*netio.Conn)(nil)
			b = e.accept(ln)
			e.write(a, "x")
			e.equal(e.recv(b), "x") // keeps the buffer
			held = append(held, a, b)
		}
		a := e.dial(ln)
		b := e.accept(ln)

		// A loser puts its bytes back, and Read takes them in parts.
		op := b.Recv()
		lose(e, &op, func() { e.write(a, "abcdef") })
		e.equal(e.read(b, 2), "ab")
		e.equal(e.recv(b), "cdef")

		// Cancelled while it waits.
		scope, cancel := e.task.WithCancel()
		child := e.with(scope).spawn(func(e *env) {
			_, err := b.Recv().Await(e.task)
			e.is(err, errTest)
		})
		e.settle()
		cancel(errTest)
		e.check(child.Await(e.task))

		// A deadline.
		e.check(b.SetReadDeadline(soon()).Await(e.task))
		_, err := b.Recv().Await(e.task)
		wantTimeout(e, err)
		e.check(b.SetReadDeadline(never).Await(e.task))

		e.write(a, "last")
		e.equal(e.recv(b), "last")
		e.close(a)
		e.wantEOF(b)
		e.close(b, ln)
		for _, c := range held {
			e.close(c)
		}
	})
}

// Nobody reads: the sender is stopped by what the kernel buffers, and what lies
// about here is bounded.
func TestSlowReader(t *testing.T) {
	onEach(t, func(e *env) {
		a, b := e.pair()
		e.write(a, "x")
		e.equal(e.recv(b), "x") // the lent receive is armed
		n := e.fill(a)
		if c := netio.Chunks(b); c > 2*netio.MaxChunks+32 {
			e.Errorf("%d chunks wait, want about %d", c, netio.MaxChunks)
		}
		reader := e.spawn(func(e *env) { e.drain(b, n) })
		e.close(a)
		e.check(reader.Await(e.task))
		e.close(b)
	})
}

// A Recv that loses again and again, before and after there is something: it is
// there in the end, once.
func TestRecvLosesOften(t *testing.T) {
	onEach(t, func(e *env) {
		a, b := e.pair()
		for turn := range 100 {
			if turn == 50 {
				e.write(a, "abc")
			}
			recv := b.Recv()
			first, err := async.Await(e.task, future.Select(&ready{}, &recv))
			e.check(err)
			if first.Won == 1 {
				e.equal(string(first.B), "abc")
				e.write(a, "abc")
			}
		}
		e.equal(e.recv(b), "abc")
		e.close(a, b)
	})
}

// ready is a future that is ready when it is polled the second time.
type ready struct{ polled bool }

func (r *ready) Poll(t *async.Task) (int, error) {
	if !r.polled {
		r.polled = true
		t.Waker().WakeLocal()
		return 0, async.Pending
	}
	return 1, nil
}
