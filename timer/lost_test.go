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
