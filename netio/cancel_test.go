package netio_test

import (
	"errors"
	"io"
	"os"
	"syscall"
	"testing"
	"time"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/future"
	"rondo.dev/rondo/netio"
	"rondo.dev/rondo/netio/buffered"
	"rondo.dev/rondo/timer"
)

// Before its start a cancelled operation does nothing.
func TestCancelBeforeStart(t *testing.T) {
	onEach(t, func(e *env) {
		ln := e.listen()
		a := e.dial(ln)
		b := e.accept(ln)
		c := e.cancelled().task
		e.write(a, "x")
		for name, f := range map[string]func() error{
			"read":       func() error { _, err := b.Read(make([]byte, 1)).Await(c); return err },
			"recv":       func() error { _, err := b.Recv().Await(c); return err },
			"readfull":   func() error { _, err := netio.ReadFull(c, b, make([]byte, 1)); return err },
			"write":      func() error { _, err := b.Write([]byte("no")).Await(c); return err },
			"writev":     func() error { _, err := b.Writev([]byte("no")).Await(c); return err },
			"closewrite": func() error { return b.CloseWrite().Await(c) },
			"accept":     func() error { _, err := ln.Accept().Await(c); return err },
			"dial":       func() error { _, err := netio.Dial(c, "tcp", ln.Addr().String()); return err },
			"deadline":   func() error { return b.SetReadDeadline(time.Unix(1, 0)).Await(c) },
			"option":     func() error { return b.SetLinger(0).Await(c) },
		} {
			if err := f(); !errors.Is(err, errTest) {
				e.Errorf("%s: %v", name, err)
			}
		}
		e.equal(e.read(b, 1), "x")
		e.write(b, "yes")
		e.equal(e.read(a, 3), "yes")
		e.close(a, b, ln)
	})
}

// Cancelled in flight with nothing there, an operation returns the cause, and the
// next one works.
func TestCancelInFlight(t *testing.T) {
	onEach(t, func(e *env) {
		ln := e.listen()
		a := e.dial(ln)
		b := e.accept(ln)
		n := e.fill(a)
		for name, f := range map[string]func(t *async.Task) (int, error){
			"write": func(t *async.Task) (int, error) { return a.Write(pattern(n, e.tooMuch())).Await(t) },
			"writev": func(t *async.Task) (int, error) {
				b := pattern(n, e.tooMuch())
				return a.Writev(b[:1], b[1:]).Await(t)
			},
			"accept": func(t *async.Task) (int, error) { _, err := ln.Accept().Await(t); return 0, err },
		} {
			scope, cancel := e.task.WithCancel()
			child := e.with(scope).spawn(func(e *env) {
				m, err := f(e.task)
				if !errors.Is(err, errTest) {
					e.Errorf("%s: %d, %v", name, m, err)
				}
				n += m
			})
			cancel(errTest)
			e.check(child.Await(e.task))
		}
		// The write queue: what waits for its turn gives it up.
		first := e.spawn(func(e *env) {
			e.equalWrite(a, n, e.tooMuch())
		})
		scope, cancel := e.task.WithCancel()
		second := e.with(scope).spawn(func(e *env) { e.is(a.CloseWrite().Await(e.task), errTest) })
		cancel(errTest)
		e.check(second.Await(e.task))
		third := e.spawn(func(e *env) { e.check(a.CloseWrite().Await(e.task)) })
		e.drain(b, n+e.tooMuch())
		e.check(first.Await(e.task))
		e.check(third.Await(e.task))

		// Reads, on the other direction.
		for name, read := range readers {
			scope, cancel := e.task.WithCancel()
			child := e.with(scope).spawn(func(e *env) {
				s, err := read(e.task, a)
				if !errors.Is(err, errTest) || s != "" {
					e.Errorf("%s: %q, %v", name, s, err)
				}
			})
			cancel(errTest)
			e.check(child.Await(e.task))
			e.write(b, "x")
			e.equal(e.read(a, 1), "x")
		}
		e.close(a, b, ln)
	})
}

// A result that exists is delivered to whoever awaits, cancelled or not, and is
// nobody else's; the next await returns the cause.
func TestCancelWithResult(t *testing.T) {
	for name, read := range readers {
		t.Run(name, func(t *testing.T) {
			onEach(t, func(e *env) {
				a, b := e.pair()
				for range 20 {
					scope, cancel := e.task.WithCancel()
					var got string
					child := e.with(scope).spawn(func(e *env) {
						var err error
						got, err = read(e.task, b)
						if err != nil {
							e.is(err, errTest)
							e.equal(got, "")
						}
						_, err = read(e.task, b)
						e.is(err, errTest)
					})
					e.write(a, "data")
					cancel(errTest) // at the same moment
					e.check(child.Await(e.task))
					if got == "" {
						got = e.recv(b)
					}
					e.equal(got, "data")
				}
				e.close(a, b)
			})
		})
	}
}

func TestCancelAcceptWithResult(t *testing.T) {
	onEach(t, func(e *env) {
		ln := e.listen()
		for range 20 {
			scope, cancel := e.task.WithCancel()
			var got *netio.Conn
			child := e.with(scope).spawn(func(e *env) {
				var err error
				got, err = ln.Accept().Await(e.task)
				if err != nil {
					e.is(err, errTest)
				}
			})
			a := e.dial(ln)
			cancel(errTest)
			e.check(child.Await(e.task))
			if got == nil {
				got = e.accept(ln)
			}
			e.equal(got.RemoteAddr().String(), a.LocalAddr().String())
			e.close(a, got)
		}
		e.close(ln)
	})
}

// A Write that is cancelled says how much it has handed over.
func TestCancelWriteReturnsCount(t *testing.T) {
	onEach(t, func(e *env) {
		a, b := e.pair()
		scope, cancel := e.task.WithCancel()
		n := 0
		child := e.with(scope).spawn(func(e *env) {
			var err error
			n, err = a.Write(pattern(0, e.tooMuch())).Await(e.task)
			e.is(err, errTest)
		})
		e.same([]byte(e.read(b, 10)), 0) // so it has begun
		cancel(errTest)
		e.check(child.Await(e.task))
		if n == 0 {
			e.Error("nothing was written")
		}
		e.close(a)
		e.drainFrom(b, 10, n)
		e.close(b)
	})
}

// lose polls op, lets something happen, and then cancels it as a loser. It reports
// whether op had a result to put back.
func lose[T any](e *env, op *async.Op[T], happens func()) (had bool) {
	e.Helper()
	if _, err := op.Poll(e.task); !async.IsPending(err) {
		e.Fatal("there was a result already: ", err)
	}
	happens()
	e.settle()
	if op.Cancel(e.task, true) {
		return false
	}
	for {
		if _, err := op.Poll(e.task); !async.IsPending(err) {
			return true
		}
		e.settle()
	}
}

// What a losing read has read goes back, and is read next, in its order.
func TestLoserReads(t *testing.T) {
	type reader struct {
		name string
		lose func(e *env, c *netio.Conn, happens func()) bool
	}
	losers := []reader{
		{"Read", func(e *env, c *netio.Conn, happens func()) bool {
			buf := make([]byte, 4)
			op := c.Read(buf)
			had := lose(e, &op, happens)
			clear(buf) // it is the caller's again
			return had
		}},
		{"Recv", func(e *env, c *netio.Conn, happens func()) bool {
			op := c.Recv()
			return lose(e, &op, happens)
		}},
	}
	for _, first := range losers {
		for _, second := range losers {
			t.Run(first.name+","+second.name, func(t *testing.T) {
				onEach(t, func(e *env) {
					a, b := e.pair()
					for range 3 {
						e.equal(first.lose(e, b, func() { e.write(a, "abcdefgh") }), true)
						// Now there is something; whoever is started gets it, and may
						// put it back again.
						op, into := b.Recv(), make([]byte, 3)
						if second.name == "Read" {
							op2 := b.Read(into)
							n, err := op2.Poll(e.task)
							e.check(err)
							e.equal(string(into[:n]), "abc")
							e.equal(e.read(b, 5), "defgh")
						} else {
							p, err := op.Poll(e.task)
							e.check(err)
							got := string(p)
							got += e.read(b, 8-len(got))
							e.equal(got, "abcdefgh")
						}
						e.write(a, "ijkl")
						e.equal(e.read(b, 4), "ijkl")
					}
					e.close(a, b)
				})
			})
		}
	}
}

// An end of the stream, or an error, that a loser was told comes again.
func TestLoserGetsEOF(t *testing.T) {
	onEach(t, func(e *env) {
		for _, recv := range []bool{false, true} {
			a, b := e.pair()
			if recv {
				op := b.Recv()
				lose(e, &op, func() { e.close(a) })
			} else {
				op := b.Read(make([]byte, 1))
				lose(e, &op, func() { e.close(a) })
			}
			e.wantEOF(b)
			e.close(b)
		}
	})
}

// A reader that is queued behind a loser gets what that puts back.
func TestLoserHasQueue(t *testing.T) {
	onEach(t, func(e *env) {
		a, b := e.pair()
		op := b.Read(make([]byte, 3))
		var got string
		var next *async.Child
		lose(e, &op, func() {
			next = e.spawn(func(e *env) { got = e.read(b, 6) })
			e.write(a, "abcdef")
		})
		e.check(next.Await(e.task))
		e.equal(got, "abcdef")
		e.close(a, b)
	})
}

// The empty Read that loses in the queue has nothing to put back.
func TestLoserReadOfNothing(t *testing.T) {
	onEach(t, func(e *env) {
		a, b := e.pair()
		first, empty := b.Recv(), b.Read(nil)
		_, err := first.Poll(e.task)
		e.equal(async.IsPending(err), true)
		lose(e, &empty, func() {
			e.equal(first.Cancel(e.task, true), true)
		})
		e.write(a, "x")
		e.equal(e.read(b, 1), "x")
		e.close(a, b)
	})
}

// A connection that a losing Accept had got is the next one's.
func TestLoserAccept(t *testing.T) {
	onEach(t, func(e *env) {
		ln := e.listen()
		var clients []*netio.Conn
		op := ln.Accept()
		for range 5 {
			if len(clients) == 0 {
				e.equal(lose(e, &op, func() { clients = append(clients, e.dial(ln)) }), true)
			} else {
				clients = append(clients, e.dial(ln))
			}
		}
		// The handle can be awaited again.
		c, err := op.Await(e.task)
		e.check(err)
		for i, a := range clients {
			if i > 0 {
				c = e.accept(ln)
			}
			e.equal(c.RemoteAddr().String(), a.LocalAddr().String())
			e.close(a, c)
		}
		e.close(ln)
	})
}

// A losing Write remembers how far it came: awaited again it writes the rest, and
// returns the sum. So does Writev.
func TestLoserWrite(t *testing.T) {
	for _, vectored := range []bool{false, true} {
		t.Run(names("vectored", vectored), func(t *testing.T) {
			onEach(t, func(e *env) {
				a, b := e.pair()
				size := e.tooMuch()
				all := pattern(0, size)
				op := a.Write(all)
				if vectored {
					op = a.Writev(all[:10], all[10:size/2], nil, all[size/2:])
				}
				reader := e.spawn(func(e *env) {
					e.check(timer.Sleep(5 * time.Millisecond).Await(e.task))
					e.drain(b, size)
				})
				lost := 0
				for {
					first, err := async.Await(e.task, future.Select(&op, after(time.Millisecond)))
					e.check(err)
					if first.Won == 0 {
						e.equal(first.A, size)
						break
					}
					lost++
				}
				if lost == 0 {
					e.Error("the write never lost")
				}
				e.close(a)
				e.check(reader.Await(e.task))
				e.close(b)
			})
		})
	}
}

// after is a Sleep as a future.
func after(d time.Duration) *async.Act {
	a := timer.Sleep(d)
	return &a
}

// A loser's Write that is cancelled in the queue still knows what it has written.
func TestLoserWriteCancelledInQueue(t *testing.T) {
	onEach(t, func(e *env) {
		a, b := e.pair()
		size := e.tooMuch()
		op := a.Write(pattern(0, size))
		first, err := async.Await(e.task, future.Select(&op, after(5*time.Millisecond)))
		e.check(err)
		e.equal(first.Won, 1)

		scope, cancel := e.task.WithCancel()
		front := e.with(scope).spawn(func(e *env) {
			_, err := a.Write(make([]byte, size)).Await(e.task)
			e.is(err, errTest)
		})
		behind := e.with(scope).spawn(func(e *env) {
			n, err := op.Await(e.task)
			e.is(err, errTest)
			if n == 0 {
				e.Error("what was written before is forgotten")
			}
		})
		cancel(errTest)
		e.check(front.Await(e.task))
		e.check(behind.Await(e.task))
		e.close(a, b)
	})
}

// CloseWrite can lose and be awaited again.
func TestLoserCloseWrite(t *testing.T) {
	onEach(t, func(e *env) {
		a, b := e.pair()
		n := e.fill(a)
		w := e.spawn(func(e *env) { e.equalWrite(a, n, e.tooMuch()) })
		op := a.CloseWrite()
		_, err := op.Poll(e.task)
		e.equal(async.IsPending(err), true)
		e.equal(op.Cancel(e.task, true), true)
		again := e.spawn(func(e *env) { e.check(op.Await(e.task)) })
		e.drain(b, n+e.tooMuch())
		e.check(w.Await(e.task))
		e.check(again.Await(e.task))
		e.close(a, b)
	})
}

func (e *env) equalWrite(c *netio.Conn, from, n int) {
	e.Helper()
	m, err := c.Write(pattern(from, n)).Await(e.task)
	e.check(err)
	e.equal(m, n)
}

// A Dial that loses or is cancelled leaves no descriptor; run looks for that.
func TestCancelDial(t *testing.T) {
	onEach(t, func(e *env) {
		ln := e.listen()
		for i := range 10 {
			scope, cancel := e.task.WithCancel()
			child := e.with(scope).spawn(func(e *env) {
				c, err := netio.DialAddrPort(e.task, ln.AddrPort())
				if err != nil {
					e.is(err, errTest)
					return
				}
				e.close(c)
			})
			if i%2 == 0 {
				e.yield()
			}
			cancel(errTest)
			e.check(child.Await(e.task))
		}
		e.close(ln)
	})
}

func TestTimeoutOverRead(t *testing.T) {
	onEach(t, func(e *env) {
		a, b := e.pair()
		read, recv := b.Read(make([]byte, 3)), b.Recv()
		n, err := async.Await(e.task, timer.Timeout(time.Millisecond, &read))
		e.is(err, os.ErrDeadlineExceeded)
		e.equal(n, 0)
		p, err := async.Await(e.task, timer.Timeout(time.Millisecond, &recv))
		e.is(err, os.ErrDeadlineExceeded)
		e.equal(len(p), 0)

		e.write(a, "abc")
		e.settle()
		read = b.Read(make([]byte, 3))
		n, err = async.Await(e.task, timer.Timeout(time.Hour, &read))
		e.check(err)
		e.equal(n, 3)
		e.close(a, b)
	})
}

// A Timeout over a Write returns what was written, together with the error.
func TestTimeoutOverWrite(t *testing.T) {
	onEach(t, func(e *env) {
		a, b := e.pair()
		write := a.Write(pattern(0, e.tooMuch()))
		n, err := async.Await(e.task, timer.Timeout(5*time.Millisecond, &write))
		e.is(err, os.ErrDeadlineExceeded)
		if n == 0 {
			e.Error("nothing was written")
		}
		e.close(a)
		e.drain(b, n)
		e.close(b)
	})
}

// Select of a read and a sleep, hot: no byte is lost, whoever wins.
func TestSelectHotLoop(t *testing.T) {
	onEach(t, func(e *env) {
		a, b := e.pair()
		const size = 400_000
		w := e.spawn(func(e *env) {
			for at := 0; at < size; at += 1000 {
				e.equalWrite(a, at, 1000)
				if at%7000 == 0 {
					e.check(timer.Sleep(50 * time.Microsecond).Await(e.task))
				}
			}
			e.close(a)
		})
		at, slept := 0, 0
		take := func(p []byte) {
			e.same(p, at)
			at += len(p)
		}
		buf := make([]byte, 300)
		for turn := 0; ; turn++ {
			sleep := after(10 * time.Microsecond)
			if turn%2 == 0 {
				recv := b.Recv()
				first, err := async.Await(e.task, future.Select(sleep, &recv))
				if err == io.EOF {
					break
				}
				e.check(err)
				slept += 1 - first.Won
				take(first.B)
			} else {
				read := b.Read(buf)
				first, err := async.Await(e.task, future.Select(sleep, &read))
				if err == io.EOF {
					break
				}
				e.check(err)
				slept += 1 - first.Won
				take(buf[:first.B])
			}
		}
		e.equal(at, size)
		if slept == 0 {
			e.Error("the sleep never won")
		}
		e.check(w.Await(e.task))
		e.close(b)
	})
}

// Whoever waits for a write may begin the next one at the moment when it is woken; the
// connection uses again for that what it had for the first.
func TestWriteBegunByWaker(t *testing.T) {
	onEach(t, func(e *env) {
		a, b := e.pair()
		n := e.fill(a)
		x := &rewriter{conn: a, from: n, left: 3}
		x.begin(e.task)
		reader := e.spawn(func(e *env) { e.drain(b, n+3*rewritten) })
		e.until(func() bool { return x.left == 0 })
		e.check(x.err)
		e.close(a)
		e.check(reader.Await(e.task))
		e.close(b)
	})
}

// A rewriter writes again and again, without a task: from its waker.
type rewriter struct {
	conn  *netio.Conn
	op    async.Op[int]
	waker async.Waker
	view  async.Task
	from  int
	left  int
	err   error
}

const rewritten = 1 << 20

func (x *rewriter) begin(t *async.Task) {
	x.waker = async.WakerFor(x)
	x.view = t.WithWaker(&x.waker)
	x.op = x.conn.Write(pattern(x.from, rewritten))
	x.WakeLocal()
}

func (x *rewriter) WakeLocal() {
	for x.left > 0 {
		n, err := x.op.Poll(&x.view)
		if async.IsPending(err) {
			return
		}
		x.from += n
		if x.left--; err != nil {
			x.left, x.err = 0, err
		}
		x.op = x.conn.Write(pattern(x.from, rewritten))
	}
}

func (x *rewriter) Wake() { x.WakeLocal() }

// TestLoserErrors: an error that a loser has met is the next one's, also through a
// buffered.Reader.
func TestLoserErrors(t *testing.T) {
	onEach(t, func(e *env) {
		for _, r := range []func(c *netio.Conn) netio.Reader{
			func(c *netio.Conn) netio.Reader { return c },
			func(c *netio.Conn) netio.Reader { return buffered.NewReader(c) },
		} {
			a, b := e.pair()
			src, buf := r(b), make([]byte, 10)
			read := src.Read(buf)
			lose(e, &read, func() {
				e.check(a.SetLinger(0).Await(e.task))
				e.close(a)
			})
			_, err := src.Read(buf).Await(e.task)
			e.is(err, syscall.ECONNRESET)
			e.close(b)
		}
	})
}
