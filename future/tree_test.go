package future_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/future"
	"rondo.dev/rondo/timer"
)

// tree is a random combination of combinators. It can be built, and evaluated by
// the model, which knows nothing of polling.
type tree struct {
	op    string
	kids  []*tree
	delay int // of a leaf
	fails bool
	leave manner
	id    int // of a leaf, once built
	depth int // how much is below
}

type tokens = async.Future[[]int]

// many are the operators with any number of children, and some with up to five.
var many = []string{"join", "tryjoin", "select", "race", "joinall", "tryjoinall", "selectall", "firstsuccess"}

// single are the operators of one future, and of one after the other.
var single = []string{"map", "then", "orelse", "fuse", "inspect", "flatten", "catch", "abortable", "timeout"}

// randomTree makes a tree with operators of one that are among these.
func randomTree(r *rand.Rand, depth int, single []string) *tree {
	x := randomNode(r, depth, single)
	x.depth = depth
	return x
}

func randomNode(r *rand.Rand, depth int, single []string) *tree {
	if depth == 0 || r.IntN(8) == 0 {
		x := &tree{op: "leaf", fails: r.IntN(4) == 0, leave: manner(r.IntN(int(manners)))}
		if r.IntN(6) > 0 {
			x.delay = 2 + 10*r.IntN(1_000_000)
		}
		return x
	}
	if r.IntN(2) == 0 {
		x := &tree{op: single[r.IntN(len(single))]}
		x.kids = append(x.kids, randomTree(r, depth-1, single))
		if x.op == "then" || x.op == "orelse" {
			x.kids = append(x.kids, randomTree(r, depth-1, single))
		}
		return x
	}
	x := &tree{op: many[r.IntN(len(many))]}
	for range 2 + r.IntN(4) {
		x.kids = append(x.kids, randomTree(r, depth-1, single))
	}
	return x
}

func (x *tree) String() string {
	if x.op == "leaf" {
		return fmt.Sprintf("leaf(%d,%v,%d)", x.delay, x.fails, x.leave)
	}
	var s []string
	for _, k := range x.kids {
		s = append(s, k.String())
	}
	return x.op + "(" + strings.Join(s, " ") + ")"
}

// garden builds trees, and keeps those parts that may be left with something when
// their neighbour wins.
type garden struct {
	*nursery
	parts []*part
}

// part is a future that remembers whether its result was taken.
type part struct {
	f       tokens
	depth   int
	started bool
	losing  bool
	over    bool
}

func (p *part) Poll(t *async.Task) ([]int, error) {
	p.started = true
	v, err := p.f.Poll(t)
	if !async.IsPending(err) {
		p.over = !p.losing
		p.losing = false
	}
	return v, err
}

func (p *part) Cancel(t *async.Task, loser bool) (idle bool) {
	c, ok := p.f.(async.Canceler)
	idle = !ok || c.Cancel(t, loser)
	p.losing = loser && !idle
	return idle
}

func (g *garden) build(x *tree) tokens {
	switch x.op {
	case "leaf":
		l := g.leaf(x.delay, x.fails, x.leave)
		x.id = l.id
		return l
	case "then":
		return future.Then(g.dropIfFailed(g.build(x.kids[0])), func(v []int) tokens {
			g.use(v)
			return g.build(x.kids[1])
		})
	case "orelse":
		var dropped []int // by OrElse, if it goes on
		f := future.Inspect(g.build(x.kids[0]), func(v []int, _ error) { dropped = v })
		return future.OrElse(f, func(error) tokens {
			g.use(dropped)
			return g.build(x.kids[1])
		})
	case "go":
		// What a function returns beside its cause is its own affair.
		return future.Go(func(t *async.Task) ([]int, error) { return async.Await(t, g.dropIfFailed(g.build(x.kids[0]))) })
	}
	var parts []tokens
	for _, k := range x.kids {
		p := &part{f: g.build(k), depth: k.depth}
		if x.op == "firstsuccess" {
			p.f = g.dropIfFailed(p.f)
		}
		g.parts = append(g.parts, p)
		parts = append(parts, p)
	}
	f := parts[0]
	switch x.op {
	case "map":
		return future.TryMap(future.Settle(f), func(o future.Outcome[[]int]) ([]int, error) { return o.Value, o.Err })
	case "fuse":
		return future.Fuse(f)
	case "inspect":
		return future.MapErr(future.Inspect(f, func([]int, error) {}), func(err error) error { return err })
	case "flatten":
		return future.Flatten(future.Ready(f))
	case "catch":
		return future.CatchPanic(f)
	case "abortable":
		f, _ := future.Abortable(f)
		return f
	case "join":
		return joinOf(parts, false)
	case "tryjoin":
		return joinOf(parts, true)
	case "timeout":
		return timer.Timeout(time.Hour, f) // the clock that it goes by stands still
	case "select":
		return selectOf(parts, false)
	case "race":
		return selectOf(parts, true)
	case "joinall":
		return concat(future.JoinAll(parts...))
	case "tryjoinall":
		return concat(future.TryJoinAll(parts...))
	case "selectall":
		return value(future.SelectAll(parts...))
	case "firstsuccess":
		return value(future.FirstSuccess(parts...))
	}
	panic(x.op)
}

// dropIfFailed drops a value that comes with an error, as Map, Then and FirstSuccess
// do, and notes that.
func (g *garden) dropIfFailed(f tokens) tokens {
	f = future.Inspect(f, func(v []int, err error) {
		if err != nil {
			g.use(v)
		}
	})
	return future.Map(f, func(v []int) []int { return v })
}

func (g *garden) use(v []int) {
	for _, id := range v {
		g.used[id]++
	}
}

// both returns a future of what fn makes of a value, also of one beside an error.
func both[T any](f async.Future[T], fn func(T) []int) tokens {
	return future.TryMap(future.Settle(f), func(o future.Outcome[T]) ([]int, error) { return fn(o.Value), o.Err })
}

func concat(f async.Future[[][]int]) tokens {
	return both(f, func(v [][]int) []int { return slices.Concat(v...) })
}

func value(f async.Future[future.First[[]int]]) tokens {
	return both(f, func(r future.First[[]int]) []int { return r.Value })
}

func joinOf(p []tokens, try bool) tokens {
	switch len(p) {
	case 2:
		f := future.Join[[]int, []int]
		if try {
			f = future.TryJoin
		}
		return both(f(p[0], p[1]), func(v future.Tuple2[[]int, []int]) []int { return slices.Concat(v.A, v.B) })
	case 3:
		f := future.Join3[[]int, []int, []int]
		if try {
			f = future.TryJoin3
		}
		return both(f(p[0], p[1], p[2]), func(v future.Tuple3[[]int, []int, []int]) []int { return slices.Concat(v.A, v.B, v.C) })
	case 4:
		f := future.Join4[[]int, []int, []int, []int]
		if try {
			f = future.TryJoin4
		}
		return both(f(p[0], p[1], p[2], p[3]), func(v future.Tuple4[[]int, []int, []int, []int]) []int { return slices.Concat(v.A, v.B, v.C, v.D) })
	}
	f := future.Join5[[]int, []int, []int, []int, []int]
	if try {
		f = future.TryJoin5
	}
	return both(f(p[0], p[1], p[2], p[3], p[4]), func(v future.Tuple5[[]int, []int, []int, []int, []int]) []int {
		return slices.Concat(v.A, v.B, v.C, v.D, v.E)
	})
}

func selectOf(p []tokens, race bool) tokens {
	switch len(p) {
	case 2:
		f := future.Select[[]int, []int]
		if race {
			f = future.Race
		}
		return both(f(p[0], p[1]), func(r future.Either[[]int, []int]) []int { return [][]int{r.A, r.B}[r.Won] })
	case 3:
		f := future.Select3[[]int, []int, []int]
		if race {
			f = future.Race3
		}
		return both(f(p[0], p[1], p[2]), func(r future.OneOf3[[]int, []int, []int]) []int { return [][]int{r.A, r.B, r.C}[r.Won] })
	case 4:
		f := future.Select4[[]int, []int, []int, []int]
		if race {
			f = future.Race4
		}
		return both(f(p[0], p[1], p[2], p[3]), func(r future.OneOf4[[]int, []int, []int, []int]) []int {
			return [][]int{r.A, r.B, r.C, r.D}[r.Won]
		})
	}
	f := future.Select5[[]int, []int, []int, []int, []int]
	if race {
		f = future.Race5
	}
	return both(f(p[0], p[1], p[2], p[3], p[4]), func(r future.OneOf5[[]int, []int, []int, []int, []int]) []int {
		return [][]int{r.A, r.B, r.C, r.D, r.E}[r.Won]
	})
}

// end is when a tree ends according to the model, and how: with leaves by their
// place in the tree, of values and of errors.
type end struct {
	at   int
	vals []*tree
	errs []*tree
}

func (x *tree) model(start int) end {
	if x.op == "leaf" {
		e := end{at: start + x.delay}
		if x.fails {
			e.errs = []*tree{x}
		} else {
			e.vals = []*tree{x}
		}
		return e
	}
	var kids []end
	if x.op != "then" && x.op != "orelse" {
		for _, k := range x.kids {
			kids = append(kids, k.model(start))
		}
	}
	switch x.op {
	case "then":
		a := x.kids[0].model(start)
		if a.errs != nil {
			return end{at: a.at, errs: a.errs}
		}
		return x.kids[1].model(a.at)
	case "orelse":
		a := x.kids[0].model(start)
		if a.errs == nil {
			return a
		}
		return x.kids[1].model(a.at)
	case "join", "joinall":
		return allOf(kids)
	case "tryjoin", "tryjoinall":
		return tryOf(kids)
	case "select", "race", "selectall":
		return slices.MinFunc(kids, earlier) // the first of equals
	case "firstsuccess":
		good := slices.DeleteFunc(slices.Clone(kids), func(e end) bool { return e.errs != nil })
		if len(good) > 0 {
			return slices.MinFunc(good, earlier)
		}
		e := allOf(kids)
		e.vals = nil
		return e
	}
	return kids[0]
}

func earlier(a, b end) int { return a.at - b.at }

func allOf(kids []end) (e end) {
	for _, k := range kids {
		e.at = max(e.at, k.at)
		e.vals = append(e.vals, k.vals...)
		e.errs = append(e.errs, k.errs...)
	}
	return e
}

// tryOf ends with the first failure. What ended before it, or at the same time in a
// place before it, has its value in the result.
func tryOf(kids []end) end {
	first := -1
	for i, k := range kids {
		if k.errs != nil && (first < 0 || k.at < kids[first].at) {
			first = i
		}
	}
	if first < 0 {
		return allOf(kids)
	}
	e := end{at: kids[first].at, errs: kids[first].errs}
	for i, k := range kids {
		if k.at < e.at || k.at == e.at && i <= first {
			e.vals = append(e.vals, k.vals...)
		}
	}
	return e
}

func ids(xs []*tree) (out []int) {
	for _, x := range xs {
		out = append(out, x.id)
	}
	return out
}

// failedLeaves takes an error apart.
func failedLeaves(err error) (out []int) {
	if l, ok := err.(leafError); ok {
		return []int{int(l)}
	}
	if j, ok := err.(interface{ Unwrap() []error }); ok {
		for _, err := range j.Unwrap() {
			out = append(out, failedLeaves(err)...)
		}
	}
	return out
}
