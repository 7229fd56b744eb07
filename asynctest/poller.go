package asynctest

import (
	"errors"
	"testing"

	"rondo.dev/rondo/async"
)

// A Poller polls one future by hand, as a task would.
type Poller[T any] struct {
	tb    testing.TB
	exec  *Executor
	f     async.Future[T]
	task  async.Task
	waker async.Waker
	slot  slot
	done  bool
}

// slot counts the wakes.
type slot struct{ woken int }

func (s *slot) Wake()      { s.woken++ }
func (s *slot) WakeLocal() { s.woken++ }

// NewPoller returns a poller of f on an executor. The future is not polled yet.
func NewPoller[T any](e *Executor, f async.Future[T]) *Poller[T] {
	p := &Poller[T]{tb: e.tb, exec: e, f: f}
	p.waker = async.WakerFor(&p.slot)
	p.task = e.view(&p.waker)
	return p
}

// Woken reports whether the future woke its waker since the last poll.
func (p *Poller[T]) Woken() bool { return p.slot.woken > 0 }

// Poll polls once. A future that wraps Pending, or that is polled after its
// result, fails the test.
func (p *Poller[T]) Poll() (v T, err error, ready bool) {
	p.tb.Helper()
	if p.done {
		p.tb.Fatal("asynctest: future polled after its result")
	}
	p.slot.woken = 0
	v, err = p.f.Poll(&p.task)
	if async.IsPending(err) {
		return v, err, false
	}
	if errors.Is(err, async.Pending) {
		p.tb.Errorf("asynctest: Poll returned an error that wraps Pending (%v): the task would never wake", err)
	}
	p.done = true
	return v, err, true
}

// Cancel asks the future to give up, as Await would for a cancelled task, or as a
// combinator would for a loser. A future that is not a Canceler is idle.
func (p *Poller[T]) Cancel(loser bool) (idle bool) {
	c, ok := p.f.(async.Canceler)
	return !ok || c.Cancel(&p.task, loser)
}

// PollUntilIdle runs the executor, and polls whenever the future was woken, until
// it is ready or nothing moves.
func (p *Poller[T]) PollUntilIdle() (v T, err error, ready bool) {
	p.tb.Helper()
	for first := true; first || p.Woken(); first = false {
		if v, err, ready = p.Poll(); ready {
			return v, err, true
		}
		p.exec.RunUntilIdle()
	}
	return v, err, false
}

// view returns a task view for polling by hand: of a root that is there for that
// alone, and never does anything in its own steps.
func (e *Executor) view(w *async.Waker) async.Task {
	if e.hand == nil {
		e.hand = new(async.Core)
		e.hand.StartRoot(&e.exec, idle{})
		e.RunUntilIdle()
	}
	return e.hand.Task().WithWaker(w)
}

type idle struct{}

func (idle) Step(*async.Task) bool { return false }
