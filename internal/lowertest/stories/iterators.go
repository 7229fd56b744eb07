package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"math"
	"runtime"
	"slices"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/channel"
	"rondo.dev/rondo/stream"
)

// iterators: loops over functions whose bodies await, or which await themselves.
var iterators = []story{
	{"over functions", func(t *async.Task, w *world) error {
		for v := range counting(w, 3) {
			w.say("round %d", get(t, w, v))
		}
		for i, s := range slices.All([]string{"a", "b"}) {
			get(t, w, i)
			w.say("%s", s)
		}
		for range maps.Keys(map[int]int{1: 1}) {
			get(t, w, "key")
		}
		//lint:ignore SA4000 it yields twice
		for range func(yield func() bool) { _ = yield() && yield() } {
			get(t, w, "nothing")
		}
		for _, s := range slices.Backward([]string{"a", "b"}) {
			get(t, w, s)
		}
		n := 0
		for n = range counting(w, 2) {
			get(t, w, n)
		}
		list := make([]int, 3)
		for list[get(t, w, 1)] = range counting(w, 2) {
			w.say("%v", list)
		}
		w.say("%d", n)
		return nil
	}},
	{"over functions of what was made before", func(t *async.Task, w *world) error {
		all := append([]int{1, 2}, 3, 4)
		if len(all) == len(w.log) {
			get(t, w, 0)
			return nil
		}
		for piece := range slices.Chunk(all, 3) {
			get(t, w, len(piece))
			w.say("%v", piece)
		}
		return nil
	}},
	{"leaving iterators", func(t *async.Task, w *world) error {
		for v := range counting(w, 5) {
			if get(t, w, v) == 1 {
				continue
			}
			if v == 3 {
				break
			}
			w.say("after %d", v)
		}
		w.say("%d", found(t, w, 2))
		w.say("%d", found(t, w, 20))
		a, err := firstOf(t, w, 1)
		w.say("%d %v", a, err)
	outer:
		for a := range counting(w, 4) {
			for b := range counting(w, 4) {
				switch get(t, w, 10*a+b) {
				case 1:
					continue outer
				case 12:
					//lint:ignore SA4011 it is about the switch
					break
				case 13, 20:
					break outer
				}
				for i := range 2 {
					if b == 2 {
						continue outer
					}
					get(t, w, i)
				}
			}
		}
		i := 0
	again:
		for a := range counting(w, 4) {
			for range counting(w, 2) {
				if i++; get(t, w, i) == 2 {
					goto again
				}
				if i == 5 {
					goto end
				}
				if a == 1 {
					break
				}
			}
		}
		w.say("not here")
	end:
		return nil
	}},
	{"iterators that await", func(t *async.Task, w *world) error {
		for v := range awaiting(t, w, 3) {
			w.say("no await: %d", v)
			if v == 1 {
				break
			}
		}
		for v := range awaiting(t, w, 3) {
			get(t, w, v)
			for u := range awaiting(t, w, v) {
				w.say("%d %d", u, v)
			}
		}
		for v := range logged(t, w, 2) {
			w.say("%d", v)
		}
		for v := range logged(t, w, get(t, w, 2)) {
			get(t, w, v)
		}
		for v := range awaiting(t, w, 4) {
			if v == 2 {
				return fmt.Errorf("%d", get(t, w, v))
			}
		}
		return nil
	}},
	{"defers in loops over functions", func(t *async.Task, w *world) (err error) {
		defer w.say("first")
		for v := range counting(w, 2) {
			defer w.say("deferred %d", get(t, w, v))
			defer func() { err = errors.Join(err, fmt.Errorf("%d", v)) }()
			for u := range counting(w, 2) {
				defer leave(t, w, u)
			}
		}
		w.say("end")
		return nil
	}},
	{"panics of bodies", func(t *async.Task, w *world) (err error) {
		defer func() { w.say("recovered %v", recover()) }()
		for v := range guarding(w) {
			defer w.say("deferred in the body")
			for u := range guarding(w) {
				get(t, w, u)
				if u == v {
					panic("of the body")
				}
			}
		}
		return nil
	}},
	{"panics of bodies that nobody recovers", func(t *async.Task, w *world) error {
		for v := range awaitingAtEnd(t, w) {
			get(t, w, v)
			noMap()["a"] = 1
		}
		return nil
	}},
	{"panics of bodies that iterators recover", func(t *async.Task, w *world) error {
		defer func() { w.say("%v", recover()) }()
		for v := range recoveringIterator(w) {
			get(t, w, v)
			panic("caught")
		}
		return nil
	}},
	{"panics of iterators", func(t *async.Task, w *world) error {
		func(t *async.Task) {
			defer func() { w.say("%v", recover()) }()
			for v := range panicking(w, "in the middle") {
				get(t, w, v)
			}
		}(t)
		func(t *async.Task) {
			defer func() { w.say("%v", recover()) }()
			for v := range panicking(w, "after break") {
				get(t, w, v)
				break
			}
		}(t)
		func(t *async.Task) {
			defer func() { w.say("%v", recover()) }()
			for v := range counting(w, 2) {
				for u := range panicking(w, "in the middle") {
					get(t, w, u+v)
				}
			}
		}(t)
		w.say("%v", async.Yield(t))
		panicsInCleanup(t, w)
		return nil
	}},
	{"iterators that go on", func(t *async.Task, w *world) error {
		defer func() { w.say("%v", recover()) }()
		for v := range stubborn(w) {
			get(t, w, v)
			break
		}
		return nil
	}},
	{"iterators that come back", func(t *async.Task, w *world) error {
		defer func() { w.say("%v", recover()) }()
		var kept func(int) bool
		for v := range func(yield func(int) bool) { kept = yield; yield(1) } {
			get(t, w, v)
		}
		kept(2)
		return nil
	}},
	{"goexit in bodies", func(t *async.Task, w *world) error {
		defer w.say("deferred")
		for v := range guarding(w) {
			get(t, w, v)
			runtime.Goexit()
		}
		return nil
	}},
	{"goexit below bodies", func(t *async.Task, w *world) error {
		defer func() { w.say("deferred %v", recover()) }()
		for v := range guarding(w) {
			get(t, w, v)
			exits(t, w)
		}
		return nil
	}},
	{"goexit in iterators", func(t *async.Task, w *world) error {
		defer func() { w.say("deferred %v", recover()) }()
		for v := range func(yield func(int) bool) { yield(1); runtime.Goexit() } {
			get(t, w, v)
		}
		return nil
	}},
	{"closures of rounds", func(t *async.Task, w *world) error {
		var list []func() int
		for v := range counting(w, 3) {
			list = append(list, func() int { v++; return v })
			get(t, w, v)
			v += 10
		}
		for _, f := range list {
			w.say("%d %d", f(), f())
		}
		return nil
	}},
	{"iterators by other means", func(t *async.Task, w *world) error {
		seq := counting(w, 2)
		next, stop := iter.Pull(seq)
		for v := range func(yield func(int) bool) {
			for v, ok := next(); ok && yield(v); v, ok = next() {
			}
			stop()
		} {
			get(t, w, v)
		}
		s := shelf[string]{"a", "b"}
		for i, v := range s.each {
			get(t, w, i)
			w.say("%s", v)
		}
		for _, v := range s.awaiting(t, w) {
			w.say("%s", v)
		}
		w.say("%v", collected(t, w, counting(w, 3)))
		w.say("%v", collected(t, w, awaiting(t, w, 2)))
		return nil
	}},
	{"keys that are not found again", func(t *async.Task, w *world) error {
		m := map[float64]int{math.NaN(): 1}
		for k, v := range m {
			w.say("%v %v", k, get(t, w, v))
			clear(m)
		}
		n := 0
		for range map[any]int{math.NaN(): 1, "a": 2, 3: 3} {
			n++
			if w.suspend {
				async.Yield(t)
			}
		}
		k := map[any]bool{1: true, "a": true}
		for x := range k {
			clear(k)
			w.say("%v", get(t, w, true))
			k[x] = false
			break
		}
		w.say("%d %d", n, len(k))
		return nil
	}},
	{"streams", func(t *async.Task, w *world) error {
		for v, err := range stream.All(t, &numbers{w: w, left: 3}) {
			w.say("%d %v", v, err)
		}
		for v := range stream.All(t, &numbers{w: w, left: 2}) {
			get(t, w, v)
		}
		for range stream.All[int](t, &numbers{w: w, left: 1}) {
			get(t, w, "round")
		}
		n := &numbers{w: w, left: 9, fails: 5}
		for v, err := range stream.All(t, n) {
			if v == 8 {
				continue
			}
			w.say("%d %v", get(t, w, v), err)
			if v == 7 {
				break
			}
		}
		var list [2]int
		var err error
		for list[get(t, w, 1)], err = range stream.All(t, n) {
			w.say("%v %v", list, err)
		}
		for v := range stream.All(t, n) {
			for u := range stream.All(t, &numbers{w: w, left: v}) {
				if u == 2 {
					break
				}
				for x := range counting(w, 3) {
					if get(t, w, x) == u {
						return errors.New("found")
					}
				}
			}
		}
		return nil
	}},
	{"streams and cancelling", func(t *async.Task, w *world) error {
		v, cancel := t.WithCancel()
		n := &numbers{w: w, left: 3}
		for i, err := range stream.All(v, n) {
			w.say("%d %v", i, err)
			cancel(context.Canceled)
		}
		for i, err := range stream.All(t, n) {
			w.say("%d %v", i, err)
		}
		return nil
	}},
	{"streams by other means", func(t *async.Task, w *world) error {
		all := stream.All[int]
		for v, err := range all(t, &numbers{w: w, left: 2}) {
			get(t, w, v)
			w.say("%v", err)
		}
		seq := stream.All(t, &numbers{w: w, left: 2})
		for v := range seq {
			w.say("%v", v)
		}
		return nil
	}},
	{"channels", func(t *async.Task, w *world) error {
		filled := func(n int) *channel.Chan[int] {
			c := channel.New[int](n)
			for i := range n {
				w.say("%v", c.TrySend(i))
			}
			return c
		}
		c := filled(4)
		c.Close()
		for v := range c.All(t) {
			switch get(t, w, v) {
			case 1:
				continue
			case 3:
				w.say("the last")
			}
			w.say("%d", v)
		}
		for range c.All(t) {
			return errors.New("it is empty")
		}
		c = filled(9)
	outer:
		for a := range c.All(t) {
			for b := range c.All(t) {
				defer func() { w.say("%d %d", a, b) }()
				if get(t, w, b) == 2 {
					continue outer
				}
				if b > 4 {
					break outer
				}
			}
		}
		var list [2]int
		for list[get(t, w, 1)] = range c.All(t) {
			w.say("%v", list)
			if list[1] == 7 {
				break
			}
		}
		w.say("%d left", c.Len())
		view, cancel := t.WithCancel()
		for v := range c.All(view) {
			w.say("%d", v)
			cancel(context.Canceled)
		}
		held := struct{ *channel.Chan[int] }{filled(2)}
		held.Close()
		for v := range held.All(t) {
			w.say("promoted %d", get(t, w, v))
		}
		if w.suspend {
			async.Yield(t)
		}
		c = channel.New[int](1)
		child := t.Go(func(t *async.Task) error {
			for i := range 3 {
				get(t, w, i)
				c.Send(i).Await(t)
			}
			c.Close()
			return nil
		})
		sum := 0
		for v := range c.All(t) {
			sum += v
		}
		w.say("%d %v", sum, child.Await(t))
		defer func() { w.say("%v", recover()) }()
		for v := range filled(2).All(t) {
			get(t, w, v)
			panic("in the body")
		}
		return nil
	}},
	{"subscriptions", func(t *async.Task, w *world) error {
		news := channel.NewBroadcast[string](2)
		s := news.Subscribe()
		for _, v := range []string{"a", "b", "c"} {
			news.Send(v)
		}
		for v, err := range s.All(t) {
			w.say("%q %v", get(t, w, v), err)
			switch {
			case err != nil:
				continue
			case v == "b":
				news.Send("d")
				news.Send("e")
			case v == "e":
				news.Close()
			}
		}
		for range s.All(t) {
			return errors.New("it is closed")
		}
		news = channel.NewBroadcast[string](2)
		s = news.Subscribe()
		news.Send("a")
		news.Send("b")
		for v := range s.All(t) {
			defer w.say("deferred %s", get(t, w, v))
			if v == "b" {
				break
			}
		}
		view, cancel := t.WithCancel()
		news.Send("c")
		for v, err := range s.All(view) {
			w.say("%s %v", v, err)
			cancel(context.Canceled)
		}
		child := t.Go(func(t *async.Task) error {
			for i := range 3 {
				news.Send(fmt.Sprint(get(t, w, i)))
				async.Yield(t)
			}
			news.Close()
			return nil
		})
		n := 0
		for range s.All(t) {
			n++
		}
		w.say("%d %v", n, child.Await(t))
		return nil
	}},
	{"observers", func(t *async.Task, w *world) error {
		watch := channel.NewWatch(1)
		o := watch.Observe()
		watch.Set(2)
		var seen [2]int
	watching:
		for seen[get(t, w, 1)] = range o.All(t) {
			w.say("%v", seen)
			switch get(t, w, seen[1]) {
			case 2:
				watch.Set(3)
				continue watching
			case 3:
				break watching
			}
			w.say("not here")
		}
		watch.Set(4)
		for v := range o.All(t) {
			w.say("%d", get(t, w, v))
			watch.Set(5)
			watch.Close()
			for u := range watch.Observe().All(t) {
				return fmt.Errorf("%d is old", u)
			}
		}
		w.say("%d %v", watch.Get(), o.Changed())
		return nil
	}},
	{"channels by other means", func(t *async.Task, w *world) error {
		c := channel.New[int](1)
		c.TrySend(1)
		all := c.All(t)
		for v := range all {
			w.say("%d", get(t, w, v))
			break
		}
		return nil
	}},
	{"ranges over type parameters", func(t *async.Task, w *world) error {
		all(t, w, []string{"a", "b"}, map[spot]string{{1, 2}: "x"}, "cd", counting(w, 2), 2)
		return nil
	}},
}

type spot struct{ x, y int }

// numbers is a stream that counts down.
type numbers struct {
	w           *world
	left, fails int
	waited      bool
}

func (n *numbers) Poll(t *async.Task) (int, error) {
	if n.w.suspend && !n.waited {
		n.waited = true
		t.Waker().WakeLocal()
		return 0, async.Pending
	}
	n.waited = false
	if n.left == 0 {
		return 0, io.EOF
	}
	n.left--
	if n.left+1 == n.fails {
		return n.left, errors.New("fails")
	}
	return n.left, nil
}

func counting(w *world, n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		defer w.say("counted")
		for i := range n {
			if !yield(i) {
				w.say("stopped at %d", i)
				return
			}
		}
	}
}

// awaiting calls nothing but in the iterator.
func awaiting(t *async.Task, w *world, n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		defer get(t, w, "end")
		for i := range n {
			if !yield(get(t, w, i)) {
				get(t, w, "stopped")
				return
			}
		}
	}
}

func logged(t *async.Task, w *world, n int) iter.Seq[int] {
	w.say("logged %d", get(t, w, n))
	return awaiting(t, w, n)
}

func found(t *async.Task, w *world, n int) int {
	for v := range counting(w, 4) {
		for u := range counting(w, 3) {
			if get(t, w, v*10+u) == n {
				return u
			}
			if v == 2 && u == n {
				return get(t, w, u)
			}
		}
	}
	return -1
}

func firstOf(t *async.Task, w *world, n int) (v int, err error) {
	defer func() { w.say("v is %d", v) }()
	for v = range awaiting(t, w, 5) {
		if get(t, w, v) == n {
			err = errors.New("found")
			return
		}
	}
	return
}

func guarding(w *world) iter.Seq[int] {
	return func(yield func(int) bool) {
		defer w.say("guarded")
		defer func() {
			if r := recover(); r != nil {
				w.say("it panics with %v", r)
				panic(r)
			}
		}()
		_ = yield(1) && yield(2)
	}
}

func awaitingAtEnd(t *async.Task, w *world) iter.Seq[int] {
	return func(yield func(int) bool) {
		defer get(t, w, "last")
		defer func() { get(t, w, "a defer") }()
		yield(1)
	}
}

func recoveringIterator(w *world) iter.Seq[int] {
	return func(yield func(int) bool) {
		defer func() { w.say("it recovers %v", recover()) }()
		yield(1)
	}
}

func panicking(w *world, with string) iter.Seq[int] {
	return func(yield func(int) bool) {
		defer w.say("iterator ends")
		yield(1)
		panic(with)
	}
}

// panicsInCleanup returns something, and the iterator panics after that.
func panicsInCleanup(t *async.Task, w *world) {
	returns := func(t *async.Task) int {
		defer func() { w.say("%v", recover()) }()
		for v := range panicking(w, "cleanup") {
			get(t, w, v)
			return 7
		}
		return 8
	}
	w.say("%d", returns(t))
	named := func(t *async.Task) (n int) {
		defer func() { w.say("%v %d", recover(), n) }()
		for v := range panicking(w, "cleanup") {
			return get(t, w, v+8)
		}
		return 8
	}
	w.say("%d", named(t))
}

func stubborn(w *world) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := range 3 {
			w.say("yield %d", i)
			yield(i)
		}
	}
}

type shelf[T any] []T

func (s shelf[T]) each(yield func(int, T) bool) {
	for i, v := range s {
		if !yield(i, v) {
			return
		}
	}
}

func (s shelf[T]) awaiting(t *async.Task, w *world) iter.Seq2[int, T] {
	return func(yield func(int, T) bool) {
		for i, v := range s {
			if !yield(get(t, w, i), v) {
				return
			}
		}
	}
}

func collected(t *async.Task, w *world, seq iter.Seq[int]) (list []int) {
	for v := range seq {
		list = append(list, get(t, w, v))
	}
	return list
}

func all[S ~[]E, E any, M ~map[K]V, K comparable, V any, T ~string, F ~func(func(E2) bool), E2 any, N ~int](t *async.Task, w *world, s S, m M, text T, f F, n N) {
	for i, v := range s {
		get(t, w, i)
		get(t, w, v)
	}
	for k, v := range m {
		get(t, w, k)
		get(t, w, v)
	}
	for i, c := range text {
		get(t, w, i)
		get(t, w, c)
	}
	for v := range f {
		get(t, w, v)
	}
	for i := range n {
		get(t, w, i)
	}
}
