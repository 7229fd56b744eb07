package main

import (
	"errors"
	"unsafe"

	"rondo.dev/rondo/async"
)

type answer bool

func truth(w *world, b answer) answer { w.say("truth %v", b); return b }

// names: what a name means, where.
var names = []story{
	{"bodies of loops are scopes", func(t *async.Task, w *world) error {
		var olds []func() int
		for _, x := range []int{1, 2} {
			olds = append(olds, func() int { return x })
			x, err := pair(t, w, x, 100)
			w.say("%d %v", x, err)
		}
		for i := 0; i < 2; i++ {
			olds = append(olds, func() int { return i })
			i, err := pair(t, w, i, 10)
			i += 5
			w.say("%d %v", i, err)
		}
		for i, c := range "ab" {
			i, c := get(t, w, i)+1, c+1
			w.say("%d %c", i, c)
		}
		for k, v := range map[string]int{"k": 1} {
			k, v := k+get(t, w, "!"), v+1
			w.say("%s %d", k, v)
		}
		for i := range 2 {
			i := i + get(t, w, 7)
			w.say("%d", i)
		}
		ch := make(chan int, 1)
		ch <- 3
		close(ch)
		for v := range ch {
			v := v + get(t, w, 4)
			w.say("%d", v)
		}
		for _, f := range olds {
			w.say("old %d", f())
		}
		return nil
	}},
	{"arrays that are not there", func(t *async.Task, w *world) error {
		var p *[3]int
		for i := range *p {
			get(t, w, i)
		}
		for i := range p {
			get(t, w, i)
		}
		var none [][2]int
		for i := range none[5] {
			get(t, w, i)
		}
		for range *p {
			get(t, w, "round")
		}
		for _, x := range *p {
			w.say("not here %d", x)
			get(t, w, x)
		}
		return nil
	}},
	{"arrays that are asked for", func(t *async.Task, w *world) error {
		var none [][2]int
		//lint:ignore S1005 with two variables, blank or not, the array is evaluated
		for i, _ := range none[get(t, w, 5)] {
			get(t, w, i)
		}
		return nil
	}},
	{"goto and what awaits need", func(t *async.Task, w *world) error {
		i := 0
	again:
		if i++; i > 3 {
			goto end
		}
		w.say("%d", get(t, w, i)+get(t, w, 10*i))
		if get(t, w, i) == 2 && get(t, w, true) {
			goto again
		}
		w.say("odd")
		goto again
	end:
		return errors.New("end")
	}},
	{"named truth", func(t *async.Task, w *world) error {
		var b answer = get[answer](t, w, true) && truth(w, false) || get[answer](t, w, true)
		c := truth(w, true) && get[answer](t, w, false)
		var any any = c
		_, ok := any.(answer)
		w.say("%v %v %v", b, c, ok)
		if x := 1; x == 1 && get(t, w, x) == 1 && bool(b) {
			w.say("yes")
		}
		return nil
	}},
	{"constants of blocks", func(t *async.Task, w *world) error {
		w.say("%d", outermost)
		{
			const outermost = 2
			get(t, w, outermost)
			const (
				a = iota + outermost
				b
			)
			type kind struct{ n int }
			w.say("%d %d %+v", a, b, kind{outermost})
		}
		{
			const outermost = "three"
			get(t, w, outermost)
			type list []string
			w.say("%v", list{outermost})
		}
		get(t, w, outermost)
		return nil
	}},
	{"maps with keys of all kinds", func(t *async.Task, w *world) error {
		x := 1
		for p, n := range map[unsafe.Pointer]int{unsafe.Pointer(&x): 1} {
			get(t, w, n)
			w.say("%d", *(*int)(p))
		}
		type key struct{ a, b int }
		for k, v := range map[key]int{{1, 2}: 3} {
			get(t, w, v)
			w.say("%v", k)
		}
		for k := range map[any]int{"x": 3} {
			get(t, w, k)
		}
		return nil
	}},
	{"types of one name", func(t *async.Task, w *world) error {
		{
			type kind int
			w.say("%T", kind(get(t, w, 1)))
		}
		type kind string
		w.say("%T", kind(get(t, w, "s")))
		return nil
	}},
	{"the variable of a type switch is assigned by a literal", func(t *async.Task, w *world) error {
		switch x := any(get(t, w, 1)).(type) {
		case int:
			set := func() { x = 5 }
			get(t, w, x)
			set()
			w.say("%d", x)
		}
		return nil
	}},
	{"arguments of a call that declines", func(t *async.Task, w *world) error {
		said := func(n int) int { w.say("said %d", n); return n }
		two := func() (int, int) { w.say("two"); return 1, 2 }
		w.say("%d", func(t *async.Task, n int) int { w.say("in"); return n + 1 }(t, said(3)))
		func(t *async.Task, n int) { w.say("%d", n) }(t, said(4))
		last := func(t *async.Task, list ...int) int { w.say("%v", list); return list[len(list)-1] }
		w.say("%d", last(t, said(5), said(6)))
		pick := func() func(*async.Task, ...int) int { w.say("pick"); return last }
		w.say("%d", pick()(t, said(7)))
		a, b := two()
		w.say("%d", last(t, a, b, get(t, w, said(8))))
		return nil
	}},
	{"awaits in cases", func(t *async.Task, w *world) error {
		for i := range 5 {
			switch x := i * 2; x {
			case get(t, w, 0), get(t, w, 4):
				w.say("0 or 4")
				fallthrough
			case 6:
				w.say("or 6")
				if x == 4 {
					break
				}
				get(t, w, "after")
			case get(t, w, 2):
				x := "two"
				w.say("%s", x)
			default:
				w.say("default")
				get(t, w, x)
			}
			switch {
			case i > 2, get(t, w, i) == 1 && get(t, w, true):
				w.say("more than 2, or 1")
			case get(t, w, i) == 2:
				w.say("2")
			}
			switch any(i) {
			case get(t, w, "s"), any(get(t, w, 3)):
				w.say("is 3")
			}
		}
	all:
		switch get(t, w, 1) {
		default:
			for {
				break all
			}
		case get(t, w, 7):
		}
		return nil
	}},
	{"awaits in the operands of a select", func(t *async.Task, w *world) error {
		a, b := make(chan any, 1), make(chan int, 1)
		list := []chan int{b}
		for range 3 {
			select {
			case a <- get(t, w, "sent"):
				w.say("sent")
				b <- 5
			case v, ok := <-list[get(t, w, 0)]:
				w.say("%d %v", v, ok)
				close(b)
				get(t, w, v)
				return nil
			}
		}
		return nil
	}},
	{"labels and shadows", func(t *async.Task, w *world) error {
	x:
		for x := range 3 {
			for x := x; x < 3; x++ {
				if get(t, w, x) == 1 {
					continue x
				}
				x := "inner"
				w.say("%s", x)
			}
			w.say("outer %d", x)
		}
		return nil
	}},
}

const outermost = 1
