package future_test

import (
	"context"
	"errors"
	"io"
	"os"
	"sync"
	"testing"
	"time"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/asynctest"
	"rondo.dev/rondo/future"
	"rondo.dev/rondo/timer"
)

// errOf is the error of a future with a goroutine as its executor.
func errOf[T any](ctx context.Context, f async.Future[T]) error {
	_, err := async.Block(ctx, f)
	return err
}

func TestFromChan(t *testing.T) {
	ch := make(chan int)
	c := future.FromChan(future.Goroutine, ch)
	go func() {
		for i := range 100 {
			ch <- i
		}
		close(ch)
	}()
	for i := range 100 {
		if v, err := async.Block(t.Context(), c); v != i || err != nil {
			t.Fatalf("%d, %v; want %d", v, err, i)
		}
	}
	for range 2 {
		if err := errOf(t.Context(), c); err != io.EOF {
			t.Errorf("%v after the channel was closed", err)
		}
	}
}

// Losing again and again, a Chan loses no value of its channel, and leaves nobody
// standing in line.
func TestFromChanLosesNothing(t *testing.T) {
	const n = 1000
	ch := make(chan int)
	var standing sync.WaitGroup
	c := future.FromChan(standing.Go, ch)
	go func() {
		for i := range n {
			ch <- i
		}
		close(ch)
	}()
	for next := 0; next < n; {
		turn := 0
		soon := future.FromPoll(func(t *async.Task) (int, error) {
			if turn++; turn < 2 {
				t.Waker().WakeLocal()
				return 0, async.Pending
			}
			return 0, nil
		})
		first, err := async.Block(t.Context(), future.Select(c, soon))
		if err != nil {
			t.Fatal(err)
		}
		if first.Won == 0 {
			if first.A != next {
				t.Fatalf("%d, want %d", first.A, next)
			}
			next++
		}
	}
	if err := errOf(t.Context(), c); err != io.EOF {
		t.Errorf("%v at the end", err)
	}
	standing.Wait() // or this hangs
}

func TestFromChanCancelled(t *testing.T) {
	back := make(chan struct{})
	ctx, cancel := context.WithCancelCause(t.Context())
	run := func(receive func()) {
		go func() { receive(); close(back) }()
		go cancel(asynctest.ErrTest) // not before somebody stands in line
	}
	c := future.FromChan(run, make(chan int))
	if err := errOf(ctx, c); err != asynctest.ErrTest {
		t.Errorf("%v", err)
	}
	<-back // the goroutine has ended, or this hangs
}

func TestToChan(t *testing.T) {
	e := asynctest.New(t)
	var ch <-chan future.Outcome[int]
	r := asynctest.Go(e, func(t *async.Task) (int, error) {
		ch = future.ToChan(t, future.Go(func(t *async.Task) (int, error) { return 3, timer.Sleep(time.Second).Await(t) }))
		return 0, nil
	})
	e.RunUntilIdle()
	if r.Done {
		t.Fatal("the task has ended before its child")
	}
	e.Advance(time.Minute)
	if o := <-ch; !r.Done || o.Value != 3 || o.Err != nil {
		t.Errorf("done %v, %+v", r.Done, o)
	}
}

func TestToChanCancelled(t *testing.T) {
	e := asynctest.New(t)
	var ch <-chan future.Outcome[int]
	r := asynctest.Go(e, func(t *async.Task) (int, error) {
		ch = future.ToChan(t, future.Never[int]())
		return 0, nil
	})
	e.RunUntilIdle()
	r.Cancel(asynctest.ErrTest)
	e.RunUntilIdle()
	if o := <-ch; !r.Done || o.Err != asynctest.ErrTest {
		t.Errorf("done %v, %+v", r.Done, o)
	}
}

func TestOffLoop(t *testing.T) {
	boom := errors.New("boom")
	for name, run := range map[string]func(func()){"goroutine": future.Goroutine, "at once": func(f func()) { f() }} {
		t.Run(name, func(t *testing.T) {
			v, err := async.Block(t.Context(), future.OffLoop(run, func() (int, error) { return 1, boom }))
			if v != 1 || err != boom {
				t.Errorf("%d, %v", v, err)
			}
			f := future.CatchPanic(future.OffLoop(run, func() (int, error) { panic(boom) }))
			if err := errOf(t.Context(), f); !errors.Is(err, boom) {
				t.Errorf("a panic became %v", err)
			}
		})
	}
}

// Given up, it waits for the end of the call; as a loser it keeps the result.
func TestOffLoopGivenUp(t *testing.T) {
	for _, loser := range []bool{false, true} {
		release := make(chan struct{})
		e := asynctest.New(t)
		f := future.OffLoop(future.Goroutine, func() (int, error) { <-release; return 5, nil })
		p := asynctest.NewPoller(e, f)
		p.Poll()
		if p.Cancel(loser) {
			t.Fatal("idle while the call runs")
		}
		close(release)
		v, err := 0, error(nil)
		for ok := false; !ok; {
			v, err, ok = p.Poll()
		}
		if loser {
			v, err, _ = asynctest.NewPoller(e, f).Poll()
		}
		if v != 5 || err != nil {
			t.Errorf("loser %v: %d, %v", loser, v, err)
		}
	}
}

func TestDone(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	e := asynctest.New(t)
	p := asynctest.NewPoller(e, future.Done(ctx))
	if _, _, ok := p.Poll(); ok {
		t.Fatal("early")
	}
	cancel(asynctest.ErrTest)
	for !p.Woken() {
		time.Sleep(time.Microsecond)
		if _, err, ok := p.Poll(); ok {
			if err != asynctest.ErrTest {
				t.Errorf("%v", err)
			}
			return
		}
	}
}

func TestWithin(t *testing.T) {
	boom := errors.New("boom")
	ctx, cancel := context.WithCancelCause(t.Context())
	if v, err := async.Block(t.Context(), future.Within(ctx, future.Ready(1))); v != 1 || err != nil {
		t.Errorf("%d, %v", v, err)
	}
	waiting := future.Within(ctx, future.Never[int]())
	time.AfterFunc(time.Millisecond, func() { cancel(boom) })
	if err := errOf(t.Context(), waiting); err != boom {
		t.Errorf("%v", err)
	}
	late := future.Within(ctx, future.Lazy(func() (int, error) { panic("it ran") }))
	if err := errOf(t.Context(), late); err != boom {
		t.Errorf("%v when it was over before", err)
	}
}

func TestAbortable(t *testing.T) {
	boom := errors.New("boom")
	for _, c := range []struct {
		name string
		d    *deed
		end  func(d *deed)
		want int
		err  error
	}{
		{"idle", &deed{idle: true}, nil, 0, boom},
		{"takes its time", &deed{}, func(d *deed) { d.finish(0, boom) }, 0, boom},
		{"happens all the same", &deed{}, func(d *deed) { d.finish(4, nil) }, 4, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := asynctest.New(t)
			f, abort := future.Abortable(c.d)
			p := asynctest.NewPoller(e, f)
			p.Poll()
			abort.Stop(boom)
			abort.Stop(os.ErrClosed) // only the first counts
			if !p.Woken() {
				t.Fatal("not woken")
			}
			v, err, ok := p.Poll()
			if c.end != nil {
				if ok {
					t.Fatal("not waited for")
				}
				c.end(c.d)
				v, err, ok = p.Poll()
			}
			if !ok || v != c.want || err != c.err || c.d.asked != 1 {
				t.Errorf("ready %v, %d, %v; asked %d times", ok, v, err, c.d.asked)
			}
		})
	}
}

func TestAbortableStoppedBefore(t *testing.T) {
	f, abort := future.Abortable(future.Lazy(func() (int, error) { panic("it ran") }))
	abort.Stop(nil)
	if err := errOf(t.Context(), f); err != context.Canceled {
		t.Errorf("%v", err)
	}
}

func TestRetry(t *testing.T) {
	boom, fatal := errors.New("boom"), errors.New("fatal")
	for _, c := range []struct {
		name    string
		b       future.Backoff
		results []error
		err     error
		took    time.Duration
	}{
		{"at once", future.Backoff{First: time.Second}, []error{nil}, nil, 0},
		{"doubles", future.Backoff{First: time.Second}, []error{boom, boom, boom, nil}, nil, 7 * time.Second},
		{"up to a limit", future.Backoff{First: time.Second, Max: 2 * time.Second}, []error{boom, boom, boom, boom, nil}, nil, 7 * time.Second},
		{"gives up", future.Backoff{First: time.Second, Attempts: 2}, []error{boom, boom, nil}, boom, time.Second},
		{"not worth it", future.Backoff{First: time.Second, Again: func(err error) bool { return err != fatal }}, []error{boom, fatal, nil}, fatal, time.Second},
		{"jitter", future.Backoff{First: time.Second, Jitter: func(d time.Duration) time.Duration { return d / 2 }}, []error{boom, boom, nil}, nil, 1500 * time.Millisecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := asynctest.New(t)
			r := asynctest.Go(e, func(t *async.Task) (time.Duration, error) {
				i := -1
				_, err := future.Retry(t, c.b, func(*async.Task) (int, error) { i++; return i, c.results[i] })
				return e.Now(), err
			})
			e.Advance(time.Hour)
			if !r.Done || r.Err != c.err || r.Value < c.took || r.Value > c.took+10*tick {
				t.Errorf("done %v, error %v, took %v; want %v", r.Done, r.Err, r.Value, c.took)
			}
		})
	}
}

// tick is more than timers are late by, on a clock that is turned by hand.
const tick = 5 * time.Millisecond

func TestRetryCancelled(t *testing.T) {
	asynctest.CancelEverywhere(t, func(t *testing.T, e *asynctest.Executor) (func(*async.Task) error, func(error)) {
		boom := errors.New("boom")
		tries := 0
		return func(t *async.Task) error {
				_, err := future.Retry(t, future.Backoff{First: time.Second, Attempts: 4}, func(t *async.Task) (int, error) {
					tries++
					if err := timer.Sleep(time.Second).Await(t); err != nil {
						return 0, err
					}
					return 0, boom
				})
				return err
			}, func(err error) {
				if err != boom && err != asynctest.ErrTest || err == boom && tries == 0 {
					t.Errorf("%v after %d tries", err, tries)
				}
			}
	})
}
