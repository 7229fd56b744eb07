package asynctest

import (
	"fmt"
	"testing"
	"time"

	"rondo.dev/rondo/async"
)

// CancelEverywhere runs an async function again and again, each time in a world
// of its own, and cancels it before its first step, after its first, after its
// second, and so on, until a run ends or comes to a standstill before it is
// cancelled. world makes the function, and a check that is called with the error
// that the task ended with. Timers fire when nothing else can happen. A task that
// does not end fails the test.
//
// Steps of other tasks count too: they are moments to be cancelled at.
func CancelEverywhere(t *testing.T, world func(t *testing.T, e *Executor) (f func(*async.Task) error, check func(err error))) {
	t.Helper()
	more := true
	for n := 0; more; n++ {
		t.Run(fmt.Sprintf("after step %d", n), func(t *testing.T) {
			e := New(t)
			f, check := world(t, e)
			r := Go(e, func(t *async.Task) (struct{}, error) { return struct{}{}, f(t) })
			moved := true
			for step := 0; step < n && moved && !r.Done; step++ {
				moved = e.move()
			}
			cancelled := !r.Done
			more = false
			if n == maxPlaces && moved && cancelled {
				t.Fatalf("asynctest: the task neither ends nor comes to a standstill within %d steps", n)
			}
			r.Cancel(ErrTest)
			for i := 0; i < maxSteps && !r.Done && e.move(); i++ {
			}
			if !r.Done {
				t.Fatalf("asynctest: the task did not end after it was cancelled after step %d", n)
			}
			more = moved && cancelled
			check(r.Err)
		})
	}
}

// maxPlaces bounds in how many places a function is cancelled.
const maxPlaces = 2000

// move takes a step, or else moves the clock to the next timer, and reports
// whether there was either.
func (e *Executor) move() bool {
	if e.Step() {
		return true
	}
	for fired := e.exec.Advance(int64(e.now)); fired == 0; {
		at, ok := e.exec.NextTimer() // early perhaps: then nothing fires
		if !ok {
			return false
		}
		e.now = max(e.now+1, time.Duration(at))
		fired = e.exec.Advance(int64(e.now))
	}
	return true
}
