package stream

import "rondo.dev/rondo/async"

// A Stream is a future of its next item, again and again. Its Poll keeps the
// contract of [async.Future], except that it may be polled after a result:
//
//   - A result without an error is an item.
//   - io.EOF, as it is and never wrapped, is the end. A stream that has ended is
//     not touched by further polls, which return io.EOF again.
//   - Any other error is news, not an end: the next poll goes on. A stream that
//     can't go on returns io.EOF after it.
//
// A stream that holds something while it is pending is an [async.Canceler] as well.
// Asked to give up it loses no item: what it has taken from elsewhere and not
// delivered goes back there, or is kept for its next poll. The cause of a
// cancellation is such an error that the stream goes on after.
//
// Many things are streams without knowing: a timer.Ticker, a future.Chan, a
// future.Set and a future.Ordered, whatever future.Race returns.
type Stream[T any] interface {
	async.Future[T]
}

// A Closer is a stream that may have something in flight between two polls. PollClose
// gives that up, and returns Pending until it has ended; then nil, and again nil. It
// is not asked to give up itself.
type Closer interface {
	PollClose(t *async.Task) error
}

// Next suspends t until s has an item, and returns it; or io.EOF, or another error,
// after which Next can be called again. If t is cancelled it returns the cause, and
// no item is lost.
func Next[T any](t *async.Task, s Stream[T]) (T, error) { return async.Await[T](t, s) }

// Close lets go of what s, and what it is made from, may have in flight although
// nobody is polling: the futures of a Buffered, the streams of a Merge, the task of
// a Generate, the iterator of a FromSeq. It is not needed after the end, nor for
// streams that only do something while they are polled; but who leaves a stream
// before its end, and does not know what it is made from, defers it.
//
// What was in flight is given up as a loser gives up: its items are where they came
// from. Items that a combinator has kept are still there, but for what has landed in a
// Buffered or an Unordered. So a closed stream can be
// polled again. Close waits even if t is cancelled.
func Close[T any](t *async.Task, s Stream[T]) {
	if c, ok := s.(Closer); ok {
		async.Await(t.WithoutCancel(), &closing{c})
	}
}

// closing is the end of a Closer as a future.
type closing struct{ c Closer }

func (c *closing) Poll(t *async.Task) (nothing struct{}, err error) {
	return nothing, c.c.PollClose(t)
}

// A Pair is two values: of a Zip, of an Enumerate, of a map.
type Pair[A, B any] struct {
	A A
	B B
}
