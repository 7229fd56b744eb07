package channel

import (
	"sync"

	"rondo.dev/rondo/internal/waitline"
)

// A Broadcast sends every value to all who have subscribed. Sending never waits:
// the last few values are kept, and a receiver that is slower than that misses
// some, and is told how many.
//
// Every method may be called by any task or goroutine. All receivers get the same
// value: what it points to has to be left alone.
type Broadcast[T any] struct {
	mu     sync.Mutex
	kept   []sentValue[T] // value number n is at n % len(kept)
	next   uint64         // how many values were sent
	subs   int            // how many have subscribed
	closed bool
	line   waitline.Line
}

// sentValue is a value and how many receivers have not received it. At zero it is
// forgotten.
type sentValue[T any] struct {
	value T
	left  int
}

// NewBroadcast returns a Broadcast that keeps capacity values for its receivers.
// It panics if capacity is not positive.
func NewBroadcast[T any](capacity int) *Broadcast[T] {
	if capacity <= 0 {
		panic("rondo/channel: a broadcast's capacity must be positive")
	}
	return &Broadcast[T]{kept: make([]sentValue[T], capacity)}
}

// Send sends v to all who have subscribed, and returns how many that are. It never
// waits. After Close it returns ErrClosed.
func (b *Broadcast[T]) Send(v T) (receivers int, err error) {
	receivers, k, err := b.send(v)
	k.WakeMany(nil, &b.mu, &b.line)
	return receivers, err
}

func (b *Broadcast[T]) send(v T) (receivers int, k waitline.Woken, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return 0, k, ErrClosed
	}
	if b.subs > 0 {
		*b.at(b.next) = sentValue[T]{v, b.subs}
		b.next++
		b.line.Tell(&k)
	}
	return b.subs, k, nil
}

func (b *Broadcast[T]) at(n uint64) *sentValue[T] { return &b.kept[n%uint64(len(b.kept))] }

// oldest returns the number of the oldest value that is kept.
func (b *Broadcast[T]) oldest() uint64 { return b.next - min(b.next, uint64(len(b.kept))) }

// Close ends it: receivers get what they have not received, then io.EOF. It may be
// called more than once.
func (b *Broadcast[T]) Close() {
	k := b.close()
	k.Wake(nil)
}

func (b *Broadcast[T]) close() (k waitline.Woken) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	b.line.Tell(&k)
	return k
}

// Subscribe returns a subscription to the values that are sent from now on. It has
// to be closed, or values are kept for it.
func (b *Broadcast[T]) Subscribe() *Subscription[T] {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.subs++
	return &Subscription[T]{b: b, next: b.next}
}
