package netio

import (
	"time"

	"rondo.dev/rondo/internal/wheel"
)

// A retry is what a send waits for that goes to a Unix socket by its path, and finds no
// room there. Nothing tells the sender when there is some, so it tries again, after
// pauses that get longer.
type retry struct {
	timer wheel.Timer
	x     *transfer
	pause time.Duration
	on    bool // the timer runs
}

const (
	shortestPause = time.Millisecond
	longestPause  = 50 * time.Millisecond
)

// tryLater has x submitted once more after a pause.
func (x *transfer) tryLater() {
	r := x.retry
	if r == nil {
		r = &retry{x: x}
		x.retry = r
	}
	r.on, r.pause = true, min(max(2*r.pause, shortestPause), longestPause)
	x.c.home.exec.StartTimer(&r.timer, r.pause, r)
}

// Fire is called at the end of the pause.
func (r *retry) Fire() {
	x := r.x
	r.on = false
	if x.submit(); x.outcome != waiting {
		x.wake()
	}
}

// waits reports whether r, which may be nil, is in a pause.
func (r *retry) waits() bool { return r != nil && r.on }

func (r *retry) stop() {
	r.on = false
	r.x.c.home.exec.StopTimer(&r.timer)
}
