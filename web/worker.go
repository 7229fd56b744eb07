package web

import (
	"context"
	"errors"
	"net/http"
	"runtime/debug"
	"time"

	"rondo.dev/rondo/internal/wheel"
)

// worker is a goroutine that runs handlers, one after the other, and waits for the
// next in between: its stack has grown to what they need, which is most of what a new
// goroutine costs them.
type worker struct {
	work chan work
	gone bool // its handler has called runtime.Goexit
}

// work is one run of a handler.
type work struct {
	x *exchange
	h http.Handler
	r *http.Request
}

// workers are the workers of a shard that wait. The last one to have worked is the
// first to work again, so that those which are not needed can be told: they have been
// here for the whole of a period, and are ended.
type workers struct {
	shard *shard
	list  []*worker
	least int // how many there were at least in this period
	timer wheel.Timer
}

const period = 5 * time.Second

// worker returns one that waits, or a new one.
func (sh *shard) worker() *worker {
	ws := &sh.workers
	n := len(ws.list)
	if n == 0 {
		w := &worker{work: make(chan work, 1)}
		go w.run()
		return w
	}
	w := ws.list[n-1]
	ws.list[n-1] = nil
	ws.list = ws.list[:n-1]
	ws.least = min(ws.least, n-1)
	return w
}

// rest takes back a worker whose handler has returned.
func (sh *shard) rest(w *worker) {
	ws := &sh.workers
	switch {
	case w.gone:
		return
	case len(ws.list) >= maxSpare:
		close(w.work)
		return
	}
	ws.list = append(ws.list, w)
	if !ws.timer.Active() {
		ws.least = 0
		sh.exec.StartTimer(&ws.timer, period, ws)
	}
}

// Fire ends the workers that were not needed.
func (ws *workers) Fire() {
	for i, w := range ws.list[:ws.least] {
		close(w.work)
		ws.list[i] = nil
	}
	ws.list = append(ws.list[:0], ws.list[ws.least:]...)
	ws.least = len(ws.list)
	if ws.least > 0 {
		ws.shard.exec.StartTimer(&ws.timer, period, ws)
	}
}

// end ends them all: there are no connections any more.
func (ws *workers) end() {
	for _, w := range ws.list {
		close(w.work)
	}
	ws.list = nil
	ws.shard.exec.StopTimer(&ws.timer)
}

func (w *worker) run() {
	for job := range w.work {
		job.run(w)
	}
}

// run runs the handler, and sees to the end of its request however it ends.
func (j work) run(w *worker) {
	x, rq, core := j.x, j.x.rq, j.x.core
	returned := false
	defer func() {
		// x belongs to the connection from the moment when finished is set.
		var failure any
		if !returned {
			if failure = recover(); failure == nil {
				w.gone = true
				failure = errGoexit
			}
		}
		rq.end(failure)
		x.finished.Store(true)
		core.Wake()
	}()
	j.h.ServeHTTP(&rq.resp, j.r)
	rq.ctx.cancel(context.Canceled) // whatever is still waited for
	if rq.resp.finish() {
		rq.body.Close()
	}
	returned = true
}

var errGoexit = errors.New("web: a handler has called runtime.Goexit")

// end ends what the handler could still use. failure is why it did not return.
func (rq *request) end(failure any) {
	w := &rq.resp
	x := w.x
	if failure != nil && (!w.hijacked || x.next != nil) {
		x.failed = true
	}
	if failure != nil && failure != http.ErrAbortHandler && failure != errGoexit {
		x.shard.logger().Error("web: a handler panicked", "panic", failure, "remote", w.req.RemoteAddr, "stack", string(debug.Stack()))
	}
	rq.body.end()
	w.end()
	rq.ctx.end()
}
