package lock_test

import (
	"testing"
	"time"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/asynctest"
	"rondo.dev/rondo/future"
	"rondo.dev/rondo/lock"
)

// TestClosedSemaphoreIsReady: an Acquire that will not be is ready when it is first polled.
func TestClosedSemaphoreIsReady(t *testing.T) {
	for n := range int64(3) {
		e := asynctest.New(t)
		r := asynctest.Go(e, func(t *async.Task) (int, error) {
			s := lock.NewSemaphore(0)
			s.Close()
			a := s.Acquire(n)
			first, err := async.Await(t, future.Select(&a, future.Ready(1)))
			return first.Won, err
		})
		if e.RunUntilIdle(); r.Value != 0 || r.Err != lock.ErrClosed {
			t.Errorf("%d units: arm %d has won: %v", n, r.Value, r.Err)
		}
	}
}

// TestInLineFromTheFirstPoll: also if the task has done as much in this step as it may.
func TestInLineFromTheFirstPoll(t *testing.T) {
	for _, before := range []int{0, 127, 128, 200} {
		e := asynctest.New(t)
		var n lock.Notify
		var mu lock.Mutex
		r := asynctest.Go(e, func(t *async.Task) (int, error) {
			for range before {
				mu.Lock().Await(t)
				mu.Unlock()
			}
			op := n.Notified()
			op.Poll(t)
			n.NotifyAll()
			view, stop := t.WithTimeout(time.Hour)
			defer stop()
			return 0, op.Await(view)
		})
		if e.RunUntilIdle(); !r.Done || r.Err != nil {
			t.Errorf("after %d operations it is not notified: %v", before, r.Err)
			e.Advance(2 * time.Hour)
			e.RunUntilIdle()
		}
	}
}
