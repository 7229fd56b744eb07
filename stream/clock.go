package stream

import (
	"io"
	"os"
	"time"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/timer"
)

// Throttle returns a stream of the items of s with at least d between any two: s is
// not polled before. One allocation.
func Throttle[T any](s Stream[T], d time.Duration) Stream[T] {
	return &throttled[T]{feed: feed[T]{s: s}, d: d}
}

type throttled[T any] struct {
	feed[T]
	d     time.Duration
	pause timer.Sleeper
	begun bool // pause has a clock
}

func (x *throttled[T]) Poll(t *async.Task) (v T, err error) {
	if x.state == resting {
		if _, err := x.pause.Poll(t); err != nil {
			return v, err
		}
	}
	v, err = x.poll(t)
	if err == nil {
		x.pause.Reset(x.d)
		if !x.begun {
			x.begun = true
			x.pause.Poll(t)
		}
	}
	return v, err
}

// Debounce returns a stream of those items of s that no other followed within d, and
// the last one. An item that another follows sooner is dropped: that is what it is
// for. s stays in flight while the time passes. Errors are passed on at once. One
// allocation.
func Debounce[T any](s Stream[T], d time.Duration) Stream[T] {
	return &debounced[T]{in: inletOf(s), d: d}
}

type debounced[T any] struct {
	in    inlet[T] // its kept item waits for the silence after it
	d     time.Duration
	quiet timer.Sleeper
}

func (x *debounced[T]) Poll(t *async.Task) (v T, err error) {
	if x.in.full && !x.in.giving() {
		if _, early := x.quiet.Poll(t); early == nil {
			return x.in.take() // nothing has followed it in time
		}
	}
	for {
		v, err = x.in.poll(t)
		switch {
		case err == nil:
			x.in.keep(v, nil)
			x.quiet.Reset(x.d)
			err = x.in.again(t)
		case err == io.EOF && x.in.full:
			return x.in.take()
		}
		if async.IsPending(err) && x.in.full && !x.in.giving() {
			if _, early := x.quiet.Poll(t); early == nil {
				return x.in.take()
			}
		}
		if err != nil {
			var none T
			return none, err
		}
	}
}

func (x *debounced[T]) Cancel(t *async.Task, loser bool) (idle bool) { return x.in.Cancel(t, loser) }

func (x *debounced[T]) PollClose(t *async.Task) error { return x.in.PollClose(t) }

// ChunksTimeout is Chunks, except that a chunk is not held back for longer than d
// after its first item came. A chunk that is held back keeps s in flight between
// polls: see Close. One allocation, and one a chunk.
func ChunksTimeout[T any](s Stream[T], n int, d time.Duration) Stream[[]T] {
	return &chunkedInTime[T]{feed: feed[T]{s: s}, gather: gather[T]{n: sized(n)}, d: d}
}

type chunkedInTime[T any] struct {
	feed[T]
	gather[T]
	d    time.Duration
	time timer.Sleeper
}

func (c *chunkedInTime[T]) Poll(t *async.Task) ([]T, error) {
	for {
		v, err := c.poll(t)
		if err == nil {
			if len(c.buf) == 0 {
				c.time.Reset(c.d)
			}
			if c.add(v) {
				return c.take(), nil
			}
			err = c.again(t)
		}
		switch {
		case err == nil:
			continue
		case len(c.buf) == 0 || c.state.giving():
			return nil, err
		case err == io.EOF:
			return c.take(), nil
		case async.IsPending(err):
			if _, early := c.time.Poll(t); early == nil {
				return c.take(), nil
			}
		}
		return nil, err
	}
}

// Timeout returns the stream s with a limit to each wait: when there is nothing for
// d, counted from the first poll for the item, the error is os.ErrDeadlineExceeded,
// and the next poll waits anew. s is given up as a loser for that: what it has all
// the same is its next item. When the stream itself loses a Select, the time runs on,
// up to the next item or Close. One allocation.
func Timeout[T any](s Stream[T], d time.Duration) Stream[T] {
	return &timed[T]{feed: feed[T]{s: s}, d: d}
}

type timed[T any] struct {
	feed[T]
	d       time.Duration
	limit   timer.Sleeper
	begun   bool // limit runs for the next item
	expired bool // s was given up because it is over
}

func (x *timed[T]) Poll(t *async.Task) (v T, err error) {
	if !x.begun {
		x.begun = true
		x.limit.Reset(x.d)
	}
	v, err = x.poll(t)
	if async.IsPending(err) && x.state == flying && x.late(t) {
		x.expired = true
		err = errLost
		if !x.feed.Cancel(t, true) {
			v, err = x.poll(t) // it may have ended inside Cancel
		}
	}
	switch {
	case async.IsPending(err):
		return v, err
	case err == errLost && x.expired:
		err = os.ErrDeadlineExceeded
	case err == errLost:
		return v, err
	}
	x.reset()
	return v, err
}

func (x *timed[T]) Cancel(t *async.Task, loser bool) (idle bool) {
	idle = x.feed.Cancel(t, loser)
	if idle && !loser {
		x.reset()
	}
	return idle
}

func (x *timed[T]) reset() {
	x.limit.Stop()
	x.begun, x.expired = false, false
}

// late reports whether the time is over, and sees to it that t is woken when it is.
func (x *timed[T]) late(t *async.Task) bool {
	_, err := x.limit.Poll(t)
	return err == nil
}

func (x *timed[T]) PollClose(t *async.Task) error {
	x.reset()
	return x.feed.PollClose(t)
}
