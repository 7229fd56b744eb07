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
	"rondo.dev/rondo/internal/tasktest"
	"rondo.dev/rondo/timer"
)

func TestRetryAfterCancel(t *testing.T) {
	e := asynctest.New(t)
	var r *asynctest.Result[int]
	late := 0
	asynctest.Go(e, func(tk *async.Task) (int, error) { tasktest.Sleep(tk, time.Second); r.Cancel(nil); return 0, nil })
	r = asynctest.Go(e, func(tk *async.Task) (int, error) {
		return future.Retry(tk, future.Backoff{First: time.Second}, func(t *async.Task) (int, error) {
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
	err, _ := tasktest.Alone(t, false, func(_ *asynctest.Executor, tk *async.Task) error {
		var s future.Set[int]
		s.Add(future.FromPoll(func(*async.Task) (int, error) { runtime.Goexit(); return 0, nil }))
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
	err, _ := tasktest.Alone(t, true, func(_ *asynctest.Executor, tk *async.Task) error {
		tk.Go(func(t *async.Task) error { return errors.Join(tasktest.Sleep(t, time.Hour), lost) })
		tasktest.Sleep(tk, time.Hour)
		return nil
	})
	if !errors.Is(err, lost) {
		t.Errorf("the parent ends with %v", err)
	}
	tasktest.Alone(t, false, func(_ *asynctest.Executor, tk *async.Task) error { // future.Go as a loser: who polls next learns
		tick := timer.Sleep(time.Second)
		f := future.Go(func(t *async.Task) (int, error) { return 0, errors.Join(tasktest.Sleep(t, time.Hour), lost) })
		async.Await(tk, future.Select(&tick, f))
		if _, err := async.Await(tk, f); !errors.Is(err, lost) {
			t.Errorf("Go, a loser: %v", err)
		}
		return nil
	})
}
