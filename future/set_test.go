package future_test

import (
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/asynctest"
	"rondo.dev/rondo/future"
)

// line is what Set and Ordered have in common.
type line interface {
	async.Future[int]
	async.Canceler
	Add(async.Future[int])
	Len() int
	Next(*async.Task) (int, error)
	Close(*async.Task)
}

func lines() map[string]func() line {
	return map[string]func() line{
		"Set":     func() line { return new(future.Set[int]) },
		"Ordered": func() line { return new(future.Ordered[int]) },
	}
}

// Of ten thousand, only those that were woken are polled.
func TestOnlyTheWokenArePolled(t *testing.T) {
	const n = 10_000
	for name, make := range lines() {
		t.Run(name, func(t *testing.T) {
			e := asynctest.New(t)
			s := make()
			deeds := [n]deed{}
			for i := range deeds {
				s.Add(&deeds[i])
			}
			var got []int
			r := asynctest.Go(e, func(t *async.Task) (int, error) {
				for s.Len() > 0 {
					v, err := s.Next(t)
					if err != nil {
						return 0, err
					}
					got = append(got, v)
				}
				return 0, nil
			})
			e.RunUntilIdle()
			order := rand.New(rand.NewPCG(1, 2)).Perm(n)
			for _, i := range order {
				deeds[i].finish(i, nil)
				if i%3 == 0 {
					e.RunUntilIdle()
				}
			}
			e.RunUntilIdle()
			if !r.Done || r.Err != nil || len(got) != n {
				t.Fatalf("done %v, error %v, %d results", r.Done, r.Err, len(got))
			}
			if name == "Ordered" {
				slices.Sort(order)
			}
			if !slices.Equal(got, order) {
				t.Error("the results are not in order")
			}
			for i := range deeds {
				if deeds[i].polls != 2 {
					t.Fatalf("future %d was polled %d times, not when it was added and when it was woken", i, deeds[i].polls)
				}
			}
		})
	}
}

// JoinAll polls only the woken as well.
func TestJoinAllPollsOnlyTheWoken(t *testing.T) {
	e := asynctest.New(t)
	deeds := make([]deed, 1000)
	fs := make([]async.Future[int], len(deeds))
	for i := range deeds {
		fs[i] = &deeds[i]
	}
	r := asynctest.Go(e, func(t *async.Task) ([]int, error) { return async.Await(t, future.JoinAll(fs...)) })
	e.RunUntilIdle()
	for i := range deeds {
		deeds[len(deeds)-1-i].finish(i, nil)
		e.RunUntilIdle()
	}
	if !r.Done || r.Err != nil {
		t.Fatalf("done %v, error %v", r.Done, r.Err)
	}
	for i, v := range r.Value {
		if v != len(deeds)-1-i || deeds[i].polls != 2 {
			t.Fatalf("place %d has %d, polled %d times", i, v, deeds[i].polls)
		}
	}
}

func TestSetEmpty(t *testing.T) {
	for name, make := range lines() {
		t.Run(name, func(t *testing.T) {
			e := asynctest.New(t)
			s := make()
			ready := func() (int, error, bool) { return asynctest.NewPoller(e, s).Poll() }
			if _, err, ok := ready(); !ok || err != io.EOF {
				t.Errorf("ready %v, error %v", ok, err)
			}
			s.Add(future.Ready(1))
			s.Add(future.Fail[int](io.EOF))
			if v, err, ok := ready(); !ok || v != 1 || err != nil || s.Len() != 1 {
				t.Errorf("%d, %v, %v, %d left", v, err, ok, s.Len())
			}
			if _, err, ok := ready(); !ok || err != io.EOF || s.Len() != 0 {
				t.Errorf("%v, %v, %d left", err, ok, s.Len())
			}
		})
	}
}

func TestOrderedAddFirst(t *testing.T) {
	e := asynctest.New(t)
	var o future.Ordered[int]
	o.Add(future.Ready(2))
	o.Add(future.Ready(3))
	o.AddFirst(future.Ready(1))
	for want := 1; want <= 3; want++ {
		if v, err, ok := asynctest.NewPoller(e, &o).Poll(); v != want || err != nil || !ok {
			t.Errorf("%d, %v, %v; want %d", v, err, ok, want)
		}
	}
}

// One that is added while somebody waits is polled, and a member that is used again
// is not confused by wakes that were meant for the future it had before.
func TestSetAddWhileWaiting(t *testing.T) {
	for name, make := range lines() {
		t.Run(name, func(t *testing.T) {
			e := asynctest.New(t)
			s := make()
			old := &deed{}
			s.Add(old)
			p := asynctest.NewPoller(e, s)
			p.Poll()
			old.finish(1, nil)
			p.Poll()
			next := &deed{}
			s.Add(next)
			p = asynctest.NewPoller(e, s)
			p.Poll()
			old.waker.WakeLocal()
			old.waker.Wake()
			if _, _, ok := p.Poll(); ok {
				t.Fatal("ready by a wake that was not meant")
			}
			s.Add(future.Ready(3))
			if !p.Woken() {
				t.Error("not woken by Add")
			}
			next.finish(2, nil)
			if v, err, ok := p.Poll(); v != 2 && v != 3 || err != nil || !ok {
				t.Errorf("%d, %v, %v", v, err, ok)
			}
			r := asynctest.Go(e, func(t *async.Task) (int, error) { s.Close(t); return s.Len(), nil })
			e.RunUntilIdle()
			if !r.Done || r.Value != 0 {
				t.Errorf("closed: %v, %d left", r.Done, r.Value)
			}
		})
	}
}

// Members are woken by other goroutines, all at once: no wake is lost, and no member
// is polled by two.
func TestSetRemoteWakes(t *testing.T) {
	const n, rounds = 64, 200
	var set future.Set[int]
	sources := make([]*promise, n)
	for i := range sources {
		sources[i] = &promise{}
		set.Add(sources[i])
	}
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := g; i < n; i += 4 {
				for range rounds {
					sources[i].spurious()
				}
				sources[i].resolve(i)
			}
		})
	}
	seen := make(map[int]bool)
	for set.Len() > 0 {
		v, err := async.Block[int](t.Context(), &set)
		if err != nil || seen[v] {
			t.Fatalf("%d, %v, seen %v", v, err, seen[v])
		}
		seen[v] = true
	}
	wg.Wait()
	if len(seen) != n {
		t.Errorf("%d results", len(seen))
	}
}

// promise is a future that any goroutine resolves.
type promise struct {
	mu    sync.Mutex
	waker *async.Waker
	done  bool
	val   int
}

func (p *promise) Poll(t *async.Task) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.done {
		return p.val, nil
	}
	p.waker = t.Waker()
	return 0, async.Pending
}

func (p *promise) spurious() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.waker != nil {
		p.waker.Wake()
	}
}

func (p *promise) resolve(v int) {
	p.mu.Lock()
	p.done, p.val = true, v
	p.mu.Unlock()
	p.spurious()
}

// A Set that loses a Select goes on: nothing of it is cancelled.
func TestSetLosesWithoutLoss(t *testing.T) {
	for name, make := range lines() {
		t.Run(name, func(t *testing.T) {
			e := asynctest.New(t)
			s := make()
			d := &deed{}
			s.Add(d)
			r := asynctest.Go(e, func(t *async.Task) (int, error) {
				first, err := async.Await(t, future.Select(s, future.Ready("x")))
				if err != nil || first.Won != 1 {
					return 0, errors.New("the ready one has not won")
				}
				return s.Next(t)
			})
			e.RunUntilIdle()
			d.finish(5, nil)
			e.RunUntilIdle()
			if !r.Done || r.Value != 5 || r.Err != nil || d.lost+d.asked > 0 {
				t.Errorf("done %v, %d, %v; cancelled %d times", r.Done, r.Value, r.Err, d.lost+d.asked)
			}
		})
	}
}

// A random run of a Set or an Ordered, cancelled at every point: every token comes
// out of it once, in the order that is promised, or stays in its leaf.
func TestSetCancelledAnywhere(t *testing.T) {
	for seed := range uint64(trees() / 20) {
		for _, ordered := range []bool{false, true} {
			for n, more := 0, true; more; n++ {
				more = setCancelledAt(t, seed, ordered, n)
				if t.Failed() {
					t.Fatalf("seed %d, ordered %v, cancelled after step %d", seed, ordered, n)
				}
			}
		}
	}
}

func setCancelledAt(t *testing.T, seed uint64, ordered bool, n int) (more bool) {
	r := rand.New(rand.NewPCG(seed, 4))
	w := newNursery(t)
	var set interface {
		Add(tokens)
		Len() int
		Next(*async.Task) ([]int, error)
		Close(*async.Task)
	} = new(future.Set[[]int])
	if ordered {
		set = new(future.Ordered[[]int])
	}
	for range 1 + r.IntN(6) {
		set.Add(w.leaf(r.IntN(5), r.IntN(4) == 0, manner(r.IntN(int(manners)))))
	}
	var got []int
	take := func(t *async.Task) error {
		v, err := set.Next(t)
		got = append(got, v...)
		return err
	}
	res := asynctest.Go(w.exec, func(t *async.Task) (int, error) {
		for set.Len() > 0 && t.Cause() == nil {
			take(t)
		}
		return 0, nil
	})
	moved := true
	for step := 0; step < n && moved && !res.Done; step++ {
		moved = w.move()
	}
	more = moved && !res.Done
	res.Cancel(asynctest.ErrTest)
	for !res.Done && w.move() {
	}
	if !res.Done {
		t.Error("did not end")
		return false
	}
	if ordered && !more && !slices.IsSorted(got) {
		t.Errorf("out of order: %v", got)
	}
	rest := asynctest.Go(w.exec, func(t *async.Task) (int, error) {
		for set.Len() > 1 { // the last is left for Close
			take(t)
		}
		set.Close(t)
		return set.Len(), nil
	})
	for !rest.Done && w.move() {
	}
	if !rest.Done || rest.Value != 0 {
		t.Errorf("the rest: done %v, %d left", rest.Done, rest.Value)
	}
	dropped := 0 // by Close, at most the last
	for _, l := range w.leaves {
		times := 0
		for _, id := range got {
			if id == l.id {
				times++
			}
		}
		dropped += l.delivered - times
		if times > l.delivered || l.state.waits() {
			t.Errorf("leaf %d yielded %d tokens, %d came out; in flight: %v", l.id, l.delivered, times, l.state.waits())
		}
	}
	if dropped > 1 {
		t.Errorf("%d tokens are lost", dropped)
	}
	return more
}

// A member that panics is gone, and the others stay.
func TestSetPanic(t *testing.T) {
	for name, make := range lines() {
		t.Run(name, func(t *testing.T) {
			e := asynctest.New(t)
			s := make()
			s.Add(future.Lazy(func() (int, error) { panic("boom") }))
			s.Add(future.Ready(1))
			r := asynctest.Go(e, func(t *async.Task) (v any, err error) {
				defer func() {
					if p, ok := recover().(*async.PanicError); ok {
						v = p.Value
					}
				}()
				return s.Next(t)
			})
			e.RunUntilIdle()
			if !r.Done || r.Value != "boom" || s.Len() != 1 {
				t.Fatalf("done %v, %v, %v, %d left", r.Done, r.Value, r.Err, s.Len())
			}
			if v, err, ok := asynctest.NewPoller(e, s).Poll(); v != 1 || err != nil || !ok {
				t.Errorf("%d, %v, %v", v, err, ok)
			}
		})
	}
}
