package lock

import (
	"context"
	"sync/atomic"

	"rondo.dev/rondo/async"
)

// A OnceCell is a value that is set once, and made by whoever needs it first. The
// zero value is empty. It must not be copied after its first use.
//
// Every method may be called by any task or goroutine.
type OnceCell[T any] struct {
	value  atomic.Pointer[T]
	filled Event
	turn   Mutex // of those who make the value
}

// Get returns the value, and whether there is one.
func (c *OnceCell[T]) Get() (v T, ok bool) {
	if p := c.value.Load(); p != nil {
		return *p, true
	}
	return v, false
}

// Set sets the value, and reports whether it was the first to do so. It does not
// wait for a Do that is making one, whose callers then get this one.
func (c *OnceCell[T]) Set(v T) bool {
	if !c.value.CompareAndSwap(nil, &v) {
		return false
	}
	c.filled.Set()
	return true
}

// Filled suspends until there is a value, whoever sets it. Get then returns it.
func (c *OnceCell[T]) Filled() async.Act { return c.filled.Done() }

// Do returns the value, and has it made by init if there is none. One init runs at
// a time, the others wait; if it fails, panics or is cancelled with its task, the
// next one's turn comes.
func (c *OnceCell[T]) Do(t *async.Task, init func(t *async.Task) (T, error)) (T, error) {
	if v, ok := c.Get(); ok {
		return v, nil
	}
	if err := c.turn.Lock().Await(t); err != nil {
		var zero T
		return zero, err
	}
	defer c.turn.Unlock()
	if v, ok := c.Get(); ok {
		return v, nil
	}
	v, err := init(t)
	return c.made(v, err)
}

// DoWait is Do for a plain goroutine.
func (c *OnceCell[T]) DoWait(ctx context.Context, init func(ctx context.Context) (T, error)) (T, error) {
	if v, ok := c.Get(); ok {
		return v, nil
	}
	if err := c.turn.Lock().Wait(ctx); err != nil {
		var zero T
		return zero, err
	}
	defer c.turn.Unlock()
	if v, ok := c.Get(); ok {
		return v, nil
	}
	v, err := init(ctx)
	return c.made(v, err)
}

// made ends a Do with what its init has returned.
func (c *OnceCell[T]) made(v T, err error) (T, error) {
	if err == nil && !c.Set(v) {
		v, _ = c.Get()
	}
	return v, err
}
