package timer

import (
	"time"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/internal/wheel"
)

// Missed says what a Ticker does about ticks that nobody was waiting for.
type Missed uint8

const (
	// Skip drops them, and goes on at the next multiple of the period.
	Skip Missed = iota
	// Burst delivers all of them, one after the other, until it has caught up.
	Burst
	// Delay delivers one at once, and counts the period from then.
	Delay
)

// A Ticker is a future that is ready again and again, once a period, and yields
// how late the tick is: how long ago it was due. It allocates nothing after
// NewTicker. It is for one task at a time, all of the executor that it was made
// on, whose tasks call all methods.
type Ticker struct {
	exec   *async.Executor
	period int64
	missed Missed
	timer  wheel.Timer
	due    int64 // of the tick that has fired
	fired  bool
	waker  *async.Waker
}

// NewTicker returns a ticker whose first tick is a period from now. It panics if
// period is not positive.
func NewTicker(t *async.Task, period time.Duration, m Missed) *Ticker {
	k := &Ticker{exec: t.Executor(), missed: m}
	k.Reset(period)
	return k
}

// Reset starts the ticker anew, with another period: the next tick is a period
// from now, and one that was due is forgotten. It panics if period is not positive.
func (k *Ticker) Reset(period time.Duration) {
	if period <= 0 {
		panic("rondo/timer: a ticker's period must be positive")
	}
	k.Stop()
	k.period = int64(period)
	k.exec.StartTimer(&k.timer, period, (*tick)(k))
}

// Stop makes the ticker never tick again, until it is reset. A ticker that nobody
// uses any more has to be stopped.
func (k *Ticker) Stop() {
	k.exec.StopTimer(&k.timer)
	k.fired = false
}

// tick is what a ticker does when its timer fires. It does not start the next
// period: what the next tick is depends on when this one is taken.
type tick Ticker

func (k *tick) Fire() {
	k.fired, k.due = true, k.timer.When()
	if k.waker != nil {
		k.waker.WakeLocal()
	}
}

// Poll is ready when a tick is due.
func (k *Ticker) Poll(t *async.Task) (late time.Duration, err error) {
	if !k.fired {
		k.waker = t.Waker()
		return 0, async.Pending
	}
	k.fired = false
	now := k.exec.Now()
	if k.missed == Delay { // from now, which may be later than what the clock was told
		k.exec.StartTimer(&k.timer, time.Duration(k.period), (*tick)(k))
	} else {
		k.exec.StartTimerAt(&k.timer, k.next(now), (*tick)(k))
	}
	return time.Duration(now - k.due), nil
}

// next is when the next tick is due, on the grid of the period.
func (k *Ticker) next(now int64) int64 {
	next := k.due + k.period
	if k.missed == Skip && next <= now {
		next += (now - next) / k.period * k.period
		if next <= now {
			next += k.period
		}
	}
	return next
}

// Cancel makes a Ticker a Canceler: it goes on ticking.
func (k *Ticker) Cancel(*async.Task, bool) (idle bool) { return true }

// Await suspends t until the next tick is due, and returns how late it is. If t is
// cancelled, it returns the cause, and the ticker goes on.
func (k *Ticker) Await(t *async.Task) (late time.Duration, err error) { return async.Await(t, k) }
