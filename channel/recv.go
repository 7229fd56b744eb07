package channel

import (
	"io"
	"iter"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/internal/waitline"
)

// Recv waits for a value and receives it. The error is io.EOF when the channel is
// closed and empty, and the cause if the task is cancelled. A value is taken only
// for the one who gets it: a Recv that was cancelled or has lost a Select has
// taken nothing.
func (c *Chan[T]) Recv() async.Op[T] { return async.NewQuickOp((*receiving[T])(c), 0) }

// TryRecv receives a value if there is one and nobody waits for it; else it
// returns ErrEmpty, or io.EOF when the channel is closed and empty.
func (c *Chan[T]) TryRecv() (T, error) {
	return c.tryRecv(nil)
}

// tryRecv is TryRecv by somebody who runs on the executor here, or does not know.
func (c *Chan[T]) tryRecv(here *async.Executor) (v T, err error) {
	c.mu.Lock()
	if c.values.Take(1) {
		v = c.buf.pop()
		if c.places.Closed() || !c.places.Stock(1) {
			c.passOn(here)
			return v, nil
		}
	} else if err = ErrEmpty; c.values.Closed() {
		err = io.EOF
	}
	c.mu.Unlock()
	return v, err
}

// passOn passes a place on in which somebody else has an interest, and unlocks c.
func (c *Chan[T]) passOn(here *async.Executor) {
	var k waitline.Woken
	c.vacate(1, &k)
	c.mu.Unlock()
	k.Wake(here)
}

// RecvMany waits for a value, and receives with it what else is there: up to
// len(buf) values, into buf. It returns how many.
func (c *Chan[T]) RecvMany(t *async.Task, buf []T) (n int, err error) {
	if len(buf) == 0 {
		return 0, t.Cause()
	}
	v, err := c.Recv().Await(t)
	if err != nil {
		return 0, err
	}
	buf[0] = v
	n, k := c.drain(buf[1:])
	k.Wake(t.Executor())
	return n + 1, nil
}

func (c *Chan[T]) drain(buf []T) (n int, k waitline.Woken) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for n < len(buf) && c.values.Take(1) {
		buf[n] = c.pop(&k)
		n++
	}
	return n, k
}

// All receives until the channel is closed and empty, or t is cancelled; t.Cause
// tells which:
//
//	for v := range c.All(t) {
//		...
//	}
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

// pop takes a value that was promised to the caller, and passes its place on.
func (c *Chan[T]) pop(k *waitline.Woken) T {
	v := c.buf.pop()
	c.vacate(1, k)
	return v
}

// receiving is the source of Recv.
type receiving[T any] Chan[T]

func (r *receiving[T]) Home() *async.Executor { return nil }

func (r *receiving[T]) Start(t *async.Task, _ []byte, _ uint64) uint32 {
	r.mu.Lock()
	return r.values.StartQuick(t, 1, &r.mu)
}

func (r *receiving[T]) PollOp(t *async.Task, ticket uint32, _ bool) (T, error) {
	c := (*Chan[T])(r)
	if ticket == 0 {
		v, err := c.tryRecv(t.Executor())
		if err == ErrEmpty {
			err = async.Pending
		}
		return v, err
	}
	v, k, err := c.pollRecv(t, ticket)
	k.Wake(t.Executor())
	return v, err
}

func (c *Chan[T]) pollRecv(t *async.Task, ticket uint32) (v T, k waitline.Woken, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch c.values.Poll(t, ticket) {
	case waitline.Waiting:
		return v, k, async.Pending
	case waitline.Told:
		return v, k, io.EOF
	}
	return c.pop(&k), k, nil
}

func (r *receiving[T]) CancelOp(t *async.Task, ticket uint32) (idle bool) {
	k := (*Chan[T])(r).cancelRecv(ticket)
	k.Wake(t.Executor())
	return true
}

// cancelRecv passes the promise of a value on. The value has not moved.
func (c *Chan[T]) cancelRecv(ticket uint32) (k waitline.Woken) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.values.Put(c.values.Cancel(ticket), &k)
	return k
}

// Settle has nothing to do: a cancelled operation is gone at once.
func (r *receiving[T]) Settle(uint32, bool) int { return 0 }
