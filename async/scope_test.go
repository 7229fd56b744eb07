package async_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/asynctest"
)

// TestScopes nests the views of a task in all ways, cancels one thing, and looks
// at what that reached: awaits through the views, and children spawned under them.
func TestScopes(t *testing.T) {
	type view struct {
		t      *async.Task
		cancel func(error)
	}
	for _, c := range []struct {
		chain   string // of views, outermost first: c(ancel), t(imeout), s(hield)
		cancel  int    // which of them; 0 is the task
		reaches []bool // the task and the views
	}{
		{"", 0, []bool{true}},
		{"c", 0, []bool{true, true}},
		{"c", 1, []bool{false, true}},
		{"t", 0, []bool{true, true}},
		{"t", 1, []bool{false, true}},
		{"s", 0, []bool{true, false}},
		{"cc", 1, []bool{false, true, true}},
		{"cc", 2, []bool{false, false, true}},
		{"ct", 1, []bool{false, true, true}},
		{"tc", 1, []bool{false, true, true}},
		{"ccc", 2, []bool{false, false, true, true}},
		{"cs", 0, []bool{true, true, false}},
		{"cs", 1, []bool{false, true, false}},
		{"sc", 0, []bool{true, false, false}},
		{"sc", 2, []bool{false, false, true}},
		{"st", 2, []bool{false, false, true}},
		{"csc", 0, []bool{true, true, false, false}},
		{"csc", 1, []bool{false, true, false, false}},
		{"csc", 3, []bool{false, false, false, true}},
		{"csct", 3, []bool{false, false, false, true, true}},
	} {
		t.Run(c.chain+" "+string(rune('0'+c.cancel)), func(t *testing.T) {
			e := asynctest.New(t)
			var views []view
			var children []*async.Child
			var end gate
			want := errBoom
			r := asynctest.Go(e, func(t *async.Task) (int, error) {
				views = append(views, view{t, t.Core().CancelLocal})
				for _, how := range c.chain {
					switch how {
					case 'c':
						v, cancel := t.WithCancel()
						views = append(views, view{v, cancel})
					case 't':
						v, stop := t.WithTimeout(time.Second)
						defer stop()
						views = append(views, view{v, nil})
					case 's':
						views = append(views, view{t.WithoutCancel(), nil})
					}
					t = views[len(views)-1].t
				}
				for _, v := range views {
					children = append(children, v.t.Go(waits))
				}
				until(&end)(views[0].t.WithoutCancel())
				return 0, nil
			})
			e.RunUntilIdle()
			if cancel := views[c.cancel].cancel; cancel != nil {
				cancel(errBoom)
			} else {
				want = os.ErrDeadlineExceeded
				e.Advance(2 * time.Second)
			}
			e.RunUntilIdle()
			var reached, ended []bool
			for i, v := range views {
				cause := v.t.Cause()
				reached = append(reached, cause != nil)
				ended = append(ended, children[i].Core().Ended())
				if cause != nil && cause != want || (v.t.Err() != nil) != (cause != nil) {
					t.Errorf("view %d: cause %v, error %v", i, cause, v.t.Err())
				}
				select {
				case <-v.t.Done():
					if cause == nil {
						t.Errorf("view %d: its context is done", i)
					}
				default:
					if cause != nil {
						t.Errorf("view %d: its context is not done", i)
					}
				}
			}
			if !slices.Equal(reached, c.reaches) || !slices.Equal(ended, c.reaches) {
				t.Errorf("reached %v, children ended %v, want %v", reached, ended, c.reaches)
			}
			for _, child := range children {
				child.Core().CancelLocal(errBoom)
			}
			end.release()
			e.RunUntilIdle()
			if !r.Done {
				t.Error("it did not end")
			}
		})
	}
}

// TestFirstCauseCounts: whatever is cancelled later, a view's cause stays.
func TestFirstCauseCounts(t *testing.T) {
	e := asynctest.New(t)
	first, second := errors.New("first"), errors.New("second")
	runTask(t, e, func(t *async.Task) error {
		inner, cancelInner := t.WithCancel()
		innermost, cancelInnermost := inner.WithCancel()
		cancelInner(first)
		cancelInnermost(second)
		t.Core().CancelLocal(second)
		t.Core().CancelLocal(first)
		if inner.Cause() != first || innermost.Cause() != first || t.Cause() != second {
			panic([]error{inner.Cause(), innermost.Cause(), t.Cause()})
		}
		return nil
	})
}

func TestTimeouts(t *testing.T) {
	e := asynctest.New(t)
	runTask(t, e, func(t *async.Task) error {
		now, stop := t.WithTimeout(0)
		defer stop()
		if now.Cause() != os.ErrDeadlineExceeded || now.Err() != context.DeadlineExceeded {
			panic("a limit of nothing is not over")
		}

		stopped, stop := t.WithTimeout(time.Second)
		c := stopped.Go(waits)
		_, hasDeadline := stopped.Deadline()
		done := stopped.Done()
		stop()
		if _, still := stopped.Deadline(); !hasDeadline || still {
			panic("the deadline")
		}
		<-done // the context's, though not the view's
		if stopped.Err() != context.Canceled || stopped.Cause() != nil {
			panic("the stopped view")
		}

		long, stop := t.WithTimeout(time.Hour)
		defer stop()
		short, stop := long.WithTimeout(time.Minute)
		defer stop()
		short2, stop := short.WithTimeout(time.Hour)
		defer stop()
		d1, _ := short.Deadline()
		d2, ok := short2.Deadline()
		d3, _ := long.Deadline()
		if !ok || !d1.Equal(d2) || !d1.Before(d3) {
			panic("the earliest deadline counts")
		}
		err := short.Go(func(t *async.Task) error {
			if d, ok := t.Deadline(); !ok || !d.Equal(d1) {
				panic("a child is under its parent's deadline")
			}
			if _, ok := t.WithoutCancel().Deadline(); ok {
				panic("a shield has no deadline")
			}
			return nil
		}).Await(t)
		if err != nil {
			return err
		}

		if err := waits(short2); err != os.ErrDeadlineExceeded {
			panic(err)
		}
		if async.Yield(t) != nil || async.Yield(long) != nil || c.Core().Ended() {
			panic("it reached too far")
		}
		c.Stop(nil)
		return nil
	})
}

type key struct{}

// TestTaskIsAContext is what package context and its users rely on.
func TestTaskIsAContext(t *testing.T) {
	e := asynctest.New(t)
	var task, shield *async.Task
	var derived []context.Context
	before := runtime.NumGoroutine()
	core := async.SpawnRoot(e.Executor(), "root", func(t *async.Task) error {
		return t.Go(func(t *async.Task) error {
			task, shield = t, t.WithoutCancel()
			before = runtime.NumGoroutine()
			for range 100 {
				ctx, cancel := context.WithCancel(t)
				defer cancel()
				derived = append(derived, ctx)
			}
			if n := runtime.NumGoroutine(); n > before {
				return errors.New("deriving contexts started goroutines")
			}
			if t.Value(key{}) != "value" || derived[0].Value(key{}) != "value" || shield.Value(key{}) != "value" {
				return errors.New("the values are lost")
			}
			if t.Value("other") != nil {
				return errors.New("a value out of nowhere")
			}
			err := waits(t)
			for _, ctx := range append(derived, context.Context(t)) {
				<-ctx.Done()
				if ctx.Err() != context.Canceled || context.Cause(ctx) != errBoom {
					panic(context.Cause(ctx))
				}
			}
			if shield.Err() != nil || context.Cause(shield) != nil {
				return errors.New("the shield is not one")
			}
			return err
		}).Await(t)
	}, func(err error) {
		if err != errBoom {
			t.Error(err)
		}
	})
	ctx, cancel := context.WithCancel(context.WithValue(context.Background(), key{}, "value"))
	core.SetContext(ctx)
	cancel() // is not looked at
	e.RunUntilIdle()
	core.CancelLocal(errBoom)
	e.RunUntilIdle()
	<-shield.Done() // it has ended
	if shield.Err() != context.Canceled {
		t.Errorf("the context of an ended task: %v", shield.Err())
	}
	if task.Err() != context.Canceled || context.Cause(task) != errBoom {
		t.Errorf("the context of the cancelled task: %v", task.Err())
	}
}

// TestContextOfAnEndedTask: Done is closed, and Err agrees, whether it was asked
// for before the end or after.
func TestContextOfAnEndedTask(t *testing.T) {
	for _, asked := range []string{"before", "after"} {
		for _, how := range []string{"task", "scope", "shield", "limit in a shield"} {
			e := asynctest.New(t)
			var ctx context.Context
			runTask(t, e, func(t *async.Task) error {
				switch how {
				case "scope":
					t, _ = t.WithCancel()
				case "shield":
					t = t.WithoutCancel()
				case "limit in a shield":
					t, _ = t.WithoutCancel().WithTimeout(time.Hour)
				}
				ctx = t
				if asked == "before" {
					ctx.Done()
				}
				if ctx.Err() != nil {
					panic(ctx.Err())
				}
				return nil
			})
			<-ctx.Done()
			if ctx.Err() != context.Canceled || context.Cause(ctx) == nil {
				t.Errorf("%s, asked %s: %v, %v", how, asked, ctx.Err(), context.Cause(ctx))
			}
		}
	}
}

// TestCancelledBeforeDone: the context that is made after the fact knows why.
func TestCancelledBeforeDone(t *testing.T) {
	e := asynctest.New(t)
	runTask(t, e, func(t *async.Task) error {
		v, cancel := t.WithCancel()
		inner, _ := v.WithCancel()
		cancel(errBoom)
		ctx, stop := context.WithCancel(inner)
		defer stop()
		<-ctx.Done()
		if context.Cause(ctx) != errBoom || context.Cause(v) != errBoom || context.Cause(t) != nil {
			panic(context.Cause(ctx))
		}
		return nil
	})
}

// TestContextFromGoroutines asks for everything that is safe, from goroutines,
// while the task lives its life: for the race detector.
func TestContextFromGoroutines(t *testing.T) {
	for range 50 {
		e := asynctest.New(t)
		started := make(chan *async.Task, 2)
		r := asynctest.Go(e, func(t *async.Task) (int, error) {
			v, cancel := t.WithCancel()
			defer cancel(errBoom)
			started <- t
			started <- v
			return 0, waits(t)
		})
		e.RunUntilIdle()
		var wg sync.WaitGroup
		for range 2 {
			task := <-started
			for range 4 {
				wg.Go(func() {
					ctx, cancel := context.WithCancel(task)
					defer cancel()
					task.Deadline()
					task.Value(key{})
					task.Waker().Wake()
					<-ctx.Done()
					if task.Err() == nil || task.Cause() != errBoom || context.Cause(ctx) != errBoom {
						t.Errorf("cancelled with %v, %v", task.Cause(), context.Cause(ctx))
					}
				})
			}
		}
		runtime.Gosched()
		r.Cancel(errBoom)
		e.RunUntilIdle()
		wg.Wait()
	}
}

// TestRootContext: a root sees the values and the time limit of its context, so do
// its children, and a goroutine in Block.
func TestRootContext(t *testing.T) {
	type key struct{}
	until := time.Now().Add(time.Hour)
	ctx, cancel := context.WithDeadline(context.WithValue(context.Background(), key{}, "value"), until)
	defer cancel()
	check := func(where string, c context.Context, limited bool) {
		t.Helper()
		if v := c.Value(key{}); v != "value" {
			t.Errorf("%s: the value is %v", where, v)
		}
		if d, ok := c.Deadline(); ok != limited || limited && !d.Equal(until) {
			t.Errorf("%s: the deadline is %v, %v", where, d, ok)
		}
	}
	e := asynctest.New(t)
	async.Root{Context: ctx, Run: func(t *async.Task) error {
		check("root", t, true)
		longer, stop := t.WithTimeout(2 * time.Hour)
		defer stop()
		check("in a scope", longer, true)
		check("in a shield", t.WithoutCancel(), false)
		return t.Go(func(t *async.Task) error {
			check("child", t, true)
			return nil
		}).Await(t)
	}}.Start(e.Executor())
	e.RunUntilIdle()
	_, err := async.Block(ctx, inBlock(func(t *async.Task) { check("in Block", t, true) }))
	if err != nil {
		t.Error(err)
	}
}

// TestErrLikeAContext: Err says what a standard context says that was cancelled in
// the same way, and Cause why.
func TestErrLikeAContext(t *testing.T) {
	for _, cause := range []error{context.Canceled, context.DeadlineExceeded, os.ErrDeadlineExceeded, errBoom, fmt.Errorf("wrapped: %w", os.ErrDeadlineExceeded)} {
		want := context.Canceled
		if errors.Is(cause, os.ErrDeadlineExceeded) || cause == context.DeadlineExceeded {
			want = context.DeadlineExceeded
		}
		e := asynctest.New(t)
		core := async.SpawnRoot(e.Executor(), "", func(t *async.Task) error { return async.Sleep(time.Hour).Await(t) }, nil)
		e.RunUntilIdle()
		core.CancelLocal(cause)
		if got := core.Task().Err(); got != want {
			t.Errorf("cancelled with %v, Err is %v, want %v", cause, got, want)
		}
		if got := context.Cause(core.Task()); got != cause {
			t.Errorf("cancelled with %v, the cause is %v", cause, got)
		}
		e.RunUntilIdle()
	}
}

// inBlock is a future that is ready.
type inBlock func(t *async.Task)

func (f inBlock) Poll(t *async.Task) (struct{}, error) {
	f(t)
	return struct{}{}, nil
}
