package stream

import (
	"io"

	"rondo.dev/rondo/async"
)

// Zip returns a stream of pairs of an item of a and an item of b, until one of them
// has ended. Both are waited for at once; what one has is kept until the other has
// something too, also when the Zip is given up. An error of either is passed on
// alone. The last item of the longer one is dropped. One allocation.
func Zip[A, B any](a Stream[A], b Stream[B]) Stream[Pair[A, B]] {
	return &zipped[A, B]{a: inlet[A]{feed: feed[A]{s: a}}, b: inlet[B]{feed: feed[B]{s: b}}}
}

type zipped[A, B any] struct {
	lanes
	a    inlet[A]
	b    inlet[B]
	over bool
}

func (z *zipped[A, B]) Poll(t *async.Task) (p Pair[A, B], err error) {
	if z.over {
		return z.end(t)
	}
	settled := z.settle(t, &z.a, &z.b)
	if unsettled(settled) {
		return p, settled
	}
	if settled == nil {
		z.a.fill(t)
		if !z.a.failed() {
			z.b.fill(t)
		}
	}
	switch {
	case z.a.failed():
		_, err = z.a.take()
	case z.b.failed():
		_, err = z.b.take()
	case z.a.full && z.b.full:
		p.A, _ = z.a.take()
		p.B, _ = z.b.take()
		return p, nil
	case settled != nil:
		return p, settled
	default:
		return p, async.Pending
	}
	if err == io.EOF {
		z.over = true
		return z.end(t)
	}
	return p, err
}

// end gives up whichever goes on, as a loser, before it says that it is over.
func (z *zipped[A, B]) end(t *async.Task) (p Pair[A, B], err error) {
	if !z.cancel(t, true, &z.a, &z.b) {
		if err := z.settle(t, &z.a, &z.b); async.IsPending(err) {
			return p, err
		}
	}
	return p, io.EOF
}

// failed reports whether what is kept is an error.
func (x *inlet[T]) failed() bool { return x.full && x.err != nil }

func (z *zipped[A, B]) Cancel(t *async.Task, loser bool) (idle bool) {
	return z.cancel(t, loser, &z.a, &z.b)
}

func (z *zipped[A, B]) PollClose(t *async.Task) error { return closeAll(t, &z.a, &z.b) }
