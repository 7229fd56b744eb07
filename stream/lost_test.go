package stream_test

import (
	"errors"
	"io"
	"runtime"
	"slices"
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

// withdrawn gives up with the cause when it is asked, and waits anew after that.
type withdrawn struct{ asked error }

func (s *withdrawn) Poll(*async.Task) (v int, err error) {
	if err, s.asked = s.asked, nil; err == nil {
		err = async.Pending
	}
	return v, err
}

func (s *withdrawn) Cancel(t *async.Task, loser bool) (idle bool) {
	if s.asked = t.Cause(); loser {
		s.asked = io.ErrNoProgress // which nobody is told
	}
	return false
}

// TestSetSaysTheCauseOnce: however many streams have given up for it.
func TestSetSaysTheCauseOnce(t *testing.T) {
	tasktest.Alone(t, true, func(_ *asynctest.Executor, tk *async.Task) error {
		var s stream.Set[int]
		for range 3 {
			s.Add(&withdrawn{})
		}
		if _, err := stream.Next(tk, &s); err != asynctest.ErrTest {
			t.Errorf("%v, want the cause", err)
		}
		if _, err := s.Poll(tk.WithoutCancel()); !async.IsPending(err) {
			t.Errorf("then %v, want nothing", err)
		}
		s.Close(tk)
		return nil
	})
}

// TestSetWithoutTheBroken: a stream that has panicked, in a poll or when it was closed, is
// not in a Set any more, and has no place of those that FlattenUnordered has.
func TestSetWithoutTheBroken(t *testing.T) {
	for name, broken := range map[string]stream.Stream[int]{
		"Poll":      stream.FromPoll(func(*async.Task) (int, error) { panic("broken") }),
		"PollClose": badlyClosed{stream.Of[int]()},
	} {
		t.Run(name, func(t *testing.T) {
			tasktest.Alone(t, false, func(_ *asynctest.Executor, tk *async.Task) error {
				next := func(s stream.Stream[int]) {
					defer func() {
						if recover() == nil {
							t.Error("the panic was not raised")
						}
					}()
					stream.Next(tk, s)
				}
				var s stream.Set[int]
				s.Add(broken)
				next(&s)
				if _, err := s.Poll(tk); s.Len() != 0 || err != io.EOF {
					t.Errorf("%d are left, %v", s.Len(), err)
				}
				s.Close(tk)
				f := stream.FlattenUnordered(stream.Of(broken, stream.Of(1, 2)), 1)
				next(f)
				if all, err := stream.Collect(tk, f); !slices.Equal(all, []int{1, 2}) || err != nil {
					t.Errorf("after it: %v, %v", all, err)
				}
				return nil
			})
		})
	}
}

type badlyClosed struct{ stream.Stream[int] }

func (badlyClosed) PollClose(*async.Task) error { panic("broken") }

// TestGoexitOfGenerator: Close tells of it, as of a panic.
func TestGoexitOfGenerator(t *testing.T) {
	err, _ := tasktest.Alone(t, false, func(_ *asynctest.Executor, tk *async.Task) error {
		s := stream.Generate(func(t *async.Task, yield stream.Yield[int]) error {
			for yield(t, 1) == nil {
			}
			runtime.Goexit()
			return nil
		})
		stream.Next(tk, s)
		stream.Close(tk, s)
		return nil
	})
	if err != async.ErrGoexit {
		t.Errorf("the task ends with %v", err)
	}
}

// TestTimeoutLeavesNoTimer: nor does it count on when the task is cancelled.
func TestTimeoutLeavesNoTimer(t *testing.T) {
	e := asynctest.New(t)
	r := asynctest.Go(e, func(t *async.Task) (int, error) {
		return stream.Next(t, stream.Timeout[int](future.Never[int](), time.Hour))
	})
	e.RunUntilIdle()
	r.Cancel(asynctest.ErrTest)
	e.RunUntilIdle()
	if at, ok := e.Executor().NextTimer(); ok || !r.Done {
		t.Errorf("done %v, a timer at %v", r.Done, time.Duration(at))
	}
}

// TestSendAllFlushesBeforeAnError: what was put before the stream failed is not held back.
func TestSendAllFlushesBeforeAnError(t *testing.T) {
	tasktest.Alone(t, false, func(_ *asynctest.Executor, tk *async.Task) error {
		c := channel.NewUnbounded[int]()
		n := 0
		s := stream.FromFunc(func() (int, error) {
			if n++; n == 3 {
				return 0, asynctest.ErrTest
			}
			return n, nil
		})
		if err := stream.SendAll(tk, s, stream.Buffer(stream.ToOp(c.Send), 8)); err != asynctest.ErrTest || c.Len() != 2 {
			t.Errorf("%v, and %d of 2 have arrived", err, c.Len())
		}
		return nil
	})
}

// closable is a sink that counts what happens to it after it was closed.
type closable struct{ closed, after int }

func (k *closable) use() error {
	k.after += k.closed
	return nil
}
func (k *closable) PollReady(*async.Task) error       { return k.use() }
func (k *closable) Put(*async.Task, int)              { k.use() }
func (k *closable) PollFlush(*async.Task) error       { return k.use() }
func (k *closable) PollClose(*async.Task) error       { k.use(); k.closed++; return nil }
func (k *closable) Cancel(*async.Task, bool) (b bool) { k.use(); return true }

type neverClosed struct{ closable }

func (*neverClosed) PollClose(*async.Task) error { return async.Pending }

// TestFanoutLeavesTheClosed alone, when the others are asked to give up.
func TestFanoutLeavesTheClosed(t *testing.T) {
	k := &closable{}
	_, done := tasktest.Alone(t, true, func(_ *asynctest.Executor, tk *async.Task) error {
		return stream.CloseSink(tk, stream.Fanout[int](k, &neverClosed{}))
	})
	if !done || k.closed != 1 || k.after > 0 {
		t.Errorf("done %v, closed %d times, used %d times after that", done, k.closed, k.after)
	}
}
