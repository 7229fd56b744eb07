//go:build blocking

package main

import (
	"errors"
	"fmt"

	"rondo.dev/rondo/async"
)

// run runs a program on a goroutine.
func run(program func(*async.Task)) error {
	err := async.Run(func(t *async.Task) error {
		program(t)
		return nil
	})
	if p, ok := err.(*async.PanicError); ok {
		err = fmt.Errorf("panic: %v", p.Value)
	}
	if err == async.ErrGoexit {
		err = errors.New("goexit")
	}
	return err
}
