// Package channel is as much of package channel as the programs of the compiler's tests
// need, for goroutines.
package channel

import (
	"io"
	"iter"

	async "rondo.dev/rondo/internal/lowertest/blocking"
)

// A Chan is a channel with a buffer.
type Chan[T any] struct {
	waiters
	items  []T
	size   int
	closed bool
}

func New[T any](size int) *Chan[T] { return &Chan[T]{size: size} }

func (c *Chan[T]) Len() int { return len(c.items) }

func (c *Chan[T]) Close() { c.closed = true; c.wake() }

func (c *Chan[T]) TrySend(v T) error {
	if len(c.items) == c.size {
		return async.Pending
	}
	c.items = append(c.items, v)
	c.wake()
	return nil
}

// Send puts v into the buffer.
func (c *Chan[T]) Send(v T) Op[struct{}] {
	return Op[struct{}]{func() (struct{}, error) { return struct{}{}, c.TrySend(v) }, c.wait}
}

// Recv takes an item out of the buffer.
func (c *Chan[T]) Recv() Op[T] {
	return Op[T]{func() (v T, err error) {
		switch {
		case len(c.items) > 0:
			v, c.items = c.items[0], c.items[1:]
			c.wake()
		case c.closed:
			err = io.EOF
		default:
			err = async.Pending
		}
		return v, err
	}, c.wait}
}

// All returns an iterator over what is received.
func (c *Chan[T]) All(t *async.Task) iter.Seq[T] {
	return func(yield func(T) bool) {
		for {
			v, err := c.Recv().Await(t)
			if err != nil || !yield(v) {
				return
			}
		}
	}
}

// waiters are those who wait for something to happen.
type waiters struct{ list []async.Waker }

func (w *waiters) wait(t *async.Task) { w.list = append(w.list, t.Waker()) }

func (w *waiters) wake() {
	for _, waker := range w.list {
		waker.WakeLocal()
	}
	w.list = nil
}

// An Op is tried until it is not pending.
type Op[T any] struct {
	try  func() (T, error)
	wait func(*async.Task)
}

func (o Op[T]) Poll(t *async.Task) (T, error) {
	v, err := o.try()
	if err == async.Pending {
		o.wait(t)
	}
	return v, err
}

func (o Op[T]) Await(t *async.Task) (T, error) { return async.Await[T](t, o) }
