package lock_test

import (
	"context"
	"fmt"
	"time"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/lock"
)

// run runs an example as a program would, on one loop.
func run(main func(t *async.Task) error) {
	if err := rondo.Run(main, rondo.Loops(1)); err != nil {
		fmt.Println(err)
	}
}

// A lock is held across awaits: the second task waits until the first is through.
func ExampleMutex() {
	run(func(t *async.Task) error {
		var mu lock.Mutex
		for _, name := range []string{"first", "second"} {
			t.Go(func(t *async.Task) error {
				if err := mu.Lock().Await(t); err != nil {
					return err
				}
				defer mu.Unlock()
				fmt.Println(name, "begins")
				if err := async.Yield(t); err != nil {
					return err
				}
				fmt.Println(name, "ends")
				return nil
			})
		}
		return nil
	})
	// Output:
	// first begins
	// first ends
	// second begins
	// second ends
}

func ExampleRWMutex() {
	run(func(t *async.Task) error {
		var mu lock.RWMutex
		config := "old"
		if err := mu.Lock().Await(t); err != nil {
			return err
		}
		config = "new"
		mu.Downgrade() // nobody changes it before it was read
		fmt.Println(config, mu.TryRLock(), mu.TryLock())
		mu.RUnlock()
		mu.RUnlock()
		return nil
	})
	// Output: new true false
}

// At most two jobs at a time.
func ExampleSemaphore() {
	run(func(t *async.Task) error {
		s := lock.NewSemaphore(2)
		most, now := 0, 0
		g := async.NewGroup(t, 0)
		for range 10 {
			g.Go(func(t *async.Task) error {
				if err := s.Acquire(1).Await(t); err != nil {
					return err
				}
				defer s.Release(1)
				now++
				most = max(most, now)
				err := async.Yield(t)
				now--
				return err
			})
		}
		err := g.Wait(t)
		fmt.Println("at most", most)
		return err
	})
	// Output: at most 2
}

// A notification is a reason to look.
func ExampleNotify() {
	run(func(t *async.Task) error {
		var work lock.Notify
		var jobs []string
		worker := t.Go(func(t *async.Task) error {
			for len(jobs) == 0 {
				if err := work.Notified().Await(t); err != nil {
					return err
				}
			}
			fmt.Println("does", jobs[0])
			return nil
		})
		jobs = append(jobs, "the dishes")
		work.NotifyOne()
		return worker.Await(t)
	})
	// Output: does the dishes
}

func ExampleEvent() {
	var ready lock.Event
	go ready.Set() // any goroutine
	run(func(t *async.Task) error {
		if err := ready.Done().Await(t); err != nil {
			return err
		}
		fmt.Println(ready.IsSet())
		return nil
	})
	// Output: true
}

func ExampleBarrier() {
	run(func(t *async.Task) error {
		b := lock.NewBarrier(3)
		leaders := 0
		g := async.NewGroup(t, 0)
		for range 3 {
			g.Go(func(t *async.Task) error {
				leads, err := b.Arrive().Await(t)
				if leads {
					leaders++
				}
				return err
			})
		}
		err := g.Wait(t)
		fmt.Println("all are here;", leaders, "leads")
		return err
	})
	// Output: all are here; 1 leads
}

// Whoever comes first connects; the others wait for that.
func ExampleOnceCell() {
	run(func(t *async.Task) error {
		var cell lock.OnceCell[string]
		connect := func(t *async.Task) (string, error) {
			fmt.Println("connecting")
			return "connection", async.Sleep(time.Millisecond).Await(t)
		}
		g := async.NewGroup(t, 0)
		for range 3 {
			g.Go(func(t *async.Task) error {
				conn, err := cell.Do(t, connect)
				fmt.Println(conn)
				return err
			})
		}
		return g.Wait(t)
	})
	// Output:
	// connecting
	// connection
	// connection
	// connection
}

// Two at once, then one a millisecond.
func ExampleLimiter() {
	run(func(t *async.Task) error {
		l := lock.NewLimiter(t, time.Millisecond, 2)
		for i := range 4 { // two at once, the others a millisecond apart
			if err := l.Acquire(1).Await(t); err != nil {
				return err
			}
			fmt.Println("request", i)
		}
		return nil
	})
	// Output:
	// request 0
	// request 1
	// request 2
	// request 3
}

// A goroutine waits for what a task awaits.
func Example_goroutine() {
	var mu lock.Mutex
	ctx := context.Background()
	if err := mu.Lock().Wait(ctx); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("locked")
	mu.Unlock()
	// Output: locked
}
