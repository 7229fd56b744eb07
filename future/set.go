package future

import "rondo.dev/rondo/async"

// A Set is futures in flight, whose results are taken as they come. It is a future
// of the next result itself, again and again:
//
//	var set future.Set[int]
//	for _, f := range fs {
//		set.Add(f)
//	}
//	defer set.Close(t)
//	for set.Len() > 0 {
//		n, err := set.Next(t)
//		...
//	}
//
// Only futures that were woken are polled, so that a result costs the same whether
// there are ten others or ten thousand. A future starts when the Set is polled after
// it was added. Those that are async functions, added with Go, are child tasks: they
// run also while nobody polls.
//
// The zero value is ready for use. A Set belongs to one task at a time, of one loop once
// it has been polled, and must not be copied once it has been used.
//
// Losing a Select is nothing to a Set: it stops waiting, and its futures stay in
// flight. If the task is cancelled while it waits, they are all asked to give up,
// and waited for; what they have yielded is there for further polls, under
// Task.WithoutCancel, and what has yielded nothing is as if it had not been
// started.
type Set[T any] struct{ r roster[T] }

// Add adds a future. It allocates if there have never been so many at once.
func (s *Set[T]) Add(f async.Future[T]) { s.r.add(f, false) }

// Go adds an async function, which starts as a child of the task that polls the
// Set; see Go.
func (s *Set[T]) Go(f func(*async.Task) (T, error)) { s.Add(Go(f)) }

// Len returns how many futures are in the Set: those whose result was not taken.
func (s *Set[T]) Len() int { return s.r.size }

// Next suspends t until one of the futures has ended, and returns its result. It
// returns io.EOF if there are none; the error of a future can be io.EOF too, so
// Len tells first. A panic of a future is raised, and that future is gone.
func (s *Set[T]) Next(t *async.Task) (T, error) { return async.Await[T](t, s) }

// Poll makes it a Future, of what Next returns. It may be polled after a result.
func (s *Set[T]) Poll(t *async.Task) (T, error) { return s.r.next(t, false) }

// Cancel makes it a Canceler.
func (s *Set[T]) Cancel(t *async.Task, loser bool) (idle bool) { return s.r.cancel(t, loser) }

// Close asks all futures to give up as losers do, and waits until they have, even
// if t is cancelled. The Set is empty then, and can be used again. It has to be
// called before a Set is dropped that is not empty. Results that the futures had
// yielded, and that were not taken, are dropped.
func (s *Set[T]) Close(t *async.Task) { s.r.close(t) }

// PollClose is Close for a combinator that is being polled: it returns Pending until
// the futures have given up.
func (s *Set[T]) PollClose(t *async.Task) error {
	_, err := (*rosterClose[T])(&s.r).Poll(t)
	return err
}
