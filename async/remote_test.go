package async_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/async/internal/testpipe"
	"rondo.dev/rondo/asynctest"
	"rondo.dev/rondo/internal/coro"
)

// A loop is an executor on a goroutine of its own.
type loop struct {
	exec async.Executor
	pool coro.Pool
	wake chan struct{}
	quit bool
	done chan struct{}
}

func (l *loop) Coroutine() *async.Coroutine { return l.pool.Get() }
func (l *loop) Recycle(co *async.Coroutine) { l.pool.Put(co) }
func (l *loop) Interrupt() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// startLoop starts a loop that ends with the test, or with close.
func startLoop(tb testing.TB) *loop {
	l := &loop{wake: make(chan struct{}, 1), done: make(chan struct{})}
	l.exec.Init(l)
	go l.run()
	tb.Cleanup(l.close)
	return l
}

func (l *loop) run() {
	defer close(l.done)
	for !l.quit {
		l.exec.Drain()
		if l.exec.Run(16) == 0 && !l.quit {
			<-l.wake
		}
		runtime.Gosched() // tasks that poll and yield would keep the processor
	}
	l.exec.Close()
	for l.exec.Drain() > 0 || l.exec.Ready() > 0 {
		l.exec.Run(64)
	}
	l.pool.Close()
}

// close cancels the loop's roots, lets it end, and waits for that.
func (l *loop) close() {
	l.exec.Post(func() {
		l.exec.Tasks(func(i async.TaskInfo) bool { i.Core.CancelLocal(errClosing); return true })
		l.quit = true
	})
	<-l.done
}

var errClosing = errors.New("closing")

// on runs f on the loop and waits for it.
func (l *loop) on(f func()) {
	done := make(chan struct{})
	if l.exec.Post(func() { f(); close(done) }) {
		<-done
	}
}

// run runs f as a root on the loop and waits for its end.
func runOn(l *loop, f func(*async.Task) error) error {
	ended := make(chan error, 1)
	l.exec.Post(func() { async.SpawnRoot(&l.exec, "", f, func(err error) { ended <- err }) })
	return <-ended
}

// byGoroutine is what TestRemote does from a goroutine that is no task.
func byGoroutine(home *loop, p *testpipe.Pipe) error {
	if n, err := p.Write([]byte("data")).Wait(context.Background()); n != 4 || err != nil {
		return fmt.Errorf("%d, %v", n, err)
	}
	home.on(func() { p.Room = 0 })
	ctx, cancel := context.WithCancelCause(context.Background())
	go cancel(errBoom)
	if n, err := p.Write([]byte("data")).Wait(ctx); n != 0 || err != errBoom {
		return fmt.Errorf("%d, %v", n, err)
	}
	if n, err := p.Read(nil).Wait(ctx); n != 0 || err != errBoom {
		return fmt.Errorf("of an ended context: %d, %v", n, err)
	}
	return nil
}

// TestRemote: operations on an object of another executor, from a task and from
// a goroutine, are like those on one's own.
func TestRemote(t *testing.T) {
	home, away := startLoop(t), startLoop(t)
	for _, c := range []struct {
		name string
		f    func(t *async.Task, p *testpipe.Pipe) error
	}{
		{"there at once", func(t *async.Task, p *testpipe.Pipe) error {
			home.on(func() { p.Put("data") })
			b := make([]byte, 8)
			if n, err := p.Read(b).Await(t); n != 4 || err != nil || string(b[:n]) != "data" {
				return fmt.Errorf("read %q, %v", b[:n], err)
			}
			return nil
		}},
		{"there later", func(t *async.Task, p *testpipe.Pipe) error {
			go home.on(func() { p.Put("data") })
			n, err := p.Read(make([]byte, 8)).Await(t)
			if n != 4 {
				return fmt.Errorf("read %d, %v", n, err)
			}
			return err
		}},
		{"as a future", func(t *async.Task, p *testpipe.Pipe) error {
			op := p.Write([]byte("data"))
			if n, err := async.Await(t, &op); n != 4 || err != nil {
				return fmt.Errorf("%d, %v", n, err)
			}
			_, err := p.Read(make([]byte, 8)).Await(t)
			return err
		}},
		{"polled, then awaited", func(t *async.Task, p *testpipe.Pipe) error {
			op := p.Read(make([]byte, 8))
			if _, err := op.Poll(t); !async.IsPending(err) {
				return fmt.Errorf("polled: %v", err)
			}
			go home.on(func() { p.Put("data") })
			if n, err := op.Await(t); n != 4 || err != nil {
				return fmt.Errorf("%d, %v", n, err)
			}
			return nil
		}},
		{"cancelled", func(t *async.Task, p *testpipe.Pipe) error {
			v, cancel := t.WithCancel()
			t.Go(func(t *async.Task) error { cancel(errBoom); return nil })
			if n, err := p.Read(make([]byte, 8)).Await(v); n != 0 || err != errBoom {
				return fmt.Errorf("%d, %v", n, err)
			}
			return nil
		}},
		{"cancelled, ends later", func(t *async.Task, p *testpipe.Pipe) error {
			home.on(func() { p.Cancel = testpipe.Later })
			v, cancel := t.WithCancel()
			t.Go(func(t *async.Task) error { cancel(errBoom); return nil })
			if n, err := p.Read(make([]byte, 8)).Await(v); n != 0 || err != errBoom {
				return fmt.Errorf("%d, %v", n, err)
			}
			return nil
		}},
		{"cancelled, happens", func(t *async.Task, p *testpipe.Pipe) error {
			home.on(func() { p.Cancel, p.Coming = testpipe.Happens, []byte("data") })
			v, cancel := t.WithCancel()
			op := p.Read(make([]byte, 8))
			// In flight, and seen to be.
			if _, err := op.Poll(t); !async.IsPending(err) {
				return fmt.Errorf("polled: %v", err)
			}
			home.on(func() {})
			t.Go(func(t *async.Task) error { cancel(errBoom); return nil })
			if n, err := async.Await(v, &op); n != 4 || err != nil {
				return fmt.Errorf("%d, %v", n, err)
			}
			return nil
		}},
		{"lost, and used again", func(t *async.Task, p *testpipe.Pipe) error {
			home.on(func() { p.Cancel, p.Coming = testpipe.Happens, []byte("data") })
			b := make([]byte, 2)
			op := p.Read(b)
			if err := lose(t, &op); err != nil {
				return err
			}
			// It may have been lost before it was begun.
			home.on(func() { p.Put(string(p.Coming)); p.Coming = nil })
			var got string
			for len(got) < 4 {
				n, err := async.Await(t, &op)
				if err != nil {
					return err
				}
				got += string(b[:n])
				op = p.Read(b)
			}
			if got != "data" {
				return fmt.Errorf("read %q", got)
			}
			return nil
		}},
		{"a write that lost goes on", func(t *async.Task, p *testpipe.Pipe) error {
			home.on(func() { p.Room = 2 })
			op := p.Write([]byte("data!"))
			for range 2 {
				if err := lose(t, &op); err != nil {
					return err
				}
				home.on(func() { p.AddRoom(1) })
			}
			home.on(func() { p.AddRoom(9) })
			if n, err := async.Await(t, &op); n != 5 || err != nil {
				return fmt.Errorf("%d, %v", n, err)
			}
			b := make([]byte, 8)
			n, err := p.Read(b).Await(t)
			if string(b[:n]) != "data!" {
				return fmt.Errorf("written %q, %v", b[:n], err)
			}
			return nil
		}},
		{"by a goroutine", func(_ *async.Task, p *testpipe.Pipe) error {
			over := make(chan error)
			go func() { over <- byGoroutine(home, p) }()
			return <-over
		}}, {"source panics", func(t *async.Task, p *testpipe.Pipe) error {
			_, err := async.NewOp[int](broken{&home.exec}, nil, 0).Await(t)
			if !isPanic("broken")(err) {
				return fmt.Errorf("%v", err)
			}
			return nil
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var p *testpipe.Pipe
			home.on(func() { p = testpipe.New(&home.exec) })
			if err := runOn(away, func(t *async.Task) error { return c.f(t, p) }); err != nil {
				t.Error(err)
			}
			home.on(func() {
				if p.InFlight() != 0 {
					t.Errorf("%d operations left", p.InFlight())
				}
			})
			home.on(func() { // all of it is over at home, too
				if n := home.exec.Stats().Tasks; n != 0 {
					t.Errorf("%d tasks left at home", n)
				}
			})
		})
	}
}

// broken is a source that panics.
type broken struct{ home *async.Executor }

func (b broken) Home() *async.Executor                       { return b.home }
func (broken) Start(*async.Task, []byte, uint64) uint32      { panic("broken") }
func (broken) PollOp(*async.Task, uint32, bool) (int, error) { return 0, async.Pending }
func (broken) CancelOp(*async.Task, uint32) bool             { return true }
func (broken) Settle(uint32, bool) int                       { return 0 }

// TestRemoteOfAClosedExecutor: nobody waits for ever.
func TestRemoteOfAClosedExecutor(t *testing.T) {
	home, away := startLoop(t), startLoop(t)
	p := testpipe.New(&home.exec)
	var child *async.Join[int]
	home.on(func() {
		async.SpawnRoot(&home.exec, "", func(t *async.Task) error {
			child = async.Spawn(t, func(t *async.Task) (int, error) { return 5, waits(t) })
			return nil
		}, nil)
	})
	home.on(func() {})
	var wg sync.WaitGroup
	wait := func(want error, f func() error) {
		wg.Go(func() {
			if err := f(); err != want {
				t.Errorf("got %v, want %v", err, want)
			}
		})
	}
	read := func(t *async.Task) error { _, err := p.Read(make([]byte, 1)).Await(t); return err }
	wait(errClosing, func() error { return runOn(away, read) })
	wait(errClosing, func() error { _, err := p.Read(make([]byte, 1)).Wait(context.Background()); return err })
	wait(errClosing, func() error { _, err := async.Block(context.Background(), child); return err })
	for started := 0; started < 2; { // in flight
		home.on(func() { started = p.InFlight() })
	}
	home.close()
	wg.Wait()
	wait(async.ErrExecutorClosed, func() error { return runOn(away, read) })
	wait(async.ErrExecutorClosed, func() error { _, err := p.Read(nil).Wait(context.Background()); return err })
	wait(errClosing, func() error { _, err := async.Block(context.Background(), child); return err })
	wg.Wait()
	if home.exec.Post(func() { t.Error("posted to a closed executor") }) {
		t.Error("a closed executor took a post")
	}
	child.Stop(nil)
	child.Core().Wake()
}

// TestJoinFromElsewhere: a child is awaited from another executor, and from
// goroutines; it may be cancelled by them; and its panic is theirs.
func TestJoinFromElsewhere(t *testing.T) {
	home, away := startLoop(t), startLoop(t)
	for i := range 200 {
		var child *async.Join[int]
		var g gate
		ended := make(chan error, 1)
		home.on(func() {
			async.SpawnRoot(&home.exec, "", func(t *async.Task) error {
				child = async.Spawn(t, func(t *async.Task) (int, error) {
					if i%4 == 3 {
						v, err := async.Await(t, &g)
						if err == nil {
							panic("oh")
						}
						return v, err
					}
					return async.Await(t, &g)
				})
				return nil
			}, func(err error) { ended <- err })
		})
		home.on(func() {})
		go home.on(func() {
			if i%2 == 1 {
				g.release()
			}
		})
		if i%2 == 0 {
			go child.Stop(errBoom)
		}
		await := func(t *async.Task) error {
			v, err := child.Await(t)
			switch i % 4 {
			case 0, 2:
				if v != 0 || err != errBoom {
					return fmt.Errorf("%d, %v", v, err)
				}
			case 1:
				if v != 42 || err != nil {
					return fmt.Errorf("%d, %v", v, err)
				}
			case 3:
				if !isPanic("oh")(err) {
					return fmt.Errorf("%d, %v", v, err)
				}
			}
			return nil
		}
		var err error
		if i%8 < 4 {
			err = runOn(away, await)
		} else {
			_, err = async.Block(context.Background(), pollFunc(func(t *async.Task) (int, error) {
				v, err := child.Poll(t)
				if err == errBoom || err != nil && isPanic("oh")(err) {
					err = nil
				}
				return v, err
			}))
		}
		if err != nil {
			t.Fatalf("round %d: %v", i, err)
		}
		<-ended
	}
}

// TestJoinThatEndsMeanwhile: a child ends while the request to be told of it is on
// its way.
func TestJoinThatEndsMeanwhile(t *testing.T) {
	home, away := asynctest.New(t), asynctest.New(t)
	var child *async.Join[int]
	asynctest.Go(home, func(t *async.Task) (int, error) {
		child = async.Spawn(t, func(*async.Task) (int, error) { return 7, nil })
		return 0, nil
	})
	home.Step()
	r := asynctest.Go(away, func(t *async.Task) (int, error) { return child.Await(t) })
	away.RunUntilIdle()
	home.Executor().Run(1) // the child, before the home looks into its inbox
	if !child.Core().Ended() {
		t.Fatal("the child has not ended")
	}
	home.RunUntilIdle()
	away.RunUntilIdle()
	if !r.Done || r.Value != 7 || r.Err != nil {
		t.Errorf("got %+v", r)
	}
}

// attempt awaits op for so many turns, then loses it. It reports whether it was
// faster.
func attempt(t *async.Task, op *async.Op[int], turns int) (n int, err error, won bool) {
	for range turns {
		if n, err = op.Poll(t); !async.IsPending(err) {
			return n, err, true
		}
		async.Yield(t)
	}
	for idle := op.Cancel(t, true); !idle; async.Yield(t) {
		if _, err := op.Poll(t); !async.IsPending(err) {
			break
		}
	}
	return 0, nil, false
}

// TestNoByteIsLost writes a stream and reads it, from other executors than its
// own, with operations most of which lose at a random moment.
func TestNoByteIsLost(t *testing.T) {
	const total = 2000
	for _, how := range []testpipe.Cancel{testpipe.AtOnce, testpipe.Later} {
		t.Run(how.String(), func(t *testing.T) {
			home := startLoop(t)
			var p *testpipe.Pipe
			home.on(func() { p = testpipe.New(&home.exec); p.Room, p.Cancel = 0, how })

			write := func(t *async.Task) error {
				rnd := rand.New(rand.NewPCG(1, 2))
				for sent := 0; sent < total; {
					b := make([]byte, min(1+rnd.IntN(10), total-sent))
					for i := range b {
						b[i] = byte(sent + i)
					}
					op := p.Write(b)
					for won := false; !won; {
						room := rnd.IntN(4)
						home.exec.Post(func() { p.AddRoom(room) })
						var n int
						var err error
						if n, err, won = attempt(t, &op, 1<<rnd.IntN(12)); won && (err != nil || n != len(b)) {
							return fmt.Errorf("wrote %d of %d: %v", n, len(b), err)
						}
					}
					sent += len(b)
				}
				return nil
			}
			read := func(t *async.Task) error {
				rnd := rand.New(rand.NewPCG(3, 4))
				b := make([]byte, 7)
				for got := 0; got < total; {
					op := p.Read(b)
					n, err, won := attempt(t, &op, 1<<rnd.IntN(12))
					if err != nil {
						return err
					}
					for _, x := range b[:n] {
						if x != byte(got) {
							return fmt.Errorf("byte %d is %d", got, x)
						}
						got++
					}
					if !won {
						clear(b) // it is ours again
					}
				}
				return nil
			}
			var wg sync.WaitGroup
			for _, f := range []func(*async.Task) error{write, read} {
				l := startLoop(t)
				wg.Go(func() {
					if err := runOn(l, f); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
		})
	}
}

// instant is a source at home somewhere, whose operations are over at once.
type instant struct{ home *async.Executor }

func (s instant) Home() *async.Executor                           { return s.home }
func (instant) Start(*async.Task, []byte, uint64) (ticket uint32) { return 1 }
func (instant) PollOp(*async.Task, uint32, bool) (int, error)     { return 1, nil }
func (instant) CancelOp(*async.Task, uint32) (idle bool)          { return true }
func (instant) Settle(uint32, bool) (used int)                    { return 0 }

// TestRemoteAllocations: the remote way allocates once for a task.
func TestRemoteAllocations(t *testing.T) {
	home, here := startLoop(t), startLoop(t)
	var allocs float64
	err := runOn(here, func(t *async.Task) error {
		op := async.NewOp[int](&instant{&home.exec}, nil, 0)
		allocs = testing.AllocsPerRun(100, func() { op.Await(t) })
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if allocs != 1 {
		t.Errorf("%v allocations for an operation of another loop, want 1", allocs)
	}
}
