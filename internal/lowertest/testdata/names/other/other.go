// Package other gives predeclared names a meaning of its own, and imports with a dot.
package other

import (
	"fmt"
	. "net/url"

	"rondo.dev/rondo/async"
)

type item struct{ n int }

func new(n int) *item { return &item{n} }

func make[T any](t *async.Task, v T) (item, T) {
	async.Yield(t)
	return *new(7), v
}

func parse(_ *async.Task, s string) *URL { u, _ := Parse(s); return u }

func Tell(t *async.Task) error {
	f, g := make[string], parse
	x, v := f(t, "v")
	fmt.Println(x, v, g(t, "http://host").Host)
	return nil
}
