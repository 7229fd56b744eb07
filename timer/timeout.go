package timer

import (
	"math"
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
//
// It is for tasks of one executor while it is in flight. One allocation to build it, and
// three when the limit begins.
func Timeout[T any](d time.Duration, f async.Future[T]) async.Future[T] {
	return &timed[T]{d: d, f: f}
}

// Deadline is Timeout with a point in time, by the clock that At goes by. Polled
// again after f's end, it has the same one.
func Deadline[T any](at time.Time, f async.Future[T]) async.Future[T] {
	return &timed[T]{at: at, f: f}
}

// timed polls f under a scope of its own, with the time limit. It has that from
// its first poll to f's end, and is as new afterwards: if f can be polled again,
// as an operation that has lost can, so can it, with the whole time. Left in flight by
// one task, or one scope, and polled by another, it moves there with the rest of its time.
type timed[T any] struct {
	f     async.Future[T]
	d     time.Duration
	at    time.Time   // the limit is then, unless it is zero, and d is not used
	until int64       // the limit, on the executor's clock
	outer async.Task  // what the scope is in, without a waker
	scope *async.Task // with the limit; nil: not begun
	stop  func()
	view  async.Task   // scope, with the waker of the poll
	waker *async.Waker // of the last poll
	alarm async.Waker  // wakes that one when the limit is over
	asked bool         // f was asked to give up
}

func (x *timed[T]) Poll(t *async.Task) (T, error) {
	x.waker = t.Waker()
	outer := t.WithWaker(nil)
	switch now := t.Executor().Now(); {
	case x.scope == nil:
		x.alarm = async.WakerFor((*limit[T])(x))
		if !x.at.IsZero() {
			x.d = time.Until(x.at)
		}
		x.until = now + min(int64(x.d), math.MaxInt64-now)
		x.enter(outer, x.d)
	case x.outer != outer:
		x.stop()
		x.enter(outer, time.Duration(x.until-now))
	}
	x.view = x.scope.WithWaker(x.waker)
	v, err := x.f.Poll(&x.view)
	if cause := x.view.Cause(); cause != nil && async.IsPending(err) && !x.asked {
		x.asked = true
		if async.GiveUp(&x.view, x.f, false) {
			var none T
			v, err = none, cause // what came with Pending is no value
		} else {
			v, err = x.f.Poll(&x.view)
		}
	}
	if !async.IsPending(err) {
		x.end()
	}
	return v, err
}

func (x *timed[T]) enter(outer async.Task, d time.Duration) {
	x.outer, x.view = outer, outer.WithWaker(&x.alarm)
	x.scope, x.stop = x.view.WithTimeout(d)
}

func (x *timed[T]) end() {
	x.stop()
	x.outer, x.scope, x.stop, x.asked = async.Task{}, nil, nil, false
}

// limit is whom the end of the time wakes: the waker of the last poll, which need
// not be that of the first.
type limit[T any] timed[T]

func (l *limit[T]) Wake()      { l.waker.Wake() }
func (l *limit[T]) WakeLocal() { l.waker.WakeLocal() }

// Cancel makes it a Canceler.
func (x *timed[T]) Cancel(t *async.Task, loser bool) (idle bool) {
	if x.scope == nil {
		return true
	}
	if x.asked && !loser {
		return false // it was asked by the time limit
	}
	x.asked = true
	if async.GiveUp(t, x.f, loser) {
		x.end()
		return true
	}
	return false
}
