//go:build !blocking

package main

import (
	"errors"
	"fmt"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
)

// run runs a program as a task.
func run(program func(*async.Task)) (err error) {
	e := rondo.Run(func(t *async.Task) error {
		child := t.Go(func(t *async.Task) error {
			program(t)
			return nil
		})
		err = child.Await(t)
		if p, ok := err.(*async.PanicError); ok {
			err = fmt.Errorf("panic: %v", p.Value)
		}
		if err == async.ErrGoexit {
			err = errors.New("goexit")
		}
		return nil
	}, rondo.Loops(1))
	if e != nil {
		return e
	}
	return err
}
