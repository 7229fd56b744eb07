package future_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/asynctest"
	"rondo.dev/rondo/future"
)

// trees is how many random trees a test looks at.
func trees() int {
	if testing.Short() {
		return 300
	}
	return 6000
}

// Every tree of combinators ends when the model says, with the values and errors
// that it says, in their order.
func TestTreesAgainstModel(t *testing.T) {
	for seed := range uint64(trees()) {
		r := rand.New(rand.NewPCG(seed, 1))
		x := randomTree(r, 1+int(seed%4), single)
		instant(x)
		g := &garden{nursery: newNursery(t)}
		f := g.build(x)
		res := asynctest.Go(g.exec, func(t *async.Task) ([]int, error) { return async.Await(t, f) })
		for !res.Done && g.move() {
		}
		want := x.model(0)
		if !res.Done || g.now != want.at || !slices.Equal(res.Value, ids(want.vals)) || !slices.Equal(failedLeaves(res.Err), ids(want.errs)) {
			t.Fatalf("seed %d: %v\nended %v at %d with %v, %v\nwant at %d with %v, %v", seed, x,
				res.Done, g.now, res.Value, res.Err, want.at, ids(want.vals), ids(want.errs))
		}
	}
}

// instant makes leaves give up without delay: how long that takes is no part of the
// model.
func instant(x *tree) {
	x.leave %= slowly
	for _, k := range x.kids {
		instant(k)
	}
}

// Whenever a tree is cancelled: it ends, nothing stays in flight, and each token is
// in the result, was given to a function, went back to its leaf, or is in a part
// that has lost, for the next who polls that. None is there twice.
func TestCancelAtEveryPointLosesNothing(t *testing.T) {
	for seed := range uint64(trees() / 10) {
		for n, more := 0, true; more; n++ {
			r := rand.New(rand.NewPCG(seed, 2))
			x := randomTree(r, 1+int(seed%4), append(single, "go", "go"))
			g := &garden{nursery: newNursery(t)}
			whole := g.build(x)
			res := asynctest.Go(g.exec, func(t *async.Task) ([]int, error) { return async.Await(t, whole) })
			moved := true
			for step := 0; step < n && moved && !res.Done; step++ {
				moved = g.move()
			}
			more = moved && !res.Done
			res.Cancel(asynctest.ErrTest)
			for !res.Done && g.move() {
			}
			if !res.Done {
				t.Fatalf("seed %d, cancelled after step %d: %v\ndid not end", seed, n, x)
			}
			taken := g.harvest(res.Value)
			for _, l := range g.leaves {
				if l.state.waits() {
					t.Errorf("leaf %d is in flight", l.id)
				}
				if got := taken[l.id] + g.used[l.id]; got != l.delivered {
					t.Errorf("leaf %d yielded %d tokens, and %d came out", l.id, l.delivered, got)
				}
			}
			if t.Failed() {
				t.Fatalf("seed %d, cancelled after step %d: %v", seed, n, x)
			}
		}
	}
}

// harvest counts the tokens of a result, and of the parts that were started and
// whose result nobody has taken: they are polled to their end for it.
func (g *garden) harvest(result []int) map[int]int {
	taken := make(map[int]int)
	count := func(v []int) {
		for _, id := range v {
			taken[id]++
		}
	}
	count(result)
	for p := g.left(); p != nil; p = g.left() {
		res := asynctest.Go(g.exec, func(t *async.Task) ([]int, error) { return async.Await[[]int](t, p) })
		for !res.Done && g.move() {
		}
		if !res.Done {
			g.tb.Fatal("a part that had lost does not end")
		}
		count(res.Value)
	}
	return taken
}

// left returns a part that was started and whose result nobody has taken, the
// outermost first: it polls those in it.
func (g *garden) left() (out *part) {
	for _, p := range g.parts {
		if p.started && !p.over && (out == nil || p.depth > out.depth) {
			out = p
		}
	}
	return out
}

// Map of Map is Map of the composition, and Map of the identity is nothing.
func TestMapFusion(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 3))
	for range 100 {
		a, b := r.IntN(100), r.IntN(100)
		f := func(v int) int { return v*3 + a }
		g := func(v int) int { return v*5 - b }
		want := g(f(7))
		for _, m := range []async.Future[int]{
			future.Map(future.Map(future.Ready(7), f), g),
			future.Map(future.Ready(7), func(v int) int { return g(f(v)) }),
			future.Map(future.Map(future.Map(future.Ready(7), f), func(v int) int { return v }), g),
		} {
			if v, err, ok := asynctest.NewPoller(asynctest.New(t), m).Poll(); v != want || err != nil || !ok {
				t.Fatalf("%d, %v, %v; want %d", v, err, ok, want)
			}
		}
	}
}
