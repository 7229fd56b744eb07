package main

import "rondo.dev/rondo/async"

// predeclared: names that mean something else than they do elsewhere.
var predeclared = []story{
	{"predeclared names", func(t *async.Task, w *world) error {
		len, append, new := 3, func(int) int { return 4 }, get(t, w, 5)
		for i, s := range []string{"a"} {
			get(t, w, s)
			w.say("%d %d %d %d", i, len, append(1), new)
		}
		true, nil := false, 7
		for i := 0; i < 2; i++ {
			get(t, w, i)
		}
		b := true && get(t, w, !true) || get(t, w, true)
		w.say("%v %v %d", true, b, nil)
		var zero error
		return zero
	}},
	{"string is a type of the function", func(t *async.Task, w *world) error {
		type string int
		var s string
		get(t, w, int(s))
		s++
		w.say("%d", s)
		return nil
	}},
	{"a type that a variable hides", func(t *async.Task, w *world) error {
		w.say("%v", hidden(t, w, true, false))
		return nil
	}},
}

// hidden has no normal form: the type of what it evaluates has no name there.
func hidden(t *async.Task, w *world, a, b answer) any {
	answer := get(t, w, 1)
	c := a && get(t, w, b)
	w.say("%d %v", answer, c)
	return a || get(t, w, b)
}
