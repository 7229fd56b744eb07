package stream

import (
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/internal/repeat"
)

// operation is what a sink does with an item: an async.Act, a channel.Sending, by
// its address.
type operation[F any] interface {
	*F
	async.Future[struct{}]
}

// ToOp returns a sink that runs an operation for each item, one after the other:
//
//	k := stream.ToOp(queue.Send) // queue is a *channel.Chan
//
// It has room when the operation for the item before is over, whose error the next
// poll returns. An operation that was given up is begun again with the same item.
// Closing waits for the last, and closes nothing else. One allocation, and none an
// item.
func ToOp[T, F any, P operation[F]](op func(T) F) Sink[T] { return &toOp[T, F, P]{begin: op} }

type toOp[T, F any, P operation[F]] struct {
	begin func(T) F
	item  T
	op    F
	feed  feed[struct{}] // of op; no stream: there is no item
}

func (k *toOp[T, F, P]) Put(t *async.Task, v T) {
	k.item, k.op = v, k.begin(v)
	k.feed = feed[struct{}]{s: P(&k.op)}
}

func (k *toOp[T, F, P]) PollReady(t *async.Task) error {
	if k.feed.s == nil {
		return nil
	}
	_, err := k.feed.poll(t)
	switch {
	case async.IsPending(err) || err == errLost:
		return err
	case k.feed.left && err != nil && repeat.Only(err, cause(t)):
		k.Put(t, k.item) // it is over and has not happened
		return err
	}
	*k = toOp[T, F, P]{begin: k.begin}
	return err
}

func (k *toOp[T, F, P]) PollFlush(t *async.Task) error { return k.PollReady(t) }
func (k *toOp[T, F, P]) PollClose(t *async.Task) error { return k.PollReady(t) }

func (k *toOp[T, F, P]) Cancel(t *async.Task, loser bool) (idle bool) { return k.feed.Cancel(t, loser) }

// Discard returns a sink that takes everything and keeps nothing. It allocates
// nothing.
func Discard[T any]() Sink[T] { return discard[T]{} }

type discard[T any] struct{}

func (discard[T]) PollReady(*async.Task) error          { return nil }
func (discard[T]) Put(*async.Task, T)                   {}
func (discard[T]) PollFlush(*async.Task) error          { return nil }
func (discard[T]) PollClose(*async.Task) error          { return nil }
func (discard[T]) Cancel(*async.Task, bool) (idle bool) { return true }

// Append returns a sink that appends items to a slice. One allocation.
func Append[T any](to *[]T) Sink[T] { return &appending[T]{to: to} }

type appending[T any] struct {
	discard[T]
	to *[]T
}

func (a *appending[T]) Put(_ *async.Task, v T) { *a.to = append(*a.to, v) }

// With returns a sink that puts what fn makes of each item into k. The error of fn is
// that of the next poll, and its item is dropped. One allocation.
func With[T, U any](k Sink[U], fn func(T) (U, error)) Sink[T] { return &with[T, U]{k, fn, nil} }

type with[T, U any] struct {
	k   Sink[U]
	fn  func(T) (U, error)
	err error
}

func (w *with[T, U]) PollReady(t *async.Task) error {
	if err := w.failure(); err != nil {
		return err
	}
	return w.k.PollReady(t)
}

func (w *with[T, U]) failure() (err error) {
	err, w.err = w.err, nil
	return err
}

func (w *with[T, U]) Put(t *async.Task, v T) {
	u, err := w.fn(v)
	if err != nil {
		w.err = err
		return
	}
	w.k.Put(t, u)
}

func (w *with[T, U]) PollFlush(t *async.Task) error {
	if err := w.failure(); err != nil {
		return err
	}
	return w.k.PollFlush(t)
}

func (w *with[T, U]) PollClose(t *async.Task) error {
	if err := w.failure(); err != nil {
		return err
	}
	return w.k.PollClose(t)
}

func (w *with[T, U]) Cancel(t *async.Task, loser bool) (idle bool) { return w.k.Cancel(t, loser) }
