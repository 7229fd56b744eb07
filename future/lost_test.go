package future_test

import (
	"errors"
	"io"
	"runtime"
	"testing"
	"time"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/asynctest"
	"rondo.dev/rondo/future"
	"rondo.dev/rondo/timer"
)

// task is short for it.
type task = *async.Task

// alone runs f as a task, which is cancelled when it waits, if cancel is set.
func alone(t *testing.T, cancel bool, f func(e *asynctest.Executor, tk task) error) (err error, done bool) {
	e := asynctest.New(t)
	r := asynctest.Go(e, func(tk task) (struct{}, error) { return struct{}{}, f(e, tk) })
	e.RunUntilIdle()
	if cancel {
		r.Cancel(asynctest.ErrTest)
	}
	e.Advance(24 * time.Hour)
	return r.Err, r.Done
}

func sleep(tk task, d time.Duration) error { return timer.Sleep(d).Await(tk) }

func TestRetryAfterCancel(t *testing.T) {
	e := asynctest.New(t)
	var r *asynctest.Result[int]
	late := 0
	asynctest.Go(e, func(tk task) (int, error) { sleep(tk, time.Second); r.Cancel(nil); return 0, nil })
	r = asynctest.Go(e, func(tk task) (int, error) {
		return future.Retry(tk, future.Backoff{First: time.Second}, func(t task) (int, error) {
			if t.Cause() != nil {
				late++
			}
			return 0, io.ErrNoProgress
		})
	})
	e.Advance(time.Minute)
	if late > 0 {
		t.Errorf("%d attempts after the task was cancelled", late)
	}
}

func TestGoexitInSet(t *testing.T) {
	err, _ := alone(t, false, func(_ *asynctest.Executor, tk task) error {
		var s future.Set[int]
		s.Add(future.FromPoll(func(task) (int, error) { runtime.Goexit(); return 0, nil }))
		defer s.Close(tk)
		s.Next(tk)
		return nil
	})
	if err != async.ErrGoexit {
		t.Errorf("ended with %.40v, want ErrGoexit", err)
	}
}

func TestJoinedWithCause(t *testing.T) {
	lost := errors.New("could not save")
	err, _ := alone(t, true, func(_ *asynctest.Executor, tk task) error {
		tk.Go(func(t task) error { return errors.Join(sleep(t, time.Hour), lost) })
		sleep(tk, time.Hour)
		return nil
	})
	if !errors.Is(err, lost) {
		t.Errorf("the parent ends with %v", err)
	}
	alone(t, false, func(_ *asynctest.Executor, tk task) error { // future.Go as a loser: who polls next learns
		tick := timer.Sleep(time.Second)
		f := future.Go(func(t task) (int, error) { return 0, errors.Join(sleep(t, time.Hour), lost) })
		async.Await(tk, future.Select(&tick, f))
		if _, err := async.Await(tk, f); !errors.Is(err, lost) {
			t.Errorf("Go, a loser: %v", err)
		}
		return nil
	})
}
