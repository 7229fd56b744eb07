package stream

import "rondo.dev/rondo/async"

// Peek returns s as a stream whose next item can be looked at before it is taken. One
// allocation.
func Peek[T any](s Stream[T]) *Peekable[T] { return &Peekable[T]{inletOf(s)} }

// A Peekable is a stream made by Peek.
type Peekable[T any] struct{ in inlet[T] }

// Poll makes it a Stream.
func (p *Peekable[T]) Poll(t *async.Task) (T, error) { return p.in.next(t) }

// Cancel makes it a Canceler. An item that was looked at stays.
func (p *Peekable[T]) Cancel(t *async.Task, loser bool) (idle bool) { return p.in.Cancel(t, loser) }

// PollClose makes it a Closer.
func (p *Peekable[T]) PollClose(t *async.Task) error { return p.in.PollClose(t) }

// Peek suspends t until there is an item, and returns it; the item is still the next.
// An error is passed on, and is not what comes next.
func (p *Peekable[T]) Peek(t *async.Task) (T, error) { return async.Await(t, (*peeking[T])(p)) }

// Kept returns the item that Peek has looked at, in place, or nil. It can be changed.
func (p *Peekable[T]) Kept() *T {
	if !p.in.full {
		return nil
	}
	return &p.in.val
}

// NextIf takes the next item if accept accepts it, and reports whether it did.
// Otherwise the item stays.
func (p *Peekable[T]) NextIf(t *async.Task, accept func(T) bool) (v T, ok bool, err error) {
	v, err = p.Peek(t)
	if err != nil || !accept(v) {
		var none T
		return none, false, err
	}
	v, err = p.in.take()
	return v, true, err
}

type peeking[T any] Peekable[T]

func (p *peeking[T]) Poll(t *async.Task) (T, error) {
	if !p.in.full {
		v, err := p.in.poll(t)
		if err != nil {
			return v, err
		}
		p.in.keep(v, nil)
	}
	return p.in.val, nil
}

func (p *peeking[T]) Cancel(t *async.Task, loser bool) (idle bool) { return p.in.Cancel(t, loser) }
