package channel_test

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/channel"
	"rondo.dev/rondo/driver"
	"rondo.dev/rondo/internal/testdrivers"
)

// drivers returns the options of runtimes to be tested on.
func drivers() map[string][]rondo.Option {
	m := map[string][]rondo.Option{"memory": {rondo.OpenDriver(func() (driver.Driver, error) {
		return driver.NewMemory(driver.MemoryOptions{}), nil
	})}}
	for _, name := range testdrivers.Here() {
		m[name] = []rondo.Option{rondo.Driver(name)}
	}
	return m
}

// everywhere runs f for every i below n: as tasks on several loops, and as plain
// goroutines, in turns. A task waits with its own context or await.
func everywhere(rt *rondo.Runtime, wg *sync.WaitGroup, n int, f func(i int, t *async.Task) error, fail func(error)) {
	loops := rt.Loops()
	for i := range n {
		wg.Add(1)
		run := func(t *async.Task) error {
			defer wg.Done()
			if err := f(i, t); err != nil {
				fail(err)
			}
			return nil
		}
		if i%3 == 2 {
			go run(nil)
			continue
		}
		l := loops[i%len(loops)]
		l.Post(func() { async.SpawnRoot(l.Executor(), "stress", run, nil) })
	}
}

// send and recv are for tasks, and for goroutines, whose t is nil. They give up
// from time to time, and try again.
func send(t *async.Task, rnd *rand.Rand, c *channel.Chan[[2]int], v [2]int) error {
	for {
		err := patience(t, rnd,
			func(t *async.Task) error { return c.Send(v).Await(t) },
			func(ctx context.Context) error { return c.Send(v).Wait(ctx) })
		if !errors.Is(err, errPatience) {
			return err
		}
	}
}

func recv(t *async.Task, rnd *rand.Rand, c *channel.Chan[[2]int]) (v [2]int, err error) {
	for {
		err := patience(t, rnd,
			func(t *async.Task) (err error) { v, err = c.Recv().Await(t); return err },
			func(ctx context.Context) (err error) { v, err = c.Recv().Wait(ctx); return err })
		if !errors.Is(err, errPatience) {
			return v, err
		}
	}
}

var errPatience = errors.New("out of patience")

// patience runs one of the two, and cancels it after a very short time, one time
// in four.
func patience(t *async.Task, rnd *rand.Rand, await func(*async.Task) error, wait func(context.Context) error) error {
	impatient := rnd.IntN(4) == 0
	if t == nil {
		ctx, cancel := context.WithCancelCause(context.Background())
		defer cancel(nil)
		if impatient {
			defer time.AfterFunc(time.Duration(rnd.IntN(20))*time.Microsecond, func() { cancel(errPatience) }).Stop()
		}
		return wait(ctx)
	}
	if !impatient {
		return await(t)
	}
	view, cancel := t.WithCancel()
	child := t.Go(func(t *async.Task) error {
		for range rnd.IntN(3) {
			if err := async.Yield(t); err != nil {
				return err
			}
		}
		cancel(errPatience)
		return nil
	})
	err := await(view)
	return errors.Join(err, child.Await(t))
}

// TestEverybodySendsAndReceives: many senders and receivers, on several loops and
// in goroutines, who give up and try again: each value arrives once, and each
// sender's values in their order, as one receiver sees them.
func TestEverybodySendsAndReceives(t *testing.T) {
	senders, each := 9, 300
	if testing.Short() {
		each = 50
	}
	for name, opts := range drivers() {
		for _, capacity := range []int{1, 8} {
			t.Run(name, func(t *testing.T) {
				rt, err := rondo.New(append(opts, rondo.Loops(3), rondo.Watchdog(0))...)
				if err != nil {
					t.Fatal(err)
				}
				c := channel.New[[2]int](capacity)
				var sending, receiving sync.WaitGroup
				var mu sync.Mutex
				count := map[[2]int]int{}
				fail := func(err error) { t.Error(err) }
				everywhere(rt, &receiving, 5, func(i int, t *async.Task) error {
					rnd := rand.New(rand.NewPCG(uint64(i), 1))
					last := make([]int, senders)
					for {
						v, err := recv(t, rnd, c)
						if errors.Is(err, io.EOF) {
							return nil
						} else if err != nil {
							return err
						}
						if v[1] <= last[v[0]] {
							return errors.New("out of order")
						}
						last[v[0]] = v[1]
						mu.Lock()
						count[v]++
						mu.Unlock()
					}
				}, fail)
				everywhere(rt, &sending, senders, func(i int, t *async.Task) error {
					rnd := rand.New(rand.NewPCG(uint64(i), 2))
					for n := 1; n <= each; n++ {
						if err := send(t, rnd, c, [2]int{i, n}); err != nil {
							return err
						}
					}
					return nil
				}, fail)
				sending.Wait()
				c.Close()
				receiving.Wait()
				for i := range senders {
					for n := 1; n <= each; n++ {
						if got := count[[2]int{i, n}]; got != 1 {
							t.Fatalf("value %d of sender %d was received %d times", n, i, got)
						}
					}
				}
				if err := rt.Shutdown(context.Background()); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// TestOneshotsEverywhere: requests from everywhere to a server on one loop, each
// with the place for its answer.
func TestOneshotsEverywhere(t *testing.T) {
	type request struct {
		n      int
		answer channel.Oneshot[int]
	}
	for name, opts := range drivers() {
		t.Run(name, func(t *testing.T) {
			rt, err := rondo.New(append(opts, rondo.Loops(2), rondo.Watchdog(0))...)
			if err != nil {
				t.Fatal(err)
			}
			requests := channel.New[*request](4)
			var serving, asking sync.WaitGroup
			fail := func(err error) { t.Error(err) }
			everywhere(rt, &serving, 1, func(_ int, t *async.Task) error {
				for r := range requests.All(t) {
					r.answer.Send(-r.n)
				}
				return nil
			}, fail)
			everywhere(rt, &asking, 6, func(i int, t *async.Task) error {
				for n := range 200 {
					r := &request{n: n}
					var v int
					var err error
					if t == nil {
						requests.Send(r).Wait(context.Background())
						v, err = r.answer.Recv().Wait(context.Background())
					} else {
						requests.Send(r).Await(t)
						v, err = r.answer.Recv().Await(t)
					}
					if v != -n || err != nil {
						return errors.Join(errors.New("wrong answer"), err)
					}
				}
				return nil
			}, fail)
			asking.Wait()
			requests.Close()
			serving.Wait()
			if err := rt.Shutdown(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestWatchEverywhere: every observer sees values that only grow, and the last one.
func TestWatchEverywhere(t *testing.T) {
	for name, opts := range drivers() {
		t.Run(name, func(t *testing.T) {
			rt, err := rondo.New(append(opts, rondo.Loops(2), rondo.Watchdog(0))...)
			if err != nil {
				t.Fatal(err)
			}
			const last = 2000
			w := channel.NewWatch(0)
			b := channel.NewBroadcast[int](8)
			var watching sync.WaitGroup
			fail := func(err error) { t.Error(err) }
			observers := make([]*channel.Observer[int], 6)
			subs := make([]*channel.Subscription[int], 6)
			for i := range subs {
				observers[i], subs[i] = w.Observe(), b.Subscribe()
			}
			everywhere(rt, &watching, 6, func(i int, t *async.Task) error {
				o, seen := observers[i], 0
				for seen < last {
					var v int
					var err error
					if t == nil {
						v, err = o.Next().Wait(context.Background())
					} else {
						v, err = o.Next().Await(t)
					}
					if err != nil || v <= seen {
						return errors.Join(errors.New("a value went back"), err)
					}
					seen = v
				}
				// Of the broadcast, every value is received or counted as missed.
				defer subs[i].Close()
				for next := 1; ; {
					var v int
					var err error
					if t == nil {
						v, err = subs[i].Recv().Wait(context.Background())
					} else {
						v, err = subs[i].Recv().Await(t)
					}
					var lag *channel.LagError
					switch {
					case errors.As(err, &lag):
						next += int(lag.Missed)
						continue
					case err == io.EOF && next == last+1:
						return nil
					case err != nil || v != next:
						return errors.Join(errors.New("a value is missing"), err)
					}
					next++
				}
			}, fail)
			for i := 1; i <= last; i++ {
				w.Set(i)
				b.Send(i)
			}
			b.Close()
			watching.Wait()
			if err := rt.Shutdown(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
}
