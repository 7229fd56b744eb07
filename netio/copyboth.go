package netio

import (
	"os"
	"time"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/internal/wheel"
)

// A CopyOption shapes CopyBidirectional.
type CopyOption func(*copyOptions)

type copyOptions struct{ idle time.Duration }

// IdleTimeout ends the copying with os.ErrDeadlineExceeded when nothing has been
// written in either direction for d, or a little longer. 0, the default, is no limit.
func IdleTimeout(d time.Duration) CopyOption { return func(o *copyOptions) { o.idle = d } }

// A Duplex is a connection whose directions end one at a time, such as a *Conn.
type Duplex interface {
	Reader
	CloseWriter
}

// CopyBidirectional copies from a to b and from b to a, as Copy does, until both have
// ended. The end of one direction is passed on with CloseWrite while the other goes
// on. The first error ends both directions. It returns how many bytes each has
// written, and that error. It closes neither a nor b.
func CopyBidirectional(t *async.Task, a, b Duplex, opts ...CopyOption) (aToB, bToA int64, err error) {
	var o copyOptions
	for _, opt := range opts {
		opt(&o)
	}
	scope, cancel := t.WithCancel()
	var idle *idling
	if o.idle > 0 {
		idle = &idling{exec: t.Executor(), limit: o.idle, cancel: cancel}
		idle.begin()
		defer idle.end()
	}
	// One direction is a child, the other is here: a pair that waits is two tasks,
	// and not three.
	var first error // that was an error of its own, and not of the other's end
	fail := func(err error) {
		if err != nil && first == nil {
			first = err
			cancel(err)
		}
	}
	child := scope.Go(func(t *async.Task) error {
		n, err := pass(t, b, a, idle)
		aToB = n
		fail(err)
		return nil
	})
	n, err := pass(scope, a, b, idle)
	bToA = n
	fail(err)
	if err := child.Await(t.WithoutCancel()); err != nil {
		fail(err) // it has panicked, and passes that on
	}
	return aToB, bToA, first
}

// pass copies one direction, and then its end.
func pass(t *async.Task, dst CloseWriter, src Reader, idle *idling) (n int64, err error) {
	c := copying{dst: dst, src: src, left: -1, idle: idle}
	if err = c.run(t); err == nil {
		err = dst.CloseWrite().Await(t)
	}
	return c.n, err
}

// idling cancels a copy on which nothing moves. A move costs it an increment; the
// timer looks from time to time whether there were any.
type idling struct {
	exec   *async.Executor
	timer  wheel.Timer
	limit  time.Duration
	cancel func(error)
	moves  uint64
	seen   uint64
	since  int64 // when the timer saw the last of them, at the latest
}

// idleLooks is how often the timer looks within the limit.
const idleLooks = 4

// moved is told that something has. A nil idling has no limit.
func (i *idling) moved() {
	if i != nil {
		i.moves++
	}
}

func (i *idling) begin() {
	i.since = i.exec.Now()
	i.exec.StartTimer(&i.timer, i.limit, i)
}

func (i *idling) end() { i.exec.StopTimer(&i.timer) }

// Fire is called by the wheel.
func (i *idling) Fire() {
	now := i.exec.Now()
	if i.moves != i.seen {
		i.seen, i.since = i.moves, now
	}
	left := i.limit - time.Duration(now-i.since)
	if left <= 0 {
		i.cancel(os.ErrDeadlineExceeded)
		return
	}
	i.exec.StartTimer(&i.timer, min(left, max(i.limit/idleLooks, 1)), i)
}
