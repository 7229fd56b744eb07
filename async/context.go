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

// errEnded is the cause of contexts whose task has ended.
var errEnded = errors.New("rondo: the task has ended")

func orCanceled(cause error) error {
	if cause == nil {
		return context.Canceled
	}
	return cause
}

// Deadline returns the earliest time limit of t's scopes.
func (t *Task) Deadline() (deadline time.Time, ok bool) {
	for s := t.scope; s != nil; s = s.outer {
		if !s.until.IsZero() && (!ok || s.until.Before(deadline)) {
			deadline, ok = s.until, true
		}
		if s.shield {
			break
		}
	}
	return deadline, ok
}

// Err returns nil until t is cancelled, then context.DeadlineExceeded if that was
// a time limit, else context.Canceled. Cause says more.
func (t *Task) Err() error {
	cause := t.Cause()
	switch {
	case cause == nil:
		return nil
	case errors.Is(cause, os.ErrDeadlineExceeded):
		return context.DeadlineExceeded
	}
	return context.Canceled
}

// Done returns a channel that is closed when t is cancelled or has ended.
func (t *Task) Done() <-chan struct{} { return t.context().Done() }

// Value returns the value for key of the context that the task's root was
// started with.
func (t *Task) Value(key any) any { return t.context().Value(key) }

// context returns the standard context behind t, made on demand.
func (t *Task) context() *lazyContext {
	if t.scope == nil {
		c := t.core
		return lazily(&c.coldBlock().ctx, c.root().baseContext(), func() error {
			if cause := c.cause(); cause != nil || !c.Ended() {
				return cause
			}
			return errEnded
		})
	}
	outer := Task{core: t.core, scope: t.scope.outer}
	var parent context.Context = outer.context()
	if t.scope.shield {
		parent = context.WithoutCancel(parent)
	}
	return lazily(&t.scope.ctx, parent, t.Cause)
}

// lazily makes the context at p, unless somebody was faster, and cancels it if
// what it stands for was cancelled before it could be told.
func lazily(p *atomic.Pointer[lazyContext], parent context.Context, cause func() error) *lazyContext {
	if x := p.Load(); x != nil {
		return x
	}
	ctx, cancel := context.WithCancelCause(parent)
	x := &lazyContext{ctx, cancel}
	if !p.CompareAndSwap(nil, x) {
		cancel(nil)
		return p.Load()
	}
	if err := cause(); err != nil {
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
		return b.base
	}
	return context.Background()
}

// SetContext gives a root, before its first step, the context whose values its
// tasks have. Its cancellation is not looked at.
func (c *Core) SetContext(ctx context.Context) {
	c.coldBlock().base = context.WithoutCancel(ctx)
}
