package future

import "rondo.dev/rondo/async"

// Then returns a future of the future that fn makes of f's value, once f is ready.
// An error of f is passed on, and fn not called. One allocation, beside what fn
// makes.
//
// If the task is cancelled while f is in flight and f yields its value all the
// same, fn gets it, and its future is polled once before it is asked to give up: it
// may be what the value belongs to now.
func Then[T, U any](f async.Future[T], fn func(T) async.Future[U]) async.Future[U] {
	return &chain[T, U]{first: inner[T]{f: f}, fn: fn}
}

// chain is two futures, one after the other. Of next it makes no more than its
// caller asks for; as a loser it goes on with next later.
type chain[T, U any] struct {
	first inner[T]
	fn    func(T) async.Future[U]
	next  async.Future[U] // nil: first is not over
	asked bool            // to give up, while first was in flight
}

func (c *chain[T, U]) Poll(t *async.Task) (u U, err error) {
	if c.next != nil {
		return c.next.Poll(t)
	}
	v, err, lost := c.first.poll(t)
	if err != nil || lost {
		return u, err
	}
	c.next = c.fn(v)
	c.first.f, c.fn = nil, nil
	return pollLate(t, c.next, c.asked)
}

// pollLate polls a future for the first time, and asks it to give up if whatever
// it is a part of was asked before.
func pollLate[T any](t *async.Task, f async.Future[T], asked bool) (T, error) {
	v, err := f.Poll(t)
	if !asked || !async.IsPending(err) {
		return v, err
	}
	if async.GiveUp(t, f, false) {
		var zero T
		return zero, cause(t)
	}
	return f.Poll(t) // it may have ended inside Cancel
}

func (c *chain[T, U]) Cancel(t *async.Task, loser bool) (idle bool) {
	if c.next != nil {
		return async.GiveUp(t, c.next, loser)
	}
	idle = c.first.Cancel(t, loser)
	c.asked = !idle && !loser
	return idle
}

// OrElse returns a future of f's value, or, if f fails, of the future that fn makes
// of its error. Once the whole was asked to give up, an error of f is passed on, as
// an await in a cancelled task would do. A value beside an error is dropped. One
// allocation, beside what fn makes.
func OrElse[T any](f async.Future[T], fn func(error) async.Future[T]) async.Future[T] {
	return &alternative[T]{first: inner[T]{f: f}, fn: fn}
}

type alternative[T any] struct {
	first inner[T]
	fn    func(error) async.Future[T]
	next  async.Future[T] // nil: first is not over
	asked bool            // to give up, while first was in flight
}

func (a *alternative[T]) Poll(t *async.Task) (T, error) {
	if a.next != nil {
		return a.next.Poll(t)
	}
	v, err, lost := a.first.poll(t)
	if err == nil || lost || a.asked || async.IsPending(err) {
		return v, err
	}
	a.next = a.fn(err)
	a.first.f, a.fn = nil, nil
	return a.next.Poll(t)
}

func (a *alternative[T]) Cancel(t *async.Task, loser bool) (idle bool) {
	if a.next != nil {
		return async.GiveUp(t, a.next, loser)
	}
	idle = a.first.Cancel(t, loser)
	a.asked = !idle && !loser
	return idle
}

// Flatten returns a future of the value of the future that f yields. One
// allocation.
func Flatten[T any](f async.Future[async.Future[T]]) async.Future[T] {
	return Then(f, func(g async.Future[T]) async.Future[T] { return g })
}
