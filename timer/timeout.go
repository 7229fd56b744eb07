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
// the reading of a file, may make it late. With a d that is not positive, f is
// polled once.
//
//	read := conn.Read(buf)
//	n, err := async.Await(t, timer.Timeout(time.Second, &read))
func Timeout[T any](d time.Duration, f async.Future[T]) async.Future[T] {
	return &timed[T]{d: d, f: f}
}

// timed polls f under a scope of its own, with the time limit. It has that from
// its first poll to f's end, and is as new afterwards: if f can be polled again,
// as an operation that has lost can, so can it, with the whole time.
type timed[T any] struct {
	f     async.Future[T]
	d     time.Duration
	view  *async.Task // nil: not begun
	stop  func()
	asked bool // f was asked to give up
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
		x.end()
	}
	return v, err
}

func (x *timed[T]) end() {
	x.stop()
	x.view, x.stop, x.asked = nil, nil, false
}

// Cancel makes it a Canceler.
func (x *timed[T]) Cancel(t *async.Task, loser bool) (idle bool) {
	if x.view == nil {
		return true
	}
	if x.asked && !loser {
		return false // it was asked by the time limit
	}
	x.asked = true
	c, ok := x.f.(async.Canceler)
	if !ok || c.Cancel(t, loser) {
		x.end()
		return true
	}
	return false
}
