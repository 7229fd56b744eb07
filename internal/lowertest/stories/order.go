package main

import (
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/channel"
)

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
	{"operands of who stays on a coroutine", func(t *async.Task, w *world) error {
		// Such a call is made twice: on the coroutine when it has been refused.
		once := func(n int) int { w.say("once %d", n); return n }
		yes := func() bool { w.say("yes"); return true }
		two := func(n int) (int, bool) { w.say("two %d", n); return n, n > 1 }
		c := make(chan int, 9)
		for i := range 9 {
			c <- i
		}
		chans := []chan int{c, c}
		rounds := 0
		for range chans {
			rounds += stays(t, once(1), yes())
			rounds += stays(t, once(get(t, w, 2)), yes())
			rounds += stays(t, get(t, w, 3), once(4) > 3)
			rounds += (stays)(t, 5, get(t, w, true) && yes())
			rounds += stays(t, 6, get(t, w, false) || yes())
			rounds += stays(t, <-chans[get(t, w, 1)], once(7) > 6 && get(t, w, true) && yes())
			rounds += stays(t, once(stays(t, once(get(t, w, 8)), yes())), yes())
			rounds += stays(t, sum(once(9), get(t, w, 10), once(11)), !yes())
			rounds += stays(t, []int{once(1), get(t, w, 12), once(2)}[once(1)], true)
			rounds += stays(t, *at(w, get(t, w, 13)), true)
			n, ok := two(get(t, w, 14))
			rounds += stays(t, n, ok)
			rounds += stays(t, any(once(get(t, w, 15))).(int), yes())
			rounds += stays(t, map[int]int{once(1): once(get(t, w, 16))}[1], yes())
			rounds += stays(t, len(w.text(get(t, w, 17))), yes())
		}
		w.say("%d %d", rounds, len(c))
		return nil
	}},
	{"what is made before a call, and of what it changes", func(t *async.Task, w *world) error {
		// The language leaves it open; gc makes a map at once, and looks into it later.
		n := 1
		change := func(t *async.Task) int { n++; return get(t, w, n) }
		w.say("%v", sum(map[string]int{"a": n}["a"], change(t), n))
		m := map[string]int{"a": n}
		set := func(t *async.Task) int { m["a"]++; return get(t, w, m["a"]) }
		w.say("%v", sum(m["a"], set(t), len(map[int]int{n: 1, n + 1: 2}), change(t)))
		w.say("%v", sum([]map[string]int{{"a": n}}[0]["a"], []int{n}[0], change(t)))
		return nil
	}},
	{"what is copied before a later call", func(t *async.Task, w *world) error {
		try := func(t *async.Task, name string, f func(t *async.Task, n *node)) {
			defer func() {
				if v := recover(); v != nil {
					w.say("%s: %v", name, v)
				}
			}()
			n := &node{w: w, n: 1, list: []int{1, 2, 3}, c: channel.New[int](1)}
			n.c.TrySend(1)
			n.c.Close()
			f(t, n)
		}
		try(t, "not", func(t *async.Task, n *node) { w.say("%v %v", !n.done, n.step(t)) })
		try(t, "more", func(t *async.Task, n *node) { w.say("%v %v", n.n > 1, n.step(t)) })
		try(t, "map", func(t *async.Task, n *node) { w.say("%v %v", n.m["k"], n.step(t)) })
		try(t, "struct", func(t *async.Task, n *node) { w.say("%v %v", spot{n.n, 0}, n.step(t)) })
		try(t, "constants", func(t *async.Task, n *node) { w.say("%v %v %v", spot{1, 2}, []int{3}, n.step(t)) })
		try(t, "awaits inside", func(t *async.Task, n *node) { w.say("%v %v", n.self(t).done, n.step(t)) })
		try(t, "and negated", func(t *async.Task, n *node) { w.say("%v %v", !n.self(t).done, n.step(t)) })
		try(t, "and compared", func(t *async.Task, n *node) { w.say("%v %v", n.self(t).n > 1, n.step(t)) })
		try(t, "assigned", func(t *async.Task, n *node) {
			var list [2]any
			list[0], list[1] = n.n > 1, n.step(t)
			w.say("%v", list)
		})
		try(t, "elements", func(t *async.Task, n *node) { w.say("%v", []any{n.n > 1, n.n, n.step(t)}) })
		try(t, "converted", func(t *async.Task, n *node) { w.say("%v", []any{any(n.n > 1), n.step(t)}) })
		try(t, "piece", func(t *async.Task, n *node) { w.say("%v %v", n.self(t).list[1:], n.step(t)) })
		try(t, "asserted", func(t *async.Task, n *node) {
			var e any = n.n
			f := func(t *async.Task) *any { get(t, w, 0); return &e }
			g := func(t *async.Task) int { e = "s"; return get(t, w, 1) }
			w.say("%v", (*f(t)).(int)+g(t))
		})
		try(t, "panics", func(t *async.Task, n *node) {
			var a any = "s"
			w.say("%v %v", a.(*node), n.step(t))
		})
		try(t, "entries", func(t *async.Task, n *node) {
			w.say("%v", map[string]int{"a": n.n, "b": n.step(t), "c": n.n})
			w.say("%v", map[int]spot{n.n: {n.n, 1}, 7: {n.step(t), 2}})
		})
		try(t, "channel", func(t *async.Task, n *node) {
			for v := range n.c.All(n.view(t)) {
				w.say("%d", v)
			}
		})
		try(t, "no channel", func(t *async.Task, n *node) {
			var x *node
			defer func() { w.say("%d %v", n.n, recover() != nil) }()
			for range x.c.All(n.view(t)) {
				w.say("not here")
			}
		})
		try(t, "keys", func(t *async.Task, n *node) {
			m := map[spot]int{{1, 0}: 1, {2, 0}: 2}
			w.say("%v", m[spot{n.n, 0}]+n.step(t))
			x := map[any]int{1: 1, false: 3, true: 4}
			w.say("%v", x[n.n > 2]+n.step(t))
			m[spot{n.n, 0}], n.n = n.step(t)+n.n, 5
			w.say("%v", m)
		})
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

// stays is not lowered: nobody else can name the type of what it has across the await.
func stays(t *async.Task, n int, ok bool) int {
	type local struct {
		n  int
		ok bool
	}
	x := local{n, ok}
	async.Yield(t)
	if x.ok {
		return x.n
	}
	return -x.n
}

func at(w *world, n int) *int { w.say("at %d", n); return &n }

func (w *world) text(n int) string { w.say("text %d", n); return "text"[:n%4] }

// A node becomes another one in each step.
type node struct {
	w    *world
	n    int
	done bool
	list []int
	m    map[string]*spot
	c    *channel.Chan[int]
}

func (n *node) step(t *async.Task) int {
	get(t, n.w, "step")
	*n = node{w: n.w, n: n.n + 1, done: true, list: []int{}, m: map[string]*spot{"k": {9, 9}}, c: channel.New[int](1)}
	n.c.TrySend(2)
	n.c.Close()
	return 0
}

func (n *node) self(t *async.Task) *node       { get(t, n.w, "self"); return n }
func (n *node) view(t *async.Task) *async.Task { n.step(t); return t }

func sum(list ...int) (n int) {
	for _, x := range list {
		n += x
	}
	return n
}
