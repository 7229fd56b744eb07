package stream

import (
	"io"

	"rondo.dev/rondo/async"
)

// Flatten returns a stream of the items of the streams that s has, one stream after
// the other. An error of theirs is passed on, and they go on. One that has ended is
// closed. One allocation.
func Flatten[T any](s Stream[Stream[T]]) Stream[T] { return &flattened[T]{feed: feed[Stream[T]]{s: s}} }

// FlatMap returns a stream of the items of the streams that fn makes of the items of
// s. Two allocations, beside what fn makes.
func FlatMap[T, U any](s Stream[T], fn func(T) Stream[U]) Stream[U] { return Flatten(Map(s, fn)) }

// Chain returns a stream of the items of several, one after the other. Two
// allocations, and one for the arguments.
func Chain[T any](ss ...Stream[T]) Stream[T] { return Flatten(Of(ss...)) }

// Cycle returns a stream of the items of the streams that open returns, again and
// again, without end. One that had nothing is the last: io.EOF, so that it does not
// turn for ever. Two allocations, beside what open makes.
func Cycle[T any](open func() Stream[T]) Stream[T] {
	return Flatten(&cycled[T]{open: open, had: true})
}

// cycled opens streams as long as they have something.
type cycled[T any] struct {
	open func() Stream[T]
	had  bool
}

func (c *cycled[T]) Poll(*async.Task) (Stream[T], error) {
	if !c.had {
		return nil, io.EOF
	}
	c.had = false
	return Inspect(c.open(), func(T) { c.had = true }), nil
}

type flattened[T any] struct {
	feed[Stream[T]]
	cur   feed[T] // no stream: none is open
	ended bool    // cur has, and is being closed
	asked bool    // to give up, meanwhile
}

func (f *flattened[T]) Poll(t *async.Task) (v T, err error) {
	for {
		if f.cur.s == nil {
			s, err := f.feed.poll(t)
			if err != nil {
				return v, err
			}
			f.cur = feed[T]{s: s}
			if err := f.feed.again(t); err != nil {
				return v, err
			}
		}
		if !f.ended {
			v, err = f.cur.poll(t)
			if err != io.EOF {
				return v, err
			}
			f.ended, f.asked = true, f.cur.left
		}
		if err := f.cur.PollClose(t); err != nil {
			return v, err
		}
		f.cur, f.ended = feed[T]{left: f.asked}, false
		if err := f.cur.again(t); err != nil {
			return v, err
		}
	}
}

func (f *flattened[T]) Cancel(t *async.Task, loser bool) (idle bool) {
	switch {
	case f.ended:
		f.asked = true // it ends as soon as that is closed
		return false
	case f.cur.s != nil:
		return f.cur.Cancel(t, loser)
	}
	return f.feed.Cancel(t, loser)
}

func (f *flattened[T]) PollClose(t *async.Task) error { return closeAll(t, &f.cur, &f.feed) }
