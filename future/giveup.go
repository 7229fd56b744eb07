package future

import (
	"context"

	"rondo.dev/rondo/async"
)

// cause is why t was cancelled, for results that have to say something.
func cause(t *async.Task) error {
	if err := t.Cause(); err != nil {
		return err
	}
	return context.Canceled
}

// inner is the future that a combinator of one is made of. It forwards Cancel, and
// tells a result that somebody takes from that of a loser, which is none: then the
// combinator does nothing with it, and can be polled again if its future can.
type inner[T any] struct {
	f     async.Future[T]
	loser bool
}

func (x *inner[T]) poll(t *async.Task) (v T, err error, lost bool) {
	v, err = x.f.Poll(t)
	if x.loser && !async.IsPending(err) {
		x.loser, lost = false, true
	}
	return v, err, lost
}

// Cancel makes whatever embeds an inner a Canceler.
func (x *inner[T]) Cancel(t *async.Task, loser bool) (idle bool) {
	if async.GiveUp(t, x.f, loser) {
		x.loser = false
		return true
	}
	x.loser = loser
	return false
}

// Abandon asks f to give up as a loser does, and waits until it has: what it has
// all the same goes back to where it came from, and f can be awaited again. It is
// for futures that a Race, or a poll by hand, left in flight. It waits even if t is
// cancelled. A future that was never polled is not touched.
func Abandon[T any](t *async.Task, f async.Future[T]) {
	x := abandoning[T]{f: f}
	async.Await(t.WithoutCancel(), &x)
}

// abandoning is the end of a future nobody listens to.
type abandoning[T any] struct {
	f     async.Future[T]
	asked bool
}

func (x *abandoning[T]) Poll(t *async.Task) (nothing struct{}, err error) {
	if !x.asked {
		x.asked = true
		if async.GiveUp(t, x.f, true) {
			return nothing, nil
		}
	}
	if _, err := x.f.Poll(t); async.IsPending(err) {
		return nothing, err
	}
	return nothing, nil
}
