package future

import (
	"time"

	"rondo.dev/rondo/async"
)

// Backoff says how often Retry tries, and how long it waits in between. The zero
// value tries for ever, without waiting.
type Backoff struct {
	// First is the wait after the first attempt. Each further one is twice as long,
	// up to Max if that is positive.
	First, Max time.Duration
	// Attempts bounds how often it is tried, if it is positive.
	Attempts int
	// Again, unless nil, tells whether an error is worth another attempt.
	Again func(err error) bool
	// Jitter, unless nil, is given each wait and returns the one to use, to keep
	// many from trying in step. It is the caller's, so that a test can replay it.
	Jitter func(time.Duration) time.Duration
}

// Retry calls f until it returns no error, and returns its value, or what the last
// attempt returned. Once t is cancelled there is no further attempt.
func Retry[T any](t *async.Task, b Backoff, f func(*async.Task) (T, error)) (T, error) {
	wait := b.First
	for attempt := 1; ; attempt++ {
		v, err := f(t)
		if err == nil || attempt == b.Attempts || b.Again != nil && !b.Again(err) {
			return v, err
		}
		if b.Max > 0 {
			wait = min(wait, b.Max)
		}
		if b.pause(t, wait) != nil || t.Cause() != nil {
			return v, err
		}
		wait = max(wait, 2*wait) // the latter may overflow
	}
}

// pause waits between two attempts, at least until others have had a turn.
func (b Backoff) pause(t *async.Task, d time.Duration) error {
	if b.Jitter != nil {
		d = b.Jitter(d)
	}
	return async.Sleep(d).Await(t)
}
