// Package interleave tests small concurrent protocols by running them in every
// order there is.
//
// A protocol is written down as a few threads, each a sequence of steps. A step
// stands for one atomic action: one load, one store, one swap, or whatever a
// mutex makes one. Explore runs every interleaving of the steps, each from a
// newly built state, on one goroutine: so it is exhaustive, repeatable, and finds
// in milliseconds what a stress test finds in a night or never.
//
// What it explores is sequential consistency, which is what sync/atomic and
// mutexes give. A data race between plain memory accesses is for the race
// detector to find.
//
// The number of interleavings is that of arranging the steps: two threads of
// five steps have 252, three of four have 34,650, four of four 63 million. Model
// what matters and no more.
package interleave

import (
	"fmt"
	"strings"
	"testing"
)

// A Thread carries out its next step and tells how things stand. It is called
// with the number of steps that it has done, beginning with 0; a thread with
// branches may as well keep its own place.
//
// A step that cannot be taken now, such as locking a mutex that is held, returns
// blocked, having changed nothing. It is tried again after others have run. Else
// more tells whether the thread has steps left.
//
// Steps must depend on nothing but what setup built: the same order of steps has
// to lead to the same state. A loop must wait by a blocked step, not by spinning,
// which would have interleavings without end.
type Thread func(step int) (more, blocked bool)

// Sequence makes a thread of steps without branches. Each reports whether it was
// blocked. There has to be at least one.
func Sequence(steps ...func() (blocked bool)) Thread {
	if len(steps) == 0 {
		panic("rondo/interleave: Sequence without steps")
	}
	return func(step int) (more, blocked bool) {
		blocked = steps[step]()
		return step+1 < len(steps), blocked
	}
}

// A Setup builds the state of one run: its threads, and a check of the state
// that they leave behind. A nil check checks nothing, and a step that finds
// something wrong on the way panics.
type Setup func() (threads []Thread, check func() error)

// Explore runs all interleavings, and fails the test with the schedule of the
// first that goes wrong: check returned an error, a step panicked, or threads
// were blocked when no other was left to run. It returns the number of
// interleavings that it ran.
func Explore(t testing.TB, setup Setup) (schedules int) {
	t.Helper()
	schedules, failure := Find(setup)
	if failure != nil {
		t.Fatalf("interleaving %d: %v", schedules, failure)
	}
	return schedules
}

// Find is Explore for those who expect a failure, as a test of a test does: it
// returns the first one, or nil, and the number of interleavings that it ran.
func Find(setup Setup) (schedules int, failure *Failure) {
	// path holds the threads chosen so far. Its last element is the choice to
	// make anew: that thread, or the first after it that can run.
	for path := []int{}; ; {
		r := newRun(setup)
		if end := r.follow(path); end == exhausted {
			path = path[:len(path)-1]
		} else {
			schedules++
			if failure := r.failure(end); failure != nil {
				return schedules, failure
			}
			path = r.chosen
		}
		if len(path) == 0 {
			return schedules, nil
		}
		path[len(path)-1]++
	}
}

// A Failure is an interleaving that went wrong.
type Failure struct {
	Schedule []int // the threads in the order in which they took a step
	Blocked  []int // the threads that were blocked at the end
	Err      error // what went wrong
}

func (f *Failure) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%v\nschedule (thread:step):", f.Err)
	steps := make(map[int]int)
	for _, thread := range f.Schedule {
		fmt.Fprintf(&b, " %d:%d", thread, steps[thread])
		steps[thread]++
	}
	for _, thread := range f.Blocked {
		fmt.Fprintf(&b, "\nthread %d is blocked in step %d", thread, steps[thread])
	}
	return b.String()
}

func (f *Failure) Unwrap() error { return f.Err }
