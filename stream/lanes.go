package stream

import (
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/internal/repeat"
)

// An inlet is one of several feeds of a combinator. When all are asked to give up,
// only one result can be delivered; an inlet keeps its own until the next poll.
type inlet[T any] struct {
	feed[T]
	val  T
	err  error
	full bool // val and err are a result that nobody has taken
}

// next is poll, beginning with what was kept.
func (x *inlet[T]) next(t *async.Task) (T, error) {
	if x.full {
		return x.take()
	}
	return x.poll(t)
}

// fill polls if nothing is kept, and keeps what comes.
func (x *inlet[T]) fill(t *async.Task) {
	if x.full {
		return
	}
	if v, err := x.poll(t); !async.IsPending(err) {
		x.keep(v, err)
	}
}

func (x *inlet[T]) keep(v T, err error) { x.val, x.err, x.full = v, err, true }

func (x *inlet[T]) take() (v T, err error) {
	v, err = x.val, x.err
	var zero T
	x.val, x.err, x.full = zero, nil, false
	return v, err
}

func (x *inlet[T]) giving() bool { return x.state.giving() }

// finish polls one that was asked to give up. That it has is no result to keep.
func (x *inlet[T]) finish(t *async.Task) {
	v, err := x.poll(t)
	if async.IsPending(err) || err == errLost || err != nil && repeat.Only(err, cause(t)) {
		return
	}
	x.keep(v, err)
}

// A lane is an inlet of any type.
type lane interface {
	async.Canceler
	giving() bool
	finish(t *async.Task)
}

// lanes is what a combinator of several inlets does when it is asked to give up.
type lanes struct {
	quitting bool
	loser    bool
}

// cancel is Canceler.Cancel for all of them.
func (l *lanes) cancel(t *async.Task, loser bool, all ...lane) (idle bool) {
	idle = true
	for _, x := range all {
		if !x.Cancel(t, loser) {
			idle = false
		}
	}
	l.quitting, l.loser = !idle, !idle && loser
	return idle
}

// settle returns nil unless they were asked to give up. Then it is Pending until all
// have ended, and after that, once, errLost or the cause.
func (l *lanes) settle(t *async.Task, all ...lane) error {
	if !l.quitting {
		return nil
	}
	over := true
	for _, x := range all {
		if x.giving() {
			x.finish(t)
			over = over && !x.giving()
		}
	}
	if !over {
		return async.Pending
	}
	lost := l.loser
	l.quitting, l.loser = false, false
	if lost {
		return errLost
	}
	return cause(t)
}

// unsettled reports whether an error of settle is all that there is to say. When it
// is the cause, a result that was kept comes first.
func unsettled(err error) bool { return async.IsPending(err) || err == errLost }
