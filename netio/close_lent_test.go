package netio_test

import (
	"net"
	"testing"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/driver"
	"rondo.dev/rondo/netio"
)

// What Recv has lent stays the borrower's when somebody else closes the connection:
// what it passes on is what it was lent, and not what another connection receives.
func TestLentBytesOutliveAForeignClose(t *testing.T) {
	eachDriver(t, func(t *testing.T, w *world) {
		w.drv = driver.Options{Buffers: 2} // so that a buffer is used again at once
		if w.memory != nil {
			w.memory.Buffers = 2
		}
		w.run(t, func(e *env) {
			a, b := e.pair()
			c, d := e.pair()
			x, y := e.pair()
			full := e.fill(c)
			e.write(a, "mine")
			borrowed := false
			borrower := e.spawn(func(e *env) {
				data, err := b.Recv().Await(e.task)
				e.check(err)
				borrowed = true
				_, err = c.Write(data).Await(e.task)
				e.check(err)
				_, err = b.Recv().Await(e.task)
				e.is(err, net.ErrClosed)
			})
			for !borrowed {
				e.yield()
				e.settle()
			}
			e.close(b)
			for range 4 {
				e.write(x, "SECRET")
				e.equal(e.recv(y), "SECRET")
			}
			e.same([]byte(e.read(d, full)), 0)
			e.equal(e.read(d, 4), "mine")
			e.check(borrower.Await(e.task))
			e.close(a, c, d, x, y)
		})
	})
}

// The buffer comes back in whichever way the borrower ends: run checks that.
func TestForeignCloseGetsTheBufferBack(t *testing.T) {
	ends := map[string]func(e *env, c *netio.Conn){
		"it reads":      func(e *env, c *netio.Conn) { _, err := c.Recv().Await(e.task); e.is(err, net.ErrClosed) },
		"it closes":     func(e *env, c *netio.Conn) { e.is(c.Close().Await(e.task), net.ErrClosed) },
		"its task ends": func(e *env, c *netio.Conn) {},
	}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			onEach(t, func(e *env) {
				a, b := e.pair()
				e.write(a, "data")
				done := false
				borrower := e.spawn(func(e *env) {
					e.equal(e.recv(b), "data")
					for !done {
						e.check(async.Yield(e.task))
					}
					end(e, b)
				})
				e.settle()
				e.close(b)
				done = true
				e.check(borrower.Await(e.task))
				e.close(a)
			})
		})
	}
}
