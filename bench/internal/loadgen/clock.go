package loadgen

import "time"

// A clock has the two marks between which requests count, as times since it was
// made. All loops share one.
type clock struct {
	zero       time.Time
	start, end time.Duration
}

func newClock(warmup, duration time.Duration) clock {
	return clock{time.Now(), warmup, warmup + duration}
}

// now reads only the monotonic clock, which is half the work of time.Now.
func (c clock) now() time.Duration { return time.Since(c.zero) }

// counts reports whether an echo that came at t counts.
func (c clock) counts(t time.Duration) bool { return t >= c.start && t < c.end }

// wait returns how many milliseconds may be slept at t without missing a mark.
func (c clock) wait(t time.Duration) int {
	mark := c.end
	if t < c.start {
		mark = c.start
	}
	return int(max(mark-t, 0)/time.Millisecond) + 1
}
