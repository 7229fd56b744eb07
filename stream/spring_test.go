package stream_test

import (
	"context"
	"fmt"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/asynctest"
)

// failer is a *testing.T, or a *rapid.T.
type failer interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// world is springs and drops with a clock of their own, so that a run can be repeated
// and stopped anywhere.
type world struct {
	tb   failer
	exec *asynctest.Executor
	now  int
	all  []*spring
}

// move takes a step of some task, or else moves the clock to what is due next, and
// reports whether there was either.
func (w *world) move() bool {
	if w.exec.Step() {
		return true
	}
	next := -1
	for _, s := range w.all {
		if s.waits() && (next < 0 || s.due < next) {
			next = s.due
		}
	}
	if next < 0 {
		return false
	}
	w.now = max(w.now, next)
	for i := range w.all { // nothing is added here: tasks don't run
		if s := w.all[i]; s.waits() && s.due <= w.now {
			s.due, s.woken = w.now, true
			s.waker.WakeLocal()
		}
	}
	return true
}

// A spring is a stream whose items take some time each. What it has when it loses goes
// back into it.
type spring struct {
	w       *world
	items   []int // negative: an error
	delays  []int
	leaving manner
	once    bool // it is a future: polled after its result, or asked after, it complains

	taken int
	state springState
	loser bool
	woken bool // its waker was woken, it has not been polled since
	due   int
	waker *async.Waker
}

// manner is what a spring does when it is asked to give up.
type manner int

const (
	atOnce  manner = iota // idle
	happens               // it has its item all the same, at once
	slowly                // it ends a little later, with the cause
	late                  // it ends a little later, with its item
	manners
)

type springState int

const (
	still springState = iota
	armed
	givingUp
)

// waits reports whether the spring will wake somebody.
func (s *spring) waits() bool { return s.state != still && !s.woken }

type springError int

func (e springError) Error() string { return fmt.Sprintf("item %d failed", int(e)) }

func (s *spring) Poll(t *async.Task) (v int, err error) {
	s.woken = false
	if s.taken == len(s.items) {
		if s.once {
			s.w.tb.Errorf("a future was polled after its result")
		}
		return 0, eof
	}
	if s.state == still {
		s.state, s.due = armed, s.w.now+s.delays[s.taken]
	}
	if s.w.now < s.due {
		s.waker = t.Waker()
		return 0, async.Pending
	}
	wasLoser, leaves := s.loser, s.state == givingUp
	s.state, s.loser = still, false
	switch {
	case leaves && s.leaving == slowly:
		if err = t.Cause(); err == nil {
			err = context.Canceled
		}
		return 0, err
	case wasLoser:
		return 0, errGone // the item goes back
	}
	v = s.items[s.taken]
	s.taken++
	if v < 0 {
		return 0, springError(v)
	}
	return v, nil
}

func (s *spring) Cancel(_ *async.Task, loser bool) (idle bool) {
	switch s.state {
	case still:
		s.w.tb.Errorf("a spring was cancelled, but is not in flight")
		return true
	case givingUp:
		s.loser = s.loser || loser
		return false
	}
	if s.leaving == atOnce && s.due > s.w.now {
		s.state = still
		return true
	}
	if s.due <= s.w.now && s.leaving != slowly {
		s.leaving = happens
	}
	s.loser, s.state, s.woken = loser, givingUp, false
	if s.leaving == happens {
		s.due = s.w.now
	} else {
		s.due = s.w.now + 1
	}
	return false
}
