// Package stream is as much of package stream as the programs of the compiler's tests
// need, for goroutines.
package stream

import (
	"io"
	"iter"

	async "rondo.dev/rondo/internal/lowertest/blocking"
)

// A Stream is a future of its next item, again and again.
type Stream[T any] interface{ async.Future[T] }

// All returns an iterator over the items of s.
func All[T any](t *async.Task, s Stream[T]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for {
			v, err := async.Await[T](t, s)
			if err == io.EOF || !yield(v, err) || err != nil {
				return
			}
		}
	}
}
