//go:build unix

package netio_test

import (
	"errors"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/driver"
	"rondo.dev/rondo/future"
	"rondo.dev/rondo/netio"
	"rondo.dev/rondo/timer"
)

// A rawPipe is a pair of descriptors that the loop's driver has not made, in the
// driver's world.
type rawPipe struct {
	e    *env
	r, w int
}

// rawPipes runs a test with such pipes in every world.
func rawPipes(t *testing.T, f func(e *env, pipe func() rawPipe)) {
	eachDriver(t, func(t *testing.T, w *world) {
		var memory *driver.Memory
		w.made = func(m *driver.Memory) { memory = m }
		w.run(t, func(e *env) {
			f(e, func() rawPipe {
				if !e.kernel() {
					r, w, err := memory.Pipe()
					e.check(err)
					return rawPipe{e, r, w}
				}
				var fds [2]int
				e.check(unix.Pipe(fds[:]))
				for _, fd := range fds {
					e.check(unix.SetNonblock(fd, true))
					unix.CloseOnExec(fd)
				}
				return rawPipe{e, fds[0], fds[1]}
			})
		})
	})
}

// op runs an operation of the driver to its end.
func (p rawPipe) op(prepare func(op *driver.Op, c driver.Completer)) driver.Result {
	var op driver.Op
	var r driver.Result
	prepare(&op, driver.CompleterFunc(func(_ *driver.Op, res driver.Result) { r = res }))
	rondo.LoopOf(p.e.task).Driver().Submit(&op)
	p.e.until(func() bool { return !op.InFlight() })
	return r
}

func (p rawPipe) write(s string) {
	p.e.Helper()
	r := p.op(func(op *driver.Op, c driver.Completer) { op.Write(p.w, []byte(s), c) })
	p.e.check(r.Err)
	p.e.equal(r.N, len(s))
}

func (p rawPipe) read() string {
	p.e.Helper()
	b := make([]byte, 100)
	r := p.op(func(op *driver.Op, c driver.Completer) { op.Read(p.r, b, c) })
	p.e.check(r.Err)
	return string(b[:r.N])
}

func (p rawPipe) close(fds ...int) {
	p.e.Helper()
	for _, fd := range fds {
		p.e.check(p.op(func(op *driver.Op, c driver.Completer) { op.Close(fd, c) }).Err)
	}
}

func TestReadiness(t *testing.T) {
	rawPipes(t, func(e *env, pipe func() rawPipe) {
		p := pipe()
		r, w := netio.NewReadinessFD(e.task, p.r), netio.NewReadinessFD(e.task, p.w)
		for range 3 {
			ev, err := w.Writable().Await(e.task)
			e.check(err)
			e.equal(ev&driver.Writable, driver.Writable)
			first := e.spawn(func(e *env) {
				ev, err := r.Readable().Await(e.task)
				e.check(err)
				e.equal(ev&driver.Readable, driver.Readable)
			})
			second := e.spawn(func(e *env) {
				ev, err := r.Ready(driver.Readable | driver.Writable).Await(e.task)
				e.check(err)
				e.equal(ev&driver.Readable, driver.Readable)
			})
			p.write("x")
			e.check(first.Await(e.task))
			e.check(second.Await(e.task))
			e.equal(p.read(), "x")
		}
		// Cancelled, it returns at once, and the next wait works.
		for range 3 {
			scope, cancel := e.task.WithCancel()
			child := e.with(scope).spawn(func(e *env) {
				_, err := r.Readable().Await(e.task)
				e.is(err, errTest)
			})
			cancel(errTest)
			e.check(child.Await(e.task))
			read := r.Readable()
			_, err := async.Await(e.task, timer.Timeout(time.Millisecond, &read))
			e.is(err, os.ErrDeadlineExceeded)
			read = r.Readable()
			yes := ready{}
			won, err := async.Await(e.task, future.Select(&read, &yes))
			e.check(err)
			e.equal(won.Won, 1)
			waits := e.spawn(func(e *env) {
				_, err := read.Await(e.task)
				e.check(err)
			})
			p.write("y")
			e.check(waits.Await(e.task))
			e.equal(p.read(), "y")
		}
		// The end is readable.
		e.close(w)
		waits := e.spawn(func(e *env) {
			_, err := r.Readable().Await(e.task)
			e.check(err)
		})
		p.close(p.w)
		e.check(waits.Await(e.task))
		e.close(r)
		p.close(p.r)
	})
}

// Close ends the waits, and only then the descriptor may be closed.
func TestReadinessClose(t *testing.T) {
	rawPipes(t, func(e *env, pipe func() rawPipe) {
		for range 5 {
			p := pipe()
			r := netio.NewReadinessFD(e.task, p.r)
			var waits []*async.Child
			for _, ev := range []driver.Events{driver.Readable, driver.Readable, 0} {
				waits = append(waits, e.spawn(func(e *env) {
					_, err := r.Ready(ev).Await(e.task)
					e.is(err, net.ErrClosed)
				}))
			}
			given := r.Readable()
			yes := ready{}
			_, err := async.Await(e.task, future.Select(&given, &yes))
			e.check(err)
			e.close(r)
			p.close(p.r, p.w)
			for _, c := range waits {
				e.check(c.Await(e.task))
			}
			_, err = r.Readable().Await(e.task)
			e.is(err, net.ErrClosed)
			e.is(r.Close().Await(e.task), net.ErrClosed)
			e.is(r.Do(e.task, driver.Readable, func(uintptr) bool { return false }), net.ErrClosed)
		}
	})
}

// A connection of package net, read by hand.
func TestReadinessOfRawConn(t *testing.T) {
	onKernel(t, func(e *env) {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		e.check(err)
		defer ln.Close()
		peer, err := net.Dial("tcp", ln.Addr().String())
		e.check(err)
		defer peer.Close()
		nc, err := ln.Accept()
		e.check(err)
		r, err := netio.NewReadiness(e.task, nc.(*net.TCPConn))
		e.check(err)
		var got strings.Builder
		read := e.spawn(func(e *env) {
			for got.Len() < 10 {
				e.check(r.Do(e.task, driver.Readable, func(fd uintptr) bool {
					b := make([]byte, 3)
					n, err := unix.Read(int(fd), b)
					if err == unix.EAGAIN {
						return false
					}
					e.check(err)
					got.Write(b[:n])
					return true
				}))
			}
		})
		for _, s := range []string{"he", "llo ", "worl"} {
			_, err := peer.Write([]byte(s))
			e.check(err)
			e.settle()
		}
		e.check(read.Await(e.task))
		e.equal(got.String(), "hello worl")
		nc.Close()
		if _, err := r.Readable().Await(e.task); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
			e.Errorf("its owner has closed it: %v", err)
		}
		e.close(r)
	})
	w := &world{memory: &driver.MemoryOptions{}}
	w.run(t, func(e *env) {
		f, err := os.Open(os.DevNull)
		e.check(err)
		defer f.Close()
		_, err = netio.NewReadiness(e.task, f)
		e.is(err, errors.ErrUnsupported)
	})
}

// A regular file is always ready.
func TestReadinessOfFile(t *testing.T) {
	onKernel(t, func(e *env) {
		f, err := os.CreateTemp(e.TempDir(), "f")
		e.check(err)
		r, err := netio.NewReadiness(e.task, f)
		e.check(err)
		_, err = r.Readable().Await(e.task)
		e.check(err)
		e.close(r)
		e.check(f.Close())
	})
}
