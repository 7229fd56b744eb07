package async

import (
	"context"
	"errors"
	"os"
	"sync/atomic"
	"time"
)

// A *Task is a context.Context by way of one of package context's own, made when
// somebody first asks for Done or Value: a type with a Done of its own would cost
// a goroutine for each context that is derived from it, and lose causes.
var _ context.Context = (*Task)(nil)

// lazyContext is that context.
type lazyContext struct {
	context.Context
	cancel context.CancelCauseFunc
}

// The causes of contexts that are over although their task was not cancelled.
var (
	errEnded   = errors.New("rondo: the task has ended")
	errStopped = errors.New("rondo: the time limit was stopped")
)

func orCanceled(cause error) error {
	if cause == nil {
		return context.Canceled
	}
	return cause
}

// Deadline returns the earliest time limit that t is under: of its scopes, of those
// that it and its parents were spawned in, and of the context that its root was
// started with.
func (t *Task) Deadline() (deadline time.Time, ok bool) {
	earlier := func(until time.Time) {
		if !ok || until.Before(deadline) {
			deadline, ok = until, true
		}
	}
	for c, s := t.core, t.scope; c != nil; c, s = c.parent, c.under() {
		for ; s != nil; s = s.outer {
			if !s.until.IsZero() && !s.stopped.Load() {
				earlier(s.until)
			}
			if s.shield {
				return deadline, ok
			}
		}
		if b := c.cold.Load(); b != nil && b.base != nil {
			if until, limited := b.base.Deadline(); limited {
				earlier(until)
			}
		}
	}
	return deadline, ok
}

// Err returns nil until Done is closed, then context.DeadlineExceeded if that was
// a time limit, else context.Canceled. Cause says more. (A context that was
// derived from t says context.Canceled for both; context.Cause tells them apart.)
func (t *Task) Err() error {
	err := t.over()
	switch {
	case err == nil:
		return nil
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return context.DeadlineExceeded
	}
	return context.Canceled
}

// Done returns a channel that is closed when t is cancelled or has ended, or the
// time limit that t is a view of was stopped.
func (t *Task) Done() <-chan struct{} { return t.context().Done() }

// over returns why t's context is over, nil while it is not.
func (t *Task) over() error {
	if cause := t.Cause(); cause != nil {
		return cause
	}
	if t.core.Ended() {
		return errEnded
	}
	for s := t.scope; s != nil && !s.shield; s = s.outer {
		if s.stopped.Load() {
			return errStopped
		}
	}
	return nil
}

// Value returns the value for key of the context that the task's root was
// started with.
func (t *Task) Value(key any) any { return t.context().Value(key) }

// context returns the standard context behind t, made on demand.
func (t *Task) context() *lazyContext {
	if t.scope == nil {
		return lazily(&t.core.coldBlock().ctx, t.core.root().baseContext(), t.over)
	}
	outer := Task{core: t.core, scope: t.scope.outer}
	var parent context.Context = outer.context()
	if t.scope.shield {
		parent = context.WithoutCancel(parent)
	}
	return lazily(&t.scope.ctx, parent, t.over)
}

// endContexts ends the contexts of a task that has ended, so that nothing waits
// for them for ever. Those of its scopes hang on these two. The task's own may have
// been made since it was cancelled, and not have been told of that yet.
func (b *cold) endContexts() {
	if x := b.ctx.Load(); x != nil {
		if b.cause != nil {
			x.cancel(b.cause)
		}
		x.cancel(errEnded)
	}
	if b.shield != nil {
		if x := b.shield.ctx.Load(); x != nil {
			x.cancel(errEnded)
		}
	}
}

// lazily makes the context at p, unless somebody was faster, and cancels it if
// what it stands for was over before it could be told: over is asked after the
// context can be seen.
func lazily(p *atomic.Pointer[lazyContext], parent context.Context, over func() error) *lazyContext {
	if x := p.Load(); x != nil {
		return x
	}
	ctx, cancel := context.WithCancelCause(parent)
	x := &lazyContext{ctx, cancel}
	if !p.CompareAndSwap(nil, x) {
		cancel(nil)
		return p.Load()
	}
	if err := over(); err != nil {
		cancel(err)
	}
	return x
}

func (c *Core) root() *Core {
	for c.parent != nil {
		c = c.parent
	}
	return c
}

func (c *Core) baseContext() context.Context {
	if b := c.cold.Load(); b != nil && b.base != nil {
		return context.WithoutCancel(b.base)
	}
	return context.Background()
}

// SetContext gives a root, before its first step, the context whose values and time
// limit its tasks see. It is the caller who cancels c when ctx ends: this does not
// watch it.
func (c *Core) SetContext(ctx context.Context) { c.coldBlock().base = ctx }
