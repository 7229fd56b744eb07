package stream

import (
	"io"
	"iter"

	"rondo.dev/rondo/async"
)

// All returns an iterator over the items of s, so that an async loop is an ordinary
// loop:
//
//	for msg, err := range stream.All(t, messages) {
//		if err != nil {
//			return err
//		}
//		...
//	}
//
// It ends with the stream. An error is yielded once, without an item unless s has
// one with it, and ends it too; that t was cancelled is such an error. The stream is
// where it was left, also by a break or return: another loop goes on with the next
// item. It is not closed; see Close. All allocates nothing an item.
func All[T any](t *async.Task, s Stream[T]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for {
			v, err := Next(t, s)
			if err == io.EOF || !yield(v, err) || err != nil {
				return
			}
		}
	}
}
