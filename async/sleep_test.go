package async_test

import (
	"fmt"
	"testing"
	"time"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/asynctest"
)

// TestSleep: never early, also with a slot that a cancelled sleep has left.
func TestSleep(t *testing.T) {
	e := asynctest.New(t)
	sleep := func(d time.Duration) *asynctest.Result[time.Duration] {
		began := e.Now()
		return asynctest.Go(e, func(t *async.Task) (time.Duration, error) {
			err := async.Sleep(d).Await(t)
			return e.Now() - began, err
		})
	}
	cancelled := sleep(time.Hour)
	e.RunUntilIdle()
	cancelled.Cancel(errBoom)
	e.RunUntilIdle()
	if !cancelled.Done || cancelled.Err != errBoom {
		t.Fatalf("got %+v", cancelled)
	}
	e.Advance(2 * time.Hour)
	for _, d := range []time.Duration{time.Hour, 0, -time.Hour, time.Nanosecond} {
		r := sleep(d)
		e.Advance(3 * time.Hour)
		if !r.Done || r.Err != nil || r.Value < d || r.Value > max(d, 0)+time.Minute {
			t.Errorf("slept %+v instead of %v", r, d)
		}
	}
}

// TestManySleeps: they wake in the order of their ends, and use their slots again.
func TestManySleeps(t *testing.T) {
	e := asynctest.New(t)
	woken := 0
	for range 3 {
		var last time.Duration
		for i := range 1000 {
			d := time.Duration(1+i*7919%1000) * time.Second
			asynctest.Go(e, func(t *async.Task) (int, error) {
				if err := async.Sleep(d).Await(t); err != nil || d < last {
					panic("out of order")
				}
				last = d
				woken++
				return 0, nil
			})
		}
		e.Advance(time.Hour)
	}
	if woken != 3000 {
		t.Errorf("%d of 3000 woke", woken)
	}
}

// TestLostSleep: a sleep that lost can be awaited again, and starts anew; a copy
// of one that is over is told so.
func TestLostSleep(t *testing.T) {
	e := asynctest.New(t)
	runTask(t, e, func(t *async.Task) error {
		s := async.Sleep(time.Second)
		if err := lose(t, &s); err != nil {
			return err
		}
		if _, err := async.Await(t, &s); err != nil {
			return err
		}

		s = async.Sleep(time.Second)
		s.Poll(t)
		stale := s
		if _, err := async.Await(t, &s); err != nil {
			return err
		}
		return expectPanic("a Sleep was polled that is over", func() { stale.Poll(t) })
	})
}

// TestStaleSleep: a copy of a sleep that is over is told so however often its slot was
// used since, up to the two million times that are promised.
func TestStaleSleep(t *testing.T) {
	e := asynctest.New(t)
	runTask(t, e, func(t *async.Task) error {
		s := async.Sleep(time.Second)
		s.Poll(t)
		stale := s
		s.Cancel(t, false)
		for n := range 1 << 12 {
			use := async.Sleep(time.Second)
			use.Poll(t)
			if err := expectPanic("a Sleep was polled that is over", func() { stale.Poll(t) }); err != nil {
				return fmt.Errorf("after %d uses of its slot: %w", n+1, err)
			}
			use.Cancel(t, false)
		}
		return nil
	})
}

// TestSleepSlots: slots with long indexes are told apart too, and found again.
func TestSleepSlots(t *testing.T) {
	e := asynctest.New(t)
	runTask(t, e, func(t *async.Task) error {
		many := make([]async.Act, 10_000)
		for round := range 3 {
			for i := range many {
				many[i] = async.Sleep(time.Duration(i+1) * time.Second)
				many[i].Poll(t)
				if i%100 == 0 {
					async.Yield(t) // for a new budget
				}
			}
			stale := many[len(many)-1]
			for i := range many {
				if !many[i].Cancel(t, false) {
					return fmt.Errorf("round %d: sleep %d did not end", round, i)
				}
			}
			if err := expectPanic("a Sleep was polled that is over", func() { stale.Poll(t) }); err != nil {
				return err
			}
		}
		return nil
	})
}
