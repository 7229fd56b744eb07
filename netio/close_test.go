package netio_test

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/netio"
)

// Close ends everything that is in flight or waits for its turn, once.
func TestCloseWithOperationsInFlight(t *testing.T) {
	onEach(t, func(e *env) {
		a, b := e.pair()
		n := e.fill(a)
		ended := 0
		expect := func(name string, f func(e *env) error) *async.Child {
			return e.spawn(func(e *env) {
				err := f(e)
				var op *net.OpError
				if !errors.Is(err, net.ErrClosed) || !errors.As(err, &op) {
					e.Errorf("%s: got %#v, want a *net.OpError of net.ErrClosed", name, err)
				}
				ended++
			})
		}
		ops := []*async.Child{expect("write", func(e *env) error {
			m, err := a.Write(pattern(n, e.tooMuch())).Await(e.task)
			n += m
			return err
		})}
		for range 2 {
			ops = append(ops,
				expect("read", func(e *env) error { _, err := a.Read(make([]byte, 10)).Await(e.task); return err }),
				expect("recv", func(e *env) error { _, err := a.Recv().Await(e.task); return err }),
				expect("write", func(e *env) error { _, err := a.Write(make([]byte, 10)).Await(e.task); return err }),
				expect("writev", func(e *env) error { _, err := a.Writev(make([]byte, 10)).Await(e.task); return err }),
				expect("closewrite", func(e *env) error { return a.CloseWrite().Await(e.task) }),
			)
		}
		e.settle()
		e.equal(ended, 0)
		e.close(a)
		for _, op := range ops {
			e.check(op.Await(e.task))
		}
		e.equal(ended, len(ops))

		// And everything after it.
		for name, f := range map[string]func() error{
			"close":    func() error { return a.Close().Await(e.task) },
			"read":     func() error { _, err := a.Read(make([]byte, 1)).Await(e.task); return err },
			"recv":     func() error { _, err := a.Recv().Await(e.task); return err },
			"write":    func() error { _, err := a.Write(make([]byte, 1)).Await(e.task); return err },
			"deadline": func() error { return a.SetDeadline(soon()).Await(e.task) },
			"option":   func() error { return a.SetNoDelay(true).Await(e.task) },
		} {
			if err := f(); !errors.Is(err, net.ErrClosed) {
				e.Errorf("%s after Close: %v", name, err)
			}
		}
		e.drain(b, n)
		e.close(b)
	})
}

// A Recv that has its result when another task closes does not get at memory that
// was given back.
func TestCloseOvertakesResult(t *testing.T) {
	onEach(t, func(e *env) {
		for _, read := range []bool{false, true} {
			a, b := e.pair()
			// The reader is woken by its bytes, and runs only after the task that
			// closes: they are polled by hand, in the wrong order.
			recv, into := b.Recv(), b.Read(make([]byte, 5))
			poll := func() error {
				if read {
					_, err := into.Poll(e.task)
					return err
				}
				_, err := recv.Poll(e.task)
				return err
			}
			if !async.IsPending(poll()) {
				e.Fatal("there is nothing to be read")
			}
			e.write(a, "bytes")
			e.settle()
			e.close(b)
			if err := poll(); err != nil {
				e.is(err, net.ErrClosed)
			} else if !read {
				e.Error("Recv has lent memory of a closed connection")
			}
			e.close(a)
		}
	})
}

// The same for an error.
func TestCloseOvertakesError(t *testing.T) {
	onEach(t, func(e *env) {
		a, b := e.pair()
		read := b.Read(make([]byte, 5))
		_, err := read.Poll(e.task)
		e.equal(async.IsPending(err), true)
		e.check(a.SetLinger(0).Await(e.task))
		e.close(a)
		e.settle()
		e.close(b)
		_, err = read.Poll(e.task)
		e.is(err, net.ErrClosed)
		if err.Error() == "" {
			e.Error("the error has no text")
		}
	})
}

func TestCloseGivesBackEverything(t *testing.T) {
	onEach(t, func(e *env) {
		a, b := e.pair()
		e.write(a, "lent")
		e.equal(e.recv(b), "lent")
		e.write(a, "armed")
		e.settle()
		e.close(b)   // run checks that nothing is lent
		e.wantEOF(a) // and no reset: what was armed has received
		e.close(a)
	})
}

// Close goes on in a cancelled task, and can be deferred there.
func TestCloseWhileCancelled(t *testing.T) {
	onEach(t, func(e *env) {
		a, b := e.pair()
		c := e.cancelled()
		e.check(a.Close().Await(c.task))
		e.wantEOF(b)
		e.close(b)
	})
}

func TestForeignClose(t *testing.T) {
	onEach(t, func(e *env) {
		a, b := e.pair()
		reader := e.spawn(func(e *env) {
			_, err := b.Read(make([]byte, 1)).Await(e.task)
			e.is(err, net.ErrClosed)
		})
		e.check(e.elsewhere(func() error {
			ctx, cancel := context.WithCancel(context.Background())
			cancel()
			return b.Close().Wait(ctx) // is not cancelled either
		}))
		e.check(reader.Await(e.task))
		e.wantEOF(a)
		e.close(a)
	})
}

func TestListenerClose(t *testing.T) {
	onEach(t, func(e *env) {
		ln := e.listen()
		var accepts []*async.Child
		for range 3 {
			accepts = append(accepts, e.spawn(func(e *env) {
				_, err := ln.Accept().Await(e.task)
				e.is(err, net.ErrClosed)
			}))
		}
		e.close(ln)
		for _, a := range accepts {
			e.check(a.Await(e.task))
		}
		e.is(ln.Close().Await(e.task), net.ErrClosed)
		_, err := ln.Accept().Await(e.task)
		e.is(err, net.ErrClosed)
		_, err = netio.DialAddrPort(e.task, ln.AddrPort())
		e.is(err, syscall.ECONNREFUSED)
	})
}

// Connections that nobody has accepted are closed with the listener, those that a
// losing Accept had got too.
func TestListenerCloseWithConnections(t *testing.T) {
	onEach(t, func(e *env) {
		ln := e.listen()
		first := e.dial(ln)
		e.close(e.accept(ln)) // accepting stays armed
		e.wantEOF(first)

		loser := ln.Accept()
		_, err := loser.Poll(e.task)
		e.equal(async.IsPending(err), true)
		second, third := e.dial(ln), e.dial(ln)
		e.until(func() bool { return netio.Ready(ln) == 1 })
		e.equal(loser.Cancel(e.task, true), false) // it has a connection
		e.close(ln)
		_, err = loser.Poll(e.task)
		e.equal(async.IsPending(err), false)
		for _, c := range []*netio.Conn{second, third} {
			_, err := c.Recv().Await(e.task)
			if err != io.EOF && !errors.Is(err, syscall.ECONNRESET) {
				e.Errorf("a connection that nobody accepts: %v", err)
			}
			e.close(c)
		}
		e.close(first)
	})
}

// A peer that has reset the connection is nobody, but not nil.
func TestAddressOfAPeerThatIsGone(t *testing.T) {
	onEach(t, func(e *env) {
		ln := e.listen()
		client := e.dial(ln)
		e.check(client.SetLinger(0).Await(e.task))
		server := e.accept(ln)
		e.close(client)
		e.settle()
		for _, a := range []net.Addr{server.RemoteAddr(), server.LocalAddr()} {
			if a == nil || a.Network() != "tcp" || a.String() == "" {
				e.Errorf("got the address %v", a)
			}
		}
		if _, err := server.Write([]byte("x")).Await(e.task); err == nil {
			e.Error("wrote to nobody")
		} else if err.Error() == "" {
			e.Error("an error without words")
		}
		e.close(server, ln)
	})
}

// What belonged to a loop that has ended can still be closed, by anybody, once; run
// looks for what is left.
func TestCloseAfterTheLoop(t *testing.T) {
	eachDriver(t, func(t *testing.T, w *world) {
		var left []closer
		w.runThen(t, func(e *env) {
			ln := e.listen()
			client := e.dial(ln)
			server := e.accept(ln)
			e.close(e.dial(ln)) // which nobody accepts
			e.write(client, "unread")
			// So that the rest of it lies in the connection.
			e.equal(e.read(server, 2), "un")
			e.settle()
			left = []closer{ln, client, server, e.packets()}
		}, func() {
			var wg sync.WaitGroup
			var closed atomic.Int32
			for _, c := range left {
				for range 4 {
					wg.Go(func() {
						switch err := c.Close().Wait(t.Context()); {
						case err == nil:
							closed.Add(1)
						case !errors.Is(err, net.ErrClosed):
							t.Errorf("%T: %v", c, err)
						}
					})
				}
			}
			wg.Wait()
			if n := int(closed.Load()); n != len(left) {
				t.Errorf("%d of %d were closed", n, len(left))
			}
			if _, err := left[1].(*netio.Conn).Write([]byte("x")).Wait(t.Context()); !errors.Is(err, async.ErrExecutorClosed) {
				t.Errorf("a write got %v", err)
			}
		})
	})
}
