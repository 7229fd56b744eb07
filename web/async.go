package web

import (
	"net/http"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
)

// Async makes an http.Handler of an async function, which runs as a task on the loop of
// its connection: for as long as it waits it takes neither a goroutine nor, once it was
// lowered, a stack. It is mounted like any other, and runs under net/http too.
//
//	mux.Handle("GET /slow", web.Async(func(t *async.Task, w http.ResponseWriter, r *http.Request) error {
//		if err := timer.Sleep(time.Second).Await(t); err != nil {
//			return err
//		}
//		_, err := io.WriteString(w, "done\n")
//		return err
//	}))
//
// t is cancelled when the client goes away, when f has returned, and when the server is
// closed. What f spawns is cancelled then too; f should wait for it. An error is
// answered with 500 if nothing was written yet, and logged; else the response breaks
// off. A panic costs the connection, or in HTTP/2 the stream.
//
// w and r are for the task alone, or for one of its children at a time, and not for
// goroutines; only the context of r is, but for http.LocalAddrContextKey.
//
// f must not block: it awaits. Write does not wait for the client as long as f is a state
// machine, but collects what was written until f returns or awaits Flush, however much that
// is: who writes much does that now and then. What has come of the body can be read in any case; the
// rest by ReadBody, or, by a function that was not lowered, as usual.
//
// The server runs f on the loop if the request is its alone: if the server's handler is
// this one, or a http.ServeMux, or something else with its method Handler, that knows it
// by its pattern. Below a middleware it can't be told from handlers that block; the
// middleware then has its goroutine, which waits for f. Inline says of a middleware that
// it does not block.
func Async(f func(t *async.Task, w http.ResponseWriter, r *http.Request) error) http.Handler {
	return &asyncHandler{f}
}

type asyncHandler struct{ f taskFunc }

// Inline says of a handler that it does not block, and has it run on the loop instead
// of on a goroutine: for what answers from memory, and for middleware around Async
// handlers. Reading the body, and writing, may wait for the client all the same; that
// suspends the task.
//
// It saves the switch to a goroutine and back. What blocks or computes for long in it
// holds all connections of its loop; the watchdog tells.
func Inline(h http.Handler) http.Handler { return &inlineHandler{h} }

type inlineHandler struct{ http.Handler }

// router is what a http.ServeMux can be asked: which handler is the request's.
type router interface {
	Handler(r *http.Request) (h http.Handler, pattern string)
}

// taskHandler returns what to run as a task to answer r with h, or nil if h may block.
func taskHandler(h http.Handler, r *http.Request) taskFunc {
	switch h := h.(type) {
	case *asyncHandler:
		return h.f
	case *inlineHandler:
		return inline(h.Handler)
	case router:
		switch found, _ := h.Handler(r); found.(type) {
		case *asyncHandler:
			// h is called all the same, for what it tells the request about its
			// pattern, and only says then which handler it means.
			return func(t *async.Task, w http.ResponseWriter, r *http.Request) error {
				if x := w.(*response).x; x != nil {
					x.call.catch = true
					defer func() { x.call.catch = false }()
				}
				h.(http.Handler).ServeHTTP(w, r)
				return nil
			}
		case *inlineHandler:
			return inline(h.(http.Handler))
		}
	}
	return nil
}

// inline runs a handler of net/http on a stack that it can be suspended on.
func inline(h http.Handler) taskFunc {
	return func(t *async.Task, w http.ResponseWriter, r *http.Request) error {
		if t.Core().Decline() {
			return nil // without a stack
		}
		h.ServeHTTP(w, r)
		return nil
	}
}

// ServeHTTP runs the function wherever it is.
func (a *asyncHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if own, ok := unwrap[*response](w); ok && own.x != nil && own.x.worker == nil {
		c := &own.x.call
		if c.catch {
			c.catch, c.caught = false, a
			return
		}
		// Below a handler that is inline, on its stack.
		if err := a.f(c.task, w, r); err != nil {
			own.fail(err, c.task.Cause())
		}
		return
	}
	serveElsewhere(a.f, w, r)
}

// unwrap finds a ResponseWriter of this package below those of middleware, as a
// http.ResponseController does.
func unwrap[T http.ResponseWriter](w http.ResponseWriter) (own T, ok bool) {
	for {
		if own, ok = w.(T); ok {
			return own, true
		}
		u, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			return own, false
		}
		w = u.Unwrap()
	}
}

// Flush sends what a handler has written so far, and suspends t until that is done: how
// a handler of a task has the client take its time. Elsewhere than in a handler of Async
// it is http.ResponseController's.
func Flush(t *async.Task, w http.ResponseWriter) error {
	own, ok := unwrap[*response](w)
	if !ok || own.x == nil || own.x.worker != nil {
		if e, ok := unwrap[*elsewhere](w); ok {
			_, err := rondo.Blocking(t, func() (struct{}, error) { return struct{}{}, e.flush() })
			return err
		}
		return http.NewResponseController(w).Flush()
	}
	own.x.settle(t)
	own.mu.Lock()
	err := own.flush()
	own.mu.Unlock()
	if err != nil {
		return err
	}
	_, err = async.Await[struct{}](t, (*writing)(own.x))
	return err
}

// ReadBody reads from the body of a request into p, at least one byte, and suspends t
// until there is one: io.EOF is its end. It is r.Body.Read for handlers of Async that
// were lowered, and does the same for others.
func ReadBody(t *async.Task, r *http.Request, p []byte) (n int, err error) {
	if b, ok := r.Body.(*elsewhereBody); ok {
		return rondo.Blocking(t, func() (int, error) { return b.ReadCloser.Read(p) })
	}
	// What a middleware has put around the body, such as http.MaxBytesReader, reads from
	// it what has come.
	if c, ok := r.Context().Value(requestKey{}).(*requestContext); ok && c.resp.x != nil && c.resp.x.worker == nil {
		x := c.resp.x
		b := &x.rq.body
		for w := b.lacking(); w != nil; w = b.lacking() {
			if b.expects.Load() && w.writeContinue() == nil {
				if _, err := async.Await[struct{}](t, (*writing)(x)); err != nil {
					return 0, err
				}
			}
			_, err := async.Await[struct{}](t, (*reading)(x))
			if cause := t.Cause(); cause != nil && err == cause {
				return 0, err // which says nothing about the body
			}
			b.received(err)
		}
	}
	return r.Body.Read(p)
}
