package future_test

import (
	"context"
	"errors"
	"io"
	"runtime"
	"testing"
	"time"
	"weak"

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

// TestMemoCopies: copies of one operation get what they have asked for, each its own.
func TestMemoCopies(t *testing.T) {
	tasktest.Alone(t, false, func(_ *asynctest.Executor, tk *async.Task) error {
		runs := 0
		m := future.NewMemo(tk, func(t *async.Task, k int) (int, error) {
			runs++
			run := runs
			return k + run, tasktest.Sleep(t, time.Second)
		})
		op := m.Get(1)
		a := async.Spawn(tk, func(t *async.Task) (int, error) { op := op; return op.Await(t) })
		async.Yield(tk)
		m.Forget(1)
		b := async.Spawn(tk, func(t *async.Task) (int, error) { op := op; return op.Await(t) })
		if n, err := a.Await(tk); n != 2 || err != nil {
			t.Errorf("the first got %d, %v", n, err)
		}
		if n, err := b.Await(tk); n != 3 || err != nil {
			t.Errorf("who asked after Forget got %d, %v", n, err)
		}
		return nil
	})
}

// TestMemoForgetsFailures: a result that failed is not kept until somebody asks for it.
func TestMemoForgetsFailures(t *testing.T) {
	type big [1 << 16]byte
	tasktest.Alone(t, false, func(_ *asynctest.Executor, tk *async.Task) error {
		var kept []weak.Pointer[big]
		m := future.NewMemo(tk, func(t *async.Task, k int) (*big, error) {
			x := new(big)
			kept = append(kept, weak.Make(x))
			return x, io.ErrUnexpectedEOF
		})
		for k := range 100 {
			m.Get(k).Await(tk)
		}
		runtime.GC()
		alive := 0
		for _, x := range kept {
			if x.Value() != nil {
				alive++
			}
		}
		if alive > 5 { // the last may be on the stack still
			t.Errorf("%d of 100 results that failed are kept", alive)
		}
		runtime.KeepAlive(m)
		return nil
	})
}

// TestGoexitInShared: the end of a shared function by runtime.Goexit is its task's, if
// nobody waits for the result.
func TestGoexitInShared(t *testing.T) {
	err, _ := tasktest.Alone(t, false, func(_ *asynctest.Executor, tk *async.Task) error {
		s := future.Share(tk, future.Go(func(t *async.Task) (int, error) {
			tasktest.Sleep(t, time.Second)
			runtime.Goexit()
			return 0, nil
		}))
		get := s.Get()
		get.Poll(tk)
		get.Cancel(tk, true)
		return nil
	})
	if err != async.ErrGoexit {
		t.Errorf("the task ends with %v", err)
	}
}

// stubborn gives up when it is let, and not when it is asked; fragile panics when it is.
type stubborn struct {
	waker  *async.Waker
	asked  error // why
	let    bool
	landed bool
}

func (s *stubborn) Poll(t *async.Task) (int, error) {
	switch {
	case s.landed:
		return 7, nil
	case s.asked != nil && s.let:
		err := s.asked
		s.asked, s.let = nil, false
		return 0, err
	}
	s.waker = t.Waker()
	return 0, async.Pending
}

func (s *stubborn) Cancel(t *async.Task, _ bool) (idle bool) {
	if s.asked = t.Cause(); s.asked == nil {
		s.asked = context.Canceled
	}
	return false
}

func (s *stubborn) wake(f func()) { f(); s.waker.WakeLocal() }

type fragile struct{}

func (fragile) Poll(*async.Task) (int, error)        { return 0, async.Pending }
func (fragile) Cancel(*async.Task, bool) (idle bool) { panic("fragile") }

// TestSetClosesAll: a future that panics when it is asked to give up does not keep Close
// from waiting for the others.
func TestSetClosesAll(t *testing.T) {
	tasktest.Alone(t, false, func(e *asynctest.Executor, tk *async.Task) error {
		x := &stubborn{}
		var set future.Set[int]
		set.Add(fragile{})
		set.Add(x)
		set.Add(future.Ready(5))
		set.Next(tk)
		tk.Go(func(t *async.Task) error {
			err := tasktest.Sleep(t, time.Second)
			x.wake(func() { x.let = true })
			return err
		})
		func() {
			defer func() {
				if p, ok := recover().(*async.PanicError); !ok || p.Value != "fragile" {
					t.Error("the panic of the other was not raised")
				}
			}()
			set.Close(tk)
		}()
		if e.Now() < time.Second || set.Len() != 0 {
			t.Errorf("Close returned after %v, and left %d", e.Now(), set.Len())
		}
		return nil
	})
}

// TestSetAskedThenLost: a Set that was asked to give up by a time limit, and has lost since,
// starts its futures again, and says nothing of the limit.
func TestSetAskedThenLost(t *testing.T) {
	tasktest.Alone(t, false, func(e *asynctest.Executor, tk *async.Task) error {
		x := &stubborn{}
		var set future.Set[int]
		set.Add(x)
		tick := timer.Sleep(2 * time.Second)
		if first, err := async.Await(tk, future.Select(&tick, timer.Timeout(time.Second, &set))); first.Won != 0 || err != nil {
			t.Error(first, err)
		}
		x.wake(func() { x.let = true })
		tk.Go(func(t *async.Task) error {
			err := tasktest.Sleep(t, time.Second)
			x.wake(func() { x.landed = true })
			return err
		})
		if n, err := set.Next(tk); n != 7 || err != nil {
			t.Errorf("%d, %v", n, err)
		}
		return nil
	})
}
