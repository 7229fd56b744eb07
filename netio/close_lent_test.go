package netio_test

import (
	"net"
	"sync/atomic"
	"testing"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/driver"
	"rondo.dev/rondo/netio"
)

// twoBuffers has a buffer used again at once.
func (w *world) twoBuffers() {
	w.drv = driver.Options{Buffers: 2}
	if w.memory != nil {
		w.memory.Buffers = 2
	}
}

// What Recv has lent stays the borrower's when somebody else closes the connection:
// what it passes on is what it was lent, and not what another connection receives.
func TestLentBytesOutliveAForeignClose(t *testing.T) {
	eachDriver(t, func(t *testing.T, w *world) {
		w.twoBuffers()
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
			e.until(func() bool { return borrowed })
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
				borrowed, closed := false, false
				borrower := e.spawn(func(e *env) {
					e.equal(e.recv(b), "data")
					borrowed = true
					e.until(func() bool { return closed })
					end(e, b)
				})
				e.until(func() bool { return borrowed })
				e.close(b)
				closed = true
				e.check(borrower.Await(e.task))
				e.close(a)
			})
		})
	}
}

// What was left to its borrower stays its, whoever reads on: run checks that it comes back
// when the borrower has ended.
func TestLeftBytesOutliveForeignReads(t *testing.T) {
	eachDriver(t, func(t *testing.T, w *world) {
		w.twoBuffers()
		w.run(t, func(e *env) {
			a, b := e.pair()
			b.LeaveLent() // there is nothing to leave
			e.write(a, "mine")
			borrowed, read := false, false
			borrower := e.spawn(func(e *env) {
				data, err := b.Recv().Await(e.task)
				e.check(err)
				borrowed = true
				e.until(func() bool { return read })
				e.equal(string(data), "mine")
			})
			e.until(func() bool { return borrowed })
			b.LeaveLent()
			for range 4 {
				e.write(a, "SECRET")
				e.equal(e.recv(b), "SECRET")
			}
			read = true
			e.check(borrower.Await(e.task))
			e.close(a, b)
		})
	})
}

// A task of another loop, which may go on for long with what it got, is a borrower
// whose end nobody here sees: it gets bytes of its own.
func TestForeignBorrowerHasBytesOfItsOwn(t *testing.T) {
	onTwoLoops(t, func(e *env, other *rondo.Loop) {
		a, b := e.pair()
		x, y := e.pair()
		e.write(a, "mine")
		var borrowed, overwritten atomic.Bool
		child := e.there(other, func(e *env) {
			data, err := b.Recv().Await(e.task)
			e.check(err)
			borrowed.Store(true)
			e.until(overwritten.Load)
			e.equal(string(data), "mine")
		})
		e.until(borrowed.Load)
		e.close(b)
		for range 64 {
			e.write(x, "SECRET")
			e.equal(e.recv(y), "SECRET")
		}
		overwritten.Store(true)
		e.check(child.Await(e.task))
		e.close(a, x, y)
	})
}

// When the driver has nothing left to lend, what nobody has any more is collected.
func TestShortageCollects(t *testing.T) {
	eachStarved(t, func(e *env) {
		ln := e.listen()
		var open []closer
		var borrowers []*async.Child
		closed := false
		for range 4 {
			a := e.dial(ln)
			b := e.accept(ln)
			e.write(a, "lent")
			borrowed := false
			borrowers = append(borrowers, e.spawn(func(e *env) {
				e.equal(e.recv(b), "lent")
				borrowed = true
				e.until(func() bool { return closed })
			}))
			e.until(func() bool { return borrowed })
			e.close(b)
			open = append(open, a)
		}
		e.equal(netio.Overdue(ln.Home()), 4)
		closed = true
		for _, b := range borrowers {
			e.check(b.Await(e.task))
		}
		a := e.dial(ln)
		b := e.accept(ln)
		e.write(a, "new")
		e.equal(e.recv(b), "new")
		e.equal(netio.Overdue(ln.Home()), 0)
		e.close(append(open, a, b, ln)...)
	})
}
