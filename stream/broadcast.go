package stream

import "rondo.dev/rondo/async"

// Broadcast returns n streams, each of which has all items of s, and all its errors.
// Each has room for one item that was not taken yet, so that s is taken from as fast
// as the slowest of them; channel.Broadcast is for those who rather miss something.
//
// A child task of t takes from s, from now on. It ends with s, or when all n streams
// have been closed (see Close), and t does not end before it. If t is cancelled before, the
// streams end with the cause. The streams may be taken
// from by different tasks of t's loop. They need an event loop. It panics if n is not
// positive.
func Broadcast[T any](t *async.Task, s Stream[T], n int) []Stream[T] {
	p := &pump[T]{s: s}
	bs := make([]branch[T], sized(n))
	all := make([]Stream[T], n)
	for i := range bs {
		bs[i].hub = p
		all[i] = &bs[i]
	}
	p.start(t, n, func(t *async.Task, v T, err error) {
		for i := range bs {
			bs[i].put(v, err)
		}
		for i := range bs {
			wait(t, p, &bs[i]) // so that nothing is in hand when t is cancelled
		}
	}, func(err error) {
		for i := range bs {
			bs[i].end(err)
		}
	})
	return all
}

// Split returns two streams: of the items of s that accept accepts, and of the others.
// Each has room for one item that was not taken yet: when the next is for a stream
// that has one already, the other waits too. An error of s is on the second. For the
// rest it is like Broadcast.
func Split[T any](t *async.Task, s Stream[T], accept func(T) bool) (accepted, others Stream[T]) {
	p := &pump[T]{s: s}
	var bs [2]branch[T]
	bs[0].hub, bs[1].hub = p, p
	p.start(t, 2, func(t *async.Task, v T, err error) {
		b := &bs[1]
		if err == nil && accept(v) {
			b = &bs[0]
		}
		wait(t, p, b)
		b.put(v, err)
	}, func(err error) {
		bs[0].end(err)
		bs[1].end(err)
	})
	return &bs[0], &bs[1]
}
