package main

import (
	"encoding/binary"
	"errors"

	"rondo.dev/rondo/async"
)

// rest: what is in the language and in no other story.
var rest = []story{
	{"assignments of several", func(t *async.Task, w *world) error {
		a := []int{0, 0, 0}
		i := 0
		i, a[i] = 1, get(t, w, 5)
		w.say("%d %v", i, a)
		a[i], i = get(t, w, 6), 2
		w.say("%d %v", i, a)
		a[i] += a[get(t, w, 0)] * i
		a[get(t, w, 1)] <<= get(t, w, 1)
		w.say("%v", a)
		return nil
	}},
	{"channels of awaits", func(t *async.Task, w *world) error {
		c := make(chan int, 2)
		get(t, w, c != nil)
		list := []chan int{c}
		list[get(t, w, 0)] <- get(t, w, 3)
		w.say("%d", <-list[get(t, w, 0)])
		list[0] <- 4
		v, ok := <-list[get(t, w, 0)]
		w.say("%d %v", v, ok)
		return nil
	}},
	{"method values before awaits", func(t *async.Task, w *world) error {
		s := scaler{by: 2}
		f := s.scale
		k := constant(3)
		g := k.scale
		s.by, k = 5, 4
		w.say("%d %d", f(t, w, 1), g(t, w, 1))
		w.say("%d", s.scale(t, w, get(t, w, 2)))
		return nil
	}},
	{"conditions of loops", func(t *async.Task, w *world) error {
		i := 0
		for get(t, w, i) < 4 && (i < 2 || get(t, w, true)) {
			i++
		}
		for ok := true; ok; ok = get(t, w, i) > 2 || i == 1 {
			i--
		}
		return nil
	}},
	{"labels over selects", func(t *async.Task, w *world) error {
		c := make(chan int, 1)
	loop:
		for i := range 5 {
			select {
			case c <- i:
				if get(t, w, i) == 0 {
					continue loop
				}
			case v := <-c:
				if get(t, w, v) == 2 {
					break loop
				}
				//lint:ignore SA4011 it is about the select
				break
			}
			w.say("after %d", i)
		}
	only:
		//lint:ignore S1000 the select is the point
		select {
		default:
			for {
				if get(t, w, true) {
					break only
				}
			}
		}
		return nil
	}},
	{"labels like those of blocks", func(t *async.Task, w *world) error {
		for get(t, w, len(w.log)%2) == 0 {
		}
	loop1:
		for i := range 3 {
		done1:
			for j := range 3 {
				switch {
				case j == 1:
					continue loop1
				case i == 1:
					break done1
				}
				w.say("%d %d", i, j)
			}
		}
	at1:
		for {
			break at1
		}
		get(t, w, 1)
		return nil
	}},
	{"deferred builtins and methods", func(t *async.Task, w *world) error {
		m := map[int]int{1: 1, 2: 2}
		c := make(chan int)
		n := &counter{}
		func(t *async.Task) {
			defer delete(m, get(t, w, 1))
			defer close(c)
			defer n.add()
			add := n.add
			defer add()
			n = &counter{n: 5}
			get(t, w, 2)
		}(t)
		_, ok := <-c
		w.say("%v %v %d", m, ok, n.n)
		return nil
	}},
	{"recover too deep", func(t *async.Task, w *world) error {
		defer func() { w.say("outer %v", recover()) }()
		defer func() {
			func() { w.say("too deep: %v", recover()) }()
		}()
		get(t, w, 1)
		panic("seen once")
	}},
	{"panics with nil", func(t *async.Task, w *world) error {
		defer func() { w.say("%v", recover()) }()
		get(t, w, 1)
		panic(nil)
	}},
	{"grouped results", func(t *async.Task, w *world) error {
		a, b, err := grouped(t, w, 4)
		w.say("%d %d %v", a, b, err)
		a, b, err = grouped(t, w, -4)
		w.say("%d %d %v", a, b, err)
		return nil
	}},
	{"closures over parameters and results", func(t *async.Task, w *world) error {
		f, n := captured(t, w, 3)
		w.say("%d %d %d", n, f(), f())
		return nil
	}},
	{"parameters without names", func(t *async.Task, w *world) error {
		w.say("%d", blank(t, w, 1, "x", 3))
		w.say("%d", unnamed(t, w, 2))
		return nil
	}},
	{"recursive instances", func(t *async.Task, w *world) error {
		w.say("%v", nested(t, w, 3, "x"))
		w.say("%v", nested(t, w, 2, &box[int]{v: 1}).v)
		l := &list[int]{v: 1, next: &list[int]{v: 2}}
		w.say("%d", l.sum(t, w, func(n int) int { return 10 * n }))
		return nil
	}},
	{"aliases", func(t *async.Task, w *world) error {
		var b alias[string] = box[string]{v: "a"}
		w.say("%s", (&b).swap(t, w, "b"))
		var s short = &scaler{by: 3}
		w.say("%d %s", s.scale(t, w, 2), b.v)
		return nil
	}},
	{"types that only other packages have names for", func(t *async.Task, w *world) error {
		order := binary.LittleEndian
		v := get(t, w, 1)
		w.say("%d", order.Uint16([]byte{byte(v), 1}))
		f := func(t *async.Task) any {
			e := errors.New("unexported")
			get(t, w, 2)
			return e
		}
		w.say("%v", f(t))
		return nil
	}},
	{"constants of a list", func(t *async.Task, w *world) error {
		const (
			a = iota * 2
			b
			c
		)
		get(t, w, b)
		const big = 1 << 40
		w.say("%d %d %d", a, c, get[int64](t, w, big)>>30)
		return nil
	}},
}

func grouped(t *async.Task, w *world, n int) (a, b int, err error) {
	if a, b = get(t, w, n), n/2; a < 0 {
		err = errors.New("negative")
		return
	}
	if b, err := pair(t, w, a, b); err == nil && b > 0 {
		return b, a, nil
	}
	return
}

func captured(t *async.Task, w *world, n int) (f func() int, sum int) {
	f = func() int { n++; sum += n; return sum }
	get(t, w, f())
	n *= 10
	return f, get(t, w, f())
}

func blank(t *async.Task, w *world, _ int, _ string, n int) (_ int) { return get(t, w, n) }

func unnamed(_ *async.Task, _ *world, _ int) int { return 4 }

func nested[T any](t *async.Task, w *world, n int, v T) T {
	if n == 0 {
		return v
	}
	return get(t, w, nested(t, w, n-1, v))
}

type list[T any] struct {
	v    T
	next *list[T]
}

func (l *list[T]) sum(t *async.Task, w *world, f func(T) int) int {
	if l == nil {
		return 0
	}
	n := l.next.sum(t, w, f)
	return n + get(t, w, f(l.v))
}

type alias[T any] = box[T]

type short = *scaler
