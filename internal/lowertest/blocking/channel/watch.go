package channel

import (
	"io"
	"iter"

	async "rondo.dev/rondo/internal/lowertest/blocking"
)

// A Watch is a value that changes.
type Watch[T any] struct {
	waiters
	value   T
	version int
	closed  bool
}

func NewWatch[T any](v T) *Watch[T] { return &Watch[T]{value: v} }

func (w *Watch[T]) Get() T { return w.value }

func (w *Watch[T]) Set(v T) error {
	if w.closed {
		return io.EOF
	}
	w.value = v
	w.version++
	w.wake()
	return nil
}

func (w *Watch[T]) Close() { w.closed = true; w.wake() }

func (w *Watch[T]) Observe() *Observer[T] { return &Observer[T]{w, w.version} }

// An Observer knows which value it has seen.
type Observer[T any] struct {
	w    *Watch[T]
	seen int
}

func (o *Observer[T]) Changed() bool { return o.seen != o.w.version }

func (o *Observer[T]) Next() Op[T] {
	return Op[T]{func() (v T, err error) {
		switch w := o.w; {
		case o.seen != w.version:
			o.seen, v = w.version, w.value
		case w.closed:
			err = io.EOF
		default:
			err = async.Pending
		}
		return v, err
	}, o.w.wait}
}

// All returns an iterator over the values to come.
func (o *Observer[T]) All(t *async.Task) iter.Seq[T] {
	return func(yield func(T) bool) {
		for {
			v, err := o.Next().Await(t)
			if err != nil || !yield(v) {
				return
			}
		}
	}
}
