package stream

import "rondo.dev/rondo/async"

// Buffer returns a sink with room for n more items than k has, which are put into k as
// it has room, in their order, whenever the sink is polled. It panics if n is not
// positive. Two allocations, and none an item.
func Buffer[T any](k Sink[T], n int) Sink[T] {
	return &buffer[T]{k: k, items: make([]T, 0, sized(n))}
}

type buffer[T any] struct {
	k     Sink[T]
	items []T
	next  int  // of items, to be put
	asked bool // k was asked to give up: nothing is put until it has
}

// drain puts what it can.
func (b *buffer[T]) drain(t *async.Task) error {
	for b.asked || b.next < len(b.items) {
		err := b.k.PollReady(t)
		if b.asked && !async.IsPending(err) {
			b.asked = false
			if err == nil {
				err = cause(t)
			}
		}
		if err != nil {
			return err
		}
		b.k.Put(t, b.items[b.next])
		var zero T
		b.items[b.next] = zero
		b.next++
	}
	b.items, b.next = b.items[:0], 0
	return nil
}

func (b *buffer[T]) PollReady(t *async.Task) error {
	err := b.drain(t)
	if async.IsPending(err) && !b.asked && len(b.items)-b.next < cap(b.items) {
		return nil
	}
	return err
}

func (b *buffer[T]) Put(_ *async.Task, v T) {
	if len(b.items) == cap(b.items) {
		n := copy(b.items, b.items[b.next:])
		clear(b.items[n:])
		b.items, b.next = b.items[:n], 0
	}
	b.items = append(b.items, v)
}

func (b *buffer[T]) PollFlush(t *async.Task) error {
	if err := b.drain(t); err != nil {
		return err
	}
	return b.k.PollFlush(t)
}

func (b *buffer[T]) PollClose(t *async.Task) error {
	if err := b.drain(t); err != nil {
		return err
	}
	return b.k.PollClose(t)
}

func (b *buffer[T]) Cancel(t *async.Task, loser bool) (idle bool) {
	idle = b.k.Cancel(t, loser)
	b.asked = !idle
	return idle
}
