package interleave

import (
	"errors"
	"fmt"
	"runtime/debug"
)

// The reasons for Failure.Err that are not errors of the check.
var (
	ErrDeadlock = errors.New("deadlock")
	ErrEndless  = errors.New("too many steps: threads have to wait by blocked steps")
	ErrChanged  = errors.New("the same schedule led to another state: steps must depend on nothing but what setup built")
)

// maxSteps is where a run is taken to have no end. All interleavings of so many
// steps could not be explored.
const maxSteps = 1000

// A run is one interleaving under way.
type run struct {
	threads []thread
	check   func() error
	chosen  []int // the threads that took a step, in order
	err     error // of a run that failed
}

type thread struct {
	step func(step int) (more, blocked bool)
	done int // steps taken
	over bool
}

// An end is how following a path came out.
type end uint8

const (
	finished  end = iota // all threads are over
	deadlock             // the others are blocked
	failed               // run.err says why
	exhausted            // the last choice of the path has no alternative left
)

func newRun(setup Setup) *run {
	threads, check := setup()
	r := &run{check: check}
	for _, t := range threads {
		r.threads = append(r.threads, thread{step: t})
	}
	return r
}

// follow makes the choices of path, the last of which may become a later thread,
// and goes on from there with the first thread that can run, to the end.
func (r *run) follow(path []int) end {
	last := len(path) - 1
	for {
		n := len(r.chosen)
		if n == maxSteps {
			r.err = ErrEndless
			return failed
		}
		candidate := 0
		if n <= last {
			candidate = path[n]
		}
		// A blocked step changes nothing, so trying one is no part of the run.
		taken, err := r.choose(candidate)
		switch {
		case err != nil:
			r.err = err
			return failed
		case n < last && taken != path[n]:
			r.err = ErrChanged
			return failed
		case taken < len(r.threads):
		case n == last:
			return exhausted
		case len(r.blocked()) > 0:
			return deadlock
		default:
			return finished
		}
	}
}

// choose lets the first thread from candidate on that can run take a step, and
// returns it, or the number of threads if there is none.
func (r *run) choose(candidate int) (taken int, err error) {
	for i := candidate; i < len(r.threads); i++ {
		t := &r.threads[i]
		if t.over {
			continue
		}
		more, blocked, err := t.try()
		if blocked && err == nil {
			continue
		}
		t.done++
		t.over = !more
		r.chosen = append(r.chosen, i)
		return i, err
	}
	return len(r.threads), nil
}

// try calls the thread's step, and makes an error of a panic.
func (t *thread) try() (more, blocked bool, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v\n%s", v, debug.Stack())
		}
	}()
	more, blocked = t.step(t.done)
	return more, blocked, nil
}

// blocked returns the threads that are not over.
func (r *run) blocked() []int {
	var threads []int
	for i, t := range r.threads {
		if !t.over {
			threads = append(threads, i)
		}
	}
	return threads
}

// failure returns what is wrong with a run that ended, or nil.
func (r *run) failure(e end) *Failure {
	f := &Failure{Schedule: r.chosen}
	switch e {
	case failed:
		f.Err = r.err
	case deadlock:
		f.Err = ErrDeadlock
		f.Blocked = r.blocked()
	case finished:
		if r.check != nil {
			f.Err = r.check()
		}
	}
	if f.Err == nil {
		return nil
	}
	return f
}
