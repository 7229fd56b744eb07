package stream

import (
	"io"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/internal/repeat"
)

// SendAll puts all items of s into k, and flushes it; k stays open. An item is taken
// from s when k has room for it, and k is flushed while s has nothing: none is held
// back. It stops at an error of either; at one of s, what was put before is flushed all
// the same. When t is cancelled, an item that was taken is
// in k, and goes with k's next poll. One allocation, and none an item.
func SendAll[T any](t *async.Task, s Stream[T], k Sink[T]) error {
	x := sending[T]{in: feed[T]{s: s}, out: k}
	_, err := async.Await(t, &x)
	x.in.abandon(t)
	return err
}

// Forward is SendAll, and closes k at the end of s.
func Forward[T any](t *async.Task, s Stream[T], k Sink[T]) error {
	if err := SendAll(t, s, k); err != nil {
		return err
	}
	return CloseSink(t, k)
}

// sending is a stream and a sink, either of which may be in flight, or both: the
// stream, and the sink that is flushed meanwhile. The stream is polled only when the
// sink has room, so that what it yields has a place, also when the task is cancelled.
type sending[T any] struct {
	in      feed[T]
	out     Sink[T]
	room    bool
	dirty   bool  // something was put since the last flush
	over    bool  // the stream has ended
	leaving bool  // asked to give up
	waits   bool  // and out has not ended
	err     error // the first
}

func (x *sending[T]) Poll(t *async.Task) (nothing struct{}, err error) {
	if x.leaving {
		return nothing, x.leave(t)
	}
	for !x.over {
		if !x.room {
			if err := x.out.PollReady(t); err != nil {
				return nothing, err
			}
			x.room = true
		}
		switch v, err := x.in.poll(t); {
		case err == nil:
			x.put(t, v)
		case err == io.EOF:
			x.over = true
		case async.IsPending(err) && x.dirty:
			if flushed := x.out.PollFlush(t); !async.IsPending(flushed) {
				x.dirty = false
				if flushed != nil {
					return nothing, flushed
				}
			}
			return nothing, err
		case async.IsPending(err):
			return nothing, err
		default:
			x.over, x.err = true, err
		}
		if err := x.in.again(t); err != nil {
			return nothing, err
		}
	}
	err = x.out.PollFlush(t)
	if x.err != nil && !async.IsPending(err) {
		err = x.err
	}
	return nothing, err
}

func (x *sending[T]) put(t *async.Task, v T) {
	x.room, x.dirty = false, true
	x.out.Put(t, v)
}

func (x *sending[T]) Cancel(t *async.Task, _ bool) (idle bool) {
	x.waits = !x.out.Cancel(t, false)
	idle = x.in.Cancel(t, false) && !x.waits
	x.leaving = !idle
	return idle
}

// leave waits until both have given up. An item that comes all the same is put, and
// stays in the sink.
func (x *sending[T]) leave(t *async.Task) error {
	if x.waits {
		err := x.out.PollFlush(t)
		if async.IsPending(err) {
			return err
		}
		x.waits = false
		x.note(t, err)
	}
	if x.in.state.giving() {
		v, err := x.in.poll(t)
		switch {
		case async.IsPending(err):
			return err
		case err == nil:
			x.put(t, v)
		case err != io.EOF:
			x.note(t, err)
		}
	}
	x.leaving = false
	if x.err != nil {
		return x.err
	}
	return cause(t)
}

func (x *sending[T]) note(t *async.Task, err error) {
	if err != nil && x.err == nil && !repeat.Only(err, cause(t)) {
		x.err = err
	}
}
