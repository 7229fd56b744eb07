package stream

import (
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/future"
)

// Then returns a stream of the results of the futures that fn makes of the items of
// s, one after the other: the next item is taken when the future of the one before
// is over. For several at once there are Buffered and Unordered. One allocation,
// beside what fn makes.
//
// Given up, it keeps the future it is at, or the operation in it, for the next poll.
// If an item comes although the task was cancelled, fn gets it, and its future is
// polled once before it is asked to give up: it may be what the item belongs to now.
func Then[T, U any](s Stream[T], fn func(T) async.Future[U]) Stream[U] {
	return &chained[T, U]{feed: feed[T]{s: s}, fn: fn}
}

type chained[T, U any] struct {
	feed[T]
	fn  func(T) async.Future[U]
	cur feed[U] // of the item that was taken; no stream: none was
}

func (c *chained[T, U]) Poll(t *async.Task) (u U, err error) {
	late := false
	if c.cur.s == nil {
		v, err := c.feed.poll(t)
		if err != nil {
			return u, err
		}
		c.cur = feed[U]{s: c.fn(v)}
		late = c.feed.left
	}
	u, err = c.cur.poll(t)
	if late && async.IsPending(err) {
		if c.cur.Cancel(t, false) {
			return u, cause(t)
		}
		u, err = c.cur.poll(t) // it may have ended inside Cancel
	}
	if !async.IsPending(err) && err != errLost {
		c.cur.s = nil
	}
	return u, itemError(err)
}

func (c *chained[T, U]) Cancel(t *async.Task, loser bool) (idle bool) {
	if c.cur.s != nil {
		return c.cur.Cancel(t, loser)
	}
	return c.feed.Cancel(t, loser)
}

func (c *chained[T, U]) PollClose(t *async.Task) error { return closeAll(t, &c.cur, &c.feed) }

// Go returns a stream of futures: the items of s, each handed to the async function
// f, which runs as a child task once its future is polled. It is what Buffered and
// Unordered are made for:
//
//	pages := stream.Buffered(stream.Go(urls, fetch), 8)
//
// An f that holds its loop's turn does not hold up its siblings, which run whether or
// not anybody polls. One allocation for the stream and one an item, beside those of
// future.Go.
func Go[T, U any](s Stream[T], f func(*async.Task, T) (U, error)) Stream[async.Future[U]] {
	return &functions[T, U]{feed[T]{s: s}, f}
}

type functions[T, U any] struct {
	feed[T]
	f func(*async.Task, T) (U, error)
}

func (g *functions[T, U]) Poll(t *async.Task) (async.Future[U], error) {
	v, err := g.poll(t)
	if err != nil {
		return nil, err
	}
	f := g.f
	return future.Go(func(t *async.Task) (U, error) { return f(t, v) }), nil
}
