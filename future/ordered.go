package future

import "rondo.dev/rondo/async"

// Ordered is a Set whose results come in the order in which the futures were
// added: they are all in flight at once, and a result waits until those before it
// have been taken. Whoever adds bounds how many those are.
//
// The order is kept after a cancelled wait too: what a future has yielded waits for
// those before it that have yielded nothing, and are started again.
type Ordered[T any] struct{ r roster[T] }

// Add adds a future behind all others. It allocates if there have never been so
// many at once.
func (o *Ordered[T]) Add(f async.Future[T]) { o.r.add(f, false) }

// AddFirst adds a future before all others.
func (o *Ordered[T]) AddFirst(f async.Future[T]) { o.r.add(f, true) }

// Go adds an async function behind all others; see Set.Go.
func (o *Ordered[T]) Go(f func(*async.Task) (T, error)) { o.Add(Go(f)) }

// Len returns how many futures there are whose result was not taken.
func (o *Ordered[T]) Len() int { return o.r.size }

// Next suspends t until the first of the futures has ended, and returns its
// result; see Set.Next.
func (o *Ordered[T]) Next(t *async.Task) (T, error) { return async.Await[T](t, o) }

// Poll makes it a Future, of what Next returns. It may be polled after a result.
func (o *Ordered[T]) Poll(t *async.Task) (T, error) { return o.r.next(t, true) }

// Cancel makes it a Canceler.
func (o *Ordered[T]) Cancel(t *async.Task, loser bool) (idle bool) { return o.r.cancel(t, loser) }

// Close gives all futures up; see Set.Close.
func (o *Ordered[T]) Close(t *async.Task) { o.r.close(t) }

// PollClose is Close for a combinator that is being polled; see Set.PollClose.
func (o *Ordered[T]) PollClose(t *async.Task) error {
	_, err := (*rosterClose[T])(&o.r).Poll(t)
	return err
}
