// Package main is what random programs are made of. The programs themselves are put
// beside this file.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"iter"
	"strings"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/stream"
)

// A program is one that was drawn.
type program struct {
	name string
	run  func(*async.Task, int) int
}

var (
	programs []program
	log      strings.Builder
	ticks    int
	rounds   int
	turn     int
	suspend  = flag.Int("suspend", 0, "suspend in no await (0), in every one (1), in every second (2)...")
)

const most = 2000 // ticks of a program

func main() {
	flag.Parse()
	for _, p := range programs {
		ticks, rounds, turn = 0, 0, 0
		log.Reset()
		err := run(func(t *async.Task) { said("returned", p.run(t, 3)) })
		fmt.Printf("== %s\n%s%v\n", p.name, log.String(), err)
	}
}

// tick ends a program that does not end.
func tick() {
	if ticks++; ticks > most {
		panic("it goes on for ever")
	}
}

func said(what string, v any) {
	if log.Len() < 1<<16 {
		fmt.Fprintf(&log, "%s %+v\n", what, v)
	}
}

func say(v any) { said("say", v) }

// get is the await.
func get[T any](t *async.Task, v T) T {
	tick()
	said("get", v)
	if turn++; *suspend > 0 && turn%*suspend == 0 {
		async.Yield(t)
	}
	return v
}

func f(n int) int { said("f", n); return n + 1 }

func id[T any](v T) T { return v }

func upTo(s string, n int) string { return s[:n&1] }

func from(list []int, n int) []int { return list[n:] }

func at(list []int, n int) int { return list[n&1] }

func at2(list [2]int, n int) int { return list[n&1] }

func deref(p *int) int { return *p }

func number(v any) int { return v.(int) }

func equal(a, b any) bool { return a == b }

func str(n int) string { return fmt.Sprint(n) }

func ptr(n int) *int { return &n }

func one() int { return 1 }

func two() int { return f(2) }

func fail(s string) error { return errors.New(s) }

func quotient(a, b int) int { return a / b }

func round(int) bool { rounds++; return rounds%4 != 0 }

func full(n int) chan int {
	c := make(chan int, 1)
	c <- n
	close(c)
	return c
}

func add1(t *async.Task, n int) int { return get(t, n) + 1 }

func add2(t *async.Task, n int) int {
	for i := range 2 {
		n += add1(t, i)
	}
	return n
}

func given(t *async.Task, n int) (*async.Task, int) { return t, get(t, n) }

func both(t *async.Task, n int, err error) (int, error) {
	get(t, n)
	return n, err
}

func larger[T int | string](t *async.Task, a, b T) T {
	if get(t, a) > b {
		return a
	}
	return get(t, b)
}

func total(t *async.Task, list ...int) (sum int) {
	for _, n := range list {
		sum += get(t, n)
	}
	return sum
}

type point struct{ a, b int }

func (p point) get() int { return f(p.a) }

func (p point) plus(t *async.Task, n int) int { return get(t, p.a) + n + get(t, p.b) }

func (p *point) move(t *async.Task, n int) int {
	p.a = get(t, n)
	p.b += n
	return p.a
}

type outer struct{ point }

type adder interface {
	Add(t *async.Task, n int) int
}

type count int

func (c count) Add(t *async.Task, n int) int { return int(c) + get(t, n) }

// seq counts up to n, which is small.
func seq(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		defer said("counted", n)
		for i := range n & 3 {
			if !yield(i) {
				said("stopped", i)
				return
			}
		}
	}
}

// guarding looks at a panic on its way.
func guarding(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		defer func() {
			if r := recover(); r != nil {
				said("guards", r)
				if n&1 == 0 {
					panic(r)
				}
			}
		}()
		_ = yield(n) && yield(n+1)
	}
}

// stubborn goes on, whatever it is told.
func stubborn(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := range n & 3 {
			said("goes on", yield(i))
		}
	}
}

// each awaits, at the end too.
func each(t *async.Task, n int) iter.Seq2[int, int] {
	return func(yield func(int, int) bool) {
		defer get(t, "end")
		for i := range n & 3 {
			if !yield(i, get(t, n)) {
				get(t, "stopped")
				return
			}
		}
	}
}

// numbers is a stream that counts down, and fails at last if it began with 3.
type numbers struct {
	left   int
	fails  bool
	waited bool
}

func items(n int) stream.Stream[int] { return &numbers{left: n & 3, fails: n&3 == 3} }

func (s *numbers) Poll(t *async.Task) (int, error) {
	if !s.waited {
		tick()
		if turn++; *suspend > 0 && turn%*suspend == 0 {
			s.waited = true
			t.Waker().WakeLocal()
			return 0, async.Pending
		}
	}
	s.waited = false
	if s.left == 0 {
		return 0, io.EOF
	}
	s.left--
	if s.left == 0 && s.fails {
		return 0, errors.New("fails")
	}
	return s.left, nil
}
