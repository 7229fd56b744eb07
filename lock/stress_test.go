package lock_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/driver"
	"rondo.dev/rondo/internal/testdrivers"
	"rondo.dev/rondo/lock"
)

// runtimes runs f on a runtime of three loops for each driver.
func runtimes(t *testing.T, f func(t *testing.T, rt *rondo.Runtime)) {
	drivers := map[string]rondo.Option{"memory": rondo.OpenDriver(func() (driver.Driver, error) {
		return driver.NewMemory(driver.MemoryOptions{}), nil
	})}
	for _, name := range testdrivers.Here() {
		drivers[name] = rondo.Driver(name)
	}
	for name, opt := range drivers {
		t.Run(name, func(t *testing.T) {
			rt, err := rondo.New(opt, rondo.Loops(3), rondo.Watchdog(0))
			if err != nil {
				t.Fatal(err)
			}
			f(t, rt)
			if err := rt.Shutdown(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
}

// everywhere runs f n times at once: as tasks of all loops, and as goroutines, which
// have no task, and waits for their end. What f is to take may be taken with take.
func everywhere(t *testing.T, rt *rondo.Runtime, n int, f func(i int, t *async.Task) error) {
	var wg sync.WaitGroup
	loops := rt.Loops()
	for i := range n {
		wg.Add(1)
		run := func(task *async.Task) error {
			defer wg.Done()
			if err := f(i, task); err != nil {
				t.Error(err)
			}
			return nil
		}
		if i%4 == 3 {
			go run(nil)
			continue
		}
		l := loops[i%len(loops)]
		l.Post(func() { async.SpawnRoot(l.Executor(), "stress", run, nil) })
	}
	wg.Wait()
}

var errPatience = errors.New("out of patience")

// take awaits or waits for a, sometimes not long enough, and reports whether it got
// it.
func take(t *async.Task, rnd *rand.Rand, a async.Act) (got bool, err error) {
	patience := time.Hour
	if rnd.IntN(3) == 0 {
		patience = time.Duration(rnd.IntN(50)) * time.Microsecond
	}
	if t == nil {
		ctx, cancel := context.WithTimeoutCause(context.Background(), patience, errPatience)
		defer cancel()
		err = a.Wait(ctx)
	} else {
		view, cancel := t.WithCancel()
		x := time.AfterFunc(patience, func() {
			t.Executor().Post(func() { cancel(errPatience) })
		})
		defer x.Stop()
		err = a.Await(view)
	}
	if err == errPatience {
		return false, nil
	}
	return err == nil, err
}

// TestExclusion: with people on three loops and in goroutines, who lose patience now
// and then, nobody is ever inside with somebody who must not be, and all is free in
// the end.
func TestExclusion(t *testing.T) {
	rounds := 300
	if testing.Short() {
		rounds = 30
	}
	runtimes(t, func(t *testing.T, rt *rondo.Runtime) {
		var mu lock.Mutex
		var rw lock.RWMutex
		sem := lock.NewSemaphore(5)
		var inMu, writers, readers, units atomic.Int64
		inside := func(n *atomic.Int64, by int64, ok func(int64) bool) error {
			if v := n.Add(by); !ok(v) {
				return errors.New("too many inside")
			}
			return nil
		}
		everywhere(t, rt, 12, func(i int, task *async.Task) error {
			rnd := rand.New(rand.NewPCG(uint64(i), 3))
			for range rounds {
				var got bool
				var err error
				switch rnd.IntN(4) {
				case 0:
					if got, err = take(task, rnd, mu.Lock()); got {
						err = inside(&inMu, 1, func(n int64) bool { return n == 1 })
						inMu.Add(-1)
						mu.Unlock()
					}
				case 1:
					if got, err = take(task, rnd, rw.Lock()); got {
						err = inside(&writers, 1, func(n int64) bool { return n == 1 && readers.Load() == 0 })
						writers.Add(-1)
						rw.Unlock()
					}
				case 2:
					if got, err = take(task, rnd, rw.RLock()); got {
						err = inside(&readers, 1, func(int64) bool { return writers.Load() == 0 })
						readers.Add(-1)
						rw.RUnlock()
					}
				default:
					n := rnd.Int64N(6)
					if got, err = take(task, rnd, sem.Acquire(n)); got {
						err = inside(&units, n, func(n int64) bool { return n <= 5 })
						units.Add(-n)
						sem.Release(n)
					}
				}
				if err != nil {
					return err
				}
			}
			return nil
		})
		if !mu.TryLock() || !rw.TryLock() || sem.Available() != 5 {
			t.Error("something is still locked")
		}
	})
}

// TestNoLostNotification: a counter and those who wait for it to change.
func TestNoLostNotification(t *testing.T) {
	runtimes(t, func(t *testing.T, rt *rondo.Runtime) {
		const work = 500
		var n lock.Notify
		var todo, done atomic.Int64
		var over lock.Event
		everywhere(t, rt, 8, func(i int, task *async.Task) error {
			if i == 0 || i == 3 { // a task and a goroutine bring work
				for range work {
					todo.Add(1)
					n.NotifyOne()
				}
				if task == nil {
					return over.Done().Wait(context.Background())
				}
				return over.Done().Await(task)
			}
			for {
				for v := todo.Load(); v > 0; v = todo.Load() {
					if todo.CompareAndSwap(v, v-1) && done.Add(1) == 2*work {
						over.Set()
					}
				}
				if over.IsSet() {
					n.NotifyOne() // the next one
					return nil
				}
				var err error
				if task == nil {
					err = n.Notified().Wait(context.Background())
				} else {
					err = n.Notified().Await(task)
				}
				if err != nil {
					return err
				}
			}
		})
	})
}

// TestBarrierEverywhere: nobody is ahead of another by more than a round, and each
// round has one leader.
func TestBarrierEverywhere(t *testing.T) {
	runtimes(t, func(t *testing.T, rt *rondo.Runtime) {
		const people, rounds = 6, 100
		b := lock.NewBarrier(people)
		var leaders, arrived atomic.Int64
		everywhere(t, rt, people, func(i int, task *async.Task) error {
			for r := range int64(rounds) {
				arrived.Add(1)
				var leads bool
				var err error
				if task == nil {
					leads, err = b.Arrive().Wait(context.Background())
				} else {
					leads, err = b.Arrive().Await(task)
				}
				if n := arrived.Load(); n < (r+1)*people || err != nil {
					return errors.Join(errors.New("the barrier opened too early"), err)
				}
				if leads {
					leaders.Add(1)
				}
			}
			return nil
		})
		if leaders.Load() != rounds {
			t.Errorf("%d leaders in %d rounds", leaders.Load(), rounds)
		}
	})
}

// TestLimiterFromElsewhere: a limiter of one loop serves tasks of others and
// goroutines, and gets back what they did not take.
func TestLimiterFromElsewhere(t *testing.T) {
	runtimes(t, func(t *testing.T, rt *rondo.Runtime) {
		made := make(chan *lock.Limiter, 1)
		home := rt.Loops()[0]
		home.Post(func() {
			async.SpawnRoot(home.Executor(), "home", func(t *async.Task) error {
				made <- lock.NewLimiter(t, time.Microsecond, 3)
				return nil
			}, nil)
		})
		l := <-made
		everywhere(t, rt, 8, func(i int, task *async.Task) error {
			rnd := rand.New(rand.NewPCG(uint64(i), 4))
			for range 50 {
				if _, err := take(task, rnd, l.Acquire(1+rnd.IntN(3))); err != nil {
					return err
				}
			}
			return nil
		})
	})
}
