package async

import (
	"time"

	"rondo.dev/rondo/internal/wheel"
)

// Advance tells the time, in nanoseconds on a clock that never goes back, and
// fires the timers that are due. The owner calls it with a fresh reading once a
// turn: timers started since the last call count from this one.
func (e *Executor) Advance(now int64) (fired int) {
	e.now = max(e.now, now)
	return e.wheel.Advance(now)
}

// Now returns the last reading of the clock that Advance was told.
func (e *Executor) Now() int64 { return e.now }

// NextTimer returns when the next timer is due, on the clock of Advance. It may
// be early, never late. The owner calls it right after Advance.
func (e *Executor) NextTimer() (at int64, ok bool) { return e.wheel.Next() }

// StartTimer starts a timer that fires on the executor, d after now or a little
// later, never earlier. The executor's owner calls it.
func (e *Executor) StartTimer(x *wheel.Timer, d time.Duration, f wheel.Firer) {
	e.wheel.StartAfter(x, int64(d), f)
}

// StartTimerAt starts a timer that fires when the clock of Advance has reached at.
func (e *Executor) StartTimerAt(x *wheel.Timer, at int64, f wheel.Firer) {
	e.wheel.StartAt(x, at, f)
}

// StopTimer stops a timer and reports whether it was running.
func (e *Executor) StopTimer(x *wheel.Timer) bool { return e.wheel.Stop(x) }
