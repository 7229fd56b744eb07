package stream

import (
	"errors"
	"io"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/internal/repeat"
)

// MapErr returns s with other errors: fn gets each, but not io.EOF. Two
// allocations.
func MapErr[T any](s Stream[T], fn func(error) error) Stream[T] {
	return OrElse(s, func(err error) (v T, _ error) { return v, fn(err) })
}

// OrElse returns s with what fn returns in place of each error: an item instead, or
// another error; io.EOF ends the stream. fn does not get io.EOF, nor why the task was
// cancelled. One allocation.
func OrElse[T any](s Stream[T], fn func(error) (T, error)) Stream[T] {
	return &recovered[T]{feed: feed[T]{s: s}, fn: fn}
}

type recovered[T any] struct {
	feed[T]
	fn func(error) (T, error) // nil: it is over
}

func (r *recovered[T]) Poll(t *async.Task) (v T, err error) {
	if r.fn == nil {
		return v, io.EOF
	}
	v, err = r.poll(t)
	if err == nil || err == io.EOF || err == errLost || async.IsPending(err) || r.left && repeat.Only(err, cause(t)) {
		return v, err
	}
	v, err = r.fn(err)
	if err == io.EOF {
		r.fn = nil
	}
	return v, err
}

// EndAt returns a stream that ends where s has an error that errors.Is target:
//
//	conns := stream.EndAt(stream.FromOp(ln.Accept), net.ErrClosed)
//
// Three allocations.
func EndAt[T any](s Stream[T], target error) Stream[T] {
	return MapErr(s, func(err error) error {
		if errors.Is(err, target) {
			return io.EOF
		}
		return err
	})
}
