package stream

import "rondo.dev/rondo/async"

// Map returns a stream of what fn makes of each item of s. Errors are passed on. fn
// does not wait for anything: what has to is for Then. One allocation.
func Map[T, U any](s Stream[T], fn func(T) U) Stream[U] {
	return &mapped[T, U]{feed[T]{s: s}, fn}
}

type mapped[T, U any] struct {
	feed[T]
	fn func(T) U
}

func (m *mapped[T, U]) Poll(t *async.Task) (u U, err error) {
	v, err := m.poll(t)
	if err != nil {
		return u, err
	}
	return m.fn(v), nil
}

// TryMap is Map for a function that can fail, such as strconv.Atoi. Its error takes
// the place of the item, and the stream goes on. (An io.EOF of fn becomes
// io.ErrUnexpectedEOF, here and wherever a function can fail: it is not the end of
// the stream.) One allocation.
func TryMap[T, U any](s Stream[T], fn func(T) (U, error)) Stream[U] {
	return &tryMapped[T, U]{feed[T]{s: s}, fn}
}

type tryMapped[T, U any] struct {
	feed[T]
	fn func(T) (U, error)
}

func (m *tryMapped[T, U]) Poll(t *async.Task) (u U, err error) {
	v, err := m.poll(t)
	if err != nil {
		return u, err
	}
	u, err = m.fn(v)
	return u, itemError(err)
}

// Inspect returns the stream s, and shows each item to fn in passing: for logs and
// counters. What goes back is not shown. One allocation.
func Inspect[T any](s Stream[T], fn func(T)) Stream[T] {
	return &inspected[T]{feed[T]{s: s}, fn}
}

type inspected[T any] struct {
	feed[T]
	fn func(T)
}

func (i *inspected[T]) Poll(t *async.Task) (T, error) {
	v, err := i.poll(t)
	if err == nil {
		i.fn(v)
	}
	return v, err
}

// Enumerate returns a stream of the items of s with their numbers, from 0. One
// allocation.
func Enumerate[T any](s Stream[T]) Stream[Pair[int, T]] {
	return &enumerated[T]{feed: feed[T]{s: s}}
}

type enumerated[T any] struct {
	feed[T]
	n int
}

func (e *enumerated[T]) Poll(t *async.Task) (p Pair[int, T], err error) {
	v, err := e.poll(t)
	if err != nil {
		return p, err
	}
	p = Pair[int, T]{e.n, v}
	e.n++
	return p, nil
}

// Scan returns a stream of running results: each is what fn makes of the one before,
// or of init, and the next item. One allocation.
//
//	sums := stream.Scan(numbers, 0, func(sum, n int) int { return sum + n })
func Scan[T, A any](s Stream[T], init A, fn func(A, T) A) Stream[A] {
	return &scanned[T, A]{feed[T]{s: s}, init, fn}
}

type scanned[T, A any] struct {
	feed[T]
	acc A
	fn  func(A, T) A
}

func (s *scanned[T, A]) Poll(t *async.Task) (a A, err error) {
	v, err := s.poll(t)
	if err != nil {
		return a, err
	}
	s.acc = s.fn(s.acc, v)
	return s.acc, nil
}
