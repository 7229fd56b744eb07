//go:build !blocking

package main

import (
	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
)

// run runs the first task.
func run(f func(*async.Task) error) error { return rondo.Run(f, rondo.Loops(1)) }
