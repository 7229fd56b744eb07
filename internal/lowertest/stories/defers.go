package main

import (
	"errors"
	"runtime"

	"rondo.dev/rondo/async"
)

// defers: how functions end.
var defers = []story{
	{"a deferred await panics, others come after it", func(t *async.Task, w *world) error {
		for i := range 3 {
			defer func(t *async.Task, n int) {
				w.say("plain %d %d", i, n)
			}(t, get(t, w, 10*i))
			defer func(t *async.Task, n int) {
				get(t, w, i)
				if n == 1 {
					panic("one")
				}
				w.say("awaited %d", n)
			}(t, i)
		}
		return nil
	}},
	{"children that are known", func(t *async.Task, w *world) error {
		n := get(t, w, 3)
		a := t.Go(func(t *async.Task) error {
			n = get(t, w, n+1)
			return errors.New("a")
		})
		w.say("%v", a.Await(t))
		g := async.NewGroup(t, 1)
		for i := range 3 {
			g.Go(func(t *async.Task) error {
				n += get(t, w, i)
				return nil
			})
		}
		g.Go(known)
		w.say("%v %d", g.Wait(t), n)
		v, err := async.Spawn(t, func(t *async.Task) (string, error) { return get(t, w, "value"), errors.New("b") }).Await(t)
		w.say("%s %v %v", v, err, t.Go(known).Await(t))
		return nil
	}},
	{"defers", func(t *async.Task, w *world) error {
		w.say("returned %d", deferring(t, w, 1))
		return nil
	}},
	{"recover", func(t *async.Task, w *world) error {
		w.say("%v", recovering(t, w, "at the disco"))
		w.say("%v", recovering(t, w, nil))
		w.say("%v", recovering(t, w, errors.New("an error")))
		return nil
	}},
	{"recover by name", func(t *async.Task, w *world) (err error) {
		defer catch(w)
		get(t, w, 1)
		noMap()["a"] = get(t, w, 2)
		return nil
	}},
	{"panic again", func(t *async.Task, w *world) (err error) {
		defer func() { w.say("outer %v", recover()) }()
		defer func() {
			v := recover()
			w.say("inner %v", v)
			panic("again")
		}()
		get(t, w, 1)
		panic("first")
	}},
	{"a panic that nobody recovers", func(t *async.Task, w *world) error {
		defer w.say("deferred")
		get(t, w, 1)
		panic("lost")
	}},
	{"a panic through two", func(t *async.Task, w *world) (err error) {
		defer func() {
			if v := recover(); v != nil {
				err = v.(error)
			}
		}()
		return through(t, w)
	}},
	{"goexit", func(t *async.Task, w *world) error {
		defer w.say("deferred")
		get(t, w, 1)
		func() { runtime.Goexit() }()
		return nil
	}},
	{"goexit below", func(t *async.Task, w *world) error {
		defer func() { w.say("deferred %v", recover()) }()
		exits(t, w)
		w.say("not here")
		return nil
	}},
	{"awaits in defers", func(t *async.Task, w *world) error {
		defer leave(t, w, "one")
		for i := range 2 {
			defer leave(t, w, i)
		}
		get(t, w, 1)
		return nil
	}},
	{"awaits in defers under a panic", func(t *async.Task, w *world) error {
		defer leave(t, w, "one")
		defer func(t *async.Task) { leave(t, w, "two") }(t)
		get(t, w, 1)
		panic("lost")
	}},
	{"a result changed by a defer that awaits", func(t *async.Task, w *world) error {
		w.say("%d", changed(t, w))
		return nil
	}},
}

func deferring(t *async.Task, w *world, n int) (r int) {
	defer func() { w.say("r is %d", r); r *= 2 }()
	for i := range 3 {
		defer w.say("deferred %d with %d", i, n)
		n++
	}
	if get(t, w, n) > 3 {
		return get(t, w, 21)
	}
	return 0
}

func recovering(t *async.Task, w *world, v any) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = errors.Join(err, errors.New("recovered"))
			if e, ok := r.(error); ok {
				w.say("an error: %v", e)
			}
		}
	}()
	err = errors.New("before")
	get(t, w, v)
	if v != nil {
		panic(v)
	}
	return nil
}

func noMap() map[string]int { return nil }

func catch(w *world) { w.say("caught %v", recover()) }

func through(t *async.Task, w *world) error {
	defer w.say("through")
	return deeper(t, w)
}

func deeper(t *async.Task, w *world) error {
	get(t, w, "deep")
	var list []int
	_ = list[get(t, w, 3)]
	return nil
}

func exits(t *async.Task, w *world) {
	defer w.say("exits")
	get(t, w, 2)
	runtime.Goexit()
}

func leave(t *async.Task, w *world, v any) {
	w.say("leaving %v", v)
	get(t, w, v)
	w.say("left %v", v)
}

func changed(t *async.Task, w *world) (n int) {
	defer func(t *async.Task) { n += get(t, w, 5) }(t)
	return get(t, w, 1)
}

func known(t *async.Task) error {
	err := async.Yield(t)
	return errors.Join(err, errors.New("known"))
}
