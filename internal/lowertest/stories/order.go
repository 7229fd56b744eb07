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

func sum(list ...int) (n int) {
	for _, x := range list {
		n += x
	}
	return n
}
