package stream

import "rondo.dev/rondo/async"

// Filter returns a stream of the items of s that keep accepts. One allocation.
func Filter[T any](s Stream[T], keep func(T) bool) Stream[T] {
	return &filtered[T]{feed[T]{s: s}, keep}
}

type filtered[T any] struct {
	feed[T]
	keep func(T) bool
}

func (f *filtered[T]) Poll(t *async.Task) (v T, err error) {
	for {
		v, err := f.poll(t)
		if err != nil || f.keep(v) {
			return v, err
		}
		if err := f.again(t); err != nil {
			var none T
			return none, err
		}
	}
}

// FilterMap returns a stream of what fn makes of the items of s, without those that
// it reports false for. One allocation.
func FilterMap[T, U any](s Stream[T], fn func(T) (U, bool)) Stream[U] {
	return &filterMapped[T, U]{feed[T]{s: s}, fn}
}

type filterMapped[T, U any] struct {
	feed[T]
	fn func(T) (U, bool)
}

func (f *filterMapped[T, U]) Poll(t *async.Task) (none U, err error) {
	for {
		v, err := f.poll(t)
		if err != nil {
			return none, err
		}
		if u, ok := f.fn(v); ok {
			return u, nil
		}
		if err := f.again(t); err != nil {
			return none, err
		}
	}
}

// Skip returns s without its first n items. One allocation.
func Skip[T any](s Stream[T], n int) Stream[T] { return &skipped[T]{feed[T]{s: s}, n} }

type skipped[T any] struct {
	feed[T]
	n int
}

func (s *skipped[T]) Poll(t *async.Task) (none T, err error) {
	for {
		v, err := s.poll(t)
		if err != nil || s.n <= 0 {
			return v, err
		}
		s.n--
		if err := s.again(t); err != nil {
			return none, err
		}
	}
}

// SkipWhile returns s from the first item on that skip does not accept. One
// allocation.
func SkipWhile[T any](s Stream[T], skip func(T) bool) Stream[T] {
	return &skippedWhile[T]{feed[T]{s: s}, skip}
}

type skippedWhile[T any] struct {
	feed[T]
	skip func(T) bool // nil: it has begun
}

func (s *skippedWhile[T]) Poll(t *async.Task) (none T, err error) {
	for {
		v, err := s.poll(t)
		if err != nil || s.skip == nil {
			return v, err
		}
		if !s.skip(v) {
			s.skip = nil
			return v, nil
		}
		if err := s.again(t); err != nil {
			return none, err
		}
	}
}
