package async

// A Future is a computation that may not have happened yet. Nothing happens
// until it is polled.
//
// The contract, which everything in rondo relies on:
//
//   - Poll never blocks. It returns a result, or Pending as its error, with a
//     value that the caller ignores.
//   - A Poll that returns Pending has seen to it that t.Waker() is woken when
//     polling again makes sense. It stores the waker, never t. Of several polls
//     the last waker wins.
//   - Wakes may be spurious: a Poll that has nothing new returns Pending again.
//   - Pending is returned as it is. Wrapping it hides it from those who look for
//     it, and the task then never wakes (package asynctest reports that).
//   - A future is polled by one task at a time, and not again after its result;
//     most panic if it is.
type Future[T any] interface {
	Poll(t *Task) (T, error)
}

// A Canceler is a future that holds something while it is pending: a place in
// the kernel, a buffer, a place in a queue.
//
// Cancel asks it to give up, and never starts anything. If it reports idle,
// nothing is in flight and the future can be dropped. Otherwise it is polled,
// with the same waker, until it is no longer Pending: it yields its result if it
// happened all the same, else the task's cause.
//
// A loser is a future that nobody listens to any more, because another one won:
// what it would have yielded goes back to where it came from (bytes to their
// connection, a connection to its listener), and what it does yield is ignored.
// Afterwards it is as if it had not been started, but for what can't be undone,
// such as bytes written, which it remembers.
//
// A combinator forwards Cancel to those of its children that it has started. A
// future that is not a Canceler holds nothing and is just dropped.
type Canceler interface {
	Cancel(t *Task, loser bool) (idle bool)
}

// GiveUp asks f, which has been polled, to give up, and reports whether there is
// nothing to wait for: f has nothing in flight, or is no Canceler at all. It is what
// combinators call for a child.
func GiveUp[T any](t *Task, f Future[T], loser bool) (idle bool) {
	c, ok := f.(Canceler)
	return !ok || c.Cancel(t, loser)
}

// Pending is the error of a Poll without a result. It is a sentinel like io.EOF.
var Pending error = &pending{}

// pending has a type of its own so that IsPending is one comparison of type
// words, which is cheaper than comparing interfaces.
type pending struct{ _ byte }

func (*pending) Error() string { return "rondo: future is pending" }

// IsPending reports whether err, as returned by a Poll, says that there is no
// result yet.
func IsPending(err error) bool {
	_, ok := err.(*pending)
	return ok
}
