package future

import "rondo.dev/rondo/async"

// Ready returns a future that is ready, with v. It stays so, however often it is
// polled. One allocation, or none if T is a pointer.
func Ready[T any](v T) async.Future[T] { return ready[T]{v} }

type ready[T any] struct{ v T }

func (r ready[T]) Poll(*async.Task) (T, error) { return r.v, nil }

// Fail returns a future that has failed, with err, and stays so. T has to be
// named: future.Fail[int](err). One allocation.
func Fail[T any](err error) async.Future[T] { return failed[T]{err} }

type failed[T any] struct{ err error }

func (f failed[T]) Poll(*async.Task) (v T, err error) { return v, f.err }

// Never returns a future that is never ready. It can be cancelled, as all can that
// hold nothing. It allocates nothing.
func Never[T any]() async.Future[T] { return never[T]{} }

type never[T any] struct{}

func (never[T]) Poll(*async.Task) (v T, err error) { return v, async.Pending }

// Lazy returns a future that calls f when it is polled first, and is ready with
// what f returns. f does not wait for anything: what has to is an async function,
// for which there is Go. One allocation.
func Lazy[T any](f func() (T, error)) async.Future[T] { return &lazy[T]{f} }

type lazy[T any] struct{ f func() (T, error) }

func (l *lazy[T]) Poll(*async.Task) (T, error) {
	f := l.f
	if f == nil {
		panic("rondo/future: Lazy polled after it had its result")
	}
	l.f = nil
	return f()
}

// FromPoll returns a future whose Poll is f, which has to keep the contract of
// async.Future. It holds nothing that Cancel could give up. It allocates nothing
// beside f.
func FromPoll[T any](f func(*async.Task) (T, error)) async.Future[T] { return polled[T](f) }

type polled[T any] func(*async.Task) (T, error)

func (f polled[T]) Poll(t *async.Task) (T, error) { return f(t) }
