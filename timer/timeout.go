package timer

import (
	"time"

	"rondo.dev/rondo/async"
)

// Timeout returns a future of f's result that gives f no longer than d from the
// first poll. When the time is over, f is cancelled, and what it then yields is
// the result: what happened all the same is not lost, and what has not happened
// is os.ErrDeadlineExceeded, together with a value where f has one, such as the
// bytes that a Write has written. A future that can't be interrupted, such as
// the reading of a file, may make it late.
//
//	n, err := async.Await(t, timer.Timeout(time.Second, &read))
func Timeout[T any](d time.Duration, f async.Future[T]) async.Future[T] {
	return &timed[T]{d: d, f: f}
}

// timed polls f under a scope of its own, with the time limit.
type timed[T any] struct {
	f     async.Future[T]
	d     time.Duration
	view  *async.Task
	stop  func()
	asked bool
}

func (x *timed[T]) Poll(t *async.Task) (T, error) {
	if x.view == nil {
		x.view, x.stop = t.WithTimeout(x.d)
	}
	view := x.view.WithWaker(t.Waker())
	v, err := x.f.Poll(&view)
	if cause := view.Cause(); cause != nil && async.IsPending(err) && !x.asked {
		x.asked = true
		if c, ok := x.f.(async.Canceler); !ok || c.Cancel(&view, false) {
			err = cause
		} else {
			v, err = x.f.Poll(&view)
		}
	}
	if !async.IsPending(err) {
		x.stop()
	}
	return v, err
}

// Cancel makes it a Canceler.
func (x *timed[T]) Cancel(t *async.Task, loser bool) (idle bool) {
	if x.view == nil {
		return true
	}
	x.asked = true
	c, ok := x.f.(async.Canceler)
	if !ok || c.Cancel(t, loser) {
		x.stop()
		x.view = nil
		return true
	}
	return false
}
