package future

import (
	"context"
	"sync/atomic"

	"rondo.dev/rondo/async"
)

// Done returns a future of ctx's end: it fails, with context.Cause(ctx). It needs no
// goroutine while it waits. It costs what context.AfterFunc does.
func Done(ctx context.Context) async.Future[struct{}] { return &doneOf{ctx: ctx} }

type doneOf struct {
	ctx   context.Context
	waker atomic.Pointer[async.Waker]
	stop  func() bool // nil: not registered
}

func (d *doneOf) Poll(t *async.Task) (nothing struct{}, err error) {
	d.waker.Store(t.Waker())
	if d.stop == nil {
		d.stop = context.AfterFunc(d.ctx, func() { d.waker.Load().Wake() })
	}
	if d.ctx.Err() == nil { // after the waker was stored
		return nothing, async.Pending
	}
	d.stop = nil
	return nothing, context.Cause(d.ctx)
}

func (d *doneOf) Cancel(*async.Task, bool) (idle bool) {
	if d.stop != nil {
		d.stop()
		d.stop = nil
	}
	return true
}

// Within returns f, which is given up when ctx ends, like a future of a cancelled
// task: if it then has no result, its error is context.Cause(ctx). The task goes on.
// For a time limit alone there is timer.Timeout, which is cheaper.
func Within[T any](ctx context.Context, f async.Future[T]) async.Future[T] {
	h := new(Abort)
	return &within[T]{abortable[T]{f: f, abort: h}, ctx, nil}
}

type within[T any] struct {
	abortable[T]
	ctx  context.Context
	stop func() bool // nil: not registered
}

func (w *within[T]) Poll(t *async.Task) (T, error) {
	if w.stop == nil {
		if w.ctx.Err() != nil {
			w.abort.Stop(context.Cause(w.ctx))
		}
		w.stop = context.AfterFunc(w.ctx, func() { w.abort.Stop(context.Cause(w.ctx)) })
	}
	v, err := w.abortable.Poll(t)
	if !async.IsPending(err) {
		w.unregister()
	}
	return v, err
}

func (w *within[T]) Cancel(t *async.Task, loser bool) (idle bool) {
	if w.abortable.Cancel(t, loser) {
		w.unregister()
		return true
	}
	return false
}

func (w *within[T]) unregister() {
	if w.stop != nil {
		w.stop()
		w.stop = nil
	}
}
