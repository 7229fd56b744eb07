package netio_test

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"sync/atomic"
	"syscall"
	"testing"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/driver"
	"rondo.dev/rondo/netio"
)

func (e *env) pipe() (*netio.PipeReader, *netio.PipeWriter) {
	e.Helper()
	r, w, err := netio.NewPipe(e.task)
	e.check(err)
	return r, w
}

func TestPipe(t *testing.T) {
	onEach(t, func(e *env) {
		r, w := e.pipe()
		e.write(w, "hello, world")
		e.equal(e.read(r, 5), "hello")
		e.equal(e.recv(r), ", world")
		n, err := w.Writev([]byte("a"), nil, []byte("bc")).Await(e.task)
		e.check(err)
		e.equal(n, 3)
		e.equal(e.recv(r), "abc")
		n, err = r.Read(nil).Await(e.task)
		e.check(err)
		e.equal(n, 0)
		e.equal(r.Home(), rondo.LoopOf(e.task))
		e.equal(w.Home(), rondo.LoopOf(e.task))

		writer := e.spawn(func(e *env) {
			e.equalSink(w, 0, e.tooMuch())
			e.close(w)
		})
		e.drain(r, e.tooMuch())
		e.check(writer.Await(e.task))
		e.wantEOF(r)
		e.close(r)
	})
}

// equalSink writes n bytes of pattern.
func (e *env) equalSink(w sink, from, n int) {
	e.Helper()
	m, err := w.Write(pattern(from, n)).Await(e.task)
	e.check(err)
	e.equal(m, n)
}

// A read in either way waits without the one before it having left anything, and
// ends as it should.
func TestPipeReadEnds(t *testing.T) {
	ways := map[string]func(t *async.Task, r *netio.PipeReader) (string, error){
		"Read": func(t *async.Task, r *netio.PipeReader) (string, error) {
			b := make([]byte, 10)
			n, err := r.Read(b).Await(t)
			return string(b[:n]), err
		},
		"Recv": func(t *async.Task, r *netio.PipeReader) (string, error) {
			b, err := r.Recv().Await(t)
			return string(b), err
		},
	}
	for name, read := range ways {
		t.Run(name, func(t *testing.T) {
			onEach(t, func(e *env) {
				r, w := e.pipe()
				// reads starts a read that waits, and expects its end.
				reads := func(e *env, data string, want error) *async.Child {
					return e.spawn(func(e *env) {
						got, err := read(e.task, r)
						e.is(err, want)
						e.equal(got, data)
					})
				}
				scope, cancel := e.task.WithCancel()
				c := reads(e.with(scope), "", errTest)
				e.settle()
				cancel(errTest)
				e.check(c.Await(e.task))

				c = reads(e, "late", nil)
				e.settle()
				e.write(w, "late")
				e.check(c.Await(e.task))

				e.check(r.SetReadDeadline(soon()).Await(e.task))
				e.check(reads(e, "", os.ErrDeadlineExceeded).Await(e.task))
				e.check(reads(e, "", os.ErrDeadlineExceeded).Await(e.task))
				e.check(r.SetReadDeadline(never).Await(e.task))

				c = reads(e, "", net.ErrClosed)
				e.settle()
				e.close(r)
				e.check(c.Await(e.task))
				_, err := read(e.task, r)
				var op *net.OpError
				if !asOpError(err, &op) || op.Net != "pipe" || op.Op != "read" || op.Err != net.ErrClosed {
					e.Errorf("read after Close: %v", err)
				}
				e.is(r.Close().Await(e.task), net.ErrClosed)
				_, err = w.Write([]byte("x")).Await(e.task)
				e.is(err, syscall.EPIPE)
				e.close(w)
			})
		})
	}
}

func TestPipeLoser(t *testing.T) {
	onEach(t, func(e *env) {
		r, w := e.pipe()
		read, recv := r.Read(make([]byte, 4)), r.Recv()
		e.equal(lose(e, &read, func() { e.write(w, "abcdefgh") }), true)
		e.equal(e.read(r, 8), "abcdefgh")
		e.equal(lose(e, &recv, func() { e.write(w, "ijkl") }), true)
		e.equal(e.recv(r), "ijkl")
		for range 2 {
			loseNothing(e, &recv)
			loseNothing(e, &read)
		}
		e.equal(lose(e, &recv, func() { e.close(w) }), true)
		e.wantEOF(r)
		e.close(r)
	})
}

// loseNothing has op lose before there is anything for it.
func loseNothing[T any](e *env, op *async.Op[T]) {
	e.Helper()
	if _, err := op.Poll(e.task); !async.IsPending(err) {
		e.Fatal("there was a result already: ", err)
	}
	for !op.Cancel(e.task, true) {
		if _, err := op.Poll(e.task); !async.IsPending(err) {
			return
		}
		e.settle()
	}
}

func TestPipeWriteEnds(t *testing.T) {
	onEach(t, func(e *env) {
		r, w := e.pipe()
		n := e.fill(w)
		// writes starts a write that waits, and expects its end.
		writes := func(e *env, want error) *async.Child {
			return e.spawn(func(e *env) {
				m, err := w.Write(pattern(n, e.tooMuch())).Await(e.task)
				e.is(err, want)
				n += m
			})
		}
		scope, cancel := e.task.WithCancel()
		c := writes(e.with(scope), errTest)
		e.settle()
		cancel(errTest)
		e.check(c.Await(e.task))
		e.check(w.SetWriteDeadline(soon()).Await(e.task))
		e.check(writes(e, os.ErrDeadlineExceeded).Await(e.task))
		e.check(w.SetWriteDeadline(never).Await(e.task))
		c = writes(e, net.ErrClosed)
		e.settle()
		e.close(w)
		e.check(c.Await(e.task))
		e.drain(r, n)
		e.close(r)

		// The reader goes while a write waits.
		r, w = e.pipe()
		n = e.fill(w)
		c = writes(e, syscall.EPIPE)
		e.settle()
		e.close(r)
		e.check(c.Await(e.task))
		e.close(w)
	})
}

func TestPipeFromElsewhere(t *testing.T) {
	onTwoLoops(t, func(e *env, other *rondo.Loop) {
		r, w := e.pipe()
		c := e.there(other, func(e *env) {
			e.equal(e.read(r, 5), "there")
			e.write(w, "back")
		})
		e.write(w, "there")
		e.check(c.Await(e.task))
		e.equal(e.recv(r), "back")
		e.check(e.elsewhere(func() error {
			if _, err := w.Write([]byte("wait")).Wait(context.Background()); err != nil {
				return err
			}
			b, err := r.Recv().Wait(context.Background())
			if string(b) != "wait" {
				err = errors.Join(err, errors.New("not what was written: "+string(b)))
			}
			return err
		}))
		e.close(r, w)
	})
}

func TestNothingIsLostInPipes(t *testing.T) {
	seed := *seedFlag
	if seed == 0 {
		seed = rand.Uint64()
	}
	for _, w := range chaosWorlds(seed) {
		t.Run(w.name, func(t *testing.T) {
			t.Logf("go test -run '%s' ./netio -netio.seed=%d", t.Name(), seed)
			w.run(t, func(e *env) {
				const size = 1_000_000
				r, w := e.pipe()
				var fates [3]atomic.Int64
				chance := func(n uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, n)) }
				writer := e.spawn(func(e *env) {
					(&chaos{e, chance(1), &fates}).write(w, size)
					e.close(w)
				})
				(&chaos{e, chance(2), &fates}).read(r, size)
				e.check(writer.Await(e.task))
				e.close(r)
			})
		})
	}
}

// An error that the kernel reports is told, and the next read goes on.
func TestPipeErrors(t *testing.T) {
	fail := false
	w := &world{name: "memory", memory: &driver.MemoryOptions{Hook: func(op *driver.Op) (v driver.Verdict) {
		if fail && (op.Kind() == driver.OpReady || op.Kind() == driver.OpRead || op.Kind() == driver.OpWrite) {
			v.Err = syscall.EIO
		}
		return v
	}}}
	w.run(t, func(e *env) {
		r, w := e.pipe()
		fail = true
		_, err := r.Recv().Await(e.task)
		e.is(err, syscall.EIO)
		_, err = r.Read(make([]byte, 1)).Await(e.task)
		e.is(err, syscall.EIO)
		_, err = w.Write([]byte("x")).Await(e.task)
		e.is(err, syscall.EIO)
		fail = false
		e.write(w, "fine")
		e.equal(e.recv(r), "fine")
		e.close(w)
		_, err = r.Recv().Await(e.task)
		e.equal(err, io.EOF)
		e.close(r)
	})
}

// A pipe that can't be made leaves nothing behind.
func TestPipeWithoutDescriptors(t *testing.T) {
	var m *driver.Memory
	w := &world{name: "memory", memory: &driver.MemoryOptions{MaxFDs: 1}, made: func(x *driver.Memory) { m = x }}
	w.run(t, func(e *env) {
		_, _, err := netio.NewPipe(e.task)
		e.is(err, syscall.EMFILE)
		m.SetMaxFDs(2)
		r, w := e.pipe()
		e.close(r, w)
	})
}
