package async

import (
	"context"
	"time"
)

// Block polls f on the calling goroutine until it has a result: how plain code
// waits for a future. When ctx ends, f is cancelled like an awaiting task would
// cancel it, and if it then has no result, context.Cause(ctx) is returned.
//
// Futures that spawn tasks need an event loop and panic here.
func Block[T any](ctx context.Context, f Future[T]) (T, error) {
	if ctx.Err() != nil {
		var zero T
		return zero, context.Cause(ctx)
	}
	b := newBlocker()
	t := &b.core.task
	done := ctx.Done()
	for {
		v, err := f.Poll(t)
		if !IsPending(err) {
			return v, err
		}
		if b.park(done) {
			continue
		}
		done = nil
		b.core.cancel(context.Cause(ctx))
		if c, ok := f.(Canceler); !ok || c.Cancel(t, false) {
			return v, context.Cause(ctx)
		}
		if v, err := f.Poll(t); !IsPending(err) {
			return v, err
		}
	}
}

// blocker is a goroutine as an executor of one task, which it is itself.
type blocker struct {
	exec  Executor
	core  Core
	wake  chan struct{}
	began time.Time
}

func newBlocker() *blocker {
	b := &blocker{wake: make(chan struct{}, 1), began: time.Now()}
	b.exec.Init(b)
	b.core.init(&b.exec, nil)
	return b
}

// park waits until the task was woken, and reports whether it was; false means
// that done was closed.
func (b *blocker) park(done <-chan struct{}) (woken bool) {
	for {
		b.exec.Drain()
		now := int64(time.Since(b.began))
		b.exec.Advance(now)
		if b.core.queued {
			b.exec.queue.pop()
			b.core.queued = false
			b.exec.budget = budget
			return true
		}
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
	}
}

func (b *blocker) Interrupt() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

func (b *blocker) Coroutine() *Coroutine { return nil }
func (b *blocker) Recycle(*Coroutine)    {}
