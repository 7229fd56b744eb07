package timer_test

import (
	"errors"
	"fmt"
	"os"
	"time"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/driver"
	"rondo.dev/rondo/timer"
)

// inMemory makes the examples run on a virtual clock.
var inMemory = rondo.OpenDriver(func() (driver.Driver, error) {
	return driver.NewMemory(driver.MemoryOptions{}), nil
})

func ExampleSleep() {
	rondo.Run(func(t *async.Task) error {
		for _, word := range []string{"one", "two", "three"} {
			t.Go(func(t *async.Task) error {
				defer fmt.Println(word)
				return timer.Sleep(time.Duration(len(word)) * time.Hour).Await(t)
			})
		}
		return nil // ends when its children have
	}, inMemory, rondo.Loops(1))
	// Unordered output:
	// one
	// two
	// three
}

func ExampleTimeout() {
	rondo.Run(func(t *async.Task) error {
		slow := async.Spawn(t, func(t *async.Task) (string, error) {
			err := timer.Sleep(time.Hour).Await(t)
			return "half of it", err
		})
		v, err := async.Await(t, timer.Timeout(time.Minute, slow))
		fmt.Println(v, errors.Is(err, os.ErrDeadlineExceeded))
		return nil
	}, inMemory, rondo.Loops(1))
	// Output: half of it true
}

func ExampleTicker() {
	rondo.Run(func(t *async.Task) error {
		k := timer.NewTicker(t, time.Second, timer.Skip)
		defer k.Stop()
		for range 3 {
			if _, err := k.Await(t); err != nil {
				return err
			}
			fmt.Println("tick")
		}
		return nil
	}, inMemory, rondo.Loops(1))
	// Output:
	// tick
	// tick
	// tick
}

// A connection is closed when nothing has happened on it for a while.
func ExampleSleeper() {
	rondo.Run(func(t *async.Task) error {
		scope, cancel := t.WithCancel()
		var idle timer.Sleeper
		idle.Reset(time.Minute)
		t.Go(func(t *async.Task) error {
			err := idle.Await(t)
			cancel(errors.New("nothing happened for a minute"))
			return err
		})
		for _, pause := range []time.Duration{30 * time.Second, 40 * time.Second, 2 * time.Minute} {
			if err := timer.Sleep(pause).Await(scope); err != nil {
				fmt.Println(err)
				break
			}
			fmt.Println("message")
			idle.Reset(time.Minute)
		}
		return nil
	}, inMemory, rondo.Loops(1))
	// Output:
	// message
	// message
	// nothing happened for a minute
}
