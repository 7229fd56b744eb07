package main

import (
	"context"
	"fmt"
	"time"

	"rondo.dev/rondo/async"
)

// values: what variables are of.
var values = []story{
	{"named results", func(t *async.Task, w *world) error {
		a, b := named(t, w, 3)
		w.say("%d %q", a, b)
		a, b = named(t, w, -3)
		w.say("%d %q", a, b)
		return nil
	}},
	{"generics", func(t *async.Task, w *world) error {
		b := &box[string]{v: "a"}
		w.say("%s", b.swap(t, w, "b"))
		w.say("%v", both(t, w, b, 3))
		s, err := mapped(t, w, []int{1, 2}, func(t *async.Task, n int) (string, error) { return fmt.Sprint(get(t, w, n)), nil })
		w.say("%q %v", s, err)
		return nil
	}},
	{"large and empty", func(t *async.Task, w *world) error {
		var a [1000]int
		var e struct{}
		a[get(t, w, 999)] = 1
		b := a
		get(t, w, e)
		a[999] = 2
		w.say("%d %d %v", a[999], b[999], e)
		return nil
	}},
	{"constants and types", func(t *async.Task, w *world) error {
		const n, f = 3, 1.5
		type point struct{ x, y int }
		w.say("%v", point{get(t, w, n), 2})
		g := func(t *async.Task) int { return get(t, w, n) }
		w.say("%d %v", g(t), f)
		return nil
	}},
	{"embedded", func(t *async.Task, w *world) error {
		o := outer{inner: inner{name: "i"}, pointed: &pointed{n: 1}}
		o.rename(t, w, "j")
		o.count(t, w)
		w.say("%s %d %d", o.name, o.n, o.constant(t, w))
		return nil
	}},
	{"addresses", func(t *async.Task, w *world) error {
		var buf [4]byte
		s := buf[:]
		get(t, w, 1)
		copy(s, "abcd")
		get(t, w, 2)
		w.say("%s", buf)
		var c counter
		c.add()
		get(t, w, 3)
		c.add()
		w.say("%d", c.n)
		return nil
	}},
	{"views", func(t *async.Task, w *world) error {
		v, cancel := t.WithCancel()
		get(v, w, 1)
		cancel(context.Canceled)
		w.say("%v %v", async.Yield(v), async.Yield(t))
		v, stop := t.WithTimeout(time.Hour)
		defer stop()
		get(v, w, 2)
		t = t.WithoutCancel()
		get(t, w, 3)
		return async.Yield(t)
	}},
}

func named(t *async.Task, w *world, n int) (a int, b string) {
	a = get(t, w, n)
	if a < 0 {
		return
	}
	b = "positive"
	get(t, w, b)
	return a + 1, b
}

type box[T any] struct{ v T }

func (b *box[T]) swap(t *async.Task, w *world, v T) T {
	old := b.v
	b.v = get(t, w, v)
	return old
}

func both[A, B any](t *async.Task, w *world, a *box[A], b B) []any {
	x := a.v
	y := get(t, w, b)
	return []any{x, y}
}

func mapped[A, B any](t *async.Task, w *world, list []A, f func(*async.Task, A) (B, error)) (out []B, err error) {
	i := 0
	for i < len(list) {
		b, err := f(t, list[i])
		if err != nil {
			return nil, err
		}
		out = append(out, b)
		i++
	}
	return out, nil
}

type inner struct{ name string }

func (i *inner) rename(t *async.Task, w *world, name string) { i.name = get(t, w, name) }
func (i inner) constant(t *async.Task, w *world) int         { return get(t, w, 42) }

type pointed struct{ n int }

func (p *pointed) count(t *async.Task, w *world) {
	get(t, w, p.n)
	p.n++
}

type outer struct {
	inner
	*pointed
}

type counter struct{ n int }

func (c *counter) add() { c.n++ }
