package main

import (
	"fmt"
	"iter"
	r "math/rand"
	"net/url"
	"time"

	"rondo.dev/rondo/async"
)

// seldom: what is rarely written so, and had gone wrong.
var seldom = []story{
	{"tasks by type arguments", func(t *async.Task, w *world) error {
		get(t, w, 1)
		w.say("%d", applied(t, func(t *async.Task) int { return get(t, w, 2) }))
		var h handler[*async.Task] = handles{w}
		w.say("%d", h.handle(t))
		return nil
	}},
	{"function values that are async by type arguments", func(t *async.Task, w *world) error {
		k := twice[*async.Task]
		w.say("%d", k(t, func(t *async.Task) int { return get(t, w, 3) }))
		var h interface{ handle(*async.Task) int } = handlesAll[*async.Task]{func(t *async.Task) int { return get(t, w, 4) }}
		w.say("%d", h.handle(t))
		l := literally[*async.Task]()
		w.say("%d", l(t, func(t *async.Task) int { return get(t, w, 5) }))
		return nil
	}},
	{"arrays that are type parameters", func(t *async.Task, w *world) error {
		capturedArray(t, w, [3]int{1, 2, 3})
		slicedArray[[3]int](t, w)
		return nil
	}},
	{"a range is a call", func(t *async.Task, w *world) error {
		var s source = counts{w}
		sum := summed
		w.say("%d", sum(t, s.all(t)))
		return nil
	}},
	{"raw strings", func(t *async.Task, w *world) error {
		s := `package p
//line foo.go:3
x`
		get(t, w, 1)
		w.say("%q", s)
		return nil
	}},
	{"constants of the function around a literal", func(t *async.Task, w *world) error {
		const up, high, minus = 'A' - 'a', 'a' << 20, -1
		upper := func(t *async.Task, c rune) rune { return get(t, w, c) + up }
		w.say("%c", upper(t, 'x'))
		list := []int{1, 2, 3}
		next := func(t *async.Task, i int) int { get(t, w, -minus); return list[i-minus] + high }
		w.say("%d", next(t, 1))
		return nil
	}},
	{"older variables and values without a type", func(t *async.Task, w *world) error {
		x, n, d := 0.5, get(t, w, 3), time.Second
		var p *int
		var big int64
		var yes answer
		x, a := 1, "s"
		w.say("%v %v", get(t, w, x), a)
		d, ok := 5, true
		w.say("%v %v", get(t, w, d), ok)
		p, b := nil, "b"
		w.say("%v %v", get(t, w, p), b)
		big, c := 1<<n, "c"
		w.say("%v %v", get(t, w, big), c)
		e, yes := map[string]int{"k": 7}["k"]
		w.say("%v %v", get(t, w, yes), e)
		return nil
	}},
	{"deferred calls of values without a type", func(t *async.Task, w *world) error {
		n := get(t, w, 3)
		defer truth(w, n == 3)
		defer func(n int64, b uint8, any any) { w.say("%d %d %v", n, b, any) }(1<<n, 1<<n, n == 3)
		get(t, w, n)
		return nil
	}},
	{"parameters that hide the type of a result", func(t *async.Task, w *world) error {
		f := load
		w.say("%v", f(t, w, "x"))
		g := func(t *async.Task, url string) (url.URL, error) { get(t, w, url); return parsed(url) }
		u, err := g(t, "http://host")
		w.say("%v %v", u.Host, err)
		h := replaced
		w.say("%v", h(t, w, "old", "new"))
		return nil
	}},
	{"variables that hide types", func(t *async.Task, w *world) error {
		for i := range 3 {
			item, other := newItem(i), newItem(i+1)
			if i == 1 {
				w.say("%d %d", item.n, other.n)
				p := &item
				get(t, w, i)
				w.say("%d", p.n)
				continue
			}
			w.say("%v %v", item, other)
		}
		w.say("%d", factorial(t, w, 4))
		return nil
	}},
	{"type parameters", func(t *async.Task, w *world) error {
		b := &boxes[int]{[]int{1, 2}}
		w.say("%d", b.size(t, w))
		n := 5
		w.say("%d %v", dereferenced(t, w, &n), nobody[string](t, w))
		w.say("%v", hidesType(t, w, "v"))
		return nil
	}},
	{"constants that depend on variables", func(t *async.Task, w *world) error {
		var a [5]int
		const n = len(a)
		get(t, w, n)
		w.say("%d %v", n, a)
		return nil
	}},
	{"blank variables", func(t *async.Task, w *world) error {
		var _ []func() = nil
		var _ func(int) []int = nil
		var _ <-chan int = nil
		get(t, w, 1)
		return nil
	}},
	{"a package that has a name of ours", func(t *async.Task, w *world) error {
		random := func(t *async.Task) (*r.Rand, error) { get(t, w, 1); return r.New(r.NewSource(1)), nil }
		f := func(t *async.Task) (*r.Rand, error) { return random(t) }
		x, err := f(t)
		w.say("%v %v", x != nil, err)
		return nil
	}},
}

func applied[T, R any](x T, f func(T) R) R { return f(x) }

type handler[C any] interface{ handle(c C) int }

type handles struct{ w *world }

func (h handles) handle(t *async.Task) int { return get(t, h.w, 4) }

func twice[T any](x T, f func(T) int) int { return f(x)*10 + f(x) }

type handlesAll[C any] struct{ f func(C) int }

func (h handlesAll[C]) handle(c C) int { return h.f(c)*10 + 1 }

func literally[T any]() func(T, func(T) int) int {
	return func(x T, f func(T) int) int { return f(x)*10 + 2 }
}

func capturedArray[A ~[3]int](t *async.Task, w *world, a A) {
	f := func() int { return a[0] }
	a[0] = 7
	get(t, w, 1)
	w.say("%d", f())
}

func slicedArray[A ~[3]int](t *async.Task, w *world) {
	var list [][]int
	for i := range 3 {
		var a A
		s := a[:]
		list = append(list, s)
		if s[0] = i; i == 1 {
			get(t, w, i)
		} else {
			w.say("%d", a[0])
		}
	}
	w.say("%v", list)
}

type source interface {
	all(t *async.Task) iter.Seq[int]
}

type counts struct{ w *world }

func (c counts) all(t *async.Task) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := range 4 {
			if !yield(said(t, c.w, i)) {
				return
			}
		}
	}
}

func said(t *async.Task, w *world, n int) int { return get(t, w, n) }

func summed(t *async.Task, seq iter.Seq[int]) (n int) {
	for v := range seq {
		n += v
	}
	return n
}

type user struct{ name string }

func load(t *async.Task, w *world, user string) user { return userOf(get(t, w, user)) }

func userOf(s string) user { return user{s} }

func parsed(s string) (url.URL, error) {
	u, err := url.Parse(s)
	return *u, err
}

func replaced(t *async.Task, w *world, old, new string) item {
	return newItem(len(get(t, w, old)) + len(new))
}

type item struct{ n int }

func newItem(n int) item { return item{n} }

func factorial(t *async.Task, w *world, n int) int {
	factorialFrame := n
	if n == 0 {
		return get(t, w, 1)
	}
	return factorialFrame * factorial(t, w, n-1)
}

type boxes[T any] struct{ list []T }

func (b *boxes[_]) size(t *async.Task, w *world) int { return get(t, w, len(b.list)) }

func dereferenced[P *int](t *async.Task, w *world, p P) int { get(t, w, 1); return *p }

func nobody[_ any](t *async.Task, w *world) int { return get(t, w, 2) }

func hidesType[item any](t *async.Task, w *world, v item) string {
	x := newItem(3)
	get(t, w, x.n)
	return fmt.Sprint(x, v)
}
