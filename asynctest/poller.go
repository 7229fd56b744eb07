package asynctest

import (
	"errors"
	"sync/atomic"
	"testing"

	"rondo.dev/rondo/async"
)

// A Poller polls one future by hand, as a task would.
type Poller[T any] struct {
	tb    testing.TB
	exec  *Executor
	f     async.Future[T]
	waker async.Waker
	slot  slot
	done  bool
}

// slot remembers a wake, which may come from any goroutine.
type slot struct{ woken atomic.Bool }

func (s *slot) Wake()      { s.woken.Store(true) }
func (s *slot) WakeLocal() { s.woken.Store(true) }

// NewPoller returns a poller of f on an executor. The future is not polled yet.
func NewPoller[T any](e *Executor, f async.Future[T]) *Poller[T] {
	p := &Poller[T]{tb: e.tb, exec: e, f: f}
	p.waker = async.WakerFor(&p.slot)
	return p
}

// Woken reports whether the future woke its waker since the last poll.
func (p *Poller[T]) Woken() bool { return p.slot.woken.Load() }

// Poll polls once. A future that wraps Pending, or that is polled after its
// result, fails the test.
func (p *Poller[T]) Poll() (v T, err error, ready bool) {
	p.tb.Helper()
	if p.done {
		p.tb.Fatal("asynctest: future polled after its result")
	}
	p.slot.woken.Store(false)
	p.turn(func(t *async.Task) { v, err = p.f.Poll(t) })
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
	if !ok {
		return true
	}
	p.turn(func(t *async.Task) { idle = c.Cancel(t, loser) })
	return idle
}

// maxPolls is where a future is taken to wake itself for ever.
const maxPolls = 1_000_000

// PollUntilIdle runs the executor, and polls whenever the future was woken, until
// it is ready or nothing moves. It fails the test when that seems never to come.
func (p *Poller[T]) PollUntilIdle() (v T, err error, ready bool) {
	p.tb.Helper()
	for polls := 0; polls == 0 || p.Woken(); polls++ {
		if polls == maxPolls {
			p.tb.Fatalf("asynctest: the future still wakes itself after %d polls", polls)
		}
		if v, err, ready = p.Poll(); ready {
			return v, err, true
		}
		p.exec.RunUntilIdle()
	}
	return v, err, false
}

// turn calls f as if in a step of a task, with the poller's waker. The task is a
// root that is there for that alone, and does nothing in its own steps.
func (p *Poller[T]) turn(f func(t *async.Task)) {
	e := p.exec
	if e.hand == nil {
		e.hand = new(async.Core)
		e.hand.StartRoot(&e.exec, idle{})
	}
	e.exec.Turn(e.hand, func(t *async.Task) {
		view := t.WithWaker(&p.waker)
		f(&view)
	})
}

type idle struct{}

func (idle) Step(*async.Task) bool { return false }
