package future_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/asynctest"
	"rondo.dev/rondo/future"
	"rondo.dev/rondo/timer"
)

// bomb panics when it is polled after it was woken.
type bomb struct{ waker *async.Waker }

func (b *bomb) Poll(t *async.Task) (int, error) {
	if b.waker != nil {
		panic("boom")
	}
	b.waker = t.Waker()
	return 0, async.Pending
}

// several is every combinator of several, as one future of a b and c.
func several() map[string]func(a, b, c async.Future[int]) async.Future[string] {
	return map[string]func(a, b, c async.Future[int]) async.Future[string]{
		"Join3":        func(a, b, c async.Future[int]) async.Future[string] { return discard(future.Join3(a, b, c)) },
		"TryJoin3":     func(a, b, c async.Future[int]) async.Future[string] { return discard(future.TryJoin3(a, b, c)) },
		"Select3":      func(a, b, c async.Future[int]) async.Future[string] { return discard(future.Select3(a, b, c)) },
		"Race3":        func(a, b, c async.Future[int]) async.Future[string] { return discard(future.Race3(a, b, c)) },
		"JoinAll":      func(a, b, c async.Future[int]) async.Future[string] { return discard(future.JoinAll(a, b, c)) },
		"TryJoinAll":   func(a, b, c async.Future[int]) async.Future[string] { return discard(future.TryJoinAll(a, b, c)) },
		"SelectAll":    func(a, b, c async.Future[int]) async.Future[string] { return discard(future.SelectAll(a, b, c)) },
		"FirstSuccess": func(a, b, c async.Future[int]) async.Future[string] { return discard(future.FirstSuccess(a, b, c)) },
	}
}

// A future that panics does not leave the others in flight: they are losers, and
// waited for, and then the panic goes on.
func TestPanicGivesUpTheOthers(t *testing.T) {
	for name, combine := range several() {
		t.Run(name, func(t *testing.T) {
			e := asynctest.New(t)
			a, b, c := &deed{idle: true}, &bomb{}, &deed{}
			r := asynctest.Go(e, func(t *async.Task) (v any, err error) {
				defer func() {
					if p, ok := recover().(*async.PanicError); ok {
						v = p.Value
					}
				}()
				return async.Await(t, combine(a, b, c))
			})
			e.RunUntilIdle()
			b.waker.Wake()
			e.RunUntilIdle()
			if r.Done || a.lost != 1 || c.lost != 1 {
				t.Fatalf("done %v, lost %d and %d times", r.Done, a.lost, c.lost)
			}
			c.finish(0, nil)
			e.RunUntilIdle()
			if !r.Done || r.Value != "boom" {
				t.Errorf("done %v, %v, %v", r.Done, r.Value, r.Err)
			}
		})
	}
}

// What was over before it is asked to give up says so, and stays silent.
func TestPolledAfterItsResult(t *testing.T) {
	for name, combine := range several() {
		if name == "Race3" {
			continue // it may be polled again
		}
		t.Run(name, func(t *testing.T) {
			e := asynctest.New(t)
			f := combine(future.Ready(1), future.Ready(2), future.Ready(3))
			if _, err, ok := asynctest.NewPoller(e, f).Poll(); !ok || err != nil {
				t.Fatalf("ready %v, error %v", ok, err)
			}
			if !asynctest.NewPoller(e, f).Cancel(false) {
				t.Error("not idle after the result")
			}
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			asynctest.NewPoller(e, f).Poll()
		})
	}
}

// A Join returns what there is beside the error.
func TestJoinErrors(t *testing.T) {
	a, b := errors.New("a"), errors.New("b")
	e := asynctest.New(t)
	type pair = future.Tuple2[int, int]
	for _, c := range []struct {
		f    async.Future[pair]
		want pair
		errs []error
	}{
		{future.Join(future.Ready(1), future.Ready(2)), pair{A: 1, B: 2}, nil},
		{future.Join(future.Fail[int](a), future.Ready(2)), pair{B: 2}, []error{a}},
		{future.Join(future.Fail[int](a), future.Fail[int](b)), pair{}, []error{a, b}},
		{future.Join(future.Fail[int](a), future.Fail[int](a)), pair{}, []error{a}},
		{future.TryJoin(future.Fail[int](a), future.Ready(2)), pair{}, []error{a}},
		{future.TryJoin(future.Ready(1), future.Fail[int](b)), pair{A: 1}, []error{b}},
	} {
		v, err, ok := asynctest.NewPoller(e, c.f).Poll()
		if !ok || v != c.want || (err == nil) != (c.errs == nil) || len(c.errs) == 1 && err != c.errs[0] {
			t.Errorf("ready %v, %v, %v; want %v, %v", ok, v, err, c.want, c.errs)
		}
		for _, want := range c.errs {
			if !errors.Is(err, want) {
				t.Errorf("%v is not in %v", want, err)
			}
		}
	}
}

// All happens all the same although the task was cancelled: that is no error.
func TestJoinCancelledButAllHappened(t *testing.T) {
	e := asynctest.New(t)
	a, b := &deed{}, &deed{}
	r := asynctest.Go(e, func(t *async.Task) (future.Tuple2[int, int], error) {
		return async.Await(t, future.Join(a, b))
	})
	e.RunUntilIdle()
	r.Cancel(asynctest.ErrTest)
	e.RunUntilIdle()
	a.finish(1, nil)
	b.finish(2, nil)
	e.RunUntilIdle()
	if !r.Done || r.Err != nil || r.Value.A != 1 || r.Value.B != 2 {
		t.Errorf("done %v, %v, %v", r.Done, r.Value, r.Err)
	}
}

func TestOfNone(t *testing.T) {
	e := asynctest.New(t)
	for _, f := range []async.Future[[]int]{future.JoinAll[int](), future.TryJoinAll[int]()} {
		if v, err, ok := asynctest.NewPoller(e, f).Poll(); !ok || len(v) > 0 || err != nil {
			t.Errorf("ready %v, %v, %v", ok, v, err)
		}
	}
	for _, f := range []func(){func() { future.SelectAll[int]() }, func() { future.FirstSuccess[int]() }} {
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the first of none did not panic")
				}
			}()
			f()
		}()
	}
}

// The loser of a Race stays in flight, is not polled but by those who race again,
// and is what Abandon gives up.
func TestRaceKeepsTheLoser(t *testing.T) {
	e := asynctest.New(t)
	d := &deed{idle: true}
	var got []int
	r := asynctest.Go(e, func(t *async.Task) (int, error) {
		tick := timer.Sleep(time.Second)
		race := future.Race(d, &tick)
		for range 3 {
			first, err := async.Await(t, race)
			if err != nil {
				return 0, err
			}
			got = append(got, first.Won)
			if first.Won == 1 {
				tick = timer.Sleep(time.Second)
			}
		}
		future.Abandon(t, &tick)
		return 0, nil
	})
	e.Advance(2500 * time.Millisecond)
	if d.lost+d.asked > 0 {
		t.Fatal("the loser was cancelled")
	}
	d.finish(1, nil)
	e.RunUntilIdle()
	if !r.Done || r.Err != nil || !slices.Equal(got, []int{1, 1, 0}) {
		t.Errorf("done %v, %v, winners %v", r.Done, r.Err, got)
	}
	if _, ok := e.Executor().NextTimer(); ok {
		t.Error("the sleep goes on after Abandon")
	}
}

func TestAbandon(t *testing.T) {
	e := asynctest.New(t)
	d := &deed{}
	p := asynctest.NewPoller(e, d)
	p.Poll()
	r := asynctest.Go(e, func(t *async.Task) (int, error) {
		future.Abandon(t, d)
		return 0, nil
	})
	r.Cancel(asynctest.ErrTest) // makes no difference
	e.RunUntilIdle()
	if r.Done || d.lost != 1 || d.asked != 0 {
		t.Fatalf("done %v, lost %d times", r.Done, d.lost)
	}
	d.finish(0, nil)
	e.RunUntilIdle()
	if !r.Done {
		t.Error("not done")
	}
}

// A function that loses is cancelled, and starts again with the next poll; one that
// has its result all the same keeps it.
func TestGoLoses(t *testing.T) {
	for _, stubborn := range []bool{false, true} {
		e := asynctest.New(t)
		runs := 0
		r := asynctest.Go(e, func(t *async.Task) (int, error) {
			f := future.Go(func(t *async.Task) (int, error) {
				runs++
				err := timer.Sleep(time.Second).Await(t)
				if stubborn {
					err = timer.Sleep(time.Second).Await(t.WithoutCancel())
				}
				return runs, err
			})
			soon := timer.Sleep(time.Millisecond)
			if first, err := async.Await(t, future.Select(f, &soon)); err != nil || first.Won != 1 {
				return 0, errors.New("the sleep has not won")
			}
			return async.Await(t, f)
		})
		e.Advance(time.Minute)
		want := 2
		if stubborn {
			want = 1
		}
		if !r.Done || r.Err != nil || r.Value != want || runs != want {
			t.Errorf("stubborn %v: done %v, %d, %v, %d runs", stubborn, r.Done, r.Value, r.Err, runs)
		}
	}
}

// A panic in a function that has lost is not swallowed.
func TestGoPanicsAsLoser(t *testing.T) {
	e := asynctest.New(t)
	r := asynctest.Go(e, func(t *async.Task) (int, error) {
		f := future.Go(func(t *async.Task) (int, error) {
			timer.Sleep(time.Hour).Await(t)
			panic("boom")
		})
		soon := timer.Sleep(time.Millisecond)
		_, err := async.Await(t, future.Select(f, &soon))
		return 0, err
	})
	e.Advance(time.Minute)
	if p, ok := errors.AsType[*async.PanicError](r.Err); !r.Done || !ok || p.Value != "boom" {
		t.Errorf("done %v, error %v", r.Done, r.Err)
	}
}

// Joined functions run at the same time.
func TestJoinOfFunctions(t *testing.T) {
	asynctest.CancelEverywhere(t, func(t *testing.T, e *asynctest.Executor) (func(*async.Task) error, func(error)) {
		open := 0
		hold := func(t *async.Task) (int, error) {
			open++
			defer func() { open-- }()
			return 1, timer.Sleep(time.Second).Await(t)
		}
		var took time.Duration
		return func(t *async.Task) error {
				v, err := async.Await(t, future.TryJoin3(future.Go(hold), future.Go(hold), future.Go(hold)))
				took = e.Now()
				if err == nil && v != (future.Tuple3[int, int, int]{A: 1, B: 1, C: 1}) {
					return errors.New("wrong values")
				}
				return err
			}, func(err error) {
				if err != nil && err != asynctest.ErrTest || open != 0 || took > 2*time.Second {
					t.Errorf("error %v, %d open, took %v", err, open, took)
				}
			}
	})
}

func TestFuse(t *testing.T) {
	e := asynctest.New(t)
	d := &deed{idle: true}
	f := future.Fuse(d)
	p := asynctest.NewPoller(e, f)
	if _, _, ok := p.Poll(); ok || f.Done() {
		t.Fatal("ready")
	}
	d.finish(1, nil)
	if v, err, ok := p.Poll(); v != 1 || err != nil || !ok || !f.Done() {
		t.Errorf("%d, %v, %v", v, err, ok)
	}
	p = asynctest.NewPoller(e, f)
	if _, _, ok := p.Poll(); ok || !p.Cancel(true) || d.polls != 2 {
		t.Errorf("ready %v, polled %d times", ok, d.polls)
	}
}

func TestCatchPanic(t *testing.T) {
	e := asynctest.New(t)
	b := &bomb{}
	f := future.CatchPanic(b)
	p := asynctest.NewPoller(e, f)
	p.Poll()
	_, err, ok := p.Poll()
	if pe, is := errors.AsType[*async.PanicError](err); !ok || !is || pe.Value != "boom" {
		t.Errorf("ready %v, error %v", ok, err)
	}
}
