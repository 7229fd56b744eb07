package main

import (
	"errors"
	"io"

	"rondo.dev/rondo/async"
)

// calls: who is called, and how.
var calls = []story{
	{"function values", func(t *async.Task, w *world) error {
		f := double
		w.say("%d", f(t, w, 2))
		g := func(t *async.Task, w *world, n int) int { return f(t, w, n) + 1 }
		f = func(t *async.Task, w *world, n int) int { get(t, w, n); return 0 }
		w.say("%d", g(t, w, 3))
		v := (&scaler{by: 3}).scale
		w.say("%d", v(t, w, 4))
		e := (*scaler).scale
		w.say("%d", e(&scaler{by: 4}, t, w, 4))
		return nil
	}},
	{"interfaces", func(t *async.Task, w *world) error {
		for _, s := range []scaling{&scaler{by: 2}, constant(7), still{}} {
			w.say("%d", s.scale(t, w, 5))
		}
		var none scaling
		defer func() { w.say("%v", recover() != nil) }()
		none.scale(t, w, 1)
		return nil
	}},
	{"recursion", func(t *async.Task, w *world) error {
		w.say("%d", fib(t, w, 6))
		w.say("%v %v", even(t, w, 5), even(t, w, 4))
		return nil
	}},
	{"variadic", func(t *async.Task, w *world) error {
		w.say("%d %d %d", total(t, w), total(t, w, 1, 2), total(t, w, []int{3, 4}...))
		return nil
	}},
	{"children", func(t *async.Task, w *world) error {
		sum := 0
		g := async.NewGroup(t, 2)
		i := 0
		for i < 4 {
			n := i
			g.Go(func(t *async.Task) error {
				sum += get(t, w, n)
				return nil
			})
			i++
		}
		err := g.Wait(t)
		w.say("%d %v", sum, err)
		j := async.Spawn(t, func(t *async.Task) (int, error) { return double(t, w, 4), io.EOF })
		v, err := j.Await(t)
		w.say("%d %v", v, err)
		err = t.Go(func(t *async.Task) error { panic(errors.New("child")) }).Await(t)
		var p *async.PanicError
		w.say("%v", errors.As(err, &p))
		return nil
	}},
	{"a literal called at once", func(t *async.Task, w *world) error {
		n := 1
		func(t *async.Task) {
			n += get(t, w, 2)
		}(t)
		w.say("%d", n)
		return nil
	}},
	{"nothing to await", func(t *async.Task, w *world) error {
		quiet(t, w)
		var f func(*async.Task, *world) = quiet
		f(t, w)
		return nil
	}},
	{"primitives by value", func(t *async.Task, w *world) error {
		yield := async.Yield
		err := yield(t)
		w.say("%v", err)
		return err
	}},
}

func double(t *async.Task, w *world, n int) int { return 2 * get(t, w, n) }

type scaling interface {
	scale(t *async.Task, w *world, n int) int
}

type scaler struct{ by int }

func (s *scaler) scale(t *async.Task, w *world, n int) int {
	n = get(t, w, n)
	return n * s.by
}

type constant int

func (c constant) scale(t *async.Task, w *world, n int) int { return get(t, w, int(c)) }

type still struct{}

func (still) scale(_ *async.Task, w *world, n int) int { w.say("still"); return n }

func fib(t *async.Task, w *world, n int) int {
	if n < 2 {
		return get(t, w, n)
	}
	a := fib(t, w, n-1)
	b := fib(t, w, n-2)
	return a + b
}

func even(t *async.Task, w *world, n int) bool {
	if n == 0 {
		return get(t, w, true)
	}
	return odd(t, w, n-1)
}

func odd(t *async.Task, w *world, n int) bool {
	if n == 0 {
		return get(t, w, false)
	}
	return even(t, w, n-1)
}

func total(t *async.Task, w *world, list ...int) int {
	n := get(t, w, len(list))
	for _, x := range list {
		n += x
	}
	return n
}

func quiet(t *async.Task, w *world) { w.say("quiet") }
