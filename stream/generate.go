package stream

import (
	"context"
	"io"

	"rondo.dev/rondo/async"
)

// Generate returns a stream of what the async function f yields. f is what an iterator
// function is to an iter.Seq, and may await between items:
//
//	pages := stream.Generate(func(t *async.Task, yield stream.Yield[Page]) error {
//		for next := first; next != ""; {
//			page, err := get(t, next)
//			if err != nil {
//				return err
//			}
//			if err := yield(t, page); err != nil {
//				return err
//			}
//			next = page.Next
//		}
//		return nil
//	})
//
// f runs as a child of the task that polls first, which does not end before it, from
// the first poll on, and under the time limit of that poll if it has one (WithTimeout,
// timer.Timeout). When it returns nil the stream has ended; its error comes before
// the end. f is one item ahead of who takes them, and no more. When a poll is given
// up, f runs on, and its item waits for the next. Close cancels f and waits for its
// end, after which the stream has ended; if the task is cancelled, so is f. It needs an
// event loop: async.Block can't run it. Two allocations, and a task; none an item.
func Generate[T any](f func(t *async.Task, yield Yield[T]) error) Stream[T] {
	return &generated[T]{f: f}
}

// Yield hands an item to whoever takes from the stream, and suspends t until it has
// been taken. Its error is the cause if t is cancelled meanwhile; then the item was
// not taken, and won't be. It is called by one task at a time.
type Yield[T any] = func(t *async.Task, v T) error

type generated[T any] struct {
	f     func(*async.Task, Yield[T]) error
	join  *async.Join[struct{}] // nil: not started, or ended
	over  bool
	taker *async.Waker

	val    T
	full   bool         // val waits to be taken
	giver  *async.Waker // of who yields
	handed bool         // the yield that is under way has put its item into val
}

func (g *generated[T]) Poll(t *async.Task) (v T, err error) {
	switch {
	case g.over:
		return v, io.EOF
	case g.join == nil:
		f := g.f
		g.f = nil
		g.join = async.Spawn(t, func(t *async.Task) (struct{}, error) { return struct{}{}, f(t, g.yield) })
	}
	if g.full {
		return g.take(), nil
	}
	_, err = g.join.Poll(t)
	switch {
	case async.IsPending(err):
		g.taker = t.Waker()
		return v, err
	case err == nil:
		err = io.EOF
	}
	g.over, g.join = true, nil
	return v, err
}

func (g *generated[T]) take() (v T) {
	var zero T
	v, g.val, g.full = g.val, zero, false
	g.giver.WakeLocal()
	return v
}

func (g *generated[T]) yield(t *async.Task, v T) error {
	if g.handed || g.full {
		panic("rondo/stream: two tasks yielded at once")
	}
	if cause := t.Cause(); cause != nil {
		return cause
	}
	if g.over { // closed, and f goes on without regard to that
		return context.Canceled
	}
	g.val = v
	_, err := async.Await(t, (*yielding[T])(g))
	if g.handed = false; err != nil {
		var zero T
		g.val = zero
	}
	return err
}

// yielding is the future of an item having been taken.
type yielding[T any] generated[T]

func (y *yielding[T]) Poll(t *async.Task) (nothing struct{}, err error) {
	g := (*generated[T])(y)
	switch {
	case g.handed && !g.full:
		return nothing, nil
	case g.over:
		g.full = false
		return nothing, context.Canceled
	case !g.handed:
		g.handed, g.full = true, true
		if g.taker != nil {
			g.taker.WakeLocal()
		}
	}
	g.giver = t.Waker()
	return nothing, async.Pending
}

func (y *yielding[T]) Cancel(*async.Task, bool) (idle bool) {
	idle = y.full
	y.full = false
	return idle
}

// Cancel makes it a Canceler: f runs on.
func (g *generated[T]) Cancel(*async.Task, bool) (idle bool) { return true }

// PollClose makes it a Closer. A panic or Goexit of f is raised, and no other error told.
func (g *generated[T]) PollClose(t *async.Task) error {
	if !g.over {
		g.over, g.f = true, nil
		if g.join != nil {
			g.join.Stop(context.Canceled)
		}
		if g.full {
			g.giver.WakeLocal() // it need not be a yield that is cancelled
		}
	}
	if g.join == nil {
		return nil
	}
	_, err := g.join.Poll(t)
	if async.IsPending(err) {
		return err
	}
	g.join = nil
	if async.IsFatal(err) {
		panic(err)
	}
	return nil
}
