package main

import (
	"fmt"

	"rondo.dev/rondo/async"
)

// reads: when variables are read beside calls. The language leaves it open; what is
// lowered does what the go command's compiler does.
var reads = []story{
	{"before and after a call", func(t *async.Task, w *world) error {
		var (
			n, z int
			list []int
			text string
			some any
			c    complex128
			arr  [2]int
			m    map[int]int
			p    *int
			st   two
		)
		reset := func() {
			n, list, text, some, c, arr, m, p, st = 1, []int{1}, "a", 1, complex(1, 2), [2]int{1, 2}, map[int]int{0: 1}, &n, two{1, 2}
		}
		change := func(t *async.Task) int {
			z = 5
			n, list, text, some, c, arr, m, p, st = 5, []int{5, 6, 7}, "changed", 2, complex(9, 9), [2]int{7, 8}, map[int]int{0: 9}, &z, two{5, 6}
			return get(t, w, 0)
		}
		say := func(what string, v ...any) {
			w.say("%s %v", what, v)
			reset()
		}
		reset()
		say("variable", n+change(t))
		say("max", max(0, n)+change(t))
		say("min", min(9, n, 7)+change(t))
		say("len", len(list)+change(t))
		say("cap", cap(list)+change(t))
		say("len of text", len(text)+change(t))
		say("slice", list[0:], change(t))
		say("len of a slice", len(list[0:])+change(t))
		say("part of text", text[:1], change(t))
		say("bytes", []byte(text), change(t))
		say("runes", []rune(text), change(t))
		say("text of bytes", string([]byte(text)), change(t))
		say("text of a rune", string(rune('a'+n)), change(t))
		say("make", make([]int, n), change(t))
		say("len of make", len(make([]int, n))+change(t))
		say("complex", complex(float64(n), 1), change(t))
		say("real", int(real(c))+change(t))
		say("imag", int(imag(c))+change(t))
		say("type assertion", some.(int)+change(t))
		say("element", list[0]+change(t))
		say("element of an array", arr[0]+change(t))
		say("element of a map", m[0]+change(t))
		say("pointer", *p+change(t))
		say("field", st.a+change(t))
		say("conversion", int64(n)+int64(change(t)))
		say("texts", text+fmt.Sprint(change(t)))
		say("comparison", (n == 1) == (change(t) == 0))
		say("comparison of texts", (text == "a") == (change(t) == 0))
		say("interface", any(n) == any(change(t)+1))
		say("interfaces", any(n), any(text), change(t))
		say("slice literal", []int{n, change(t)})
		say("array literal", [2]int{n, change(t)})
		say("struct literal", two{n, change(t)})
		say("map literal", map[int]int{n: change(t)})
		say("append", append(list, 1), change(t))
		say("logic", (n == 1 && text == "a") == (change(t) == 0))
		say("new", *new(int)+change(t))
		say("sides", -n+change(t), (n != 1) == (change(t) == 1), 1<<n+change(t))
		say("arguments", sum(n, change(t)), sum(len(list), change(t)), sum(list[0], change(t)), sum(arr[0], change(t)))
		say("more arguments", sum(m[0], change(t)))
		say("and more", sum(*p, change(t)))
		say("assertion as argument", sum(some.(int), change(t)))
		say("part as argument", joined(t, w, text[:1], change(t)))
		say("texts as argument", joined(t, w, text+"x", change(t)))
		say("bytes as argument", joined(t, w, string([]byte(text)), change(t)))
		say("rune as argument", joined(t, w, string(rune('a'+n)), change(t)))
		return nil
	}},
}

type two struct{ a, b int }

func joined(t *async.Task, w *world, s string, n int) string { return get(t, w, fmt.Sprint(s, n)) }
