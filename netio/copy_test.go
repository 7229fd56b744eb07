package netio_test

import (
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/driver"
	"rondo.dev/rondo/netio"
)

var (
	_ netio.Receiver = (*netio.Conn)(nil)
	_ netio.Unreader = (*netio.Conn)(nil)
	_ netio.Duplex   = (*netio.Conn)(nil)

	_ netio.SpliceReader = (*netio.PipeReader)(nil)
	_ netio.Unreader     = (*netio.PipeReader)(nil)
	_ netio.SpliceWriter = (*netio.PipeWriter)(nil)
)

// plain hides all that a connection can but read and write.
type plain struct{ c *netio.Conn }

func (p plain) Read(b []byte) async.Op[int]  { return p.c.Read(b) }
func (p plain) Write(b []byte) async.Op[int] { return p.c.Write(b) }

// ways are the ways that a copy can take. Their results are equal.
var ways = []struct {
	name string
	copy func(t *async.Task, dst netio.Writer, src *netio.Conn) (int64, error)
}{
	{"copy", func(t *async.Task, dst netio.Writer, src *netio.Conn) (int64, error) { return netio.Copy(t, dst, src) }},
	{"lent", func(t *async.Task, dst netio.Writer, src *netio.Conn) (int64, error) {
		return netio.ReadCopy(t, dst, src)
	}},
	{"splice", func(t *async.Task, dst netio.Writer, src *netio.Conn) (int64, error) {
		return netio.SpliceCopy(t, dst, src, -1)
	}},
	{"read", func(t *async.Task, dst netio.Writer, src *netio.Conn) (int64, error) {
		return netio.Copy(t, dst, plain{src})
	}},
}

func TestCopy(t *testing.T) {
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) {
			onEach(t, func(e *env) {
				a, b := e.pair()
				c, d := e.pair()
				size := e.tooMuch()
				writer := e.spawn(func(e *env) {
					e.equalWrite(a, 0, size)
					e.check(a.CloseWrite().Await(e.task))
				})
				reader := e.spawn(func(e *env) { e.drain(d, size) })
				n, err := way.copy(e.task, c, b)
				e.check(err)
				e.equal(n, int64(size))
				e.check(c.CloseWrite().Await(e.task))
				e.check(writer.Await(e.task))
				e.check(reader.Await(e.task))
				e.close(a, b, c, d)
			})
		})
	}
}

// A stream that keeps coming goes through a pipe; one that trickles does not.
func TestCopySplices(t *testing.T) {
	for _, c := range []struct {
		name    string
		piece   int
		splices bool
	}{{"stream", 100_000, true}, {"trickle", 1000, false}} {
		t.Run(c.name, func(t *testing.T) {
			splices := 0
			w := &world{memory: &driver.MemoryOptions{Hook: func(op *driver.Op) driver.Verdict {
				if op.Kind() == driver.OpSplice {
					splices++
				}
				return driver.Verdict{}
			}}}
			w.run(t, func(e *env) {
				client, server, ended := e.proxied(e.task)
				at := 0
				for range 50 {
					writer := e.spawn(func(e *env) { e.equalWrite(client, at, c.piece) })
					for end := at + c.piece; at < end; {
						p, err := server.Recv().Await(e.task)
						e.check(err)
						e.same(p, at)
						at += len(p)
					}
					e.check(writer.Await(e.task))
				}
				e.close(client, server)
				ended()
			})
			if splices > 0 != c.splices {
				t.Errorf("%d splices", splices)
			}
		})
	}
}

// CopyN takes what it was told to, and leaves the rest.
func TestCopyN(t *testing.T) {
	for _, hide := range []bool{false, true} {
		t.Run(names("plain", hide), func(t *testing.T) {
			onEach(t, func(e *env) {
				a, b := e.pair()
				c, d := e.pair()
				var src netio.Reader = b
				if hide {
					src = plain{b}
				}
				e.write(a, "one two three")
				for _, want := range []string{"one ", "", "two "} {
					n, err := netio.CopyN(e.task, c, src, int64(len(want)))
					e.check(err)
					e.equal(n, int64(len(want)))
					e.equal(e.read(d, len(want)), want)
				}
				e.check(a.CloseWrite().Await(e.task))
				n, err := netio.CopyN(e.task, c, src, 100)
				e.equal(n, int64(5))
				e.equal(err, io.EOF)
				e.equal(e.read(d, 5), "three")
				e.close(a, b, c, d)
			})
		})
	}
}

// A copy that is cancelled again and again, with a slow reader behind, delivers
// everything once and in order.
func TestCopyCancelled(t *testing.T) {
	for _, way := range ways[:3] { // plain{} can't take bytes back
		t.Run(way.name, func(t *testing.T) {
			eachDriver(t, func(t *testing.T, w *world) {
				if w.memory != nil {
					w.memory.Faults.Short, w.memory.Faults.Delay, w.memory.Faults.Reorder = .2, .3, .5
					w.memory.StreamSize = 3000
				}
				w.run(t, func(e *env) {
					a, b := e.pair()
					c, d := e.pair()
					size := e.tooMuch()
					writer := e.spawn(func(e *env) {
						e.equalWrite(a, 0, size)
						e.check(a.CloseWrite().Await(e.task))
					})
					reader := e.spawn(func(e *env) { e.drain(d, size) })
					total := e.insist(func(t *async.Task) (int64, error) { return way.copy(t, c, b) })
					e.equal(total, int64(size))
					e.check(c.CloseWrite().Await(e.task))
					e.check(writer.Await(e.task))
					e.check(reader.Await(e.task))
					e.close(a, b, c, d)
				})
			})
		})
	}
}

// insist repeats a copy, which is cancelled again and again, until it ends by itself,
// and returns what all of them have copied.
func (e *env) insist(copy func(t *async.Task) (int64, error)) (total int64) {
	e.Helper()
	rng := rand.New(rand.NewPCG(1, 2))
	cuts := 0
	for limit := time.Microsecond; ; limit = min(2*limit, time.Millisecond) {
		scope, stop := e.task.WithTimeout(time.Duration(rng.Int64N(int64(limit))))
		n, err := copy(scope)
		stop()
		total += n
		if err == nil {
			break
		}
		e.is(err, os.ErrDeadlineExceeded)
		cuts++
	}
	if cuts == 0 {
		e.Error("nothing was cancelled")
	}
	return total
}

// A pipe's ends are spliced too, and not only read and written.
func TestCopySplicesPipes(t *testing.T) {
	for _, name := range []string{"to a pipe", "from a pipe", "from pipe to pipe"} {
		t.Run(name, func(t *testing.T) {
			splices := 0
			w := &world{memory: &driver.MemoryOptions{Hook: func(op *driver.Op) driver.Verdict {
				if op.Kind() == driver.OpSplice {
					splices++
					return driver.Verdict{}
				}
				if splices == 0 { // so that there is something left to splice
					return driver.Verdict{Limit: 5}
				}
				return driver.Verdict{}
			}}}
			w.run(t, func(e *env) {
				a, b := e.pair()
				c, d := e.pair()
				r1, w1, err := netio.NewPipe(e.task)
				e.check(err)
				r2, w2, err := netio.NewPipe(e.task)
				e.check(err)
				type ends struct {
					feed netio.Writer
					src  netio.Reader
					dst  netio.Writer
					out  netio.Reader
				}
				x := map[string]ends{
					"to a pipe":         {a, b, w1, r1},
					"from a pipe":       {w1, r1, c, d},
					"from pipe to pipe": {w1, r1, w2, r2},
				}[name]
				message := []byte("first, and then the rest")
				_, err = x.feed.Write(message).Await(e.task)
				e.check(err)
				n, err := netio.SpliceCopy(e.task, x.dst, x.src, int64(len(message)))
				e.check(err)
				e.equal(n, int64(len(message)))
				got := make([]byte, len(message))
				_, err = netio.ReadFull(e.task, x.out, got)
				e.check(err)
				e.equal(string(got), string(message))
				e.close(a, b, c, d, r1, w1, r2, w2)
			})
			if splices < 2 {
				t.Errorf("%d splices, want one into the pipe between and one out of it", splices)
			}
		})
	}
}

// Pipes are ends of a copy like connections: two copies, with a pipe between them, that
// are cancelled again and again deliver everything once and in order.
func TestCopyThroughPipe(t *testing.T) {
	for _, way := range []struct {
		name string
		copy func(t *async.Task, dst netio.Writer, src netio.Reader) (int64, error)
	}{
		{"copy", netio.Copy},
		{"splice", func(t *async.Task, dst netio.Writer, src netio.Reader) (int64, error) {
			return netio.SpliceCopy(t, dst, src, -1)
		}},
	} {
		t.Run(way.name, func(t *testing.T) {
			eachDriver(t, func(t *testing.T, w *world) {
				if w.memory != nil {
					w.memory.Faults.Short, w.memory.Faults.Delay, w.memory.Faults.Reorder = .2, .3, .5
				}
				w.run(t, func(e *env) {
					a, b := e.pair()
					r, pipe, err := netio.NewPipe(e.task)
					e.check(err)
					c, d := e.pair()
					size := e.tooMuch()
					insist := func(e *env, dst netio.Writer, src netio.Reader) {
						total := e.insist(func(t *async.Task) (int64, error) { return way.copy(t, dst, src) })
						e.equal(total, int64(size))
					}
					children := []*async.Child{
						e.spawn(func(e *env) {
							e.equalWrite(a, 0, size)
							e.check(a.CloseWrite().Await(e.task))
						}),
						e.spawn(func(e *env) {
							insist(e, pipe, b)
							e.close(pipe)
						}),
						e.spawn(func(e *env) {
							insist(e, c, r)
							e.check(c.CloseWrite().Await(e.task))
						}),
						e.spawn(func(e *env) { e.drain(d, size) }),
					}
					for _, child := range children {
						e.check(child.Await(e.task))
					}
					e.close(a, b, r, c, d)
				})
			})
		})
	}
}

// What the destination has not taken goes back, or comes with the error.
func TestCopyFails(t *testing.T) {
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) {
			onEach(t, func(e *env) {
				a, b := e.pair()
				c, d := e.pair()
				e.close(c)
				e.write(a, "precious")
				n, err := way.copy(e.task, c, b)
				e.equal(n, int64(0))
				var left *netio.CopyError
				switch {
				case err == nil:
					e.Fatal("no error")
				case errors.As(err, &left):
					e.equal(string(left.Unwritten), "precious")
				default:
					e.equal(e.read(b, 8), "precious")
				}
				e.equal(left != nil, way.name == "read")
				e.close(a, b, d)
			})
		})
	}
}

// What is in the pipe when the destination fails goes back although reading the pipe
// fails a few times too, as the system may let it where it is short of memory.
func TestCopyFailsAndSoDoesItsPipe(t *testing.T) {
	splices, fails := 0, 0
	w := &world{memory: &driver.MemoryOptions{Hook: func(op *driver.Op) driver.Verdict {
		switch {
		case op.Kind() == driver.OpSplice:
			if splices++; splices == 2 { // out of the pipe
				return driver.Verdict{Err: syscall.EIO}
			}
		case op.Kind() == driver.OpRead && splices == 2 && fails < 3:
			fails++
			return driver.Verdict{Err: syscall.ENOMEM}
		case splices == 0: // so that there is something left to splice
			return driver.Verdict{Limit: 5}
		}
		return driver.Verdict{}
	}}}
	w.run(t, func(e *env) {
		a, b := e.pair()
		c, d := e.pair()
		e.write(a, "firstprecious")
		n, err := netio.SpliceCopy(e.task, c, b, -1)
		e.equal(n, int64(5))
		e.is(err, syscall.EIO)
		e.equal(fails, 3)
		e.equal(e.read(b, 8), "precious")
		e.close(a, b, c, d)
	})
}

// The deadlines of both ends, and their closing, hold for a copy through a pipe too.
func TestSpliceEndsAsReadsAndWritesDo(t *testing.T) {
	soon := func() time.Time { return time.Now().Add(10 * time.Millisecond) }
	for _, x := range []struct {
		name string
		full bool // the copy waits for the destination, not for the source
		ends func(e *env, src, dst *netio.Conn)
		want error
	}{
		{"read deadline", false, func(e *env, src, _ *netio.Conn) { e.check(src.SetReadDeadline(soon()).Await(e.task)) }, os.ErrDeadlineExceeded},
		{"write deadline", true, func(e *env, _, dst *netio.Conn) { e.check(dst.SetWriteDeadline(soon()).Await(e.task)) }, os.ErrDeadlineExceeded},
		{"close of the source", false, func(e *env, src, _ *netio.Conn) { e.close(src) }, net.ErrClosed},
		{"close of the destination", true, func(e *env, _, dst *netio.Conn) { e.close(dst) }, net.ErrClosed},
	} {
		t.Run(x.name, func(t *testing.T) {
			onEach(t, func(e *env) {
				a, b := e.pair()
				c, d := e.pair()
				if x.full {
					e.spawn(func(e *env) { a.Write(pattern(0, e.tooMuch())).Await(e.task) })
				}
				child := e.spawn(func(e *env) {
					_, err := netio.SpliceCopy(e.task, c, b, -1)
					e.is(err, x.want)
				})
				x.ends(e, b, c)
				e.check(child.Await(e.task))
				e.close(a, d)
				for _, c := range []*netio.Conn{b, c} {
					c.Close().Await(e.task) // perhaps once more
				}
			})
		})
	}
}

func TestUnread(t *testing.T) {
	onEach(t, func(e *env) {
		a, b := e.pair()
		e.write(a, "cdef")
		p, err := b.Recv().Await(e.task)
		e.check(err)
		n, err := b.Unread(p).Await(e.task) // from where it is lent
		e.check(err)
		e.equal(n, 4)
		_, err = b.Unread([]byte("ab")).Await(e.task)
		e.check(err)
		e.equal(e.read(b, 3), "abc")
		e.equal(e.read(b, 3), "def")
		// A Recv that waits gets it.
		waits := e.spawn(func(e *env) { e.equal(e.recv(b), "late") })
		_, err = b.Unread([]byte("late")).Await(e.task)
		e.check(err)
		e.check(waits.Await(e.task))
		e.close(a, b)
		if _, err := b.Unread([]byte("x")).Await(e.task); err == nil {
			e.Error("a closed connection took bytes back")
		}
	})
}

// proxied is a client and a server with a CopyBidirectional between them.
func (e *env) proxied(scope *async.Task, opts ...netio.CopyOption) (client, server *netio.Conn, ended func() (there, back int64, err error)) {
	client, a := e.pair()
	b, server := e.pair()
	var there, back int64
	var err error
	child := e.with(scope).spawn(func(e *env) {
		there, back, err = netio.CopyBidirectional(e.task, a, b, opts...)
		e.with(e.task.WithoutCancel()).close(a, b)
	})
	return client, server, func() (int64, int64, error) {
		e.check(child.Await(e.task))
		return there, back, err
	}
}

func TestCopyBidirectional(t *testing.T) {
	onEach(t, func(e *env) {
		client, server, ended := e.proxied(e.task)
		size := e.tooMuch()
		// One direction ends long before the other.
		e.write(client, "request")
		e.check(client.CloseWrite().Await(e.task))
		e.equal(e.read(server, 7), "request")
		e.wantEOF(server)
		writer := e.spawn(func(e *env) {
			e.equalWrite(server, 0, size)
			e.check(server.CloseWrite().Await(e.task))
		})
		e.drain(client, size)
		e.check(writer.Await(e.task))
		there, back, err := ended()
		e.check(err)
		e.equal(there, int64(7))
		e.equal(back, int64(size))
		e.close(client, server)
	})
}

// The failure of one side ends both.
func TestCopyBidirectionalFails(t *testing.T) {
	onEach(t, func(e *env) {
		client, server, ended := e.proxied(e.task)
		e.write(client, "hello")
		e.equal(e.read(server, 5), "hello")
		e.check(server.SetLinger(0).Await(e.task))
		e.close(server)
		_, _, err := ended()
		e.is(err, syscall.ECONNRESET)
		e.close(client)
	})
}

func TestCopyBidirectionalIdle(t *testing.T) {
	onEach(t, func(e *env) {
		client, server, ended := e.proxied(e.task, netio.IdleTimeout(30*time.Millisecond))
		for range 3 {
			e.write(client, "ping")
			e.equal(e.read(server, 4), "ping")
		}
		_, _, err := ended()
		e.is(err, os.ErrDeadlineExceeded)
		e.close(client, server)
	})
}

// Cancelled everywhere in time, it ends, and leaves nothing.
func TestCopyBidirectionalCancelled(t *testing.T) {
	eachDriver(t, func(t *testing.T, w *world) {
		w.drv = driver.Options{Buffers: 16}
		w.run(t, func(e *env) {
			for i := range 30 {
				scope, stop := e.task.WithTimeout(time.Duration(i*i) * 3 * time.Microsecond)
				client, server, ended := e.proxied(scope)
				writer := e.spawn(func(e *env) { client.Write(pattern(0, 200_000)).Await(e.task) })
				reader := e.spawn(func(e *env) {
					for {
						if _, err := server.Recv().Await(e.task); err != nil {
							return
						}
					}
				})
				ended()
				stop()
				e.close(client, server)
				e.check(writer.Await(e.task))
				e.check(reader.Await(e.task))
			}
		})
	})
}

// A file is a Reader of a file of the driver's, for a copy that moves it by itself.
type file struct {
	e    *env
	fd   int
	off  int64
	used int // times that it was spliced
}

func (f *file) Home() *rondo.Loop { return rondo.LoopOf(f.e.task) }

func (f *file) Read(b []byte) async.Op[int] {
	return async.NewOp[int](&fileOp{f: f, prepare: func(op *driver.Op, c driver.Completer) { op.ReadAt(f.fd, b, f.off, c) }}, nil, 0)
}

func (f *file) SpliceTo(pipe, n int) async.Op[int] {
	f.used++
	args := &driver.SpliceArgs{To: pipe, N: n, Offset: f.off}
	return async.NewOp[int](&fileOp{f: f, prepare: func(op *driver.Op, c driver.Completer) { op.Splice(f.fd, args, c) }}, nil, 0)
}

func (f *file) Unread(b []byte) async.Op[int] {
	return async.NewOp[int](&fileOp{f: f, prepare: func(op *driver.Op, c driver.Completer) {
		f.off -= int64(len(b))
		op.Stat(&driver.StatArgs{FD: f.fd}, c) // which is over some time
	}, n: len(b)}, nil, 0)
}

// fileOp is one operation of the driver, which moves the offset.
type fileOp struct {
	f       *file
	prepare func(*driver.Op, driver.Completer)
	op      driver.Op
	n       int
	r       driver.Result
	waker   *async.Waker
}

func (x *fileOp) Home() *async.Executor { return x.f.Home().Executor() }

func (x *fileOp) Start(*async.Task, []byte, uint64) uint32 {
	x.prepare(&x.op, x)
	x.f.Home().Driver().Submit(&x.op)
	return 1
}

func (x *fileOp) Complete(op *driver.Op, r driver.Result) {
	if x.r = r; op.Kind() == driver.OpStat {
		x.r.N = x.n
	} else if r.Err == nil {
		x.f.off += int64(r.N)
	}
	if x.waker != nil {
		x.waker.WakeLocal()
	}
}

func (x *fileOp) PollOp(t *async.Task, _ uint32, _ bool) (int, error) {
	switch {
	case x.op.InFlight():
		x.waker = t.Waker()
		return 0, async.Pending
	case x.r.Err == driver.ErrCanceled && t.Cause() != nil:
		return 0, t.Cause()
	case x.r.Err == nil && x.r.N == 0 && x.op.Kind() != driver.OpStat:
		return 0, io.EOF
	}
	return x.r.N, x.r.Err
}

func (x *fileOp) CancelOp(*async.Task, uint32) bool {
	x.f.Home().Driver().Cancel(&x.op)
	return false
}

func (x *fileOp) Settle(uint32, bool) int { return 0 }

// do runs an operation of the driver to its end.
func (f *file) do(prepare func(*driver.Op, driver.Completer)) int {
	f.e.Helper()
	x := &fileOp{f: f, prepare: prepare}
	n, err := async.NewOp[int](x, nil, 0).Await(f.e.task)
	if err != io.EOF {
		f.e.check(err)
	}
	return n
}

// A file is moved to a connection, also by a copy that is cancelled again and again.
func TestCopyOfFile(t *testing.T) {
	for _, plainly := range []bool{false, true} {
		t.Run(names("plain", plainly), func(t *testing.T) {
			onEach(t, func(e *env) {
				const size = 300_000
				f := &file{e: e}
				name := "/file"
				if e.kernel() {
					name = e.TempDir() + name
				}
				f.fd = f.do(func(op *driver.Op, c driver.Completer) {
					op.Open(&driver.OpenArgs{Path: name, Flags: os.O_CREATE | os.O_RDWR, Perm: 0o600}, c)
				})
				for at := 0; at < size; {
					at += f.do(func(op *driver.Op, c driver.Completer) { op.WriteAt(f.fd, pattern(at, size-at), int64(at), c) })
				}
				f.off = 0
				a, b := e.pair()
				reader := e.spawn(func(e *env) { e.drain(b, size) })
				var src netio.Reader = f
				if plainly {
					src = struct{ netio.Unreader }{f}
				}
				var total int64
				for d := time.Microsecond; ; d *= 2 {
					scope, stop := e.task.WithTimeout(d)
					n, err := netio.Copy(scope, a, src)
					stop()
					if total += n; err == nil {
						break
					}
					e.is(err, os.ErrDeadlineExceeded)
					e.equal(f.off, total)
				}
				e.equal(total, int64(size))
				e.equal(f.used > 0, !plainly)
				f.off = 0
				f.do(func(op *driver.Op, c driver.Completer) { op.Close(f.fd, c) })
				e.check(a.CloseWrite().Await(e.task))
				e.check(reader.Await(e.task))
				e.close(a, b)
			})
		})
	}
}

func TestReadAllAndDiscard(t *testing.T) {
	for _, hide := range []bool{false, true} {
		t.Run(names("plain", hide), func(t *testing.T) {
			onEach(t, func(e *env) {
				for _, limit := range []int64{-1, 0, 1, 999, 5000, 5001, 1 << 40} {
					a, b := e.pair()
					writer := e.spawn(func(e *env) {
						e.equalWrite(a, 0, 5000)
						e.check(a.CloseWrite().Await(e.task))
					})
					var src netio.Reader = b
					if hide {
						src = plain{b}
					}
					p, err := netio.ReadAll(e.task, src, limit)
					limit = max(limit, 0)
					e.equal(len(p), int(min(limit, 5000)))
					e.same(p, 0)
					if limit < 5000 {
						e.is(err, netio.ErrLimit)
						n, err := netio.Discard(e.task, src)
						e.check(err)
						e.equal(n, 5000-limit-1)
					} else {
						e.check(err)
					}
					e.check(writer.Await(e.task))
					e.close(a, b)
				}
			})
		})
	}
}
