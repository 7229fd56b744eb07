package async_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/async/internal/testpipe"
	"rondo.dev/rondo/asynctest"
)

var errBoom = errors.New("boom")

// stubborn is a Canceler that does as it is told.
type stubborn struct {
	gate
	idle    bool  // what Cancel reports
	turns   int   // polls after Cancel that are still pending
	result  error // the result after that; nil is a value
	cancels int
	losers  int
}

func (s *stubborn) Cancel(t *async.Task, loser bool) bool {
	s.cancels++
	if loser {
		s.losers++
	}
	return s.idle
}

func (s *stubborn) Poll(t *async.Task) (int, error) {
	if s.cancels == 0 {
		return s.gate.Poll(t)
	}
	s.polls++
	if s.turns > 0 {
		s.turns--
		t.Waker().WakeLocal()
		return 17, async.Pending
	}
	return 42, s.result
}

// TestCancelProtocol is the whole table of what Await does with a future that is
// pending when its task is cancelled, in both ways to await and to cancel.
func TestCancelProtocol(t *testing.T) {
	own := errors.New("own")
	for _, c := range []struct {
		name  string
		f     stubborn
		value int
		err   error
		polls int // of the future, in all
	}{
		{"gives up", stubborn{idle: true}, 0, errBoom, 2},
		{"ended inside Cancel", stubborn{}, 42, nil, 3},
		{"ended inside Cancel, with its error", stubborn{result: own}, 42, own, 3},
		{"ends later", stubborn{turns: 5}, 42, nil, 8},
		{"ends later, with the cause", stubborn{turns: 1, result: errBoom}, 42, errBoom, 4},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := asynctest.New(t)
			f := c.f
			r := asynctest.Go(e, func(t *async.Task) (int, error) {
				v, err := async.Await(t, &f)
				if _, next := async.Await(t, &gate{open: true}); next != errBoom {
					panic(fmt.Sprint("the next await returned ", next))
				}
				return v, err
			})
			e.RunUntilIdle()
			r.Cancel(errBoom)
			e.RunUntilIdle()
			if !r.Done || r.Value != c.value || r.Err != c.err {
				t.Errorf("got %d, %v (done %v), want %d, %v", r.Value, r.Err, r.Done, c.value, c.err)
			}
			if f.polls != c.polls || f.cancels != 1 || f.losers != 0 {
				t.Errorf("%d polls, %d cancels, %d as a loser; want %d, 1, 0", f.polls, f.cancels, f.losers, c.polls)
			}
		})
		t.Run(c.name+", Block", func(t *testing.T) {
			f := c.f
			ctx, cancel := context.WithCancelCause(context.Background())
			v, err := async.Block(ctx, &watched{&f, func() { go cancel(errBoom) }})
			if v != c.value || err != c.err || f.cancels != 1 || f.losers != 0 {
				t.Errorf("got %d, %v after %d cancels, want %d, %v", v, err, f.cancels, c.value, c.err)
			}
		})
	}
}

// watched is one that says when it is first polled.
type watched struct {
	*stubborn
	polled func()
}

func (w *watched) Poll(t *async.Task) (int, error) {
	if f := w.polled; f != nil {
		w.polled = nil
		f()
	}
	return w.stubborn.Poll(t)
}

func TestAwaitOfACancelledTaskStartsNothing(t *testing.T) {
	e := asynctest.New(t)
	p := testpipe.New(e.Executor())
	p.Put("ready")
	var g gate
	g.open = true
	r := asynctest.Go(e, func(t *async.Task) (int, error) {
		_, e1 := async.Await(t, &g)
		_, e2 := p.Read(make([]byte, 8)).Await(t)
		e3 := async.Yield(t)
		if e1 != errBoom || e2 != errBoom || e3 != errBoom {
			panic(fmt.Sprint(e1, e2, e3))
		}
		return 0, nil
	})
	r.Cancel(errBoom)
	e.RunUntilIdle()
	if !r.Done || r.Err != nil {
		t.Fatalf("got %+v", r)
	}
	if g.polls != 0 || p.Started != 0 || p.Content() != "ready" {
		t.Errorf("%d polls, %d operations started", g.polls, p.Started)
	}
}

// TestCancelDuringBudgetYield: the wake of a cancellation falls together with
// that of a task that was made to yield. It is the only one, and must not be lost.
func TestCancelDuringBudgetYield(t *testing.T) {
	for _, how := range []string{"future", "op"} {
		t.Run(how, func(t *testing.T) {
			e := asynctest.New(t)
			p := testpipe.New(e.Executor())
			awaits := 0
			r := asynctest.Go(e, func(t *async.Task) (int, error) {
				for {
					if _, err := async.Await(t, &gate{open: true}); err != nil {
						return awaits, err
					}
					awaits++
				}
			})
			e.Step() // up to the budget's end
			n := awaits
			r.Cancel(errBoom)
			e.RunUntilIdle()
			if !r.Done || r.Err != errBoom || r.Value != n {
				t.Fatalf("got %+v after %d awaits", r, n)
			}

			s := asynctest.Go(e, func(t *async.Task) (int, error) {
				for t.Spend() == false {
				}
				if how == "op" {
					return p.Read(make([]byte, 1)).Await(t)
				}
				return async.Await(t, &gate{})
			})
			e.Step()
			s.Cancel(errBoom)
			e.RunUntilIdle()
			if !s.Done || s.Err != errBoom {
				t.Fatalf("got %+v", s)
			}
		})
	}
}

// TestBudget: whatever is always ready, a sibling gets its turn.
func TestBudget(t *testing.T) {
	for _, c := range []struct {
		name string
		f    func(t *async.Task, p *testpipe.Pipe) error
	}{
		{"future", func(t *async.Task, p *testpipe.Pipe) error {
			_, err := async.Await(t, &gate{open: true})
			return err
		}},
		{"operation", func(t *async.Task, p *testpipe.Pipe) error {
			_, err := p.Write([]byte("x")).Await(t)
			return err
		}},
		{"operation as a future", func(t *async.Task, p *testpipe.Pipe) error {
			op := p.Write([]byte("x"))
			_, err := async.Await(t, &op)
			return err
		}},
		{"polled by hand", func(t *async.Task, p *testpipe.Pipe) error {
			op := p.Write([]byte("x"))
			_, err := async.Await(t, pollFunc(func(t *async.Task) (int, error) { return op.Poll(t) }))
			return err
		}},
		{"yield", func(t *async.Task, p *testpipe.Pipe) error { return async.Yield(t) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := asynctest.New(t)
			p := testpipe.New(e.Executor())
			var order []string
			stop := false
			asynctest.Go(e, func(t *async.Task) (int, error) {
				for n := 0; !stop; n++ {
					if n > 10_000 {
						return 0, errors.New("it never yielded")
					}
					if err := c.f(t, p); err != nil {
						return 0, err
					}
				}
				order = append(order, "greedy")
				return 0, nil
			})
			asynctest.Go(e, func(t *async.Task) (int, error) {
				order = append(order, "sibling")
				stop = true
				return 0, nil
			})
			e.RunUntilIdle()
			if strings.Join(order, " ") != "sibling greedy" {
				t.Errorf("the order was %v", order)
			}
			if p.InFlight() != 0 {
				t.Errorf("%d operations left", p.InFlight())
			}
		})
	}
}

type pollFunc func(*async.Task) (int, error)

func (f pollFunc) Poll(t *async.Task) (int, error) { return f(t) }

func TestYieldGoesRound(t *testing.T) {
	e := asynctest.New(t)
	var b strings.Builder
	for _, name := range []string{"a", "b", "c"} {
		asynctest.Go(e, func(t *async.Task) (int, error) {
			for range 3 {
				b.WriteString(name)
				async.Yield(t)
			}
			return 0, nil
		})
	}
	e.RunUntilIdle()
	if b.String() != "abcabcabc" {
		t.Errorf("the turns were %s", b.String())
	}
}

// TestSpuriousWakes: any number of wakes is one poll, and a future that has
// nothing new stays pending.
func TestSpuriousWakes(t *testing.T) {
	e := asynctest.New(t)
	var g gate
	r := asynctest.Go(e, func(t *async.Task) (int, error) { return async.Await(t, &g) })
	e.RunUntilIdle()
	for range 10 {
		g.waker.Wake()
		g.waker.WakeLocal()
	}
	e.RunUntilIdle()
	if g.polls > 3 || r.Done {
		t.Errorf("%d polls for merged wakes", g.polls)
	}
	g.release()
	e.RunUntilIdle()
	if !r.Done {
		t.Fatal("not done")
	}
	g.waker.Wake() // of a task that has ended
	g.waker.WakeLocal()
	if n := e.RunUntilIdle(); n != 0 {
		t.Errorf("an ended task was stepped %d times", n)
	}
}

// TestMisuse holds the sentences that misuse is told in.
func TestMisuse(t *testing.T) {
	for _, c := range []struct {
		name string
		f    func(t *async.Task, e *asynctest.Executor)
		want string
	}{
		{"await by another task", func(t *async.Task, e *asynctest.Executor) {
			t.Go(func(*async.Task) error { async.Await(t, &gate{}); return nil })
		}, "await by something that is not the running task"},
		{"operation awaited by another task", func(t *async.Task, e *asynctest.Executor) {
			p := testpipe.New(nil)
			t.Go(func(*async.Task) error { p.Read(nil).Await(t); return nil })
		}, "await by something that is not the running task"},
		{"yield by another task", func(t *async.Task, e *asynctest.Executor) {
			t.Go(func(*async.Task) error { return async.Yield(t) })
		}, "await by something that is not the running task"},
		{"await by a goroutine", func(t *async.Task, e *asynctest.Executor) {
			g := &gate{}
			caught := make(chan any)
			t.Go(func(*async.Task) error { // while t is parked
				go func() {
					defer func() { caught <- recover() }()
					async.Await(t, g)
				}()
				if v := <-caught; v != nil {
					panic(v)
				}
				return nil
			})
		}, "await by something that is not the running task"},
		{"operation polled after its result", func(t *async.Task, e *asynctest.Executor) {
			p := testpipe.New(nil)
			op := p.Write([]byte("x"))
			op.Poll(t)
			op.Poll(t)
		}, "an operation was polled after it had its result"},
		{"operation awaited after its result", func(t *async.Task, e *asynctest.Executor) {
			p := testpipe.New(nil)
			op := p.Write([]byte("x"))
			op.Poll(t)
			op.Await(t)
		}, "an operation was polled after it had its result"},
		{"zero operation", func(t *async.Task, e *asynctest.Executor) {
			var op async.Op[int]
			op.Await(t)
		}, "the zero Op was used"},
		{"zero act", func(t *async.Task, e *asynctest.Executor) {
			var a async.Act
			a.Poll(t)
		}, "the zero Op was used"},
		{"spawned by a task that has ended", func(t *async.Task, e *asynctest.Executor) {
			var old *async.Task
			c := t.Go(func(t *async.Task) error { old = t; return nil })
			c.Await(t)
			old.Go(func(*async.Task) error { return nil })
		}, "a task was spawned by a task that has ended"},
		{"core started twice", func(t *async.Task, e *asynctest.Executor) {
			c := t.Go(func(t *async.Task) error { return nil })
			c.Core().Start(t, nil)
		}, "a task was started twice"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := asynctest.New(t)
			r := asynctest.Go(e, func(t *async.Task) (int, error) {
				c.f(t, e)
				return 0, nil
			})
			e.RunUntilIdle()
			var p *async.PanicError
			if !r.Done || !errors.As(r.Err, &p) || !strings.Contains(fmt.Sprint(p.Value), c.want) {
				t.Errorf("done %v, %v; want a panic with %q", r.Done, r.Err, c.want)
			}
		})
	}
}

// expectPanic returns an error unless f panics with a sentence that says so.
func expectPanic(want string, f func()) (err error) {
	defer func() {
		if v := recover(); !strings.Contains(fmt.Sprint(v), want) {
			err = fmt.Errorf("panic %v, want one with %q", v, want)
		}
	}()
	f()
	return nil
}

func TestMisuseOfBlock(t *testing.T) {
	for want, f := range map[string]pollFunc{
		"this executor has no coroutines": func(t *async.Task) (int, error) {
			t.Go(func(*async.Task) error { return nil })
			return 0, nil
		},
		"await by something that is not the running task": func(t *async.Task) (int, error) {
			return 0, async.Yield(t)
		},
	} {
		if err := expectPanic(want, func() { async.Block(context.Background(), f) }); err != nil {
			t.Error(err)
		}
	}
}

// TestBlockInATask: a task that would block its executor panics with what to do
// instead; one that would not, because the result is there, gets it; a goroutine
// that a task has started may wait.
func TestBlockInATask(t *testing.T) {
	e := asynctest.New(t)
	never := pollFunc(func(*async.Task) (int, error) { return 0, async.Pending })
	ready := pollFunc(func(*async.Task) (int, error) { return 7, nil })
	r := asynctest.Go(e, func(t *async.Task) (int, error) {
		if err := expectPanic("use Await(t)", func() { async.Block(t, never) }); err != nil {
			return 0, err
		}
		got := make(chan error)
		go func() {
			ctx, stop := context.WithCancelCause(context.Background())
			stop(errBoom)
			_, err := async.Block(ctx, never)
			got <- err
		}()
		if err := <-got; err != errBoom {
			return 0, fmt.Errorf("a goroutine got %v", err)
		}
		return async.Block(t, ready)
	})
	e.Executor().Post(func() {
		if err := expectPanic("use Await(t)", func() { async.Block(context.Background(), never) }); err != nil {
			t.Error(err)
		}
	})
	e.RunUntilIdle()
	if r.Value != 7 || r.Err != nil || !r.Done {
		t.Errorf("%v, %v, %v", r.Value, r.Err, r.Done)
	}
}

// TestBudgetOfBlock: a goroutine that polls has a budget as well, a new one for
// each time that it was woken.
func TestBudgetOfBlock(t *testing.T) {
	polls, spent := 0, 0
	v, err := async.Block(context.Background(), pollFunc(func(t *async.Task) (int, error) {
		for polls++; polls < 100 && spent < 1000; spent++ {
			if t.Spend() {
				t.Waker().WakeLocal()
				return 0, async.Pending
			}
		}
		return spent, nil
	}))
	if v != 1000 || err != nil || polls < 5 || polls > 50 {
		t.Errorf("spent %d in %d polls: %v", v, polls, err)
	}
}

// TestGoexitAndPanic: however a function fails to return, its task ends with it,
// its defers run, the executor goes on, and nothing is left behind.
func TestGoexitAndPanic(t *testing.T) {
	for _, c := range []struct {
		name string
		end  func()
		want func(error) bool
	}{
		{"goexit", runtime.Goexit, func(err error) bool { return err == async.ErrGoexit }},
		{"panic", func() { panic(errBoom) }, func(err error) bool { return errors.Is(err, errBoom) }},
		{"panic nil", func() { panic(nil) }, func(err error) bool {
			var p *runtime.PanicNilError
			return errors.As(err, &p)
		}},
		{"panic under a goexit", func() {
			defer panic(errBoom)
			defer panic("hidden by the other")
			runtime.Goexit()
		}, func(err error) bool { return errors.Is(err, errBoom) }},
		{"recovered panic under a goexit", func() {
			defer func() { recover() }()
			defer panic(errBoom)
			runtime.Goexit()
		}, func(err error) bool { return err == async.ErrGoexit }},
		{"panic with something uncomparable", func() { panic([]int{1}) }, func(err error) bool {
			return strings.HasPrefix(err.Error(), "panic: [1]")
		}},
		{"nil dereference", func() { var p *int; *p = 1 }, func(err error) bool {
			var r runtime.Error
			return errors.As(err, &r) && strings.Contains(err.Error(), "await_test.go")
		}},
	} {
		for _, when := range []string{"first step", "later step"} {
			t.Run(c.name+" in the "+when, func(t *testing.T) {
				e := asynctest.New(t)
				deferred := 0
				for range 3 {
					r := asynctest.Go(e, func(t *async.Task) (int, error) {
						defer func() { deferred++ }()
						if when == "later step" {
							async.Yield(t)
						}
						c.end()
						return 0, nil
					})
					other := asynctest.Go(e, func(t *async.Task) (int, error) { return 1, async.Yield(t) })
					e.RunUntilIdle()
					if !r.Done || r.Err == nil || !c.want(r.Err) {
						t.Errorf("got %+v", r)
					}
					if !other.Done || other.Err != nil {
						t.Errorf("the other task: %+v", other)
					}
				}
				if deferred != 3 {
					t.Errorf("%d deferred calls", deferred)
				}
			})
		}
	}
}

func TestDeferMayAwait(t *testing.T) {
	e := asynctest.New(t)
	p := testpipe.New(e.Executor())
	p.Suspend = true
	r := asynctest.Go(e, func(t *async.Task) (n int, err error) {
		defer func() {
			t, stop := t.WithoutCancel().WithTimeout(time.Second)
			defer stop()
			if n, err := p.Write([]byte("bye")).Await(t); n != 3 || err != nil {
				panic(fmt.Sprint(n, err))
			}
		}()
		return p.Read(make([]byte, 1)).Await(t)
	})
	e.RunUntilIdle()
	r.Cancel(errBoom)
	e.RunUntilIdle()
	if !r.Done || r.Err != errBoom || p.Content() != "bye" {
		t.Fatalf("got %+v, content %q", r, p.Content())
	}
}
