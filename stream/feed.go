package stream

import (
	"context"
	"errors"
	"io"

	"rondo.dev/rondo/async"
)

// A feed is a stream, or a future, that a combinator takes from, and how far it has
// come. A combinator polls and cancels through feeds only, so that what is polled
// may be, and what is asked to give up is in flight.
//
//	resting --poll--> flying --its result--> resting
//	flying --Cancel--> resting (idle), leaving or losing
//	leaving --its result--> resting, and left is set
//	losing --its result, which nobody takes--> resting, and poll returns errLost
//	any but resting --panic--> broken
type feed[T any] struct {
	s     Stream[T]
	state stage
	left  bool // the result of the last poll is that of one who was asked to give up
}

type stage uint8

const (
	resting stage = iota // nothing in flight
	flying               // polled, and pending
	leaving              // asked to give up; its result counts
	losing               // asked to give up as a loser
	broken               // has panicked, and is not touched any more
)

// inFlight reports whether there is something to wait for.
func (s stage) inFlight() bool { return s == flying || s.giving() }

// giving reports whether it was asked to give up, and has not ended yet.
func (s stage) giving() bool { return s == leaving || s == losing }

// errLost is the result of a loser. It is handed on, and nobody looks at it.
var errLost = errors.New("rondo/stream: gave up")

// cause is why t was cancelled, for results that have to say something.
func cause(t *async.Task) error {
	if err := t.Cause(); err != nil {
		return err
	}
	return context.Canceled
}

// poll is Stream.Poll. A loser's result is errLost: the item is not the caller's.
func (x *feed[T]) poll(t *async.Task) (v T, err error) {
	was := x.state
	x.left = false
	if was == broken {
		return v, io.EOF
	}
	x.state = broken // unless it returns
	v, err = x.s.Poll(t)
	switch {
	case !async.IsPending(err):
		x.state = resting
		if was == losing {
			var zero T
			return zero, errLost
		}
		x.left = was == leaving
	case was == resting:
		x.state = flying
	default:
		x.state = was
	}
	return v, err
}

// again is called before another poll in the same turn. It returns the cause if the
// combinator was asked to give up, so that nothing is started any more, and Pending
// when others have to have their turn: also a stream that is always ready, and a
// combinator that never finds what it wants in it, leave it to them.
func (x *feed[T]) again(t *async.Task) error {
	if x.left {
		return cause(t)
	}
	if t.Spend() {
		t.Waker().WakeLocal()
		return async.Pending
	}
	return nil
}

// Cancel makes whatever embeds a feed a Canceler.
func (x *feed[T]) Cancel(t *async.Task, loser bool) (idle bool) {
	if x.state != flying && (x.state != leaving || !loser) {
		return !x.state.inFlight()
	}
	x.state = broken // unless it returns
	c, ok := x.s.(async.Canceler)
	switch {
	case !ok || c.Cancel(t, loser):
		x.state = resting
		return true
	case loser:
		x.state = losing
	default:
		x.state = leaving
	}
	return false
}

// PollClose makes whatever embeds a feed a Closer.
func (x *feed[T]) PollClose(t *async.Task) error {
	if err := x.pollAbandon(t); err != nil {
		return err
	}
	c, ok := x.s.(Closer)
	if !ok || x.state == broken {
		return nil
	}
	x.state = broken // unless it returns
	err := c.PollClose(t)
	x.state = resting
	return err
}

// pollAbandon gives up what is in flight, and returns Pending until that has ended.
func (x *feed[T]) pollAbandon(t *async.Task) error {
	if x.Cancel(t, true) {
		return nil
	}
	if _, err := x.poll(t); async.IsPending(err) {
		return err
	}
	return nil
}

// abandon is pollAbandon for those who await.
func (x *feed[T]) abandon(t *async.Task) {
	if x.state.inFlight() {
		async.Await(t.WithoutCancel(), (*abandoning[T])(x))
	}
}

type abandoning[T any] feed[T]

func (a *abandoning[T]) Poll(t *async.Task) (nothing struct{}, err error) {
	return nothing, (*feed[T])(a).pollAbandon(t)
}

// closeAll polls several to their end, and returns Pending until all have come to it.
func closeAll(t *async.Task, all ...Closer) (result error) {
	for _, c := range all {
		if err := c.PollClose(t); err != nil {
			result = err
		}
	}
	return result
}

// itemError is an error that a function or a future made of an item. One that looks
// like the end of the stream is not.
func itemError(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
