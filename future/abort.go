package future

import (
	"context"
	"sync/atomic"

	"rondo.dev/rondo/async"
)

// Abortable returns f and a handle that any goroutine can stop it with: it is then
// given up like a future of a cancelled task, while the task goes on, and its result
// is the handle's cause if it has none. Two allocations, and a few
// when it is stopped.
func Abortable[T any](f async.Future[T]) (async.Future[T], *Abort) {
	h := new(Abort)
	return &abortable[T]{f: f, abort: h}, h
}

// Abort stops an Abortable.
type Abort struct {
	waker atomic.Pointer[async.Waker]
	cause atomic.Pointer[error]
}

// Stop stops the future; a nil cause means context.Canceled. Only the first Stop
// counts, and one after the result does nothing. Any goroutine may call it.
func (a *Abort) Stop(cause error) {
	if cause == nil {
		cause = context.Canceled
	}
	if a.cause.CompareAndSwap(nil, &cause) {
		if w := a.waker.Load(); w != nil {
			w.Wake()
		}
	}
}

// abortable polls f in the scope of the task, and once it was stopped in one of its
// own, that has the cause.
type abortable[T any] struct {
	f     async.Future[T]
	abort *Abort
	begun bool
	loser bool
	scope *async.Task // nil: not stopped
	view  async.Task  // scope, with the waker of the poll
}

func (x *abortable[T]) Poll(t *async.Task) (v T, err error) {
	if w := t.Waker(); x.abort.waker.Load() != w {
		x.abort.waker.Store(w)
	}
	if x.scope != nil {
		x.view = x.scope.WithWaker(t.Waker())
		v, err = x.f.Poll(&x.view)
		return v, x.ended(err)
	}
	cause := x.abort.cause.Load() // after the waker was stored
	if cause == nil {
		x.begun = true
		v, err = x.f.Poll(t)
		return v, x.ended(err)
	}
	if !x.begun {
		return v, *cause
	}
	scope, cancel := t.WithCancel()
	cancel(*cause)
	x.scope = scope
	x.view = scope.WithWaker(t.Waker())
	if async.GiveUp(&x.view, x.f, x.loser) {
		x.ended(nil)
		return v, *cause
	}
	v, err = x.f.Poll(&x.view) // it may have ended inside Cancel
	return v, x.ended(err)
}

// ended forgets that it has begun, unless err is Pending.
func (x *abortable[T]) ended(err error) error {
	if !async.IsPending(err) {
		x.begun, x.loser, x.scope, x.view = false, false, nil, async.Task{}
	}
	return err
}

func (x *abortable[T]) Cancel(t *async.Task, loser bool) (idle bool) {
	switch {
	case !x.begun:
		return true
	case x.scope != nil && !loser:
		return false // it was asked by Stop
	}
	if async.GiveUp(t, x.f, loser) {
		x.ended(nil)
		return true
	}
	x.loser = loser
	return false
}
