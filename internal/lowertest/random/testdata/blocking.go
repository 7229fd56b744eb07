//go:build blocking

package main

import (
	"fmt"

	"rondo.dev/rondo/async"
)

// run runs a program on a goroutine.
func run(program func(*async.Task)) error {
	done := make(chan error)
	go func() {
		defer func() {
			if e := recover(); e != nil {
				done <- fmt.Errorf("panic: %v", e)
				return
			}
			done <- nil
		}()
		program(new(async.Task))
	}()
	return <-done
}
