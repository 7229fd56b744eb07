package stream

import "rondo.dev/rondo/async"

// A Sink is where items go: the other end of a Stream. It takes one item at a time,
// and says when it has room for the next; so whoever sends goes no faster than it can
// take.
//
// The three methods that may wait are polled as futures are: they return nil, an
// error, or Pending, having stored t.Waker(). They are for one task at a time.
// Most programs use Send, SendAll and Forward.
//
// An error is of an item that was put before, or of the sink as a whole; a sink that
// can't go on has the same error again.
type Sink[T any] interface {
	// PollReady waits until there is room for an item. It stays so until Put.
	PollReady(t *async.Task) error
	// Put hands over one item. It does not wait; PollReady has returned nil before,
	// since the last Put. What becomes of the item the next poll tells.
	Put(t *async.Task, v T)
	// PollFlush waits until all items that were put are where they should be.
	PollFlush(t *async.Task) error
	// PollClose flushes, and ends the sink. It is not used after that.
	PollClose(t *async.Task) error
	// Cancel is Canceler.Cancel for whatever is in flight; if nothing is, it is
	// idle. If it is not, the sink is polled until that is no longer pending. Items
	// that were put and are not gone stay in it, and go with a later poll.
	Cancel(t *async.Task, loser bool) (idle bool)
}

// Feed waits until k has room, and hands v over. With an error, v was not taken. It
// does not see to it that v leaves the sink: see Flush. One allocation; SendAll has
// none an item.
func Feed[T any](t *async.Task, k Sink[T], v T) error {
	if err := await(t, k, toReady); err != nil {
		return err
	}
	k.Put(t, v)
	return nil
}

// Send is Feed and Flush. If t is cancelled after v was handed over, v is in the sink
// and goes with the next poll; who has to know which uses the two. Two allocations.
func Send[T any](t *async.Task, k Sink[T], v T) error {
	if err := Feed(t, k, v); err != nil {
		return err
	}
	return Flush(t, k)
}

// Flush waits until all items in k are where they should be. One allocation.
func Flush[T any](t *async.Task, k Sink[T]) error { return await(t, k, toFlush) }

// CloseSink flushes k and ends it. If t is cancelled it is not closed, and CloseSink can
// be called again under Task.WithoutCancel. One allocation.
func CloseSink[T any](t *async.Task, k Sink[T]) error { return await(t, k, toClose) }

func await[T any](t *async.Task, k Sink[T], what step) error {
	_, err := async.Await(t, &drain[T]{k: k, step: what})
	return err
}

// drain is one of the three polls of a sink as a future.
type drain[T any] struct {
	k    Sink[T]
	step step
}

type step uint8

const (
	toReady step = iota
	toFlush
	toClose
)

func (d *drain[T]) Poll(t *async.Task) (nothing struct{}, err error) {
	switch d.step {
	case toReady:
		err = d.k.PollReady(t)
	case toFlush:
		err = d.k.PollFlush(t)
	case toClose:
		err = d.k.PollClose(t)
	}
	return nothing, err
}

// Cancel makes it a Canceler.
func (d *drain[T]) Cancel(t *async.Task, loser bool) (idle bool) { return d.k.Cancel(t, loser) }
