package web

import (
	"io"
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
		inner := r.WithContext(r.Context())
		if r.Body != nil && r.Body != http.NoBody {
			inner.Body = &elsewhereBody{r.Body, t}
		}
		return struct{}{}, f(t, e, inner)
	})
	switch {
	case err == nil:
		e.send()
	case e.wrote || r.Context().Err() != nil:
		panic(http.ErrAbortHandler)
	default:
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
	}
}

// elsewhere is the ResponseWriter of a task whose response is sent by a goroutine. It
// collects, so that the task need not wait in Write.
type elsewhere struct {
	http.ResponseWriter
	ctl   *http.ResponseController
	mu    sync.Mutex
	out   []byte
	wrote bool
}

// WriteHeader begins with the response.
func (e *elsewhere) WriteHeader(status int) {
	e.wrote = true
	e.ResponseWriter.WriteHeader(status)
}

// Write collects p until the next Flush, or the end.
func (e *elsewhere) Write(p []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.wrote = true
	e.out = append(e.out, p...)
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
