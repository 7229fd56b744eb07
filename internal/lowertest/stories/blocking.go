//go:build blocking

package main

// With this tag "rondo.dev/rondo/async" is to be replaced by package blocking.
import "rondo.dev/rondo/async"

// run runs the first task.
func run(f func(*async.Task) error) error { return async.Run(f) }
