package stream

import (
	"io"

	"rondo.dev/rondo/async"
)

// ForEachConcurrent is ForEach with up to n items at once, each in a child task: one
// that is held up does not hold up the others, nor the taking of items. An item is
// taken when there is a place for it, and f is called with each that was taken. At an
// error, of s or of an f, no more are taken, the other children are cancelled, and
// all are waited for. It panics if n is not positive.
func ForEachConcurrent[T any](t *async.Task, s Stream[T], n int, f func(*async.Task, T) error) error {
	all := async.NewGroup(t, 0)
	c := &concurrent[T]{feed: feed[T]{s: s}, free: sized(n)}
	for {
		v, err := async.Await(t, c)
		if err == io.EOF {
			break
		}
		if err != nil {
			all.Go(func(*async.Task) error { return err })
			break
		}
		c.free--
		all.Go(func(t *async.Task) (err error) {
			failed := true // also when it panics
			defer func() { c.left(failed) }()
			err = f(t, v)
			failed = err != nil
			return err
		})
	}
	c.abandon(t)
	return all.Wait(t)
}

// concurrent is the next item, when there is a place for it, and the end when there
// is none to be taken any more.
type concurrent[T any] struct {
	feed[T]
	free   int
	failed bool
	waker  *async.Waker
}

func (c *concurrent[T]) Poll(t *async.Task) (v T, err error) {
	c.waker = t.Waker()
	switch {
	case c.failed && !c.state.giving():
		return v, io.EOF
	case c.free == 0:
		return v, async.Pending
	}
	return c.poll(t)
}

// left is called by a child whose item is dealt with.
func (c *concurrent[T]) left(failed bool) {
	c.free++
	c.failed = c.failed || failed
	c.waker.WakeLocal()
}
