package main

import (
	"errors"
	"fmt"

	"rondo.dev/rondo/async"
)

// forms: what has to be brought into normal form.
var forms = []story{
	{"ranges", func(t *async.Task, w *world) error {
		for i, c := range "aé\xffz" {
			w.say("%d %q", i, get(t, w, c))
		}
		a := [3]int{1, 2, 3}
		for i, v := range a {
			a[2] = 10
			w.say("%d %d", i, get(t, w, v))
		}
		for i := range &a {
			a[i] = get(t, w, a[i]) + 1
		}
		s := []int{1, 2}
		for _, v := range s {
			s = append(s, get(t, w, v))
		}
		w.say("%v %v", a, s)
		c := make(chan int, 3)
		c <- 1
		c <- 2
		close(c)
		for v := range c {
			get(t, w, v)
		}
		var i int8
		for i = range int8(get(t, w, 3)) {
			get(t, w, i)
		}
		for range get(t, w, 2) {
			w.say("round")
		}
		w.say("%d", i)
		return nil
	}},
	{"ranges over maps", func(t *async.Task, w *world) error {
		m := map[string]int{"a": 1, "b": 2, "c": 3}
		n := 0
		for k, v := range m {
			n += v
			for other := range m {
				if other != k {
					delete(m, other)
				}
			}
			if w.suspend {
				async.Yield(t)
			}
		}
		w.say("%d %v", len(m), n > 0 && n < 4)
		for k := range map[float64]int{1.5: 1} {
			w.say("%v", get(t, w, k))
		}
		return nil
	}},
	{"ranges with closures", func(t *async.Task, w *world) error {
		var list []func() string
		for i, s := range []string{"a", "b", "c"} {
			if get(t, w, s) == "b" {
				continue
			}
			list = append(list, func() string { i++; return fmt.Sprint(i, s) })
		}
		for i := range 3 {
			defer func() { w.say("deferred %d", i) }()
			get(t, w, i)
		}
		for _, f := range list {
			w.say("%s %s", f(), f())
		}
		return nil
	}},
	{"loops of three clauses", func(t *async.Task, w *world) error {
		var list []func() int
		for i, j := 0, get(t, w, 10); i < get(t, w, 3); i, j = i+1, j-get(t, w, 1) {
			list = append(list, func() int { i += 100; return i + j })
			if i == 1 {
				continue
			}
			w.say("%d %d", i, j)
		}
		for _, f := range list {
			w.say("%d", f())
		}
	outer:
		for i := 0; ; i++ {
			for j := range 3 {
				switch get(t, w, i*10+j) {
				case 1:
					continue outer
				case 11:
					break outer
				}
			}
		}
		return nil
	}},
	{"the order of calls", func(t *async.Task, w *world) error {
		say := func(n int) int { w.say("call %d", n); return n }
		w.say("%d", say(1)+get(t, w, 2)*say(3)-get(t, w, 4))
		list := []int{say(0), get(t, w, 1), say(2)}
		list[say(1)] = get(t, w, 7) + say(8)
		list[say(0)], list[get(t, w, 2)] = get(t, w, 5), say(6)
		w.say("%v", list)
		m := map[string]map[int]int{"a": {}}
		m[get(t, w, "a")][say(3)] += get(t, w, 4)
		w.say("%v", m)
		c := make(chan int, 2)
		c <- say(1)
		c <- get(t, w, 2)
		w.say("%d", <-c+get(t, w, 3)+<-c)
		return nil
	}},
	{"logic", func(t *async.Task, w *world) error {
		for i := range 8 {
			a, b, c := i&1 != 0, i&2 != 0, i&4 != 0
			w.say("%v", get(t, w, a) && get(t, w, b) || get(t, w, c))
			w.say("%v", !(get(t, w, a) || b && get(t, w, c)))
			if x := get(t, w, i); x > 5 && get(t, w, b) {
				w.say("x %d", x)
			} else if y, err := pair(t, w, x, 1); err == nil && y > 3 {
				w.say("y %d", y)
			} else if get(t, w, c) {
				w.say("c")
			} else {
				w.say("nothing")
			}
		}
		var p *world
		w.say("%v", p != nil && get(t, p, true))
		return nil
	}},
	{"switches that await", func(t *async.Task, w *world) error {
		for i := range 3 {
			switch x := get(t, w, i); get(t, w, x+1) {
			case 1:
				w.say("one %d", x)
				fallthrough
			case 2:
				get(t, w, "two")
			default:
				w.say("default")
			}
			switch v := get[any](t, w, i).(type) {
			case int:
				w.say("int %d", get(t, w, v))
			}
		}
		return nil
	}},
	{"panics inside expressions", func(t *async.Task, w *world) (err error) {
		defer func() { err = errors.Join(err, fmt.Errorf("recovered: %v", recover())) }()
		var m map[string]int
		var list []int
		w.say("%d", len(m)+get(t, w, 1))
		list[get(t, w, 0)] = get(t, w, 2)
		return nil
	}},
	{"results in expressions", func(t *async.Task, w *world) error {
		a, err := pair(t, w, sum(pairs(t, w)), 2)
		w.say("%d %v", a, err)
		var b, c = get(t, w, 1), get(t, w, 2)
		var d int64 = int64(get(t, w, 3))
		w.say("%d %d %d %v", b, c, d, struct{ x, y int }{get(t, w, 4), b})
		var x int
		p := &x
		*p, x = get(t, w, 5), get(t, w, 6)
		w.say("%d", x)
		defer w.say("deferred %d", get(t, w, 7))
		w.say("%d", *p)
		return errors.Join(nil, errors.New(get(t, w, "end")))
	}},
}

func pairs(t *async.Task, w *world) (int, int) { return get(t, w, 8), get(t, w, 9) }
