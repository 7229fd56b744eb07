package stream

import (
	"io"

	"rondo.dev/rondo/async"
)

// Take returns a stream of the first n items of s. What comes after them stays in s,
// which is not polled for it. One allocation.
func Take[T any](s Stream[T], n int) Stream[T] { return &taken[T]{feed[T]{s: s}, n} }

type taken[T any] struct {
	feed[T]
	n int
}

func (s *taken[T]) Poll(t *async.Task) (v T, err error) {
	if s.n <= 0 {
		return v, io.EOF
	}
	v, err = s.poll(t)
	if err == nil {
		s.n--
	}
	return v, err
}

// TakeWhile returns a stream of the first items of s, as long as ok accepts them. The
// first that it does not accept is dropped; Peekable.NextIf keeps it. One allocation.
func TakeWhile[T any](s Stream[T], ok func(T) bool) Stream[T] {
	return &takenWhile[T]{feed[T]{s: s}, ok}
}

type takenWhile[T any] struct {
	feed[T]
	ok func(T) bool // nil: it is over
}

func (s *takenWhile[T]) Poll(t *async.Task) (none T, err error) {
	if s.ok == nil {
		return none, io.EOF
	}
	v, err := s.poll(t)
	if err == nil && !s.ok(v) {
		s.ok = nil
		return none, io.EOF
	}
	return v, err
}

// MapWhile returns a stream of what fn makes of the items of s, until it reports
// false. One allocation.
func MapWhile[T, U any](s Stream[T], fn func(T) (U, bool)) Stream[U] {
	return &mappedWhile[T, U]{feed[T]{s: s}, fn}
}

type mappedWhile[T, U any] struct {
	feed[T]
	fn func(T) (U, bool) // nil: it is over
}

func (s *mappedWhile[T, U]) Poll(t *async.Task) (none U, err error) {
	if s.fn == nil {
		return none, io.EOF
	}
	v, err := s.poll(t)
	if err != nil {
		return none, err
	}
	u, ok := s.fn(v)
	if !ok {
		s.fn = nil
		return none, io.EOF
	}
	return u, nil
}
