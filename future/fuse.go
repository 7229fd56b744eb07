package future

import "rondo.dev/rondo/async"

// Fuse returns a future of f's result that may be polled after it: then it is
// pending for ever. So it can stay in a Race that goes on without it. One
// allocation.
func Fuse[T any](f async.Future[T]) *Fused[T] { return &Fused[T]{inner[T]{f: f}} }

// Fused is a future made by Fuse.
type Fused[T any] struct{ x inner[T] }

// Done reports whether the result has been there.
func (f *Fused[T]) Done() bool { return f.x.f == nil }

// Poll makes it a Future.
func (f *Fused[T]) Poll(t *async.Task) (v T, err error) {
	if f.Done() {
		return v, async.Pending
	}
	v, err, lost := f.x.poll(t)
	if !lost && !async.IsPending(err) {
		f.x.f = nil
	}
	return v, err
}

// Cancel makes it a Canceler.
func (f *Fused[T]) Cancel(t *async.Task, loser bool) (idle bool) {
	return f.Done() || f.x.Cancel(t, loser)
}
