// Package tasktest runs one task to its end, for tests of what happens to it.
package tasktest

import (
	"testing"
	"time"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/asynctest"
	"rondo.dev/rondo/timer"
)

// Alone runs f as a task for a virtual day, and cancels it when it first waits, if cancel
// is set. It returns what f has returned, and whether it has.
func Alone(tb testing.TB, cancel bool, f func(e *asynctest.Executor, t *async.Task) error) (err error, done bool) {
	e := asynctest.New(tb)
	r := asynctest.Go(e, func(t *async.Task) (struct{}, error) { return struct{}{}, f(e, t) })
	e.RunUntilIdle()
	if cancel {
		r.Cancel(asynctest.ErrTest)
	}
	e.Advance(24 * time.Hour)
	return r.Err, r.Done
}

// Sleep suspends t for d.
func Sleep(t *async.Task, d time.Duration) error { return timer.Sleep(d).Await(t) }
