package timer_test

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/asynctest"
	"rondo.dev/rondo/future"
	"rondo.dev/rondo/timer"
)

// TestTimeoutHasNoValue: what comes with Pending is no value, also when the time is over.
func TestTimeoutHasNoValue(t *testing.T) {
	e := asynctest.New(t)
	r := asynctest.Go(e, func(t *async.Task) (int, error) {
		return async.Await(t, timer.Timeout(time.Second, future.FromPoll(func(*async.Task) (int, error) { return 7, async.Pending })))
	})
	e.RunUntilIdle()
	e.Advance(time.Hour)
	if r.Value != 0 || !errors.Is(r.Err, os.ErrDeadlineExceeded) {
		t.Errorf("%d, %v", r.Value, r.Err)
	}
}

// TestBlockEndsItsContext: who waits for the end of a Block's task learns of it.
func TestBlockEndsItsContext(t *testing.T) {
	var done <-chan struct{}
	async.Block(context.Background(), future.FromPoll(func(t *async.Task) (int, error) { done = t.Done(); return 1, nil }))
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Error("its task goes on")
	}
}

// TestTimeoutMoves: what one task has left in flight is not cancelled with it when another
// has polled it since, which has the rest of the time.
func TestTimeoutMoves(t *testing.T) {
	e := asynctest.New(t)
	f := timer.Timeout(time.Minute, future.Never[int]())
	leave := func(t *async.Task) error {
		_, err := async.Await(t, future.Race(f, future.Ready(struct{}{})))
		return err
	}
	first := asynctest.Go(e, func(t *async.Task) (int, error) {
		leave(t)
		return 0, timer.Sleep(time.Hour).Await(t)
	})
	e.Advance(10 * time.Second)
	second := asynctest.Go(e, func(t *async.Task) (time.Duration, error) {
		view, cancel := t.WithCancel() // it is not cancelled with a part of the task, either
		leave(view)
		cancel(asynctest.ErrTest)
		_, err := async.Await(t, f)
		return e.Now(), err
	})
	e.RunUntilIdle()
	first.Cancel(errors.New("the first one's"))
	e.Advance(time.Hour)
	if second.Value.Round(time.Millisecond) != time.Minute || !errors.Is(second.Err, os.ErrDeadlineExceeded) {
		t.Errorf("after %v: %v, want the time limit after a minute", second.Value, second.Err)
	}
}

// TestTimeoutLosesLate: an async function that loses in the moment in which its time is
// over begins anew after that.
func TestTimeoutLosesLate(t *testing.T) {
	e := asynctest.New(t)
	r := asynctest.Go(e, func(t *async.Task) (time.Duration, error) {
		f := timer.Timeout(time.Second, future.Go(func(t *async.Task) (int, error) {
			return 5, timer.Sleep(time.Hour).Await(t)
		}))
		tick := timer.Sleep(time.Second)
		if first, err := async.Await(t, future.Select(&tick, f)); first.Won != 0 || err != nil {
			return 0, errors.New("not the one that was to win")
		}
		_, err := async.Await(t, f)
		return e.Now(), err
	})
	e.Advance(time.Minute)
	if r.Value.Round(time.Millisecond) != 2*time.Second || !errors.Is(r.Err, os.ErrDeadlineExceeded) {
		t.Errorf("after %v: %v, want the whole time again", r.Value, r.Err)
	}
}

// TestDelayCountsFromNow: a turn that takes its time is no part of the period after it.
func TestDelayCountsFromNow(t *testing.T) {
	e := asynctest.New(t)
	ticks := 0
	asynctest.Go(e, func(t *async.Task) (int, error) {
		k := timer.NewTicker(t, 10*time.Second, timer.Delay)
		defer k.Stop()
		for range 2 {
			if _, err := k.Await(t); err != nil {
				return 0, err
			}
			ticks++
		}
		return 0, nil
	})
	e.RunUntilIdle()
	for _, x := range []struct {
		now   time.Duration // the turn that was begun before has taken until then
		ticks int
	}{{0, 0}, {11 * time.Second, 1}, {16 * time.Second, 1}, {22 * time.Second, 1}, {27 * time.Second, 2}} {
		e.Executor().Advance(int64(x.now))
		if e.RunUntilIdle(); ticks != x.ticks {
			t.Errorf("%d ticks at %v, want %d", ticks, x.now, x.ticks)
		}
	}
}
