package stream_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/asynctest"
	"rondo.dev/rondo/channel"
	"rondo.dev/rondo/future"
	"rondo.dev/rondo/stream"
	"rondo.dev/rondo/timer"
)

// tick is a stream of the numbers from 0, a second after each other.
func tick(n int) stream.Stream[int] {
	return stream.Generate(func(t *async.Task, yield stream.Yield[int]) error {
		for i := range n {
			if err := timer.Sleep(time.Second).Await(t); err != nil {
				return err
			}
			if err := yield(t, i); err != nil {
				return err
			}
		}
		return nil
	})
}

// A function that yields is cancelled wherever it is, by its task or by Close, and what
// it could not hand over it learns.
func TestGenerateCancelledAnywhere(t *testing.T) {
	asynctest.CancelEverywhere(t, func(t *testing.T, e *asynctest.Executor) (func(*async.Task) error, func(error)) {
		var got, handed []int
		ended := false
		f := func(t *async.Task) error {
			s := stream.Generate(func(t *async.Task, yield stream.Yield[int]) error {
				defer func() { ended = true }()
				for i := range 5 {
					if err := timer.Sleep(time.Second).Await(t); err != nil {
						return err
					}
					if err := yield(t, i); err != nil {
						return err
					}
					handed = append(handed, i)
				}
				return nil
			})
			defer stream.Close(t, s)
			for v, err := range stream.All(t, s) {
				if err != nil {
					return err
				}
				got = append(got, v)
			}
			return nil
		}
		return f, func(err error) {
			if !slices.Equal(got, handed) {
				t.Errorf("got %v, and %v were handed over", got, handed)
			}
			if err == nil && len(got) != 5 || len(got) > 0 && !ended {
				t.Errorf("error %v, %v, ended %v", err, got, ended)
			}
		}
	})
}

// Close ends a function that yields, also one that goes on yielding without regard to
// its cancellation; and one that was never polled does not begin.
func TestCloseOfGenerate(t *testing.T) {
	e := asynctest.New(t)
	r := asynctest.Go(e, func(t *async.Task) (errs []error, err error) {
		stubborn := stream.Generate(func(t *async.Task, yield stream.Yield[int]) error {
			for i := range 3 {
				errs = append(errs, yield(t.WithoutCancel(), i))
			}
			return errors.New("nobody learns of this")
		})
		if _, err := stream.Next(t, stubborn); err != nil {
			return errs, err
		}
		stream.Close(t, stubborn)
		stream.Close(t, stubborn)
		unused := stream.Generate(func(*async.Task, stream.Yield[int]) error { panic("it began") })
		stream.Close(t, unused)
		for _, s := range []stream.Stream[int]{stubborn, unused} {
			if _, err := stream.Next(t, s); err != eof {
				return errs, err
			}
		}
		return errs, nil
	})
	e.RunUntilIdle()
	if !r.Done || r.Err != nil || !slices.Equal(r.Value, []error{nil, context.Canceled, context.Canceled}) {
		t.Errorf("done %v, %v, %v", r.Done, r.Value, r.Err)
	}
}

// Errors and panics of a function that yields reach who takes from it.
func TestEndsOfGenerate(t *testing.T) {
	e := asynctest.New(t)
	boom := errors.New("boom")
	r := asynctest.Go(e, func(t *async.Task) (n int, err error) {
		s := stream.Generate(func(t *async.Task, yield stream.Yield[int]) error {
			yield(t, 1)
			return boom
		})
		if n, err = stream.Count(t, s); err != boom {
			return n, errors.New("not the error")
		}
		if _, err := stream.Next(t, s); err != eof {
			return n, errors.New("not the end")
		}
		_, err = stream.Next(t, stream.Generate(func(*async.Task, stream.Yield[int]) error { panic("boom") }))
		if _, ok := err.(*async.PanicError); !ok {
			return n, err
		}
		return n, nil
	})
	e.RunUntilIdle()
	if !r.Done || r.Err != nil || r.Value != 1 {
		t.Errorf("done %v, %d, %v", r.Done, r.Value, r.Err)
	}
}

// Each of several that share a stream has its items, in order, whoever is cancelled or
// closed, and whenever. Those that go on have all.
func TestBroadcastClosedAnywhere(t *testing.T) {
	for n := range 12 {
		e := asynctest.New(t)
		got := make([][]int, 3)
		r := asynctest.Go(e, func(t *async.Task) (int, error) {
			for i, s := range stream.Broadcast(t, tick(8), 3) {
				t.Go(func(t *async.Task) (err error) {
					defer stream.Close(t, s)
					if i == 0 {
						s = stream.Take(s, n)
					}
					got[i], err = stream.Collect(t, s)
					return err
				})
			}
			return 0, nil
		})
		e.Advance(time.Minute)
		all := []int{0, 1, 2, 3, 4, 5, 6, 7}
		if !r.Done || r.Err != nil || !slices.Equal(got[0], all[:min(n, 8)]) || !slices.Equal(got[1], all) || !slices.Equal(got[2], all) {
			t.Errorf("done %v, %v, %v", r.Done, r.Err, got)
		}
	}
}

// When all have been closed, the stream is let go of, and its task ends.
func TestBroadcastClosedByAll(t *testing.T) {
	e := asynctest.New(t)
	closed := false
	r := asynctest.Go(e, func(t *async.Task) (int, error) {
		s := stream.Generate(func(t *async.Task, yield stream.Yield[int]) error {
			defer func() { closed = true }()
			for {
				if err := yield(t, 1); err != nil {
					return err
				}
			}
		})
		for _, s := range stream.Broadcast(t, s, 2) {
			if _, err := stream.Next(t, s); err != nil {
				return 0, err
			}
			stream.Close(t, s)
		}
		return 0, nil
	})
	e.RunUntilIdle()
	if !r.Done || r.Err != nil || !closed {
		t.Errorf("done %v, %v, closed %v", r.Done, r.Err, closed)
	}
}

// No item of a Split or a GroupBy is lost when their task is cancelled, wherever that
// is: it was taken, or is still in its channel or the streams.
func TestSplitAndGroupByCancelledAnywhere(t *testing.T) {
	const total = 12
	asynctest.CancelEverywhere(t, func(t *testing.T, e *asynctest.Executor) (func(*async.Task) error, func(error)) {
		c := channel.New[int](total)
		for i := range total {
			c.TrySend(i)
		}
		c.Close()
		var got []int
		take := func(t *async.Task, s stream.Stream[int]) func(*async.Task) error {
			return func(t *async.Task) error {
				for v, err := range stream.All(t.WithoutCancel(), s) {
					if err != nil {
						return err
					}
					got = append(got, v)
					async.Yield(t)
				}
				return nil
			}
		}
		f := func(t *async.Task) error {
			s := stream.FromOp(c.Recv)
			even, odd := stream.Split(t, s, func(n int) bool { return n%2 == 0 })
			groups := stream.GroupBy(t, odd, func(n int) int { return n % 3 })
			t.Go(take(t, even))
			for g, err := range stream.All(t.WithoutCancel(), groups) {
				if err != nil {
					break
				}
				t.Go(take(t, g))
			}
			t.Go(take(t, odd)) // what GroupBy did not come to
			return nil
		}
		return f, func(error) {
			for {
				v, err := c.TryRecv()
				if err != nil {
					break
				}
				got = append(got, v)
			}
			slices.Sort(got)
			if len(got) != total || len(slices.Compact(got)) != total {
				t.Errorf("got %v", got)
			}
		}
	})
}

// A group that was closed drops its items, and the others go on.
func TestClosedGroup(t *testing.T) {
	e := asynctest.New(t)
	r := asynctest.Go(e, func(t *async.Task) (got []int, err error) {
		groups := stream.GroupBy(t, stream.Of(0, 1, 2, 3, 4, 5, 6, 7), func(n int) int { return n % 2 })
		even, err := stream.Next(t, groups)
		if err != nil {
			return nil, err
		}
		odd, err := stream.Next(t, groups)
		if err != nil || even.Key() != 0 || odd.Key() != 1 {
			return nil, errors.Join(err, errors.New("wrong groups"))
		}
		stream.Close(t, groups)
		stream.Close[int](t, even)
		return stream.Collect[int](t, odd)
	})
	e.RunUntilIdle()
	if !r.Done || r.Err != nil || !slices.Equal(r.Value, []int{1, 3, 5, 7}) {
		t.Errorf("done %v, %v, %v", r.Done, r.Value, r.Err)
	}
}

// At an error of one, the others of a ForEachConcurrent are cancelled and waited for,
// no item is taken any more, and each that was taken has had its call.
func TestForEachConcurrentCancelledAnywhere(t *testing.T) {
	boom := errors.New("boom")
	for _, fails := range []int{-1, 3} {
		asynctest.CancelEverywhere(t, func(t *testing.T, e *asynctest.Executor) (func(*async.Task) error, func(error)) {
			c := channel.New[int](10)
			for i := range 10 {
				c.TrySend(i)
			}
			c.Close()
			running, most, called := 0, 0, 0
			f := func(t *async.Task) error {
				return stream.ForEachConcurrent(t, stream.FromOp(c.Recv), 3, func(t *async.Task, n int) error {
					called++
					running++
					most = max(most, running)
					defer func() { running-- }()
					if n == fails {
						return boom
					}
					return timer.Sleep(time.Second).Await(t)
				})
			}
			return f, func(err error) {
				if running != 0 || most > 3 || called+c.Len() != 10 {
					t.Errorf("%d are running, %d at most; %d calls, %d left", running, most, called, c.Len())
				}
				if fails < 0 && err == nil && called != 10 || fails >= 0 && err == nil {
					t.Errorf("%d calls, %v", called, err)
				}
			}
		})
	}
}

// Wherever the task of a Buffered or an Unordered is cancelled: what its functions
// return all the same is kept, and who goes on has all items.
func TestBufferedCancelledAnywhere(t *testing.T) {
	for name, several := range map[string]func(stream.Stream[async.Future[int]], int) stream.Stream[int]{
		"Buffered": stream.Buffered[int], "Unordered": stream.Unordered[int],
	} {
		asynctest.CancelEverywhere(t, func(t *testing.T, e *asynctest.Executor) (func(*async.Task) error, func(error)) {
			c := channel.New[int](2)
			var got []int
			running, most := 0, 0
			f := func(t *async.Task) error {
				t.Go(func(t *async.Task) error {
					defer c.Close()
					return stream.SendAll(t.WithoutCancel(), stream.Of(0, 1, 2, 3, 4, 5, 6), stream.ToOp(c.Send))
				})
				s := several(stream.Go(stream.FromOp(c.Recv), func(t *async.Task, n int) (int, error) {
					running++
					most = max(most, running)
					defer func() { running-- }()
					timer.Sleep(time.Duration(1+n%3) * time.Second).Await(t.WithoutCancel())
					return n, nil
				}), 3)
				defer stream.Close(t, s)
				view := t
				for {
					v, err := stream.Next(view, s)
					switch {
					case err == eof:
						return nil
					case err == nil:
						got = append(got, v)
					default:
						view = t.WithoutCancel()
					}
				}
			}
			return f, func(err error) {
				if name == "Unordered" {
					slices.Sort(got)
				}
				if err != nil || !slices.Equal(got, []int{0, 1, 2, 3, 4, 5, 6}) || running != 0 || most > 3 {
					t.Errorf("%s: error %v, %v, %d are running, %d at most", name, err, got, running, most)
				}
			}
		})
	}
}

// Close of a Buffered gives up what is in flight, and the stream below it is where it
// was.
func TestCloseOfBuffered(t *testing.T) {
	e := asynctest.New(t)
	running, begun := 0, 0
	r := asynctest.Go(e, func(t *async.Task) (int, error) {
		all := stream.Of(0, 1, 2, 3, 4, 5)
		s := stream.Take(stream.Buffered(stream.Go(all, func(t *async.Task, n int) (int, error) {
			begun++
			running++
			defer func() { running-- }()
			return n, timer.Sleep(time.Duration(n) * time.Hour).Await(t)
		}), 3), 2)
		for range 2 {
			if _, err := stream.Next(t, s); err != nil {
				return 0, err
			}
		}
		stream.Close(t, s)
		if running != 0 {
			return 0, errors.New("something is running")
		}
		return stream.Count(t, all)
	})
	e.Advance(24 * time.Hour)
	if !r.Done || r.Err != nil || r.Value+begun != 6 {
		t.Errorf("done %v, %d left, %d begun, %v", r.Done, r.Value, begun, r.Err)
	}
}

// An io.EOF of a future or a function is not the end of the stream.
func TestEOFOfAnItem(t *testing.T) {
	fail := func(int) async.Future[int] { return future.Fail[int](eof) }
	for name, s := range map[string]stream.Stream[int]{
		"Then":      stream.Then(stream.Of(1, 2), fail),
		"Buffered":  stream.Buffered(stream.Map(stream.Of(1, 2), fail), 2),
		"Unordered": stream.Unordered(stream.Map(stream.Of(1, 2), fail), 2),
		"TryMap":    stream.TryMap(stream.Of(1, 2), func(int) (int, error) { return 0, eof }),
	} {
		e := asynctest.New(t)
		r := asynctest.Go(e, func(t *async.Task) (n int, err error) {
			for {
				_, err := stream.Next(t, s)
				if err == eof {
					return n, nil
				}
				n++
			}
		})
		e.RunUntilIdle()
		if !r.Done || r.Value != 2 {
			t.Errorf("%s: done %v, %d items", name, r.Done, r.Value)
		}
	}
}

// Sizes that make no sense are told at once.
func TestSizes(t *testing.T) {
	for name, f := range map[string]func(){
		"Chunks":      func() { stream.Chunks(stream.Of(1), 0) },
		"ReadyChunks": func() { stream.ReadyChunks(stream.Of(1), -1) },
		"Window":      func() { stream.Window(stream.Of(1), 0) },
		"Buffered":    func() { stream.Buffered(stream.Empty[async.Future[int]](), 0) },
		"Buffer":      func() { stream.Buffer(stream.Discard[int](), 0) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s does not panic", name)
				}
			}()
			f()
		}()
	}
}

// A stream that has panicked is not touched again, and the others go on.
func TestPanicOfOne(t *testing.T) {
	e := asynctest.New(t)
	n := 0
	bad := stream.FromPoll(func(*async.Task) (int, error) {
		n++
		panic("boom")
	})
	s := stream.Merge(bad, stream.Of(1, 2))
	first := asynctest.Go(e, func(t *async.Task) (int, error) { return stream.Count(t, s) })
	e.RunUntilIdle()
	rest := asynctest.Go(e, func(t *async.Task) (int, error) { defer stream.Close(t, s); return stream.Count(t, s) })
	e.RunUntilIdle()
	if _, ok := first.Err.(*async.PanicError); !ok || rest.Value != 2 || rest.Err != nil || n != 1 {
		t.Errorf("%v, then %d, %v; %d polls", first.Err, rest.Value, rest.Err, n)
	}
}
