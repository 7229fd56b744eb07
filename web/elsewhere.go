package web

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"sync"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
)

// serveElsewhere runs an async handler for somebody who blocks: a server of package
// net/http, or a middleware on a goroutine. It runs as a task of the default runtime,
// and the goroutine waits for it, and writes what it has written.
func serveElsewhere(f taskFunc, w http.ResponseWriter, r *http.Request) {
	e := &elsewhere{ResponseWriter: w, ctl: http.NewResponseController(w)}
	_, err := rondo.Wait(r.Context(), func(t *async.Task) (struct{}, error) {
		e.t = t
		inner := r.WithContext(r.Context())
		if r.Body != nil && r.Body != http.NoBody {
			inner.Body = &elsewhereBody{r.Body, t}
		}
		return struct{}{}, f(t, e, inner)
	})
	if err != nil {
		e.complain(r, err)
	}
	switch {
	case err == nil:
		e.send()
	case e.wrote || r.Context().Err() != nil:
		panic(http.ErrAbortHandler)
	default:
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
	}
}

// complain tells the log of the server that has called the handler of its failure, unless
// it was cancelled.
func (e *elsewhere) complain(r *http.Request, err error) {
	if cause := r.Context().Err(); cause != nil && errors.Is(err, cause) {
		return
	}
	if s, ok := r.Context().Value(http.ServerContextKey).(*http.Server); ok && s.ErrorLog != nil {
		s.ErrorLog.Printf("web: a handler failed: %v (%s %s, for %s)", err, r.Method, r.URL.Path, r.RemoteAddr)
		return
	}
	slog.Error("web: a handler failed", "err", err, "method", r.Method, "path", r.URL.Path, "remote", r.RemoteAddr)
}

// elsewhere is the ResponseWriter of a task whose response is sent by a goroutine. It
// collects, so that the task need not wait in each Write.
type elsewhere struct {
	http.ResponseWriter
	ctl   *http.ResponseController
	t     *async.Task
	mu    sync.Mutex
	out   []byte
	wrote bool
}

// WriteHeader begins with the response.
func (e *elsewhere) WriteHeader(status int) {
	e.wrote = true
	e.ResponseWriter.WriteHeader(status)
}

// collected is how much is collected before a task that can be suspended waits until it
// is sent.
const collected = 64 << 10

// Write collects p until there is enough, the next Flush, or the end.
func (e *elsewhere) Write(p []byte) (int, error) {
	e.mu.Lock()
	e.wrote = true
	e.out = append(e.out, p...)
	enough := len(e.out) >= collected
	e.mu.Unlock()
	if enough && e.t.Core().OnStack() {
		if _, err := rondo.Blocking(e.t, func() (struct{}, error) { return struct{}{}, e.send() }); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}

// send writes what was collected. It blocks.
func (e *elsewhere) send() error {
	e.mu.Lock()
	out := e.out
	e.out = nil
	e.mu.Unlock()
	if len(out) == 0 {
		return nil
	}
	_, err := e.ResponseWriter.Write(out)
	return err
}

func (e *elsewhere) flush() error {
	e.wrote = true
	if err := e.send(); err != nil {
		return err
	}
	return e.ctl.Flush()
}

// Unwrap is for http.ResponseController.
func (e *elsewhere) Unwrap() http.ResponseWriter { return e.ResponseWriter }

// elsewhereBody is a body that blocks who reads it.
type elsewhereBody struct {
	io.ReadCloser
	t *async.Task
}

// Read reads on a goroutine, and suspends the task.
func (b *elsewhereBody) Read(p []byte) (int, error) {
	if !b.t.Core().OnStack() {
		return 0, errNoStack
	}
	return rondo.Blocking(b.t, func() (int, error) { return b.ReadCloser.Read(p) })
}
