package rondo

import (
	"sync/atomic"

	"rondo.dev/rondo/async"
)

// Spread starts f as a child of t on the least loaded loop, which may be another
// than t's. The rules of structure hold across loops: t does not end before the
// child, cancelling t cancels it, its error and panic come back. What f shares
// with t is then shared by two goroutines and needs a lock.
func Spread(t *async.Task, f func(t *async.Task) error) *async.Child {
	return spreadTo(t, LoopOf(t).rt.leastLoaded(), f, caller(1))
}

// SpreadTo is Spread to a loop of the caller's choice.
func SpreadTo(t *async.Task, l *Loop, f func(t *async.Task) error) *async.Child {
	return spreadTo(t, l, f, caller(1))
}

func spreadTo(t *async.Task, l *Loop, f func(t *async.Task) error, site uintptr) *async.Child {
	l.placed.Add(1)
	if l == LoopOf(t) {
		return t.GoFrom(site, f)
	}
	s := &spread{loop: l, f: f, site: site}
	async.SpawnFrame(t, &s.child.Join, s, 0)
	return &s.child
}

// spread is the child's deputy on its parent's loop: a frame that starts the
// child as a root of its own loop, passes a cancellation on, and ends with it.
//
// core belongs to the child's loop. err is written there before done is set.
type spread struct {
	child  async.Child
	loop   *Loop
	f      func(t *async.Task) error
	site   uintptr
	posted bool
	asked  bool
	core   *async.Core
	done   atomic.Bool
	err    error
}

// Step is called on the parent's loop.
func (s *spread) Step(t *async.Task) (done bool) {
	if !s.posted {
		s.posted = true
		w := t.Waker()
		// t is its context: the values and the time limit are those of its parent.
		child := async.Root{Run: s.f, Site: s.site, Context: t, Ended: func(err error) {
			s.err = err
			s.done.Store(true)
			w.Wake()
		}}
		s.f = nil
		posted := s.loop.Post(func() { s.core = child.Start(&s.loop.exec) })
		if !posted {
			s.err = async.ErrExecutorClosed
			return true
		}
	}
	if s.done.Load() {
		return true
	}
	if cause := t.Cause(); cause != nil && !s.asked {
		s.asked = true
		s.loop.Post(func() { s.core.CancelLocal(cause) })
	}
	return false
}

// SpawnSite is the child's, which is elsewhere.
func (s *spread) SpawnSite() uintptr { return s.site }

// Outcome is the child's error, Result the same.
func (s *spread) Outcome() error { return s.err }

// Result makes it a FrameOf.
func (s *spread) Result() (struct{}, error) { return struct{}{}, s.err }
