package rondo_test

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/driver"
	"rondo.dev/rondo/lock"
)

// countingDriver counts the turns of its loop.
type countingDriver struct {
	driver.Driver
	waits *atomic.Int64
}

func (d countingDriver) Wait(t time.Duration) error {
	d.waits.Add(1)
	return d.Driver.Wait(t)
}

// TestWakesOnOneLoopDontWaitForTheDriver: tasks that wake each other by way of the
// inbox, as those do who can't know that they share a loop, get on within a turn.
func TestWakesOnOneLoopDontWaitForTheDriver(t *testing.T) {
	const rounds = 1000
	var waits atomic.Int64
	var before, after int64
	err := rondo.Run(func(t *async.Task) error {
		var ping, pong lock.Notify
		child := t.Go(func(t *async.Task) error {
			for range rounds {
				if err := ping.Notified().Await(t); err != nil {
					return err
				}
				pong.NotifyOne()
			}
			return nil
		})
		before = waits.Load()
		for range rounds {
			ping.NotifyOne()
			if err := pong.Notified().Await(t); err != nil {
				return err
			}
		}
		after = waits.Load()
		return child.Await(t)
	}, rondo.Loops(1), rondo.Watchdog(0), rondo.OpenDriver(func() (driver.Driver, error) {
		return countingDriver{driver.NewMemory(driver.MemoryOptions{}), &waits}, nil
	}))
	if err != nil {
		t.Fatal(err)
	}
	if turns := after - before; turns > rounds/10 {
		t.Errorf("%d turns of the loop for %d wakes", turns, 2*rounds)
	}
}

var errAlone = errors.New("it was left alone")

// TestDebug: a runtime looks for misuse if it is told to.
func TestDebug(t *testing.T) {
	for _, debug := range []bool{false, true} {
		opts := []rondo.Option{rondo.Loops(1), rondo.OpenDriver(func() (driver.Driver, error) {
			return driver.NewMemory(driver.MemoryOptions{}), nil
		})}
		if debug {
			opts = append(opts, rondo.Debug())
		}
		var mu lock.Mutex
		var p *async.PanicError
		err := rondo.Run(func(t *async.Task) error {
			child := t.Go(func(t *async.Task) error {
				if err := mu.Lock().Await(t); err != nil {
					return err
				}
				defer mu.Unlock()
				return mu.Lock().Await(t)
			})
			if !debug {
				if err := async.Yield(t); err != nil { // it waits for itself meanwhile
					return err
				}
				child.Stop(errAlone)
			}
			err := child.Await(t)
			if debug && errors.As(err, &p) || !debug && err == errAlone {
				return nil
			}
			return fmt.Errorf("the child ended with %v", err)
		}, opts...)
		if err != nil {
			t.Errorf("debug %v: %v", debug, err)
		}
	}
}
