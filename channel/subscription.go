package channel

import (
	"io"
	"iter"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/internal/waitline"
)

// A Subscription receives the values of a Broadcast, in their order. Several who
// receive from one subscription share the values between them.
//
// Every method may be called by any task or goroutine.
type Subscription[T any] struct {
	b      *Broadcast[T]
	next   uint64 // the value to be received next; guarded by b.mu, like closed
	closed bool
}

// Recv waits for the next value and receives it. The error is a *LagError, once,
// if values were overwritten before they were received, and the next Recv goes on
// with the oldest that is kept; and io.EOF when the Broadcast is closed and all
// was received, or the Subscription is. Cancelled, or as the loser of a Select, it
// has received nothing.
func (s *Subscription[T]) Recv() async.Op[T] {
	return async.NewQuickOp((*subscribing[T])(s), 0)
}

// TryRecv receives the next value if it is there; else it returns ErrEmpty, or an
// error of Recv.
func (s *Subscription[T]) TryRecv() (T, error) {
	s.b.mu.Lock()
	defer s.b.mu.Unlock()
	return s.take()
}

// Len returns how many values are there to be received.
func (s *Subscription[T]) Len() int {
	s.b.mu.Lock()
	defer s.b.mu.Unlock()
	if s.closed {
		return 0
	}
	return int(s.b.next - max(s.next, s.b.oldest()))
}

// All receives until the Broadcast or the Subscription is closed, or t is
// cancelled; t.Cause tells which. The errors it yields are of type *LagError, and
// it goes on after them.
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

// Close ends the subscription, and lets go of what it has not received. It may be
// called more than once.
func (s *Subscription[T]) Close() {
	k := s.close()
	k.Wake(nil)
}

func (s *Subscription[T]) close() (k waitline.Woken) {
	b := s.b
	b.mu.Lock()
	defer b.mu.Unlock()
	if s.closed {
		return k
	}
	s.closed = true
	b.subs--
	for n := max(s.next, b.oldest()); n < b.next; n++ {
		b.seen(n)
	}
	b.line.Tell(&k) // those who wait for this subscription are among them
	return k
}

// seen counts a receiver of value n.
func (b *Broadcast[T]) seen(n uint64) {
	p := b.at(n)
	if p.left--; p.left == 0 {
		*p = sentValue[T]{}
	}
}

// take receives the next value, or returns ErrEmpty.
func (s *Subscription[T]) take() (v T, err error) {
	b := s.b
	oldest := b.oldest()
	switch {
	case s.closed:
		return v, io.EOF
	case s.next < oldest:
		err = &LagError{Missed: oldest - s.next}
		s.next = oldest
		return v, err
	case s.next < b.next:
		v = b.at(s.next).value
		b.seen(s.next)
		s.next++
		return v, nil
	case b.closed:
		return v, io.EOF
	}
	return v, ErrEmpty
}

// subscribing is the source of Recv. Its waiters are told of every value, and look
// for themselves whether it is one for their subscription.
type subscribing[T any] Subscription[T]

func (r *subscribing[T]) Home() *async.Executor { return nil }

func (r *subscribing[T]) Start(t *async.Task, _ []byte, _ uint64) uint32 {
	b := r.b
	b.mu.Lock()
	return b.line.StartQuick(t, r.closed || b.closed || r.next < b.next, &b.mu)
}

func (r *subscribing[T]) PollOp(t *async.Task, ticket uint32, _ bool) (T, error) {
	b := r.b
	b.mu.Lock()
	defer b.mu.Unlock()
	var w *waitline.Waiter
	if ticket != 0 {
		w = b.line.Find(ticket)
	}
	v, err := (*Subscription[T])(r).take()
	switch {
	case err == ErrEmpty:
		err = async.Pending
		if w != nil {
			b.line.Stand(w, t)
		}
	case w != nil:
		b.line.Free(w)
	}
	return v, err
}

func (r *subscribing[T]) CancelOp(_ *async.Task, ticket uint32) (idle bool) {
	r.b.mu.Lock()
	defer r.b.mu.Unlock()
	r.b.line.Free(r.b.line.Find(ticket))
	return true
}

// Settle has nothing to do: a cancelled operation is gone at once.
func (r *subscribing[T]) Settle(uint32, bool) int { return 0 }
