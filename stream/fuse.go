package stream

import (
	"io"

	"rondo.dev/rondo/async"
)

// Fuse returns s for ever ended once it has been: for those that can come back to
// life, such as a future.Set that futures are added to, and for FromPoll. One
// allocation.
func Fuse[T any](s Stream[T]) Stream[T] { return &fused[T]{feed: feed[T]{s: s}} }

type fused[T any] struct {
	feed[T]
	over bool
}

func (f *fused[T]) Poll(t *async.Task) (v T, err error) {
	if f.over {
		return v, io.EOF
	}
	v, err = f.poll(t)
	f.over = err == io.EOF
	return v, err
}
