package netio_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/netio"
	"rondo.dev/rondo/timer"
)

func echo(t *async.Task, c *netio.Conn) error {
	for {
		b, err := c.Recv().Await(t)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if _, err := c.Write(b).Await(t); err != nil {
			return err
		}
	}
}

// serve starts Serve with a handler, and returns what it listens on and how to
// cancel and await it.
func (e *env) serve(handler func(t *async.Task, c *netio.Conn) error, opts ...netio.ServeOption) (*netio.Listener, func(error), *async.Child) {
	e.Helper()
	ln := e.listen()
	scope, cancel := e.task.WithCancel()
	child := scope.Go(func(t *async.Task) error { return netio.Serve(t, ln, handler, opts...) })
	return ln, cancel, child
}

// refuses checks that nothing is accepted any more. io_uring tells of the end of an accept a
// moment before it lets go of the listener.
func (e *env) refuses(ln *netio.Listener) {
	e.Helper()
	e.until(func() bool {
		c, err := netio.DialAddrPort(e.task, ln.AddrPort())
		if err == nil {
			e.close(c)
			return false
		}
		e.is(err, syscall.ECONNREFUSED)
		return true
	})
}

// eachServing runs a test in every world, on the kernel with one and three loops.
func eachServing(t *testing.T, f func(e *env)) {
	eachDriver(t, func(t *testing.T, w *world) {
		w.run(t, f)
		if w.kernel() {
			w.loops = 3
			w.run(t, f)
		}
	})
}

func TestServe(t *testing.T) {
	eachServing(t, func(e *env) {
		ln, cancel, server := e.serve(echo)
		var clients []*async.Child
		for range 30 {
			clients = append(clients, e.spawn(func(e *env) {
				c := e.dial(ln)
				for range 5 {
					e.write(c, "hello")
					e.equal(e.read(c, 5), "hello")
					e.yield()
				}
				e.close(c)
			}))
		}
		for _, c := range clients {
			e.check(c.Await(e.task))
		}
		cancel(errTest)
		e.is(server.Await(e.task), errTest)
		e.refuses(ln)
	})
}

// ServeStopped is told when the address is free, on all loops, with handlers that go on.
func TestServeStopped(t *testing.T) {
	eachServing(t, func(e *env) {
		var stopped atomic.Int32
		ln, cancel, server := e.serve(echo, netio.Drain(time.Hour), netio.ServeStopped(func() { stopped.Add(1) }))
		c := e.dial(ln)
		e.write(c, "hello")
		e.equal(e.read(c, 5), "hello")
		e.check(ln.Close().Await(e.task))
		e.until(func() bool { return stopped.Load() > 0 })
		e.refuses(ln)
		e.write(c, "still")
		e.equal(e.read(c, 5), "still")
		e.close(c)
		e.check(server.Await(e.task))
		e.equal(stopped.Load(), int32(1))
		cancel(errTest)
	})
}

// Serving a listener that is closed already ends at once: its descriptor may be another's.
func TestServeClosed(t *testing.T) {
	eachServing(t, func(e *env) {
		ln := e.listen()
		e.check(ln.Close().Await(e.task))
		stopped := 0
		e.check(netio.Serve(e.task, ln, echo, netio.ServeStopped(func() { stopped++ })))
		e.equal(stopped, 1)
	})
}

// A listener that is closed ends the server without an error; handlers are
// cancelled, and Serve waits for their tasks.
func TestServeListenerClosed(t *testing.T) {
	eachServing(t, func(e *env) {
		var running, cleaned atomic.Int32
		ln := e.listen()
		handler := func(t *async.Task, c *netio.Conn) error {
			running.Add(1)
			_, err := c.Recv().Await(t)
			if t.Cause() == nil || !errors.Is(err, t.Cause()) {
				e.Errorf("a handler was told %v, its task %v", err, t.Cause())
			}
			clean, stop := t.WithoutCancel().WithTimeout(time.Minute)
			defer stop()
			err = timer.Sleep(2 * time.Millisecond).Await(clean)
			cleaned.Add(1)
			return err
		}
		server := e.spawn(func(e *env) {
			e.check(netio.Serve(e.task, ln, handler))
			e.equal(cleaned.Load(), int32(20)) // when it returns, not only when its task ends
		})
		var clients []closer
		for range 20 {
			clients = append(clients, e.dial(ln))
		}
		e.until(func() bool { return running.Load() == 20 })
		e.close(ln)
		e.check(server.Await(e.task))
		e.close(clients...)
	})
}

// However a handler ends, the others go on, and the server is told.
func TestServeHandlersThatFail(t *testing.T) {
	boom := errors.New("boom")
	for name, c := range map[string]struct {
		handler func(t *async.Task, c *netio.Conn) error
		is      func(err error) bool
	}{
		"error": {
			func(*async.Task, *netio.Conn) error { return boom },
			func(err error) bool { return err == boom }},
		"panic": {
			func(*async.Task, *netio.Conn) error { panic(boom) },
			func(err error) bool { var p *async.PanicError; return errors.As(err, &p) && p.Value == boom }},
		"panic after an await": {
			func(t *async.Task, c *netio.Conn) error { c.Recv().Await(t); panic(boom) },
			func(err error) bool { return errors.Is(err, boom) }},
		"goexit": {
			func(*async.Task, *netio.Conn) error { runtime.Goexit(); return nil },
			func(err error) bool { return err == async.ErrGoexit }},
		"child's error": {
			func(t *async.Task, _ *netio.Conn) error {
				t.Go(func(*async.Task) error { return boom })
				return nil
			},
			func(err error) bool { return err == boom }},
		"child's panic": {
			func(t *async.Task, c *netio.Conn) error {
				t.Go(func(*async.Task) error { panic(boom) })
				c.Recv().Await(t)
				_, err := c.Recv().Await(t)
				return err
			},
			func(err error) bool { return errors.Is(err, boom) }},
		"child's goexit": {
			func(t *async.Task, c *netio.Conn) error {
				t.Go(func(*async.Task) error { runtime.Goexit(); return nil })
				return nil
			},
			func(err error) bool { return errors.Is(err, async.ErrGoexit) }},
		"closes by itself": {
			func(t *async.Task, c *netio.Conn) error { c.Close().Await(t); return boom },
			func(err error) bool { return err == boom }},
	} {
		t.Run(name, func(t *testing.T) {
			eachServing(t, func(e *env) {
				var mu sync.Mutex
				var told []error
				first := true
				ln, cancel, server := e.serve(func(t *async.Task, conn *netio.Conn) error {
					mu.Lock()
					fails := first
					first = false
					mu.Unlock()
					if fails {
						return c.handler(t, conn)
					}
					return echo(t, conn)
				}, netio.ServeErrors(func(_ *netio.Conn, err error) {
					mu.Lock()
					told = append(told, err)
					mu.Unlock()
				}))
				bad := e.dial(ln)
				bad.Write([]byte("x")).Await(e.task)
				_, err := bad.Recv().Await(e.task)
				if err != io.EOF && !errors.Is(err, syscall.ECONNRESET) {
					e.Errorf("the connection of a handler that failed: %v", err)
				}
				good := e.dial(ln)
				e.write(good, "still there")
				e.equal(e.read(good, 11), "still there")
				e.close(good, bad)
				e.settle()
				cancel(errTest)
				e.is(server.Await(e.task), errTest)
				mu.Lock()
				defer mu.Unlock()
				if len(told) == 0 || !c.is(told[0]) {
					e.Errorf("told %v", told)
				}
			})
		})
	}
}

// By default panics are logged, with the stack, and other errors are not.
func TestServeLogsPanics(t *testing.T) {
	worlds()[0].run(t, func(e *env) {
		var log strings.Builder
		ln, cancel, server := e.serve(func(t *async.Task, c *netio.Conn) error {
			b, err := c.Recv().Await(t)
			switch {
			case err != nil:
				return err
			case b[0] == 'p':
				panic("at the disco")
			}
			return errors.New("everyday")
		}, netio.ServeLogger(slog.New(slog.NewTextHandler(&log, nil))))
		for _, s := range []string{"p", "e"} {
			c := e.dial(ln)
			e.write(c, s)
			e.wantEOF(c)
			e.close(c)
		}
		cancel(errTest)
		e.is(server.Await(e.task), errTest)
		if !strings.Contains(log.String(), "at the disco") || !strings.Contains(log.String(), "TestServeLogsPanics") {
			e.Errorf("logged %q", log.String())
		}
		if strings.Contains(log.String(), "everyday") {
			e.Errorf("logged %q", log.String())
		}
	})
}

// The function that is told of errors may panic: that is logged, and the server goes on
// and ends as ever.
func TestServeErrorsPanics(t *testing.T) {
	eachServing(t, func(e *env) {
		var mu sync.Mutex
		var log strings.Builder
		ln, cancel, server := e.serve(func(t *async.Task, c *netio.Conn) error {
			if err := echo(t, c); err != nil {
				return err
			}
			return errTest
		}, netio.MaxConns(2), netio.ServeErrors(func(*netio.Conn, error) { panic("in the hook") }),
			netio.ServeLogger(slog.New(slog.NewTextHandler(&locked{&mu, &log}, nil))))
		for range 5 {
			c := e.dial(ln)
			e.write(c, "hello")
			e.equal(e.read(c, 5), "hello")
			e.close(c)
		}
		cancel(errTest)
		e.is(server.Await(e.task), errTest)
		mu.Lock()
		defer mu.Unlock()
		if n := strings.Count(log.String(), "in the hook"); n != 5 {
			e.Errorf("logged %d times: %q", n, log.String())
		}
	})
}

// locked is a writer that loops share.
type locked struct {
	mu *sync.Mutex
	w  io.Writer
}

func (l *locked) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(b)
}

// No more connections are served at once than MaxConns says, all of them in the
// end, and the limit is reached whichever loops have accepted.
func TestServeMaxConns(t *testing.T) {
	eachServing(t, func(e *env) {
		const limit, clients = 3, 12
		var now, served atomic.Int32
		var full atomic.Bool
		ln, cancel, server := e.serve(func(t *async.Task, c *netio.Conn) error {
			n := now.Add(1)
			defer now.Add(-1)
			if n > limit {
				e.Errorf("%d connections are served", n)
			}
			if n == limit {
				full.Store(true)
			}
			for !full.Load() { // nobody leaves before the limit was reached
				if err := timer.Sleep(time.Millisecond).Await(t); err != nil {
					return err
				}
			}
			served.Add(1)
			_, err := c.Write([]byte("ok")).Await(t)
			return err
		}, netio.MaxConns(limit))
		var tasks []*async.Child
		for range clients {
			tasks = append(tasks, e.spawn(func(e *env) {
				c := e.dial(ln)
				e.equal(e.read(c, 2), "ok")
				e.close(c)
			}))
		}
		for _, c := range tasks {
			e.check(c.Await(e.task))
		}
		cancel(errTest)
		e.is(server.Await(e.task), errTest)
		e.equal(served.Load(), int32(clients))
	})
}

// With a time to drain, handlers end by themselves; those that don't are cancelled.
func TestServeDrain(t *testing.T) {
	eachServing(t, func(e *env) {
		var got atomic.Int32
		handler := func(t *async.Task, c *netio.Conn) error {
			got.Add(1)
			return echo(t, c)
		}
		const n = 12
		start := func(d time.Duration) (func(error), *async.Child, []*netio.Conn) {
			got.Store(0)
			ln, cancel, server := e.serve(handler, netio.Drain(d))
			var conns []*netio.Conn
			for range n {
				conns = append(conns, e.dial(ln))
			}
			e.until(func() bool { return got.Load() == n })
			return cancel, server, conns
		}
		cancel, server, conns := start(time.Hour)
		cancel(errTest)
		e.settle()
		for _, c := range conns {
			e.write(c, "go on")
			e.equal(e.read(c, 5), "go on")
			e.close(c)
		}
		e.is(server.Await(e.task), errTest)

		cancel, server, conns = start(5 * time.Millisecond)
		cancel(errTest)
		e.is(server.Await(e.task), errTest)
		for _, c := range conns {
			e.wantEOF(c)
			e.close(c)
		}
	})
}

// Connections go to the loops evenly, whoever accepts them.
func TestServePlacement(t *testing.T) {
	eachKernel(t, func(t *testing.T, w *world) {
		w.loops = 3
		w.run(t, func(e *env) {
			var mu sync.Mutex
			on := map[*rondo.Loop]int{}
			ln, cancel, server := e.serve(func(t *async.Task, c *netio.Conn) error {
				mu.Lock()
				on[rondo.LoopOf(t)]++
				if c.Home() != rondo.LoopOf(t) {
					e.Error("a handler runs elsewhere than its connection")
				}
				mu.Unlock()
				return echo(t, c)
			})
			var conns []closer
			connect := func() {
				c := e.dial(ln)
				e.write(c, "x")
				e.equal(e.read(c, 1), "x")
				conns = append(conns, c)
			}
			seen := func() int { mu.Lock(); defer mu.Unlock(); return len(on) }
			for seen() < 3 && len(conns) < 2000 { // not all loops have begun
				connect()
			}
			for range max(120, 3*len(conns)) { // enough to make up for that
				connect()
			}
			mu.Lock()
			n := len(conns)
			for l, k := range on {
				if k < n/3-10 || k > n/3+10 {
					e.Errorf("loop %d has %d of %d connections", l.Index(), k, n)
				}
			}
			e.equal(len(on), 3)
			mu.Unlock()
			e.close(conns...)
			cancel(errTest)
			e.is(server.Await(e.task), errTest)
		})
	})
}

// Serve is called by a task of another loop than the listener's.
func TestServeFromAnotherLoop(t *testing.T) {
	onTwoLoops(t, func(e *env, other *rondo.Loop) {
		ln := e.listen()
		server := e.there(other, func(e *env) {
			e.check(netio.Serve(e.task, ln, echo))
		})
		c := e.dial(ln)
		e.write(c, "x")
		e.equal(e.read(c, 1), "x")
		e.close(c, ln)
		e.check(server.Await(e.task))
	})
}

// Who starts the tasks of connections by themselves says when they are done.
func TestServeFrames(t *testing.T) {
	eachServing(t, func(e *env) {
		boom := errors.New("boom")
		var told atomic.Int32
		ln := e.listen()
		server := e.spawn(func(e *env) {
			e.check(netio.ServeFrames(e.task, ln, func(t *async.Task, s netio.Served) {
				t.Go(func(t *async.Task) error {
					err := echo(t, s.Conn)
					s.Conn.Close().Await(t)
					s.Done(errors.Join(err, boom))
					return nil
				})
			}, netio.MaxConns(2), netio.ServeErrors(func(_ *netio.Conn, err error) {
				if errors.Is(err, boom) {
					told.Add(1)
				}
			})))
		})
		for range 10 {
			c := e.dial(ln)
			e.write(c, "x")
			e.equal(e.read(c, 1), "x")
			e.close(c)
		}
		e.close(ln)
		e.check(server.Await(e.task))
		e.equal(told.Load(), int32(10))
	})
}

// Clients of package net, from goroutines.
func TestServeNetClients(t *testing.T) {
	eachKernel(t, func(t *testing.T, w *world) {
		w.loops = 2
		w.run(t, func(e *env) {
			ln, cancel, server := e.serve(echo)
			addr := ln.Addr().String()
			e.check(e.elsewhere(func() error {
				errs := make(chan error, 10)
				for range cap(errs) {
					go func() {
						c, err := net.Dial("tcp", addr)
						if err == nil {
							defer c.Close()
							b := make([]byte, 5)
							for range 10 {
								if _, err = c.Write([]byte("hello")); err == nil {
									_, err = io.ReadFull(c, b)
								}
								if err != nil || string(b) != "hello" {
									break
								}
							}
						}
						errs <- err
					}()
				}
				var all error
				for range cap(errs) {
					all = errors.Join(all, <-errs)
				}
				return all
			}))
			cancel(errTest)
			e.is(server.Await(e.task), errTest)
		})
	})
}

// The server is cancelled by its context.
func TestServeContext(t *testing.T) {
	ctx, cancel := context.WithCancelCause(context.Background())
	ready := make(chan net.Addr, 1)
	ended := make(chan error, 1)
	go func() {
		ended <- rondo.Run(func(t *async.Task) error {
			ln, err := netio.Listen(t, "tcp", "127.0.0.1:0")
			if err != nil {
				return err
			}
			ready <- ln.Addr()
			return netio.Serve(t, ln, echo)
		}, rondo.Context(ctx))
	}()
	c, err := net.Dial("tcp", (<-ready).String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	cancel(errTest)
	if err := <-ended; !errors.Is(err, errTest) {
		t.Errorf("got %v", err)
	}
	c.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := c.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the connection of a server that has ended: %v", err)
	}
}

// A loop has accepted connections for another, which has closed them: it takes what
// has their numbers now for what that is.
func TestServeGivesDescriptorsAway(t *testing.T) {
	onTwoLoops(t, func(e *env, other *rondo.Loop) {
		var here, there atomic.Int32
		ln, cancel, server := e.serve(func(t *async.Task, c *netio.Conn) error {
			if c.Home() == other {
				there.Add(1)
			} else {
				here.Add(1)
			}
			return echo(t, c)
		})
		var conns []closer
		dialUntil := func(holds func() bool) {
			for !holds() {
				conns = append(conns, e.dial(ln))
				e.settle()
			}
		}
		dialUntil(func() bool { return there.Load() > 0 }) // it serves too
		held, release := make(chan bool, 1), make(chan bool)
		holder := e.there(other, func(*env) { held <- true; <-release })
		e.until(func() bool { return len(held) > 0 })
		many := here.Load() + 30
		dialUntil(func() bool { return here.Load() >= many }) // and about as many for the other
		close(release)
		e.check(holder.Await(e.task))
		e.close(conns...)
		cancel(errTest)
		e.is(server.Await(e.task), errTest)

		var pipes []closer
		for range conns {
			r, w, err := os.Pipe()
			e.check(err)
			from, err := netio.PipeReaderFrom(e.task, r)
			e.check(err)
			to, err := netio.PipeWriterFrom(e.task, w)
			e.check(err)
			e.write(to, "x")
			e.equal(e.read(from, 1), "x")
			pipes = append(pipes, from, to)
		}
		e.close(pipes...)
	})
}
