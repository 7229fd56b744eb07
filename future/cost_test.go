package future_test

import (
	"errors"
	"testing"
	"time"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/asynctest"
	"rondo.dev/rondo/future"
	"rondo.dev/rondo/timer"
)

// pulse is pending every other time, for ever, and costs nothing itself.
type pulse struct{ n int }

func (p *pulse) Poll(t *async.Task) (*int, error) {
	if p.n++; p.n%2 == 1 {
		t.Waker().WakeLocal()
		return nil, async.Pending
	}
	return &p.n, nil
}

func (p *pulse) Cancel(*async.Task, bool) bool { return true }

// Building a combinator costs what its doc says, and no more than one allocation
// for each of those with a fixed number of futures.
func TestAllocationsToBuild(t *testing.T) {
	a, b := &pulse{}, &pulse{}
	boom := errors.New("boom")
	fs := make([]async.Future[*int], 50)
	for i := range fs {
		fs[i] = a
	}
	id := func(p *int) *int { return p }
	var sink any
	for _, c := range []struct {
		name  string
		want  float64
		build func()
	}{
		{"Ready", 0, func() { sink = future.Ready(&a.n) }},
		{"Ready with a string", 1, func() { sink = future.Ready("a string") }},
		{"Fail", 1, func() { sink = future.Fail[*int](boom) }},
		{"Never", 0, func() { sink = future.Never[*int]() }},
		{"Lazy", 1, func() { sink = future.Lazy(func() (int, error) { return 1, nil }) }},
		{"FromPoll", 0, func() { sink = future.FromPoll(func(*async.Task) (int, error) { return 1, nil }) }},
		{"Map", 1, func() { sink = future.Map(a, id) }},
		{"TryMap", 1, func() { sink = future.TryMap(a, func(p *int) (int, error) { return *p, nil }) }},
		{"MapErr", 1, func() { sink = future.MapErr(a, func(err error) error { return err }) }},
		{"Inspect", 1, func() { sink = future.Inspect(a, func(*int, error) {}) }},
		{"Settle", 1, func() { sink = future.Settle(a) }},
		{"Then", 1, func() { sink = future.Then(a, func(*int) async.Future[*int] { return nil }) }},
		{"OrElse", 1, func() { sink = future.OrElse(a, func(error) async.Future[*int] { return nil }) }},
		{"Fuse", 1, func() { sink = future.Fuse(a) }},
		{"CatchPanic", 1, func() { sink = future.CatchPanic(a) }},
		{"Join", 1, func() { sink = future.Join(a, b) }},
		{"Join5", 1, func() { sink = future.Join5(a, b, a, b, a) }},
		{"TryJoin3", 1, func() { sink = future.TryJoin3(a, b, a) }},
		{"Select", 1, func() { sink = future.Select(a, b) }},
		{"Select5", 1, func() { sink = future.Select5(a, b, a, b, a) }},
		{"Race", 1, func() { sink = future.Race(a, b) }},
		{"JoinAll", 2, func() { sink = future.JoinAll(fs...) }},
		{"SelectAll", 2, func() { sink = future.SelectAll(fs...) }},
		{"Go", 1, func() { sink = future.Go(func(*async.Task) (int, error) { return 1, nil }) }},
		{"Abortable", 2, func() { sink, _ = future.Abortable(a) }},
		{"Timeout", 1, func() { sink = timer.Timeout(time.Second, a) }},
	} {
		if got := testing.AllocsPerRun(100, c.build); got != c.want {
			t.Errorf("%s: %v allocations, want %v", c.name, got, c.want)
		}
	}
	_ = sink
}

// Polling what has been built costs none, however deep it is.
func TestAllocationsToPoll(t *testing.T) {
	one := &pulse{}
	deep := async.Future[*int](one)
	for range 10 {
		deep = future.Map(deep, func(p *int) *int { return p })
	}
	for _, c := range []struct {
		name string
		f    func(a, b async.Future[*int]) async.Future[*int]
	}{
		{"MapErr, Inspect and Settle", func(a, _ async.Future[*int]) async.Future[*int] {
			f := future.Inspect(future.MapErr(a, func(err error) error { return err }), func(*int, error) {})
			return future.Map(future.Settle(f), func(o future.Outcome[*int]) *int { return o.Value })
		}},
		{"ten of Map", func(async.Future[*int], async.Future[*int]) async.Future[*int] { return deep }},
		{"Race", func(a, b async.Future[*int]) async.Future[*int] {
			return future.Map(future.Race(a, b), func(e future.Either[*int, *int]) *int { return e.A })
		}},
		{"CatchPanic", func(a, _ async.Future[*int]) async.Future[*int] { return future.CatchPanic(a) }},
		{"Abortable", func(a, _ async.Future[*int]) async.Future[*int] {
			f, _ := future.Abortable(a)
			return f
		}},
	} {
		e := asynctest.New(t)
		r := asynctest.Go(e, func(t *async.Task) (float64, error) {
			f := c.f(&pulse{}, &pulse{})
			return testing.AllocsPerRun(100, func() { async.Await(t, f) }), nil
		})
		e.RunUntilIdle()
		if r.Value != 0 {
			t.Errorf("%s: %v allocations", c.name, r.Value)
		}
	}
}

// waiting polls a future that is pending, again and again.
func TestAllocationsWhilePending(t *testing.T) {
	never := func() async.Future[int] { return future.Never[int]() }
	fs := []async.Future[int]{never(), never(), never()}
	polling := func(f async.Future[string]) float64 {
		e := asynctest.New(t)
		p := asynctest.NewPoller(e, f)
		defer p.Cancel(true)
		p.Poll()
		return testing.AllocsPerRun(100, func() { p.Poll() })
	}
	poller := polling(future.Never[string]()) // what the poller itself takes
	if low := asynctest.New(t).Executor().Lowered(); poller > 1 && !low {
		t.Errorf("the poller has %v allocations, want the one of its view", poller)
	}
	for _, c := range []struct {
		name string
		f    async.Future[string]
	}{
		{"Then", future.Then(never(), func(int) async.Future[string] { return nil })},
		{"Join5", discard(future.Join5(never(), never(), never(), never(), never()))},
		{"Select5", discard(future.Select5(never(), never(), never(), never(), never()))},
		{"JoinAll", discard(future.JoinAll(fs...))},
		{"SelectAll", discard(future.SelectAll(fs...))},
		{"Timeout", discard(timer.Timeout(time.Hour, never()))},
	} {
		if got := polling(c.f); got > poller {
			t.Errorf("%s: %v allocations, and the poller has %v", c.name, got, poller)
		}
	}
}

func discard[T any](f async.Future[T]) async.Future[string] {
	return future.Map(f, func(T) string { return "" })
}

// A time limit costs one allocation to build, and three when it begins.
func TestAllocationsOfATimeout(t *testing.T) {
	e := asynctest.New(t)
	r := asynctest.Go(e, func(t *async.Task) (float64, error) {
		p := &pulse{}
		return testing.AllocsPerRun(100, func() {
			async.Await(t, timer.Timeout(time.Hour, p))
		}), nil
	})
	e.RunUntilIdle()
	if !r.Done || r.Value > 4 {
		t.Errorf("done %v, %v allocations", r.Done, r.Value)
	}
}

// A Set that has reached its size costs nothing more to add to, and to take from.
func TestAllocationsOfASet(t *testing.T) {
	e := asynctest.New(t)
	r := asynctest.Go(e, func(t *async.Task) (float64, error) {
		var set future.Set[*int]
		p := &pulse{}
		for range 99 {
			set.Add(future.Never[*int]())
		}
		defer set.Close(t)
		return testing.AllocsPerRun(100, func() {
			set.Add(p)
			set.Next(t)
		}), nil
	})
	e.RunUntilIdle()
	if !r.Done || r.Value != 0 {
		t.Errorf("done %v, %v allocations", r.Done, r.Value)
	}
}
