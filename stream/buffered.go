package stream

import (
	"io"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/future"
	"rondo.dev/rondo/internal/repeat"
)

// Buffered returns a stream of the results of the futures that s has, in their order,
// with up to n of them in flight at once. Go makes async functions such futures. The
// error of one is passed on in its place, and the others go on. It panics if n is not
// positive. One allocation, and one for each of the n.
//
// It takes a future from s when one of the n places is free, and at no other time:
// what has landed keeps its place until it is taken.
//
// The futures, and s, are in flight between polls: see Close, which gives them up, and
// drops what has landed.
// They stay so when the stream loses a Select. If the task is cancelled while it waits,
// they are asked to give up, and waited for; what has landed all the same is kept for
// further polls, and what yields nothing is as if it had not been started.
func Buffered[T any](s Stream[async.Future[T]], n int) Stream[T] {
	x := &ordered[T]{pooled: pooled[async.Future[T], T]{feed: feed[async.Future[T]]{s: s}, limit: sized(n)}}
	x.pool, x.errors = &x.running, x
	return x
}

// Unordered is Buffered, except that results come as soon as they are there.
func Unordered[T any](s Stream[async.Future[T]], n int) Stream[T] {
	x := &unordered[T]{pooled: pooled[async.Future[T], T]{feed: feed[async.Future[T]]{s: s}, limit: sized(n)}}
	x.pool = &x.running
	return x
}

// FlattenUnordered returns a stream of the items of the streams that s has, as they
// come, with up to n of the streams at once. For the rest it is like a Set of them. It
// panics if n is not positive. One allocation, and those of Set.Add a stream.
func FlattenUnordered[T any](s Stream[Stream[T]], n int) Stream[T] {
	x := &crowded[T]{pooled: pooled[Stream[T], T]{feed: feed[Stream[T]]{s: s}, limit: sized(n)}}
	x.pool, x.ends = &x.running, true
	return x
}

type ordered[T any] struct {
	pooled[async.Future[T], T]
	running future.Ordered[T]
}

type unordered[T any] struct {
	pooled[async.Future[T], T]
	running future.Set[T]
}

type crowded[T any] struct {
	pooled[Stream[T], T]
	running Set[T]
}

// failed makes an error of the stream wait for its turn.
func (*ordered[T]) failed(err error) async.Future[T] { return future.Fail[T](err) }

type failing[In any] interface{ failed(error) In }

// pool is what items are put into, and results are taken from as they come.
type pool[In, Out any] interface {
	Add(In)
	Len() int
	Poll(t *async.Task) (Out, error)
	Cancel(t *async.Task, loser bool) (idle bool)
	Closer
}

// pooled keeps a pool filled from a stream. The pool is a field of the same struct.
type pooled[In, Out any] struct {
	feed[In]
	pool   pool[In, Out]
	limit  int
	errors failing[In] // nil: the errors of the stream don't wait for their turn
	ends   bool        // io.EOF of the pool says that it is empty, and is not of a future
	asked  bool        // to give up: nothing more is taken from the stream until there is a result
	over   bool        // the stream has ended, as far as is known
	news   error       // an error of the stream that came when the pool had to be waited for
}

func (p *pooled[In, Out]) Poll(t *async.Task) (v Out, err error) {
	v, err = p.advance(t)
	if p.asked && !async.IsPending(err) {
		p.asked = false
	}
	return v, err
}

func (p *pooled[In, Out]) advance(t *async.Task) (v Out, err error) {
	for {
		late, err := p.fill(t)
		if err != nil {
			return v, err
		}
		had := p.pool.Len()
		if had == 0 {
			return v, p.nothing(t, late)
		}
		v, err = p.pool.Poll(t)
		if late && async.IsPending(err) {
			// What came late was begun, and is asked to give up like the others.
			if p.pool.Cancel(t, false) {
				return v, cause(t)
			}
			v, err = p.pool.Poll(t) // something may have ended inside Cancel
		}
		switch {
		case !p.ends:
			return v, itemError(err)
		case late || p.pool.Len() == had || err != io.EOF && !async.IsPending(err):
			return v, err
		}
		// There is room again, and nothing to wait for that would tell.
		if t.Spend() {
			t.Waker().WakeLocal()
			return v, async.Pending
		}
	}
}

// nothing is the result when nothing is in the pool.
func (p *pooled[In, Out]) nothing(t *async.Task, late bool) error {
	switch {
	case p.over:
		return io.EOF
	case late:
		return cause(t)
	}
	return async.Pending
}

// fill takes from the stream while there is room. late says that the stream was asked
// to give up, and has: now the pool is waited for. An error is all there is to say.
func (p *pooled[In, Out]) fill(t *async.Task) (late bool, err error) {
	if p.news != nil && !p.state.giving() {
		err, p.news = p.news, nil
		return false, err
	}
	for p.state.giving() || !p.asked && p.pool.Len() < p.limit {
		v, err := p.poll(t)
		p.over = err == io.EOF
		switch {
		case err == nil:
			p.pool.Add(v)
		case async.IsPending(err):
			if p.state.giving() {
				return false, err
			}
			return false, nil
		case p.over || p.left && repeat.Only(err, cause(t)):
			return p.left, nil
		case err == errLost:
			return false, err
		case p.errors != nil:
			p.pool.Add(p.errors.failed(err))
		case p.left:
			p.news = err
		default:
			return false, err
		}
		if p.left {
			return true, nil
		}
	}
	return false, nil
}

func (p *pooled[In, Out]) Cancel(t *async.Task, loser bool) (idle bool) {
	idle = p.feed.Cancel(t, loser)
	idle = p.pool.Cancel(t, loser) && idle
	p.asked = !loser && !idle
	return idle
}

func (p *pooled[In, Out]) PollClose(t *async.Task) error { return closeAll(t, p.pool, &p.feed) }
