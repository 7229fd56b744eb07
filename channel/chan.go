package channel

import (
	"math"
	"sync"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/internal/waitline"
	"rondo.dev/rondo/lock"
)

// A Chan is a queue of values between tasks, of whichever loops, and goroutines:
// what make(chan T, n) is between goroutines. Any number may send and receive. It
// is first in, first out, and those who wait are served in their order.
//
// Every method may be called by any task or goroutine.
type Chan[T any] struct {
	mu     sync.Mutex // guards the rest but over
	buf    ring[T]
	limit  int64          // how many places there are
	places waitline.Units // places that nobody has
	values waitline.Units // values in buf that nobody is entitled to
	over   lock.Event     // set when it is closed; has a mutex of its own
}

// The invariants of a Chan, whenever mu is free:
//
//   - limit = places.Free() + buf.n + the places that were given to senders and
//     permits, and have not been filled.
//   - buf.n = values.Free() + the values that were promised to receivers, who
//     have not come for them. Which value a receiver gets is decided when it
//     comes, so the order is kept whoever is first.
//   - places is closed from Close on. values is closed when no value can come any
//     more: places is, buf is empty, and all places are free.

// New returns a channel with room for capacity values. It panics if capacity is
// not positive: there is no unbuffered channel. (Who wants to know that a value
// was received sends a Oneshot along, for the answer.)
func New[T any](capacity int) *Chan[T] {
	if capacity <= 0 {
		panic("rondo/channel: a channel's capacity must be positive")
	}
	return newChan[T](int64(capacity))
}

// NewUnbounded returns a channel to which sending never waits. Nothing holds
// senders back that are faster than the receivers: memory is the limit.
func NewUnbounded[T any]() *Chan[T] { return newChan[T](math.MaxInt64) }

func newChan[T any](limit int64) *Chan[T] {
	c := &Chan[T]{limit: limit}
	var nobody waitline.Woken
	c.places.Put(limit, &nobody)
	return c
}

// Len returns how many values are in the channel.
func (c *Chan[T]) Len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.buf.n
}

// Cap returns how many values the channel has room for, -1 if there is no bound.
func (c *Chan[T]) Cap() int {
	if c.limit == math.MaxInt64 {
		return -1
	}
	return int(c.limit)
}

// Close closes the channel for senders: they get ErrClosed, also those who wait.
// Receivers get what is in it, and what holders of permits still send, then
// io.EOF. Unlike close of a Go channel it is for both sides, and may be called
// more than once.
func (c *Chan[T]) Close() {
	k := c.close()
	k.Wake(nil)
	c.over.Set()
}

func (c *Chan[T]) close() (k waitline.Woken) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.places.Close(&k)
	c.endIfOver(&k)
	return k
}

// endIfOver tells receivers when nothing more can come.
func (c *Chan[T]) endIfOver(k *waitline.Woken) {
	if c.places.Closed() && c.buf.n == 0 && c.places.Free() == c.limit {
		c.values.Close(k)
	}
}

// Closed reports whether the channel was closed.
func (c *Chan[T]) Closed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.places.Closed()
}

// Done suspends until the channel is closed, by whichever side: a producer learns
// that nobody wants what it works on.
func (c *Chan[T]) Done() async.Act { return c.over.Done() }
