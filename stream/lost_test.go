package stream_test

import (
	"errors"
	"io"
	"testing"
	"time"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/asynctest"
	"rondo.dev/rondo/channel"
	"rondo.dev/rondo/future"
	"rondo.dev/rondo/internal/tasktest"
	"rondo.dev/rondo/stream"
	"rondo.dev/rondo/timer"
)

type lazy struct {
	w           *async.Waker
	asked, free bool
}

func (s *lazy) Poll(t *async.Task) (int, error) {
	if s.w = t.Waker(); s.free && s.asked {
		return 0, t.Cause()
	}
	return 0, async.Pending
}
func (s *lazy) Cancel(*async.Task, bool) bool { s.asked = true; return false }

func TestBufferedTakesAfterCancel(t *testing.T) {
	c := channel.NewUnbounded[int]()
	c.TrySend(1)
	var begun []int
	tasktest.Alone(t, true, func(e *asynctest.Executor, tk *async.Task) error {
		async.Root{Run: func(t *async.Task) error { // long after the cancellation
			tasktest.Sleep(t, time.Millisecond)
			return c.TrySend(2)
		}}.Start(tk.Executor())
		s := stream.Buffered(stream.Go(stream.FromOp(c.Recv), func(t *async.Task, n int) (int, error) {
			begun = append(begun, n)
			tasktest.Sleep(t, time.Hour)
			tasktest.Sleep(t.WithoutCancel(), time.Second) // cleans up
			return 0, t.Cause()
		}), 4)
		_, err := stream.Next(tk, s)
		stream.Close(tk, s)
		return err
	})
	if v, err := c.TryRecv(); v != 2 {
		t.Errorf("2 is not in the channel (%v), and was not begun (%v)", err, begun)
	}
}

func TestDebounceLoses(t *testing.T) {
	tasktest.Alone(t, false, func(_ *asynctest.Executor, tk *async.Task) error {
		c := channel.NewUnbounded[int]()
		s := stream.Debounce(stream.FromOp(c.Recv), time.Second)
		defer stream.Close(tk, s)
		c.TrySend(1)
		tick := timer.Sleep(time.Millisecond)
		async.Await(tk, future.Select(s, &tick)) // s loses
		tasktest.Sleep(tk, time.Hour)
		c.TrySend(2)
		if v, err := stream.Next(tk, s); v != 1 || err != nil {
			t.Errorf("got %v %v, want 1: nothing followed it within an hour", v, err)
		}
		return nil
	})
}

func TestPumpTruncates(t *testing.T) {
	tasktest.Alone(t, false, func(_ *asynctest.Executor, tk *async.Task) error {
		c := channel.NewUnbounded[int]()
		c.TrySend(1)
		limited, stop := tk.WithTimeout(time.Second)
		defer stop()
		got, err := stream.Collect(tk, stream.Broadcast(limited, stream.FromOp(c.Recv), 1)[0])
		if err == nil {
			t.Errorf("%v and a clean end, though the source has not ended", got)
		}
		return nil
	})
}

func TestBroadcastClosesItems(t *testing.T) {
	tasktest.Alone(t, false, func(_ *asynctest.Executor, tk *async.Task) error {
		item := stream.FromSeq(func(yield func(int) bool) { _ = yield(1) && yield(2) })
		bs := stream.Broadcast(tk, stream.Of(item), 2)
		async.Yield(tk)
		stream.Close(tk, bs[0])
		s, _ := stream.Next(tk, bs[1])
		if got, _ := stream.Collect(tk, s); len(got) != 2 {
			t.Errorf("the other branch got %v, want [1 2]", got)
		}
		return nil
	})
}

func TestCloseTwice(t *testing.T) {
	src, done := &lazy{}, [2]bool{}
	tasktest.Alone(t, false, func(_ *asynctest.Executor, tk *async.Task) error {
		bs := stream.Broadcast[int](tk, src, 2)
		tk.Go(func(t *async.Task) error {
			stream.Close(t, bs[0])
			tasktest.Sleep(t, 2*time.Second)
			stream.Close(t, bs[0]) // again: "then nil, and again nil"
			done[0] = true
			return nil
		})
		tk.Go(func(t *async.Task) error {
			tasktest.Sleep(t, time.Second)
			stream.Close(t, bs[1])
			done[1] = true
			return nil
		})
		tasktest.Sleep(tk, time.Minute)
		src.free = true
		src.w.WakeLocal()
		return nil
	})
	if done != [2]bool{true, true} {
		t.Errorf("a Close hangs: %v", done)
	}
}

func TestSplitLosesError(t *testing.T) {
	tasktest.Alone(t, true, func(_ *asynctest.Executor, tk *async.Task) error {
		bad, n := errors.New("bad"), 0
		_, others := stream.Split(tk, stream.FromFunc(func() (int, error) {
			n++
			return []int{1, 0, 0}[n-1], []error{nil, bad, io.EOF}[n-1]
		}), func(int) bool { return false })
		tasktest.Sleep(tk, time.Hour)
		tk = tk.WithoutCancel()
		tasktest.Sleep(tk, time.Second)
		stream.Next(tk, others)
		if _, err := stream.Next(tk, others); err != bad {
			t.Errorf("after 1 came %v, want bad", err)
		}
		return nil
	})
}

func TestOnceAgain(t *testing.T) {
	tasktest.Alone(t, true, func(_ *asynctest.Executor, tk *async.Task) error {
		s := stream.Once[int](future.Never[int]())
		stream.Next(tk, s)
		if _, err := s.Poll(tk.WithoutCancel()); err != io.EOF {
			t.Errorf("after the cause: %v, want io.EOF", err)
		}
		return nil
	})
}
