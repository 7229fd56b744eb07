package async_test

import (
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
