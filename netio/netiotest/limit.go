package netiotest

import (
	"time"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/internal/wheel"
)

// limit is a deadline of one direction.
type limit struct {
	timer  wheel.Timer
	passed bool
	ends   func() // what waits
}

func (l *limit) set(e *async.Executor, ns int64, ends func()) {
	l.stop(e)
	l.passed, l.ends = false, ends
	switch d := time.Until(time.Unix(0, ns)); {
	case ns == 0:
	case d <= 0:
		l.Fire()
	default:
		e.StartTimer(&l.timer, d, l)
	}
}

func (l *limit) stop(e *async.Executor) { e.StopTimer(&l.timer) }

// Fire is called by the wheel.
func (l *limit) Fire() {
	l.passed = true
	l.ends()
}
