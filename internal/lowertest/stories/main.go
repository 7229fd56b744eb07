// Stories are programs that a compiler of async functions can get wrong, each a
// function that tells what it does. The test in lowertest runs them built by the go
// command and built by rondo, and compares what they tell.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"

	"rondo.dev/rondo/async"
)

// A story is told to w.
type story struct {
	name string
	tell func(t *async.Task, w *world) error
}

// world is what a story happens in.
type world struct {
	suspend bool // awaits suspend
	log     []string
}

func (w *world) say(format string, args ...any) { w.log = append(w.log, fmt.Sprintf(format, args...)) }

// get says what it is asked for, and returns it, after a suspension if there are any.
func get[T any](t *async.Task, w *world, v T) T {
	w.say("get %v", v)
	if w.suspend {
		async.Yield(t)
	}
	return v
}

// pair is get with two results.
func pair(t *async.Task, w *world, a, b int) (int, error) {
	get(t, w, a)
	if b < 0 {
		return a, errors.New("negative")
	}
	return a + b, nil
}

func main() {
	suspend := flag.Bool("suspend", false, "suspend in every await")
	flag.Parse()
	code := 0
	for _, s := range slices.Concat(order, flow, defers, values, calls, forms, names, predeclared, reads, iterators, shapes, rest, seldom) {
		w := &world{suspend: *suspend}
		err := run(func(t *async.Task) error {
			child := t.Go(func(t *async.Task) error { return s.tell(t, w) })
			err := child.Await(t)
			var p *async.PanicError
			switch {
			case errors.As(err, &p):
				w.say("panic: %v", p.Value)
			case err == async.ErrGoexit:
				w.say("goexit")
			default:
				w.say("error: %v", err)
			}
			return nil
		})
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
		fmt.Printf("%s:\n\t%s\n", s.name, strings.Join(w.log, "\n\t"))
	}
	os.Exit(code)
}
