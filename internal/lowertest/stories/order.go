package main

import "rondo.dev/rondo/async"

// order: what is evaluated before what.
var order = []story{
	{"straight", func(t *async.Task, w *world) error {
		a := get(t, w, 1)
		b := get(t, w, a+1)
		w.say("%d %d", a, b)
		c, err := pair(t, w, a, b)
		w.say("%d %v", c, err)
		c, err = pair(t, w, a, -1)
		w.say("%d %v", c, err)
		return err
	}},
	{"arguments", func(t *async.Task, w *world) error {
		w.say("%d", sum(get(t, w, 1), get(t, w, 2), get(t, w, 3)))
		return nil
	}},
	{"left and right", func(t *async.Task, w *world) error {
		x := 1
		x += get(t, w, 10)
		x = x*2 + get(t, w, 100)
		w.say("%d", x)
		return nil
	}},
	{"short circuits", func(t *async.Task, w *world) error {
		if get(t, w, false) && get(t, w, true) {
			w.say("no")
		}
		if get(t, w, true) || get(t, w, false) {
			w.say("yes")
		}
		return nil
	}},
	{"elements", func(t *async.Task, w *world) error {
		m := map[int]int{}
		a := [3]int{1, 2, 3}
		b := a // a copy, across the await
		m[get(t, w, 1)] = get(t, w, 2)
		a[get(t, w, 0)]++
		w.say("%v %v %v", m, a, b)
		s := []int{get(t, w, 4), 5, get(t, w, 6)}
		w.say("%v", s[get(t, w, 1):])
		return nil
	}},
	{"a value before an await", func(t *async.Task, w *world) error {
		x := 1
		p := &x
		v := x
		get(t, w, 0)
		*p = 7
		w.say("%d %d %d", x, v, *p)
		return nil
	}},
	{"a variable that is swapped", func(t *async.Task, w *world) error {
		a, b := 1, 2
		get(t, w, a)
		a, b = b, a
		get(t, w, a)
		w.say("%d %d", a, b)
		return nil
	}},
	{"shadows", func(t *async.Task, w *world) error {
		x := get(t, w, 1)
		{
			x := x + get(t, w, 10)
			w.say("%d", x)
			if x := x + 1; get(t, w, x) > 3 {
				w.say("%d", x)
			}
		}
		x, y := get(t, w, 2), x
		w.say("%d %d", x, y)
		len := get(t, w, 3)
		w.say("%d", len)
		return nil
	}},
}

func sum(list ...int) (n int) {
	for _, x := range list {
		n += x
	}
	return n
}
