package stream_test

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/future"
	"rondo.dev/rondo/stream"
)

var (
	eof     = io.EOF
	errGone = errors.New("an item that went back")
)

// tree is a random combination of combinators. It can be built, and evaluated by the
// model, which knows slices only.
type tree struct {
	op    string
	n     int
	kids  []*tree
	items []int
	delay []int
	leave manner
	swift bool // a leaf that is ready always
}

// singles are the operators of one stream whose result does not depend on time, and
// which are the same for an item whatever comes before it.
var singles = []string{"map", "trymap", "filter", "filtermap", "inspect", "flatmap", "flatmap-slow", "then", "then-ready",
	"buffered", "chunks", "readychunks", "chunkstimeout", "fuse", "peek", "timeout", "takeuntil", "skipuntil", "maperr"}

// placed are those whose result depends on the order of the items.
var placed = []string{"skip", "take", "skipwhile", "takewhile", "mapwhile", "enumerate", "scan", "window", "zip", "cycle", "takeerr", "debounce"}

// shuffling are those whose result has no certain order.
var shuffling = []string{"merge", "prefer", "mergeall", "unordered", "flattenunordered"}

// drawTree draws a tree with the operators of one stream and those of several.
func drawTree(t *rapid.T, depth int, ops []string, fails bool) *tree {
	if depth == 0 || rapid.IntRange(0, 7).Draw(t, "leaf") == 7 {
		x := &tree{op: "leaf", leave: manner(rapid.IntRange(0, int(manners)-1).Draw(t, "manner")), swift: rapid.IntRange(0, 4).Draw(t, "swift") == 0}
		for range 5 - rapid.IntRange(0, 5).Draw(t, "missing") {
			v := rapid.IntRange(0, 99).Draw(t, "item")
			if fails && v%7 == 0 {
				v = -v - 1
			}
			x.items = append(x.items, v)
			x.delay = append(x.delay, rapid.IntRange(0, 5).Draw(t, "delay"))
		}
		return x
	}
	x := &tree{op: rapid.SampledFrom(ops).Draw(t, "op"), n: rapid.IntRange(1, 4).Draw(t, "n"),
		leave: rapid.SampledFrom([]manner{atOnce, happens, late}).Draw(t, "manner")}
	kids := 1
	switch x.op {
	case "zip", "merge", "prefer":
		kids = 2
	case "chain", "flatten", "mergeall", "flattenunordered":
		kids = rapid.IntRange(1, 3).Draw(t, "kids")
	}
	for range kids {
		x.kids = append(x.kids, drawTree(t, depth-1, ops, fails))
	}
	return x
}

func (x *tree) String() string {
	if x.op == "leaf" {
		return fmt.Sprintf("leaf(%v %v %d %v)", x.items, x.delay, x.leave, x.swift)
	}
	s := []string{fmt.Sprint(x.op, x.n)}
	for _, k := range x.kids {
		s = append(s, k.String())
	}
	return "(" + strings.Join(s, " ") + ")"
}

// has reports whether one of the operators is in the tree.
func (x *tree) has(ops ...string) bool {
	return slices.Contains(ops, x.op) || slices.ContainsFunc(x.kids, func(k *tree) bool { return k.has(ops...) })
}

// pulls reports whether there is a FromSeq, which Close ends.
func (x *tree) pulls() bool {
	return x.op == "leaf" && x.swift && len(x.items) == 2 || slices.ContainsFunc(x.kids, (*tree).pulls)
}

const modulus = 1009

// delay is how long a future of an item takes.
func (x *tree) delayOf(v int) int { return (v*x.n + x.n) % 6 }

// future returns a future of v.
func (w *world) future(x *tree, v int) async.Future[int] {
	s := &spring{w: w, items: []int{v}, delays: []int{x.delayOf(v)}, leaving: x.leave, once: true}
	w.all = append(w.all, s)
	return s
}

func (w *world) build(x *tree) stream.Stream[int] {
	if x.op == "leaf" {
		if x.swift && !slices.ContainsFunc(x.items, func(v int) bool { return v < 0 }) {
			switch len(x.items) {
			case 1:
				return stream.Once(future.Ready(x.items[0]))
			case 2:
				return stream.FromSeq(slices.Values(x.items))
			}
			return stream.Of(x.items...)
		}
		s := &spring{w: w, items: x.items, delays: x.delay, leaving: x.leave}
		w.all = append(w.all, s)
		return s
	}
	var kids []stream.Stream[int]
	for _, k := range x.kids {
		kids = append(kids, w.build(k))
	}
	s := kids[0]
	double := func(v int) int { return (2*v + x.n) % modulus }
	other := func(v int) bool { return v%(x.n+1) != 0 }
	small := func(v int) bool { return v < 30*x.n }
	futures := func() stream.Stream[async.Future[int]] {
		return stream.Map(s, func(v int) async.Future[int] { return w.future(x, v) })
	}
	several := func(vs []int) stream.Stream[int] { return stream.Of(vs...) }
	switch x.op {
	case "map":
		return stream.Map(s, double)
	case "trymap":
		return stream.TryMap(s, func(v int) (int, error) { return double(v), nil })
	case "filter":
		return stream.Filter(s, other)
	case "filtermap":
		return stream.FilterMap(s, func(v int) (int, bool) { return double(v), other(v) })
	case "inspect":
		return stream.Inspect(s, func(int) {})
	case "flatmap":
		return stream.FlatMap(s, func(v int) stream.Stream[int] { return stream.Take(stream.Repeat(v), x.n-1) })
	case "flatmap-slow":
		return stream.FlatMap(s, func(v int) stream.Stream[int] {
			y := &spring{w: w, items: []int{v, v}, delays: []int{x.delayOf(v), 1}, leaving: x.leave}
			w.all = append(w.all, y)
			return y
		})
	case "then":
		return stream.Then(s, func(v int) async.Future[int] { return w.future(x, v) })
	case "then-ready":
		return stream.Then(s, func(v int) async.Future[int] { return future.Ready(v) })
	case "buffered":
		return stream.Buffered(futures(), x.n)
	case "unordered":
		return stream.Unordered(futures(), x.n)
	case "chunks":
		return stream.FlatMap(stream.Chunks(s, x.n), several)
	case "readychunks":
		return stream.FlatMap(stream.ReadyChunks(s, x.n), several)
	case "chunkstimeout":
		return stream.FlatMap(stream.ChunksTimeout(s, x.n, time.Hour), several)
	case "fuse":
		return stream.Fuse(s)
	case "peek":
		return stream.Peek(s)
	case "timeout":
		return stream.Timeout(s, time.Hour)
	case "takeuntil":
		return stream.TakeUntil(s, future.Never[string]())
	case "skipuntil":
		return stream.SkipUntil(s, future.Ready(1))
	case "maperr":
		return stream.MapErr(s, func(err error) error { return err })
	case "debounce":
		return stream.Debounce(s, time.Hour) // the clock that it goes by stands still
	case "skip":
		return stream.Skip(s, x.n)
	case "take":
		return stream.Take(s, x.n)
	case "takeerr":
		return stream.Take(stream.OrElse(s, func(error) (int, error) { return 7, nil }), 2*x.n)
	case "skipwhile":
		return stream.SkipWhile(s, small)
	case "takewhile":
		return stream.TakeWhile(s, small)
	case "mapwhile":
		return stream.MapWhile(s, func(v int) (int, bool) { return double(v), small(v) })
	case "enumerate":
		return stream.Map(stream.Enumerate(s), fold2)
	case "scan":
		return stream.Scan(s, x.n, func(a, v int) int { return (a + v) % modulus })
	case "window":
		return stream.Map(stream.Window(s, x.n), sum)
	case "zip":
		return stream.Map(stream.Zip(s, kids[1]), fold2)
	case "cycle":
		return stream.Take(stream.Chain(s, stream.Cycle(func() stream.Stream[int] { return stream.Of(1, 2, 3) })), 3*x.n)
	case "merge":
		return stream.Merge(s, kids[1])
	case "prefer":
		return stream.Prefer(s, kids[1])
	case "mergeall":
		return stream.MergeAll(kids...)
	case "chain":
		return stream.Chain(kids...)
	case "flatten":
		return stream.Flatten(stream.FromSeq(slices.Values(kids)))
	case "flattenunordered":
		return stream.FlattenUnordered(stream.Of(kids...), x.n)
	}
	panic(x.op)
}

func fold2(p stream.Pair[int, int]) int { return (31*p.A + p.B) % modulus }

func sum(vs []int) (n int) {
	for _, v := range vs {
		n += v
	}
	return n % modulus
}

// model evaluates the tree. Errors are negative, and pass through everything.
func (x *tree) model() (out []int) {
	if x.op == "leaf" {
		return x.items
	}
	var kids [][]int
	for _, k := range x.kids {
		kids = append(kids, k.model())
	}
	double := func(v int) int { return (2*v + x.n) % modulus }
	emit := func(vs ...int) { out = append(out, vs...) }
	small := func(v int) bool { return v < 30*x.n }
	switch x.op {
	case "chain", "flatten", "merge", "prefer", "mergeall", "flattenunordered":
		return slices.Concat(kids...)
	case "zip":
		for i := range min(len(kids[0]), len(kids[1])) {
			emit(fold2(stream.Pair[int, int]{A: kids[0][i], B: kids[1][i]}))
		}
		return out
	case "debounce":
		return kids[0][max(len(kids[0])-1, 0):]
	case "skip":
		return kids[0][min(x.n, len(kids[0])):]
	case "take":
		return kids[0][:min(x.n, len(kids[0]))]
	case "takeerr":
		return kids[0][:min(2*x.n, len(kids[0]))]
	case "window":
		for w := range windows(kids[0], x.n) {
			emit(sum(w))
		}
		return out
	case "cycle":
		for v := range cycle(kids[0]) {
			if emit(v); len(out) == 3*x.n {
				return out
			}
		}
	}
	acc, skipping := x.n, true
	for i, v := range kids[0] {
		if v < 0 {
			emit(v)
			continue
		}
		skipping = skipping && small(v)
		switch x.op {
		case "map", "trymap":
			emit(double(v))
		case "filter":
			if v%(x.n+1) != 0 {
				emit(v)
			}
		case "filtermap":
			if v%(x.n+1) != 0 {
				emit(double(v))
			}
		case "flatmap":
			emit(slices.Repeat([]int{v}, x.n-1)...)
		case "flatmap-slow":
			emit(v, v)
		case "skipwhile":
			if !skipping {
				emit(v)
			}
		case "takewhile":
			if !small(v) {
				return out
			}
			emit(v)
		case "mapwhile":
			if !small(v) {
				return out
			}
			emit(double(v))
		case "enumerate":
			emit(fold2(stream.Pair[int, int]{A: i, B: v}))
		case "scan":
			acc = (acc + v) % modulus
			emit(acc)
		default:
			emit(v)
		}
	}
	return out
}

func windows(vs []int, n int) iter.Seq[[]int] {
	return func(yield func([]int) bool) {
		for i := n; i <= len(vs); i++ {
			if !yield(vs[i-n : i]) {
				return
			}
		}
	}
}

func cycle(vs []int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for ; ; vs = []int{1, 2, 3} {
			for _, v := range vs {
				if !yield(v) {
					return
				}
			}
		}
	}
}
