package future

import "rondo.dev/rondo/async"

// Map returns a future of what fn makes of f's value. An error of f is passed on,
// and fn not called; a value beside an error is dropped (Settle keeps both). fn
// does not wait for anything. One allocation.
func Map[T, U any](f async.Future[T], fn func(T) U) async.Future[U] {
	return &mapped[T, U]{inner[T]{f: f}, fn}
}

type mapped[T, U any] struct {
	inner[T]
	fn func(T) U
}

func (m *mapped[T, U]) Poll(t *async.Task) (u U, err error) {
	v, err, lost := m.poll(t)
	if err != nil || lost {
		return u, err
	}
	return m.fn(v), nil
}

// TryMap is Map for a function that can fail, such as strconv.Atoi. One
// allocation.
func TryMap[T, U any](f async.Future[T], fn func(T) (U, error)) async.Future[U] {
	return &tryMapped[T, U]{inner[T]{f: f}, fn}
}

type tryMapped[T, U any] struct {
	inner[T]
	fn func(T) (U, error)
}

func (m *tryMapped[T, U]) Poll(t *async.Task) (u U, err error) {
	v, err, lost := m.poll(t)
	if err != nil || lost {
		return u, err
	}
	return m.fn(v)
}

// MapErr returns a future of f's result with another error: fn gets f's, unless it
// is nil. The value beside it stays. One allocation.
func MapErr[T any](f async.Future[T], fn func(error) error) async.Future[T] {
	return &errMapped[T]{inner[T]{f: f}, fn}
}

type errMapped[T any] struct {
	inner[T]
	fn func(error) error
}

func (m *errMapped[T]) Poll(t *async.Task) (T, error) {
	v, err, lost := m.poll(t)
	if err == nil || lost || async.IsPending(err) {
		return v, err
	}
	return v, m.fn(err)
}

// Inspect returns a future of f's result that shows it to fn in passing: for logs
// and counters. What f yields as a loser is not shown. One allocation.
func Inspect[T any](f async.Future[T], fn func(T, error)) async.Future[T] {
	return &inspected[T]{inner[T]{f: f}, fn}
}

type inspected[T any] struct {
	inner[T]
	fn func(T, error)
}

func (i *inspected[T]) Poll(t *async.Task) (T, error) {
	v, err, lost := i.poll(t)
	if !lost && !async.IsPending(err) {
		i.fn(v, err)
	}
	return v, err
}

// An Outcome is how a future ended, as a value.
type Outcome[T any] struct {
	Value T
	Err   error
}

// Settle returns a future that never fails: its value is how f ended. So a Join
// tells of each of its futures, and a Map sees a value that came with an error. Only
// when the task is cancelled and f holds nothing is there no such value: then the
// await ends with the cause, as any other. One allocation.
func Settle[T any](f async.Future[T]) async.Future[Outcome[T]] {
	return &settled[T]{inner[T]{f: f}}
}

type settled[T any] struct{ inner[T] }

func (s *settled[T]) Poll(t *async.Task) (o Outcome[T], err error) {
	v, err, lost := s.poll(t)
	if lost || async.IsPending(err) {
		return o, err
	}
	return Outcome[T]{v, err}, nil
}
