// Names that generated code has its own idea of: a program of its own, for nobody else
// could have them. Vet would find the code that can't be reached.
package main

import (
	"fmt"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/internal/lowertest/testdata/names/lib"
	"rondo.dev/rondo/internal/lowertest/testdata/names/other"
)

var done bool

func get[T any](t *async.Task, v T) T { async.Yield(t); return v }

func poll(t *async.Task, n int) int {
	for !done {
		if get(t, n) > 3 {
			done = true
		}
		if n++; n > 10 {
			break
		}
	}
	return n
}

func constant(t *async.Task) int {
	const done = 3
	return get(t, done) + done
}

func Select(t *async.Task, n int) int { return get(t, n) }

func 世界(t *async.Task, n int) int { return Select(t, n+1) }

func dead(t *async.Task) error {
	c := make(chan int, 1)
	c <- 1
	select {
	case v := <-c:
		get(t, 1)
		return nil
		fmt.Println(v)
	}
	switch v := any(get(t, 1)).(type) {
	case int:
		get(t, 2)
		return nil
		func() { v = 5 }()
		p := &v
		fmt.Println(*p)
	}
	a, b := get(t, 1), 2
	return nil
	fmt.Println(a, b)
	return nil
}

func main() {
	err := rondo.Run(func(t *async.Task) error {
		fmt.Println(poll(t, 1), done, constant(t), 世界(t, 1), dead(t))
		x := lib.New()
		get(t, 1)
		fmt.Println(x.Name(t), x.N)
		return other.Tell(t)
	})
	fmt.Println(err)
}
