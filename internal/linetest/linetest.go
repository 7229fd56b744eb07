// Package linetest polls many operations of different types by hand, for tests of
// what they wait for.
package linetest

import (
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/asynctest"
)

// An Actor is one operation under way.
type Actor struct {
	Done   bool
	poll   func() (ready bool)
	cancel func(loser bool) (idle bool)
	woken  func() bool
}

// New returns an actor that has not begun. got is called with its result.
func New[T any](e *asynctest.Executor, f async.Future[T], got func(v T, err error)) *Actor {
	p := asynctest.NewPoller(e, f)
	a := &Actor{woken: p.Woken}
	a.poll = func() bool {
		v, err, ready := p.Poll()
		if ready {
			got(v, err)
		}
		return ready
	}
	a.cancel = p.Cancel
	return a
}

// Poll polls, and reports whether it is done.
func (a *Actor) Poll() bool {
	a.Done = a.Done || a.poll()
	return a.Done
}

// Woken reports whether it was woken since it was polled.
func (a *Actor) Woken() bool { return !a.Done && a.woken() }

// Cancel gives it up, and reports whether that was all.
func (a *Actor) Cancel(loser bool) (idle bool) {
	a.Done = true
	return a.cancel(loser)
}

// Actors are several of them.
type Actors []*Actor

// Settle polls those who were woken until nobody is.
func (as Actors) Settle() {
	for again := true; again; {
		again = false
		for _, a := range as {
			if a.Woken() {
				again = true
				a.Poll()
			}
		}
	}
}

// Forgotten returns how many are ready although nobody has woken them. It polls
// all, after Settle.
func (as Actors) Forgotten() (n int) {
	as.Settle()
	for _, a := range as {
		if !a.Done && a.Poll() {
			n++
		}
	}
	return n
}

// Waiting returns those who are not done.
func (as Actors) Waiting() (w Actors) {
	for _, a := range as {
		if !a.Done {
			w = append(w, a)
		}
	}
	return w
}
