package main

import "rondo.dev/rondo/async"

// flow: where control goes.
var flow = []story{
	{"loops", func(t *async.Task, w *world) error {
		n := 0
		for n < 3 {
			n++
			if get(t, w, n) == 2 {
				continue
			}
			w.say("after %d", n)
		}
		for {
			if n = get(t, w, n-1); n == 0 {
				break
			}
		}
		for i := 0; i < 3; i++ {
			get(t, w, i)
		}
		for i := range 2 {
			get(t, w, i)
		}
		for i, s := range []string{"a", "b"} {
			w.say("%d %s", i, get(t, w, s))
		}
		return nil
	}},
	{"labels", func(t *async.Task, w *world) error {
		i := 0
	outer:
		for {
			i++
			j := 0
			for {
				j++
				switch {
				case i == 3:
					break outer
				case j == 2:
					continue outer
				}
				get(t, w, 10*i+j)
				for k := range 5 {
					if k == 2 {
						break
					}
					if i == 2 {
						continue outer
					}
				}
			}
		}
		w.say("%d", i)
		return nil
	}},
	{"goto", func(t *async.Task, w *world) error {
		i := 0
	again:
		i++
		if get(t, w, i) < 3 {
			goto again
		}
		if i > 0 {
			goto end
		}
		w.say("not here")
	end:
		w.say("%d", i)
		return nil
	}},
	{"switch", func(t *async.Task, w *world) error {
		i := 0
		for i < 6 {
			switch i++; i {
			case 1:
				get(t, w, "one")
				fallthrough
			case 2, 3:
				get(t, w, "two or three")
			//lint:ignore ST1015 the default in the middle is the point
			default:
				w.say("default")
				get(t, w, i)
			case 4:
				if get(t, w, true) {
					break
				}
				w.say("not here")
			case 5:
			}
			w.say("after %d", i)
		}
		return nil
	}},
	{"type switch", func(t *async.Task, w *world) error {
		list := []any{1, "s", nil, 2.5, []int{1}}
		for len(list) > 0 {
			x := list[0]
			list = list[1:]
			switch v := x.(type) {
			case int:
				get(t, w, v+1)
				w.say("int %d", v)
			case string, float64:
				get(t, w, v)
				w.say("some %v", v)
			case nil:
				get(t, w, "nil")
				w.say("%v", v == nil)
			default:
				get(t, w, "other")
				w.say("%T", v)
			}
		}
		return nil
	}},
	{"select", func(t *async.Task, w *world) error {
		a, b := make(chan int, 1), make(chan int, 1)
		i := 0
		for i < 4 {
			if i == 1 {
				a <- 5
			}
			select {
			case v, ok := <-a:
				get(t, w, v)
				w.say("a %d %v", v, ok)
				close(a)
				a = nil
			case b <- i:
				get(t, w, "sent")
			default:
				get(t, w, "default")
			}
			i++
		}
		w.say("%d", <-b)
		return nil
	}},
	{"closures of each round", func(t *async.Task, w *world) error {
		var list []func() int
		n := 0
		for n < 3 {
			i := n
			j := get(t, w, n)
			list = append(list, func() int { i++; return i*100 + j })
			n++
			get(t, w, i)
			i += 10
		}
		for _, f := range list {
			w.say("%d %d", f(), f())
		}
		return nil
	}},
	{"closures of loop variables", func(t *async.Task, w *world) error {
		var list []func() int
		for i := 0; i < 3; i++ {
			list = append(list, func() int { return i })
			get(t, w, i)
			i += 0
		}
		for _, f := range list {
			w.say("%d", f())
		}
		return nil
	}},
}
