package channel

import (
	"context"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/internal/waitline"
)

// Send sends v, waiting for room. The error is ErrClosed if the channel is closed,
// before or meanwhile, and the cause if the task is cancelled; then v was not
// sent. What does not wait for room is sent at once, when it is awaited.
func (c *Chan[T]) Send(v T) Sending[T] {
	return Sending[T]{c: c, v: v}
}

// Sending is a Send: an operation like an async.Act, inert until it is awaited or
// polled. A value is sent whole or not at all: one that was cancelled has not been
// sent, and can be awaited again.
type Sending[T any] struct {
	c     *Chan[T]
	v     T
	place async.Act // if begun
	begun bool
}

// Await suspends t until the value is sent.
func (s Sending[T]) Await(t *async.Task) error {
	if !s.begun && t.AtOnce() {
		if err := s.c.trySend(s.v, t.Executor()); err != ErrFull {
			return err
		}
	}
	if err := s.room().Await(t); err != nil {
		return err
	}
	s.c.fill(s.v, t.Executor())
	return nil
}

// Wait blocks a plain goroutine until the value is sent, or ctx ends.
func (s Sending[T]) Wait(ctx context.Context) error {
	if err := s.room().Wait(ctx); err != nil {
		return err
	}
	s.c.fill(s.v, nil)
	return nil
}

// room returns the operation that Await and Wait run to its end: the one that was
// polled already, if any. It takes s by value: an address taken would keep s in a place of
// its own where Await is lowered.
func (s Sending[T]) room() async.Act {
	if s.begun {
		return s.place
	}
	return s.c.reserve()
}

// Poll makes *Sending a Future. Polled again after it was sent, it panics.
func (s *Sending[T]) Poll(t *async.Task) (struct{}, error) {
	if !s.begun {
		s.place, s.begun = s.c.reserve(), true
	}
	_, err := s.place.Poll(t)
	if err == nil {
		s.c.fill(s.v, t.Executor())
	}
	return struct{}{}, err
}

// Cancel makes *Sending a Canceler.
func (s *Sending[T]) Cancel(t *async.Task, loser bool) (idle bool) { return s.place.Cancel(t, loser) }

// TrySend sends v if there is room and nobody waits for it; else it returns
// ErrFull or ErrClosed. On an unbounded channel it is the way to send from code
// that is neither a task nor may block.
func (c *Chan[T]) TrySend(v T) error {
	return c.trySend(v, nil)
}

// trySend is TrySend by somebody who runs on the executor here, or does not know.
func (c *Chan[T]) trySend(v T, here *async.Executor) (err error) {
	c.mu.Lock()
	if c.places.Take(1) {
		c.fillLocked(v, here)
		return nil
	}
	if err = ErrFull; c.places.Closed() {
		err = ErrClosed
	}
	c.mu.Unlock()
	return err
}

// fill puts v into a place that the caller has.
func (c *Chan[T]) fill(v T, here *async.Executor) {
	c.mu.Lock()
	c.fillLocked(v, here)
}

// fillLocked is fill for callers who have locked c. It unlocks it.
func (c *Chan[T]) fillLocked(v T, here *async.Executor) {
	c.buf.push(v)
	if c.values.Stock(1) {
		c.mu.Unlock()
		return
	}
	var k waitline.Woken
	c.values.Put(1, &k)
	c.mu.Unlock()
	k.Wake(here)
}

func (c *Chan[T]) put(v T, k *waitline.Woken) {
	c.buf.push(v)
	c.values.Put(1, k)
}

// vacate gives back places that were not filled.
func (c *Chan[T]) vacate(places int64, k *waitline.Woken) {
	if places > 0 {
		c.places.Put(places, k)
		c.endIfOver(k)
	}
}

// reserve waits for a place, for those who fill it at once.
func (c *Chan[T]) reserve() async.Act { return async.NewLightAct((*reserving[T])(c), 0) }

// reserving is the source of a place.
type reserving[T any] Chan[T]

func (s *reserving[T]) Home() *async.Executor { return nil }

func (s *reserving[T]) Start(*async.Task, []byte, uint64) uint32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.places.Start(1)
}

func (s *reserving[T]) PollOp(t *async.Task, ticket uint32, _ bool) (struct{}, error) {
	if ticket == waitline.GivenTicket {
		return struct{}{}, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch s.places.Poll(t, ticket) {
	case waitline.Waiting:
		return struct{}{}, async.Pending
	case waitline.Told:
		return struct{}{}, ErrClosed
	}
	return struct{}{}, nil
}

func (s *reserving[T]) CancelOp(t *async.Task, ticket uint32) (idle bool) {
	k := (*Chan[T])(s).cancelPlace(ticket)
	k.Wake(t.Executor())
	return true
}

func (c *Chan[T]) cancelPlace(ticket uint32) (k waitline.Woken) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.vacate(c.places.Cancel(ticket), &k)
	return k
}

// Settle has nothing to do: a cancelled operation is gone at once.
func (s *reserving[T]) Settle(uint32, bool) int { return 0 }
