package main

import (
	"errors"
	"runtime"

	"rondo.dev/rondo/async"
)

// shapes: calls and statements that are rarely written so.
var shapes = []story{
	{"method expressions", func(t *async.Task, w *world) error {
		s := &scaler{by: 2}
		w.say("%d", (*scaler).scale(s, t, w, 3))
		w.say("%d", constant.scale(7, t, w, get(t, w, 3)))
		w.say("%d", scaling.scale(s, t, w, 5)+get(t, w, 1))
		o := outer{inner: inner{name: "i"}, pointed: &pointed{n: 1}}
		outer.count(o, t, w)
		(*outer).rename(&o, t, w, "j")
		w.say("%s %d %d", o.name, o.n, outer.constant(o, t, w))
		j := async.Spawn(t, func(t *async.Task) (int, error) { return get(t, w, 4), nil })
		v, err := (*async.Join[int]).Await(j, t)
		w.say("%d %v", v, err)
		defer (*scaler).scale(s, t, w, 6)
		defer constant.scale(8, t, w, get(t, w, 9))
		defer func() { w.say("%v", recover() != nil) }()
		(*scaler).scale(nil, t, w, 1)
		return nil
	}},
	{"all arguments from one call", func(t *async.Task, w *world) error {
		args := func(t *async.Task, n int) (*async.Task, *world, int) { w.say("args %d", n); return t, w, n }
		w.say("%d", double(args(t, 1)))
		w.say("%d", double(args(t, get(t, w, 2)))+get(t, w, 3))
		f := double
		w.say("%d", f(args(t, 4)))
		w.say("%d", total(counted(t, w)))
		w.say("%d", total(shut(t, w)))
		defer double(args(t, 5))
		defer leave(awaited(t, w))
		return nil
	}},
	{"variables of one type", func(t *async.Task, w *world) error {
		a := 3
		{
			var a, err any = pair(t, w, a, 4)
			w.say("%v %v", a, err)
			var _, n any = get(t, w, 1), get(t, w, 2)
			w.say("%v", n)
		}
		return nil
	}},
	{"what a select assigns to", func(t *async.Task, w *world) error {
		c := make(chan int, 2)
		list := make([]any, 2)
		m := map[string]answer{}
		c <- 1
		for range 3 {
			select {
			case list[get(t, w, 1)] = <-c:
				w.say("%v", list)
				c <- 2
				close(c)
			case list[0], m[get(t, w, "k")] = <-func() chan int { w.say("channel"); return nil }():
				w.say("not here")
			}
			select {
			case list[get(t, w, 0)], m[get(t, w, "k")] = <-c:
				w.say("%v %v", list, m)
			default:
			}
		}
		return nil
	}},
	{"recover where nobody panics", func(t *async.Task, w *world) error {
		w.say("%v", recover())
		get(t, w, 1)
		w.say("%v", recovers(t, w))
		return nil
	}},
	{"recover that is deferred itself", func(t *async.Task, w *world) error {
		defer w.say("deferred")
		defer recover()
		get(t, w, 1)
		panic("goes on, or not")
	}},
	{"a deferred await that recovers", func(t *async.Task, w *world) error {
		defer w.say("deferred")
		defer recovers(t, w)
		get(t, w, 1)
		panic("goes no further")
	}},
	{"goexit itself", func(t *async.Task, w *world) error {
		defer func() { w.say("deferred %v", recover()) }()
		defer leave(t, w, "last")
		for i := range 3 {
			if get(t, w, i) == 1 {
				runtime.Goexit()
			}
		}
		return nil
	}},
	{"goexit over a panic", func(t *async.Task, w *world) error {
		defer func() { w.say("deferred %v", recover()) }()
		defer func(t *async.Task) {
			get(t, w, 2)
			runtime.Goexit()
		}(t)
		get(t, w, 1)
		panic("ended by the exit")
	}},
	{"a panic over goexit", func(t *async.Task, w *world) error {
		defer w.say("last")
		defer func() { w.say("deferred %v", recover()) }()
		defer func() { panic("over it") }()
		get(t, w, 1)
		runtime.Goexit()
		return nil
	}},
	{"goexit in a plain loop over a function", func(t *async.Task, w *world) error {
		defer func() { w.say("deferred %v", recover()) }()
		get(t, w, 1)
		for range guarding(w) {
			runtime.Goexit()
		}
		return nil
	}},
	{"returns in plain loops over functions", func(t *async.Task, w *world) error {
		w.say("%d", searched(t, w))
		for v := range counting(w, 3) {
			for u := range counting(w, 3) {
				if u == 1 {
					break
				}
				defer w.say("deferred %d %d", v, u)
			}
			if get(t, w, v) == 1 {
				break
			}
		}
		return errors.New("end")
	}},
	{"goto loops that others leave by their label", func(t *async.Task, w *world) error {
		n := 0
	again:
		for i := 0; i < 3; i++ {
			for j := range 3 {
				if n++; n == 2 {
					goto again
				}
				if get(t, w, i*10+j) == 11 {
					continue again
				}
				if n > 6 {
					break again
				}
			}
		}
	more:
		for _, s := range []string{"a", "b"} {
			if n++; get(t, w, s) == "b" && n < 12 {
				goto more
			}
		}
		return nil
	}},
	{"an empty select", func(t *async.Task, w *world) error {
		if get(t, w, false) {
			select {}
		}
		//lint:ignore S1000 the select is the point
		select {
		default:
			get(t, w, 1)
		}
		return nil
	}},
}

func shut(t *async.Task, w *world) (*async.Task, *world, int) { return t.WithoutCancel(), w, 3 }

func counted(t *async.Task, w *world) (*async.Task, *world, int, int) { return t, w, 1, 2 }

func awaited(t *async.Task, w *world) (*async.Task, *world, any) {
	return t, w, get(t, w, "awaited")
}

func recovers(t *async.Task, w *world) any {
	v := recover()
	w.say("recovers %v", v)
	return get(t, w, v)
}

func searched(t *async.Task, w *world) int {
	get(t, w, 1)
	for v := range counting(w, 5) {
		for u := range counting(w, 5) {
			if u+v == 4 {
				return 10*u + v
			}
		}
	}
	return 0
}
