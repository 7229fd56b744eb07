package stream

import (
	"io"

	"rondo.dev/rondo/async"
)

// Of returns a stream of the values, or of the elements of a slice: Of(xs...). Those
// are not copied. One allocation.
func Of[T any](vs ...T) Stream[T] { return &values[T]{vs} }

type values[T any] struct{ rest []T }

func (s *values[T]) Poll(*async.Task) (v T, err error) {
	if len(s.rest) == 0 {
		return v, io.EOF
	}
	v = s.rest[0]
	s.rest = s.rest[1:]
	return v, nil
}

// Empty returns a stream that has ended. It allocates nothing. (A stream that never
// has anything, and never ends, is future.Never.)
func Empty[T any]() Stream[T] { return empty[T]{} }

type empty[T any] struct{}

func (empty[T]) Poll(*async.Task) (v T, err error) { return v, io.EOF }

// Repeat returns a stream of v, without end. One allocation, or none if T is a
// pointer.
func Repeat[T any](v T) Stream[T] { return repeated[T]{v} }

type repeated[T any] struct{ v T }

func (r repeated[T]) Poll(*async.Task) (T, error) { return r.v, nil }

// Once returns a stream of one item, the result of f. An error of f is passed on,
// and the stream has ended. If the task is cancelled while f is in flight, the result
// is the cause, and that is an end too: f is not polled again. One allocation.
func Once[T any](f async.Future[T]) Stream[T] { return &once[T]{feed: feed[T]{s: f}} }

type once[T any] struct {
	feed[T]
	over bool
}

func (o *once[T]) Poll(t *async.Task) (v T, err error) {
	if o.over {
		return v, io.EOF
	}
	v, err = o.poll(t)
	o.over = !async.IsPending(err) && err != errLost
	return v, err
}

// Cancel is that of the future. One that was given up, and not as a loser, is not polled
// again.
func (o *once[T]) Cancel(t *async.Task, loser bool) (idle bool) {
	begun := o.state != resting
	idle = o.feed.Cancel(t, loser)
	o.over = o.over || idle && begun && !loser
	return idle
}

// FromFunc returns a stream of what f returns each time it is called, until that is
// io.EOF. f does not wait for anything: what has to is for Generate. After io.EOF f
// is not called any more. One allocation.
func FromFunc[T any](f func() (T, error)) Stream[T] { return &function[T]{f} }

type function[T any] struct{ f func() (T, error) }

func (s *function[T]) Poll(*async.Task) (v T, err error) {
	if s.f == nil {
		return v, io.EOF
	}
	v, err = s.f()
	if err == io.EOF {
		s.f = nil
	}
	return v, err
}

// Unfold returns a stream of what f makes of a state, which it also replaces, until
// its error is io.EOF. Any other error is passed on, and leaves the state as it was.
// One allocation.
//
//	powers := stream.Unfold(1, func(n int) (item, next int, err error) { return n, 2 * n, nil })
func Unfold[S, T any](state S, f func(S) (item T, next S, err error)) Stream[T] {
	return &unfolding[S, T]{state: state, f: f}
}

type unfolding[S, T any] struct {
	state S
	f     func(S) (T, S, error)
}

func (u *unfolding[S, T]) Poll(*async.Task) (v T, err error) {
	if u.f == nil {
		return v, io.EOF
	}
	v, next, err := u.f(u.state)
	switch err {
	case nil:
		u.state = next
	case io.EOF:
		u.f = nil
	}
	return v, err
}

// FromPoll returns a stream whose Poll is f, which has to keep the contract of
// Stream. It holds nothing that Cancel could give up. It allocates nothing beside f.
func FromPoll[T any](f func(*async.Task) (T, error)) Stream[T] { return polled[T](f) }

type polled[T any] func(*async.Task) (T, error)

func (f polled[T]) Poll(t *async.Task) (T, error) { return f(t) }
