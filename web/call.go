package web

import (
	"context"
	"errors"
	"net/http"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/async/lowered"
)

// call is a handler that runs as a part of its connection's task: on a borrowed
// coroutine, or as a state machine if it was lowered.
type call struct {
	handler taskFunc
	r       *http.Request
	callee  lowered.Callee
	task    *async.Task // the handler's view: it is cancelled when the client goes away
	cancel  func(cause error)
	catch   bool // the next async handler is not to run, but to say that it is meant
	caught  *asyncHandler
	failure any
	begun   bool
}

// taskFunc is a handler of a task.
type taskFunc func(t *async.Task, w http.ResponseWriter, r *http.Request) error

// stop cancels the handler: the client has gone away.
func (c *call) stop() {
	if c.cancel != nil {
		c.cancel(context.Canceled)
	}
}

// resume goes on with the handler, and reports whether it is done, and its response
// sent.
func (x *exchange) resume(t *async.Task) (done bool) {
	c := &x.call
	if t.Cause() != nil {
		x.abort()
	}
	if !c.begun {
		c.begun = true
		c.task, c.cancel = t.WithCancel()
		done = c.step(func() bool { return c.callee.Begin(c.task, func() { c.failure = x.runs(c.task) }) })
	} else {
		done = c.step(func() bool { return c.callee.Resume(c.task) })
	}
	if !done {
		if x.watching.Load() {
			x.watch(t)
		}
		return false
	}
	if f, ok := c.callee.Frame().(interface{ Result() any }); ok {
		c.failure = f.Result()
	}
	c.cancel(nil) // and with it what the handler has spawned
	x.rq.end(c.failure)
	return true
}

// step goes on with the call. run lets no panic out of it, but runtime.Goexit can't be
// stopped: of that the coroutine ends, and the caller is told by a panic.
func (c *call) step(f func() (done bool)) (done bool) {
	defer func() {
		if recover() != nil {
			c.failure, done = errGoexit, true
		}
	}()
	return f()
}

// run is the handler's run, and the end of its response. It returns what it panicked
// with.
func (x *exchange) run(t *async.Task) (failure any) {
	returned := false
	defer func() {
		if !returned {
			if failure = recover(); failure == nil {
				failure = errGoexit
			}
		}
	}()
	w := &x.rq.resp
	err := x.call.handler(t, w, x.call.r)
	if a := x.call.caught; a != nil {
		x.call.caught = nil
		err = a.f(t, w, x.call.r)
	}
	if err != nil {
		w.fail(err, t.Cause())
	}
	x.rq.ctx.cancel(context.Canceled) // whatever is still waited for
	// The handler is cancelled when the client has ended its direction, but the
	// client may well wait for the response.
	own := x.core.Task()
	x.settle(own)
	drains := w.finish()
	if !x.failed {
		async.Await[struct{}](own, (*writing)(x)) // or it is broken
	}
	if drains {
		x.drain(own)
	}
	returned = true
	return nil
}

// settle reads what the handler has not read of the body, if that is to be done before
// the response.
func (x *exchange) settle(t *async.Task) {
	if x.rq.resp.settles() {
		x.drain(t)
	}
}

// drain is the body's, of a task that waits by itself.
func (x *exchange) drain(t *async.Task) {
	for x.rq.body.drops() {
		if _, err := async.Await[struct{}](t, (*reading)(x)); err != nil {
			x.rq.body.received(err)
		}
	}
}

// settles reports whether the body is still to be settled.
func (w *response) settles() bool { return !w.headed && !w.hijacked && !w.duplex && !w.x.last }

// fail answers for a handler that has failed: with a 500 if it has not answered, else
// by breaking off. cause is why it was cancelled, if it was, which is no failure.
func (w *response) fail(err, cause error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.x == nil || w.hijacked && w.x.next == nil {
		return
	}
	if cause == nil || !errors.Is(err, cause) {
		w.x.shard.logger().Error("web: a handler failed", "err", err, "method", w.req.Method, "path", w.req.URL.Path, "remote", w.req.RemoteAddr)
	}
	if w.status != 0 || w.hijacked {
		w.x.failed = true
		return
	}
	clear(w.header)
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.writeHeader(http.StatusInternalServerError)
	text := http.StatusText(http.StatusInternalServerError) + "\n"
	w.written = int64(len(text))
	w.hold([]byte(text))
}
