package async

import (
	"os"
	"sync/atomic"
	"time"

	"rondo.dev/rondo/internal/wheel"
)

// A scope is a part of a task's run that can be cancelled alone. The core's own
// scope is a nil pointer and the bit in Core.state.
//
// Cancelling looks outwards, not inwards: an await asks its scope, which asks
// the one around it, so nothing has to be told to the scopes inside. The task is
// woken to ask. Only children, which are tasks of their own, are told.
type scope struct {
	core    *Core
	outer   *scope // nil: the core's own
	waker   *Waker // of the view that it was made from: whoever is to look again
	group   *Group // whose members are spawned inside, or nil
	shield  bool   // ask no further: WithoutCancel
	stopped atomic.Bool
	cause   atomic.Pointer[error]
	until   time.Time // the time limit, zero for none; never changed
	timer   wheel.Timer
	ctx     atomic.Pointer[lazyContext]
}

// WithCancel returns a view of t with a scope of its own, and the function that
// cancels it: awaits through the view return the cause, or context.Canceled if
// it is nil, and children spawned through it are cancelled. t's own cancellation
// goes on to reach the view. The function is called by the task or others on its
// executor.
func (t *Task) WithCancel() (view *Task, cancel func(cause error)) {
	s := &scope{core: t.core, outer: t.scope, waker: t.waker}
	return &Task{t.core, s, t.waker}, s.cancel
}

// WithTimeout is WithCancel with a time limit: after d the scope is cancelled
// with os.ErrDeadlineExceeded, at once if d is not positive. stop lifts the limit,
// and has to be called when the view is no longer used. It cancels neither awaits
// nor children, but ends the contexts that were derived from the view.
func (t *Task) WithTimeout(d time.Duration) (view *Task, stop func()) {
	s := &scope{core: t.core, outer: t.scope, waker: t.waker, until: time.Now().Add(d)}
	if d > 0 {
		t.core.exec.StartTimer(&s.timer, d, s)
	} else {
		s.Fire()
	}
	return &Task{t.core, s, t.waker}, s.stop
}

// stop lifts a time limit. Its context has to end too, or a task that makes many
// would collect them.
func (s *scope) stop() {
	s.core.exec.StopTimer(&s.timer)
	s.stopped.Store(true)
	if x := s.ctx.Load(); x != nil {
		x.cancel(errStopped)
	}
}

// WithoutCancel returns a view of t that cancellation does not reach: for the
// clean-up of a cancelled task, best with a time limit of its own:
//
//	t, stop := t.WithoutCancel().WithTimeout(time.Second)
//	defer stop()
//
// Children spawned through it are children of the task all the same.
func (t *Task) WithoutCancel() *Task {
	b := t.core.coldBlock()
	if b.shield == nil {
		b.shield = &scope{core: t.core, shield: true}
	}
	return &Task{t.core, b.shield, t.waker}
}

// Cause returns why t was cancelled, nil if it was not. Any goroutine may ask.
func (t *Task) Cause() error {
	for s := t.scope; s != nil; s = s.outer {
		if p := s.cause.Load(); p != nil {
			return *p
		}
		if s.shield {
			return nil
		}
	}
	return t.core.Cause()
}

// Cause returns why the task as a whole was cancelled, nil if it was not. Any goroutine
// may ask.
func (c *Core) Cause() error {
	if c.state.Load()&stateCancelled == 0 {
		return nil
	}
	return c.cold.Load().cause
}

// Fire is the end of a time limit.
func (s *scope) Fire() { s.cancel(os.ErrDeadlineExceeded) }

// cancel cancels the scope, on the executor. If what is around it was cancelled
// before, that stays the cause.
func (s *scope) cancel(cause error) {
	s.core.exec.StopTimer(&s.timer)
	if view := (Task{core: s.core, scope: s}); view.Cause() != nil {
		return
	}
	cause = orCanceled(cause)
	s.cause.Store(&cause)
	if x := s.ctx.Load(); x != nil {
		x.cancel(cause)
	}
	s.core.cancelChildren(cause, s)
	s.waker.WakeLocal()
}

// Cancel cancels the task with a cause; nil means context.Canceled. Any goroutine
// may call it. Only the first cause counts.
func (c *Core) Cancel(cause error) {
	c.exec.Post(func() { c.cancel(orCanceled(cause)) })
}

// CancelLocal is Cancel for callers on the executor.
func (c *Core) CancelLocal(cause error) { c.cancel(orCanceled(cause)) }

// cancel cancels the core's own scope. The order matters for contexts that are
// made at the same time by other goroutines: cause, bit, then the context that
// exists; whoever makes one publishes it, then looks at the bit.
func (c *Core) cancel(cause error) {
	if c.state.Load()&(stateCancelled|stateEnded) != 0 {
		return
	}
	b := c.coldBlock()
	b.cause = cause
	c.state.Or(stateCancelled)
	if x := b.ctx.Load(); x != nil {
		x.cancel(cause)
	}
	c.cancelChildren(cause, nil)
	c.exec.schedule(c)
}

// cancelChildren cancels the children that were spawned inside s; nil is all
// that no shield protects.
func (c *Core) cancelChildren(cause error, s *scope) {
	b := c.cold.Load()
	if b == nil {
		return
	}
	for child := b.children; child != nil; child = child.next {
		if child.inside(s) {
			child.cancel(cause)
		}
	}
}

// inside reports whether c was spawned inside the parent's scope s.
func (c *Core) inside(s *scope) bool {
	in := c.under()
	for ; in != s; in = in.outer {
		if in == nil || in.shield {
			return false
		}
	}
	return true
}

// under returns the scope of the parent that c was spawned through.
func (c *Core) under() *scope {
	if b := c.cold.Load(); b != nil {
		return b.under
	}
	return nil
}
