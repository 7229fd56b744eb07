package async

import (
	"context"
	"time"
)

// Block polls f on the calling goroutine until it has a result: how plain code
// waits for a future. When ctx ends, f is cancelled like an awaiting task would
// cancel it, and if it then has no result, context.Cause(ctx) is returned.
//
// Futures that spawn tasks need an event loop and panic here. So does a task that
// calls Block, if it would have to wait: it would stop its executor.
func Block[T any](ctx context.Context, f Future[T]) (T, error) {
	var zero T
	b := newBlocker(ctx)
	t := &b.core.task
	defer b.end()
	done := ctx.Done()
	asked, waited := false, false
	if ctx.Err() != nil {
		cause := context.Cause(ctx)
		b.core.cancel(cause)
		done, asked = nil, true
		if GiveUp(t, f, false) { // f may have begun
			return zero, cause
		}
	}
	for {
		v, err := f.Poll(t)
		if !IsPending(err) {
			return v, err
		}
		if cause := t.Cause(); cause != nil && !asked {
			asked = true
			if GiveUp(t, f, false) {
				return zero, cause
			}
			continue // it may have ended inside Cancel
		}
		if !waited {
			waited = true
			if insideTask() {
				GiveUp(t, f, false) // what was begun must not stay in a line
				panic(blocking)
			}
		}
		if !b.park(done) {
			done = nil
			b.core.cancel(context.Cause(ctx))
		}
	}
}

// blocker is a goroutine as an executor of one task, which it is itself: the core
// has no frame, and is in step for as long as there is a blocker.
type blocker struct {
	exec  Executor
	core  Core
	cold  cold // the core's, which has a context in any case
	wake  chan struct{}
	began time.Time
}

func newBlocker(ctx context.Context) *blocker {
	b := &blocker{wake: make(chan struct{}, 1), began: time.Now()}
	b.exec.Init(b)
	b.exec.budget = budget
	b.core.init(&b.exec, nil)
	b.cold.base = ctx
	b.core.cold.Store(&b.cold)
	b.core.inStep = true
	return b
}

// end ends the task, for those who have its context.
func (b *blocker) end() {
	b.core.state.Or(stateEnded)
	b.cold.endContexts()
}

// park waits until the task was woken, and reports whether it was; false means
// that done was closed.
func (b *blocker) park(done <-chan struct{}) (woken bool) {
	for {
		b.exec.Drain()
		now := int64(time.Since(b.began))
		b.exec.Advance(now)
		if b.exec.queue.len() > 0 {
			b.exec.queue.pop() // the core itself: nothing else can be started here
			b.core.queued = false
			b.exec.budget = budget
			return true
		}
		if !b.sleep(now, done) {
			return false
		}
	}
}

// sleep waits for a reason to look again, and reports false if that is done.
func (b *blocker) sleep(now int64, done <-chan struct{}) bool {
	var due <-chan time.Time
	if at, ok := b.exec.NextTimer(); ok {
		x := time.NewTimer(time.Duration(at - now))
		defer x.Stop()
		due = x.C
	}
	select {
	case <-b.wake:
	case <-due:
	case <-done:
		return false
	}
	return true
}

func (b *blocker) Interrupt() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

func (b *blocker) Coroutine() *Coroutine { return nil }
func (b *blocker) Recycle(*Coroutine)    {}
