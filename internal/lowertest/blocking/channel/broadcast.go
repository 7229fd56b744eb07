package channel

import (
	"fmt"
	"io"
	"iter"

	async "rondo.dev/rondo/internal/lowertest/blocking"
)

// A Broadcast gives what is sent to all who have subscribed.
type Broadcast[T any] struct {
	waiters
	kept   []T
	from   int // the number of the first that is kept
	size   int
	closed bool
}

func NewBroadcast[T any](size int) *Broadcast[T] { return &Broadcast[T]{size: size} }

func (b *Broadcast[T]) Send(v T) (receivers int, err error) {
	if b.kept = append(b.kept, v); len(b.kept) > b.size {
		b.kept = b.kept[1:]
		b.from++
	}
	b.wake()
	return 1, nil
}

func (b *Broadcast[T]) Close() { b.closed = true; b.wake() }

func (b *Broadcast[T]) Subscribe() *Subscription[T] { return &Subscription[T]{b, b.from + len(b.kept)} }

// A Subscription receives what was sent since.
type Subscription[T any] struct {
	b    *Broadcast[T]
	next int
}

// A LagError says how much has come and gone.
type LagError struct{ Missed int }

func (e *LagError) Error() string {
	return fmt.Sprintf("rondo/channel: receiver has missed %d values", e.Missed)
}

func (s *Subscription[T]) Recv() Op[T] {
	return Op[T]{func() (v T, err error) {
		b := s.b
		switch i := s.next - b.from; {
		case i < 0:
			s.next = b.from
			err = &LagError{-i}
		case i < len(b.kept):
			v = b.kept[i]
			s.next++
		case b.closed:
			err = io.EOF
		default:
			err = async.Pending
		}
		return v, err
	}, s.b.wait}
}

// All returns an iterator over what is received.
func (s *Subscription[T]) All(t *async.Task) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for {
			v, err := s.Recv().Await(t)
			if _, lagged := err.(*LagError); err != nil && !lagged || !yield(v, err) {
				return
			}
		}
	}
}
