package stream

import (
	"context"
	"errors"
	"io"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/internal/repeat"
)

// A pump is a child task that takes from a stream and hands each item to those of its
// branches that are to have it. So a branch has what is its own whichever of its
// neighbours is being polled.
type pump[T any] struct {
	s     Stream[T]
	join  *async.Join[struct{}]
	open  int // how many branches were not closed
	waker *async.Waker
}

// start runs route, for open branches, until the stream ends. end is told why it ends
// before that: the task is cancelled, or the stream has panicked.
func (p *pump[T]) start(t *async.Task, open int, route func(t *async.Task, v T, err error), end func(err error)) {
	p.open = open
	p.join = async.Spawn(t, func(t *async.Task) (nothing struct{}, _ error) {
		why := errBroken
		defer func() { end(why) }()
		for {
			v, err := Next(t, p.s)
			cause := t.Cause()
			switch {
			case err == io.EOF:
				why = nil
				return nothing, nil
			case err != nil && cause != nil && repeat.Only(err, cause):
				why = cause
				return nothing, nil
			}
			route(t, v, err)
		}
	})
}

// errBroken is the end of the branches of a stream that has panicked; the panic is told
// by the task that has it.
var errBroken = errors.New("rondo/stream: the stream that this is a branch of has panicked")

// close is called by a branch that was closed. The last of them stops the pump, and
// waits for it.
func (p *pump[T]) close(t *async.Task) error {
	if p.open > 0 {
		return nil
	}
	if p.join != nil {
		p.join.Stop(context.Canceled)
		if _, err := p.join.Poll(t); async.IsPending(err) {
			return err
		}
		p.join = nil
	}
	if c, ok := p.s.(Closer); ok {
		return c.PollClose(t)
	}
	return nil
}

// hub is a pump of whatever type, as its branches see it.
type hub interface {
	left()
	taken()
	close(t *async.Task) error
}

func (p *pump[T]) left() { p.open-- }

// taken wakes the pump: there is room in a branch.
func (p *pump[T]) taken() {
	if p.waker != nil {
		p.waker.WakeLocal()
	}
}

// branch is one of the streams that a pump fills. It has room for one item.
type branch[U any] struct {
	hub    hub
	val    U
	err    error
	full   bool
	later  []result[U] // waited for room when the pump ended: they come after val
	owns   bool        // what it has is nobody else's
	closed bool
	gone   bool // closed, and waited for
	over   bool // nothing comes any more
	taker  *async.Waker
}

type result[U any] struct {
	val U
	err error
}

func (b *branch[U]) Poll(t *async.Task) (v U, err error) {
	switch {
	case b.full:
		v, err = b.val, b.err
		b.empty()
		if len(b.later) > 0 {
			b.val, b.err, b.full = b.later[0].val, b.later[0].err, true
			b.later = b.later[1:]
		}
		return v, err
	case b.over || b.closed:
		return v, io.EOF
	}
	b.taker = t.Waker()
	return v, async.Pending
}

func (b *branch[U]) empty() {
	var none U
	b.val, b.err, b.full = none, nil, false
	b.hub.taken()
}

// Cancel makes it a Canceler. An item is taken only by the poll that returns it.
func (b *branch[U]) Cancel(*async.Task, bool) (idle bool) { return true }

func (b *branch[U]) PollClose(t *async.Task) error {
	if !b.closed {
		b.closed = true
		b.hub.left()
		if g, ok := any(b.val).(Closer); ok && b.owns && b.full && b.err == nil {
			g.PollClose(t) // nobody else can; it does not wait for itself
		}
		b.later = nil
		b.empty()
	}
	if b.gone {
		return nil
	}
	err := b.hub.close(t)
	b.gone = err == nil
	return err
}

// put puts an item into the branch. It has room, or the pump is at its end.
func (b *branch[U]) put(v U, err error) {
	switch {
	case b.closed:
	case b.full:
		b.later = append(b.later, result[U]{v, err})
	default:
		b.val, b.err, b.full = v, err, true
		b.wake()
	}
}

// end ends the branch, with an error before if there is one.
func (b *branch[U]) end(err error) {
	if err != nil {
		var none U
		b.put(none, err)
	}
	b.over = true
	b.wake()
}

func (b *branch[U]) wake() {
	if b.taker != nil {
		b.taker.WakeLocal()
	}
}

// wait suspends the pump until there is room in b, or its task is cancelled.
func wait[T, U any](t *async.Task, p *pump[T], b *branch[U]) {
	if b.full {
		async.Await(t, &room[T, U]{p, b})
		p.waker = nil
	}
}

type room[T, U any] struct {
	p *pump[T]
	b *branch[U]
}

func (r *room[T, U]) Poll(t *async.Task) (nothing struct{}, err error) {
	if !r.b.full {
		return nothing, nil
	}
	r.p.waker = t.Waker()
	return nothing, async.Pending
}
