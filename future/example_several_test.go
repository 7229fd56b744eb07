package future_test

import (
	"errors"
	"fmt"
	"time"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/driver"
	"rondo.dev/rondo/future"
	"rondo.dev/rondo/timer"
)

// run runs a task on a loop with virtual time.
func run(f func(t *async.Task) error) {
	err := rondo.Run(f, rondo.Loops(1), rondo.OpenDriver(func() (driver.Driver, error) {
		return driver.NewMemory(driver.MemoryOptions{}), nil
	}))
	if err != nil {
		fmt.Println(err)
	}
}

// after is v, some seconds later.
func after[T any](seconds int, v T) async.Future[T] {
	sleep := timer.Sleep(time.Duration(seconds) * time.Second)
	return future.Map(&sleep, func(struct{}) T { return v })
}

func ExampleJoin() {
	run(func(t *async.Task) error {
		v, err := async.Await(t, future.Join(after(2, "two"), after(1, 1)))
		fmt.Println(v.A, v.B)
		return err
	})
	// Output: two 1
}

func ExampleTryJoin() {
	run(func(t *async.Task) error {
		_, err := async.Await(t, future.TryJoin(after(3600, "in an hour"), future.Fail[int](errors.New("no"))))
		fmt.Println(err) // at once
		return nil
	})
	// Output: no
}

func ExampleJoinAll() {
	run(func(t *async.Task) error {
		v, err := async.Await(t, future.JoinAll(after(3, "a"), after(1, "b"), after(2, "c")))
		fmt.Println(v)
		return err
	})
	// Output: [a b c]
}

func ExampleTryJoinAll() {
	run(func(t *async.Task) error {
		v, err := async.Await(t, future.TryJoinAll(future.Ready(1), future.Ready(2)))
		fmt.Println(v)
		return err
	})
	// Output: [1 2]
}

func ExampleSelect() {
	run(func(t *async.Task) error {
		first, err := async.Await(t, future.Select(after(2, "two seconds"), after(1, 1)))
		fmt.Println(first.Won, first.B)
		return err
	})
	// Output: 1 1
}

func ExampleSelectAll() {
	run(func(t *async.Task) error {
		first, err := async.Await(t, future.SelectAll(after(3, "a"), after(1, "b"), after(2, "c")))
		fmt.Println(first.Won, first.Value)
		return err
	})
	// Output: 1 b
}

func ExampleFirstSuccess() {
	run(func(t *async.Task) error {
		down := future.Fail[string](errors.New("the first mirror is down"))
		first, err := async.Await(t, future.FirstSuccess(down, after(2, "the second"), after(1, "the third")))
		fmt.Println(first.Value)
		return err
	})
	// Output: the third
}

// A loop that goes on with what has not won.
func ExampleRace() {
	run(func(t *async.Task) error {
		long, tick := timer.Sleep(25*time.Second), timer.Sleep(10*time.Second)
		race := future.Race(&long, &tick)
		defer future.Abandon(t, &tick)
		for {
			first, err := async.Await(t, race)
			if err != nil || first.Won == 0 {
				return err
			}
			fmt.Println("tick")
			tick = timer.Sleep(10 * time.Second)
		}
	})
	// Output:
	// tick
	// tick
}

func ExampleGo() {
	count := func(name string, d time.Duration) func(*async.Task) (string, error) {
		return func(t *async.Task) (string, error) {
			err := timer.Sleep(d).Await(t)
			fmt.Println(name)
			return name, err
		}
	}
	run(func(t *async.Task) error {
		_, err := async.Await(t, future.TryJoin(
			future.Go(count("slow", 2*time.Second)),
			future.Go(count("quick", time.Second)),
		))
		return err
	})
	// Output:
	// quick
	// slow
}

func ExampleSet() {
	run(func(t *async.Task) error {
		var set future.Set[string]
		defer set.Close(t)
		set.Add(after(2, "two"))
		set.Add(after(1, "one"))
		for set.Len() > 0 {
			v, err := set.Next(t)
			if err != nil {
				return err
			}
			fmt.Println(v)
		}
		return nil
	})
	// Output:
	// one
	// two
}

func ExampleOrdered() {
	run(func(t *async.Task) error {
		var pages future.Ordered[string]
		defer pages.Close(t)
		pages.Add(after(2, "page 1"))
		pages.Add(after(1, "page 2"))
		for pages.Len() > 0 {
			v, err := pages.Next(t)
			if err != nil {
				return err
			}
			fmt.Println(v)
		}
		return nil
	})
	// Output:
	// page 1
	// page 2
}

func ExampleShare() {
	run(func(t *async.Task) error {
		config := future.Share(t, future.Go(func(t *async.Task) (string, error) {
			fmt.Println("loading")
			return "the config", timer.Sleep(time.Second).Await(t)
		}))
		a, b := config.Get(), config.Get()
		v, err := async.Await(t, future.Join(&a, &b))
		fmt.Println(v.A, "and", v.B)
		return err
	})
	// Output:
	// loading
	// the config and the config
}

func ExampleMemo() {
	run(func(t *async.Task) error {
		users := future.NewMemo(t, func(t *async.Task, id int) (string, error) {
			fmt.Println("query", id)
			return fmt.Sprint("user ", id), nil
		})
		for _, id := range []int{1, 2, 1} {
			name, err := users.Get(id).Await(t)
			if err != nil {
				return err
			}
			fmt.Println(name)
		}
		return nil
	})
	// Output:
	// query 1
	// user 1
	// query 2
	// user 2
	// user 1
}

func ExampleRetry() {
	run(func(t *async.Task) error {
		began := t.Executor().Now()
		backoff := future.Backoff{First: time.Second, Max: time.Minute, Attempts: 5}
		tries := 0
		v, err := future.Retry(t, backoff, func(t *async.Task) (string, error) {
			if tries++; tries < 3 {
				return "", errors.New("refused")
			}
			return "connected", nil
		})
		took := time.Duration(t.Executor().Now() - began)
		fmt.Println(v, "after", took.Round(time.Second))
		return err
	})
	// Output: connected after 3s
}

func ExampleToChan() {
	run(func(t *async.Task) error {
		ch := future.ToChan(t, after(1, "for a goroutine"))
		_, err := rondo.Blocking(t, func() (struct{}, error) {
			fmt.Println((<-ch).Value)
			return struct{}{}, nil
		})
		return err
	})
	// Output: for a goroutine
}

func ExampleAbandon() {
	run(func(t *async.Task) error {
		sleep := timer.Sleep(time.Hour)
		if _, err := sleep.Poll(t); async.IsPending(err) { // by hand: it stays in flight
			future.Abandon(t, &sleep)
		}
		fmt.Println("no longer asleep")
		return nil
	})
	// Output: no longer asleep
}
