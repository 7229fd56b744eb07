package asynctest

import (
	"fmt"
	"testing"
	"time"

	"rondo.dev/rondo/async"
)

// CancelEverywhere runs an async function again and again, each time in a world
// of its own, and cancels it after its first step, after its second, and so on,
// until one run ends before it is cancelled. world makes the function, and a
// check that is called with the error that the task ended with. Timers fire when
// nothing else can happen. A task that does not end fails the test.
func CancelEverywhere(t *testing.T, world func(t *testing.T, e *Executor) (f func(*async.Task) error, check func(err error))) {
	t.Helper()
	for n, more := 0, true; more; n++ {
		t.Run(fmt.Sprintf("after step %d", n), func(t *testing.T) {
			e := New(t)
			f, check := world(t, e)
			r := Go(e, func(t *async.Task) (struct{}, error) { return struct{}{}, f(t) })
			for range n {
				if !e.Step() && !e.skip() {
					break
				}
			}
			more = !r.Done
			r.Cancel(ErrTest)
			for !r.Done && (e.Step() || e.skip()) {
			}
			if !r.Done {
				more = false
				t.Fatalf("the task did not end after it was cancelled at step %d", n)
			}
			check(r.Err)
		})
	}
}

// skip moves the clock to the next timer, and reports whether there is one.
func (e *Executor) skip() bool {
	e.exec.Advance(int64(e.now))
	at, ok := e.exec.NextTimer()
	if !ok {
		return e.exec.Ready() > 0
	}
	e.now = max(e.now+1, time.Duration(at))
	e.exec.Advance(int64(e.now))
	return true
}
