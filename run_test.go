package rondo_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/driver"
	"rondo.dev/rondo/internal/leak"
	"rondo.dev/rondo/internal/testdrivers"
	"rondo.dev/rondo/netio"
	"rondo.dev/rondo/timer"
)

var errBoom = errors.New("boom")

// eachDriver runs a test on every kind of loop there is here.
func eachDriver(t *testing.T, f func(t *testing.T, opts ...rondo.Option)) {
	t.Run("memory", func(t *testing.T) {
		f(t, rondo.Loops(1), rondo.OpenDriver(func() (driver.Driver, error) {
			return driver.NewMemory(driver.MemoryOptions{}), nil
		}))
	})
	for _, name := range testdrivers.Here() {
		t.Run(name, func(t *testing.T) { f(t, rondo.Driver(name), rondo.Loops(3)) })
		t.Run(name+" locked", func(t *testing.T) { f(t, rondo.Driver(name), rondo.Loops(2), rondo.LockedLoops()) })
	}
}

func TestRunResult(t *testing.T) {
	eachDriver(t, func(t *testing.T, opts ...rondo.Option) {
		if err := rondo.Run(func(t *async.Task) error { return errBoom }, opts...); err != errBoom {
			t.Errorf("error of main: got %v", err)
		}
		err := rondo.Run(func(t *async.Task) error {
			rondo.Spread(t, func(t *async.Task) error { return errBoom })
			return nil
		}, opts...)
		if err != errBoom {
			t.Errorf("error of a child that nobody awaits: got %v", err)
		}
	})
}

func TestRunPanic(t *testing.T) {
	eachDriver(t, func(t *testing.T, opts ...rondo.Option) {
		for name, main := range map[string]func(*async.Task) error{
			"main":     func(t *async.Task) error { panic(errBoom) },
			"child":    func(t *async.Task) error { t.Go(func(*async.Task) error { panic(errBoom) }); return nil },
			"spread":   func(t *async.Task) error { rondo.Spread(t, func(*async.Task) error { panic(errBoom) }); return nil },
			"blocking": func(t *async.Task) error { rondo.Blocking(t, func() (int, error) { panic(errBoom) }); return nil },
		} {
			func() {
				defer func() {
					p, ok := recover().(*async.PanicError)
					if !ok || p.Value != errBoom || !strings.Contains(string(p.Stack), "TestRunPanic") {
						t.Errorf("%s: Run panicked with %v", name, p)
					}
				}()
				rondo.Run(main, opts...)
				t.Errorf("%s: Run returned", name)
			}()
		}
	})
}

func TestRunGoexit(t *testing.T) {
	eachDriver(t, func(t *testing.T, opts ...rondo.Option) {
		done := make(chan bool)
		go func() {
			defer close(done)
			rondo.Run(func(t *async.Task) error { runtime.Goexit(); return nil }, opts...)
			done <- true
		}()
		if <-done {
			t.Error("Run returned though main called Goexit")
		}
	})
}

// A panic of the function that is told of errors is logged, and harms nobody.
func TestOnErrorPanics(t *testing.T) {
	eachDriver(t, func(t *testing.T, opts ...rondo.Option) {
		var log bytes.Buffer
		opts = append(opts, rondo.Loops(1), rondo.OnError(func(string, error) { panic("in the hook") }),
			rondo.Logger(slog.New(slog.NewTextHandler(&log, nil))))
		err := rondo.Run(func(t *async.Task) error {
			rondo.Detach(t, "fails", func(*async.Task) error { return errBoom })
			return async.Yield(t)
		}, opts...)
		if err != nil || !strings.Contains(log.String(), "in the hook") {
			t.Errorf("error %v, logged %q", err, &log)
		}
	})
}

// A task's panic, Goexit or endless work must not harm the others.
func TestTasksAreApart(t *testing.T) {
	eachDriver(t, func(t *testing.T, opts ...rondo.Option) {
		var failed atomic.Int32
		opts = append(opts, rondo.OnError(func(string, error) { failed.Add(1) }))
		err := rondo.Run(func(t *async.Task) error {
			rondo.Detach(t, "panics", func(*async.Task) error { panic("one") })
			rondo.Detach(t, "exits", func(*async.Task) error { runtime.Goexit(); return nil })
			rondo.Detach(t, "never waits", func(t *async.Task) error {
				for {
					if _, err := async.Await(t, ready{}); err != nil {
						return nil
					}
				}
			})
			// Virtual time would stand still beside a task that never waits, so
			// this waits for real things.
			for range 20 {
				if _, err := rondo.Blocking(t, func() (int, error) { return 0, nil }); err != nil {
					return err
				}
			}
			return nil
		}, opts...)
		if err != nil {
			t.Fatal(err)
		}
		if failed.Load() != 2 {
			t.Errorf("%d errors of detached tasks were reported, want 2", failed.Load())
		}
	})
}

type never struct{}

func (never) Poll(*async.Task) (struct{}, error) { return struct{}{}, async.Pending }

type ready struct{}

func (ready) Poll(*async.Task) (struct{}, error) { return struct{}{}, nil }

func TestBlockingLimitAndCancel(t *testing.T) {
	eachDriver(t, func(t *testing.T, opts ...rondo.Option) {
		var running, most atomic.Int32
		err := rondo.Run(func(t *async.Task) error {
			g := async.NewGroup(t, 0)
			for range 50 {
				g.Go(func(t *async.Task) error {
					_, err := rondo.Blocking(t, func() (int, error) {
						n := running.Add(1)
						for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
						}
						runtime.Gosched()
						running.Add(-1)
						return 0, nil
					})
					return err
				})
			}
			if err := g.Wait(t); err != nil {
				return err
			}
			// Cancelled while it runs: the result is delivered all the same.
			release, begun := make(chan int), make(chan bool)
			c := async.Spawn(t, func(t *async.Task) (int, error) {
				return rondo.Blocking(t, func() (int, error) { close(begun); return <-release, nil })
			})
			if _, err := rondo.Blocking(t, func() (bool, error) { return <-begun, nil }); err != nil {
				return err
			}
			c.Stop(errBoom)
			go func() { release <- 7 }()
			if v, err := c.Await(t); v != 7 || err != nil {
				return errors.New("a result of Blocking was lost")
			}
			return nil
		}, append(opts, rondo.BlockingLimit(3))...)
		if err != nil || most.Load() > 3 {
			t.Fatalf("error %v, %d calls at once, want at most 3", err, most.Load())
		}
	})
}

func TestContext(t *testing.T) {
	type key struct{}
	ctx, cancel := context.WithCancelCause(context.WithValue(context.Background(), key{}, "value"))
	err := rondo.Run(func(t *async.Task) error {
		if t.Value(key{}) != "value" {
			return errors.New("no value")
		}
		child := async.Spawn(t, func(t *async.Task) (any, error) { return t.Value(key{}), nil })
		if v, _ := child.Await(t); v != "value" {
			return errors.New("no value in a child")
		}
		cancel(errBoom)
		return timer.Sleep(time.Hour).Await(t)
	}, rondo.Context(ctx), rondo.Loops(1))
	if err != errBoom {
		t.Fatalf("got %v, want the cause", err)
	}
}

// A child on another loop has its parent's values and time limits, and knows where it
// was spawned.
func TestSpreadInherits(t *testing.T) {
	type key struct{}
	eachDriver(t, func(t *testing.T, opts ...rondo.Option) {
		ctx := context.WithValue(context.Background(), key{}, "value")
		err := rondo.Run(func(task *async.Task) error {
			limited, stop := task.WithTimeout(time.Hour)
			defer stop()
			want, _ := limited.Deadline()
			var children []*async.Child
			for _, l := range rondo.LoopOf(task).Runtime().Loops() {
				children = append(children, rondo.SpreadTo(limited, l, func(t *async.Task) error {
					if v := t.Value(key{}); v != "value" {
						return fmt.Errorf("loop %d: the value is %v", l.Index(), v)
					}
					if got, ok := t.Deadline(); !ok || !got.Equal(want) {
						return fmt.Errorf("loop %d: the deadline is %v, %v", l.Index(), got, ok)
					}
					if site := t.Core().Describe().Site; !strings.Contains(site, "run_test.go") {
						return fmt.Errorf("loop %d: spawned at %q", l.Index(), site)
					}
					return nil
				}))
			}
			for _, c := range children {
				if err := c.Await(task); err != nil {
					return err
				}
			}
			return nil
		}, append(opts, rondo.Context(ctx))...)
		if err != nil {
			t.Error(err)
		}
	})
}

func TestShutdownNamesWhatDoesNotEnd(t *testing.T) {
	eachDriver(t, func(t *testing.T, opts ...rondo.Option) {
		rt, err := rondo.New(opts...)
		if err != nil {
			t.Fatal(err)
		}
		started := make(chan bool)
		rt.Detach("stubborn", func(t *async.Task) error {
			close(started)
			_, err := async.Await(t.WithoutCancel(), never{})
			return err
		})
		rt.Detach("obedient", func(t *async.Task) error { return timer.Sleep(time.Hour).Await(t) })
		<-started
		ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		defer cancel()
		var e *rondo.ShutdownError
		if err := rt.Shutdown(ctx); !errors.As(err, &e) || len(e.Tasks) != 1 || !strings.Contains(e.Tasks[0], "stubborn") {
			t.Fatalf("got %v", err)
		}
		if err := rt.Run(context.Background(), func(*async.Task) error { return nil }); err == nil {
			t.Error("a task could be started after the shutdown")
		}
	})
}

// Wakes, spawns and results cross loops in all directions at once.
func TestAcrossLoops(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs a driver that several loops can have")
	}
	const tasks, rounds = 50, 200
	var ran atomic.Int64
	err := rondo.Run(func(t *async.Task) error {
		loops := rondo.LoopOf(t).Runtime().Loops()
		for i := range tasks {
			rondo.SpreadTo(t, loops[i%len(loops)], func(t *async.Task) error {
				for r := range rounds {
					f := &future{}
					var wg sync.WaitGroup
					wg.Go(func() { f.set() })
					c := rondo.SpreadTo(t, loops[(i+r)%len(loops)], func(t *async.Task) error {
						ran.Add(1)
						return async.Yield(t)
					})
					if _, err := async.Await(t, f); err != nil {
						return err
					}
					if err := c.Await(t); err != nil {
						return err
					}
					wg.Wait()
				}
				return nil
			})
		}
		return nil
	}, rondo.Loops(4))
	if err != nil || ran.Load() != tasks*rounds {
		t.Fatalf("error %v, %d tasks ran, want %d", err, ran.Load(), tasks*rounds)
	}
}

// future is set by one goroutine and awaited by a task.
type future struct {
	mu    sync.Mutex
	done  bool
	waker *async.Waker
}

func (f *future) set() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.done = true
	if f.waker != nil {
		f.waker.Wake()
	}
}

func (f *future) Poll(t *async.Task) (struct{}, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.done {
		f.waker = t.Waker()
		return struct{}{}, async.Pending
	}
	return struct{}{}, nil
}

// lockedBuffer collects log lines from several goroutines.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func TestWatchdogNamesTheTask(t *testing.T) {
	var log lockedBuffer
	err := rondo.Run(func(t *async.Task) error {
		t.Go(func(t *async.Task) error {
			t.SetName("hog")
			for !strings.Contains(log.String(), "does not come back") {
				time.Sleep(time.Millisecond)
			}
			return nil
		})
		return nil
	}, rondo.Loops(1), rondo.Watchdog(5*time.Millisecond), rondo.Logger(slog.New(slog.NewTextHandler(&log, nil))))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"hog", "run_test.go", "TestWatchdogNamesTheTask"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log does not mention %q:\n%s", want, log.String())
		}
	}
}

func TestMetrics(t *testing.T) {
	eachDriver(t, func(t *testing.T, opts ...rondo.Option) {
		rt, err := rondo.New(opts...)
		if err != nil {
			t.Fatal(err)
		}
		err = rt.Run(context.Background(), func(t *async.Task) error {
			for range 100 {
				t.Go(func(t *async.Task) error { return async.Yield(t) })
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := rt.Shutdown(context.Background()); err != nil {
			t.Fatal(err)
		}
		var spawned, polls, left int64
		for _, l := range rt.Metrics().Loops {
			spawned, polls, left = spawned+l.Spawned, polls+l.Polls, left+l.Tasks
			if l.Driver == "" || l.CoroutinesLent != 0 {
				t.Errorf("driver %q, %d coroutines lent at the end", l.Driver, l.CoroutinesLent)
			}
		}
		if spawned < 101 || polls < 201 || left != 0 {
			t.Errorf("%d tasks spawned, %d polls, %d left; want at least 101, 201, and 0", spawned, polls, left)
		}
	})
}

// Metrics tell of what happened: tasks, wakes, operations, time, and blocking calls.
func TestMetricsOfALoad(t *testing.T) {
	eachDriver(t, func(t *testing.T, opts ...rondo.Option) {
		rt, err := rondo.New(append(opts, rondo.Loops(1), rondo.BlockingLimit(1))...)
		if err != nil {
			t.Fatal(err)
		}
		release := make(chan bool)
		err = rt.Run(context.Background(), func(t *async.Task) error {
			for range 3 {
				t.Go(func(t *async.Task) error {
					_, err := rondo.Blocking(t, func() (int, error) { <-release; return 0, nil })
					return err
				})
			}
			ln, err := netio.Listen(t, "tcp", "127.0.0.1:0")
			if err != nil {
				return err
			}
			c, err := netio.Dial(t, "tcp", ln.Addr().String())
			if err != nil {
				return err
			}
			// They are published when the loop has nothing to do.
			for range 1000 {
				if err := timer.Sleep(time.Millisecond).Await(t); err != nil || rt.Metrics().Loops[0].Tasks == 4 {
					break
				}
			}
			m := rt.Metrics()
			close(release)
			if m.BlockingRunning != 1 || m.BlockingQueued != 2 {
				return fmt.Errorf("%d blocking calls run and %d wait, want 1 and 2", m.BlockingRunning, m.BlockingQueued)
			}
			l, low := m.Loops[0], t.Executor().Lowered()
			if l.Tasks != 4 || l.CoroutinesLent > 4 || l.CoroutinesLent < 4 && !low {
				return fmt.Errorf("%d tasks on %d coroutines, want 4 and 4, fewer if lowered (%v)", l.Tasks, l.CoroutinesLent, low)
			}
			return errors.Join(c.Close().Await(t), ln.Close().Await(t))
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := rt.Shutdown(context.Background()); err != nil {
			t.Fatal(err)
		}
		l := rt.Metrics().Loops[0]
		ops := l.Operations
		if l.Tasks != 0 || l.Wakes == 0 || l.Remote == 0 || l.Polls < l.Spawned || l.Idle <= 0 || l.Busy < 0 || l.CoroutinesLent != 0 {
			t.Errorf("%+v", l)
		}
		if ops.Submitted == 0 || ops.Submitted != ops.Ended || ops.InFlight != 0 || ops.Lent != 0 {
			t.Errorf("operations %+v", ops)
		}
		leak.Eventually(t, "blocking calls run or wait at the end", func() bool {
			m := rt.Metrics()
			return m.BlockingRunning == 0 && m.BlockingQueued == 0
		})
	})
}

// An idle pool of coroutines shrinks.
func TestPoolIsTrimmed(t *testing.T) {
	mem := driver.NewMemory(driver.MemoryOptions{})
	rt, err := rondo.New(rondo.Loops(1), rondo.OpenDriver(func() (driver.Driver, error) { return mem, nil }))
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Shutdown(context.Background())
	err = rt.Run(context.Background(), func(t *async.Task) error {
		for range 1000 {
			t.Go(func(t *async.Task) error { return timer.Sleep(time.Millisecond).Await(t) })
		}
		return timer.Sleep(time.Minute).Await(t) // of virtual time
	})
	if err != nil {
		t.Fatal(err)
	}
	if idle := rt.Metrics().Loops[0].CoroutinesIdle; idle > 100 {
		t.Errorf("%d idle coroutines are kept a minute after 1000 were used", idle)
	}
}

func TestNoGoroutineIsLeft(t *testing.T) {
	eachDriver(t, func(t *testing.T, opts ...rondo.Option) {
		before := runtime.NumGoroutine()
		err := rondo.Run(func(t *async.Task) error {
			for range 100 {
				rondo.Spread(t, func(t *async.Task) error { return timer.Sleep(time.Millisecond).Await(t) })
			}
			return nil
		}, opts...)
		if err != nil {
			t.Fatal(err)
		}
		for range 1000 {
			if runtime.NumGoroutine() <= before {
				return
			}
			time.Sleep(time.Millisecond)
		}
		buf := make([]byte, 1<<20)
		t.Errorf("goroutines: %d before, %d after\n%s", before, runtime.NumGoroutine(), buf[:runtime.Stack(buf, true)])
	})
}
