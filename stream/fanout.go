package stream

import (
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/internal/repeat"
)

// Fanout returns a sink that puts each item into all of ks. It has room when all have,
// so it is as slow as the slowest; see Buffer. An error of one is that of the whole,
// and the others have the item all the same. Two allocations, and none an item.
func Fanout[T any](ks ...Sink[T]) Sink[T] {
	f := &fanout[T]{ks: make([]outlet[T], len(ks))}
	for i, k := range ks {
		f.ks[i].k = k
	}
	return f
}

type fanout[T any] struct {
	ks    []outlet[T]
	asked bool
	loser bool
	err   error // of one that was asked to give up
}

// outlet is one of several sinks, which is not polled again for what it has done.
type outlet[T any] struct {
	k      Sink[T]
	ready  bool // since the last Put
	closed bool
	giving bool // was asked to give up, and has not
}

func (f *fanout[T]) PollReady(t *async.Task) error {
	return f.each(t, func(o *outlet[T]) (err error) {
		if !o.ready {
			err = o.k.PollReady(t)
			o.ready = err == nil
		}
		return err
	})
}

func (f *fanout[T]) Put(t *async.Task, v T) {
	for i := range f.ks {
		o := &f.ks[i]
		o.ready = false
		o.k.Put(t, v)
	}
}

func (f *fanout[T]) PollFlush(t *async.Task) error {
	return f.each(t, func(o *outlet[T]) error { return o.k.PollFlush(t) })
}

func (f *fanout[T]) PollClose(t *async.Task) error {
	return f.each(t, func(o *outlet[T]) (err error) {
		if !o.closed {
			err = o.k.PollClose(t)
			o.closed = err == nil
		}
		return err
	})
}

// each polls all, so that each makes what progress it can, up to one that fails.
func (f *fanout[T]) each(t *async.Task, poll func(*outlet[T]) error) (result error) {
	if f.asked {
		return f.leave(t, poll)
	}
	for i := range f.ks {
		err := poll(&f.ks[i])
		if err != nil && !async.IsPending(err) {
			return err
		}
		if err != nil {
			result = err
		}
	}
	return result
}

// leave waits for those that were asked to give up.
func (f *fanout[T]) leave(t *async.Task, poll func(*outlet[T]) error) error {
	var waits error
	for i := range f.ks {
		o := &f.ks[i]
		if !o.giving {
			continue
		}
		err := poll(o)
		if async.IsPending(err) {
			waits = err
			continue
		}
		o.giving = false
		if err != nil && err != errLost && f.err == nil && !repeat.Only(err, cause(t)) {
			f.err = err
		}
	}
	if waits != nil {
		return waits
	}
	lost, err := f.loser, f.err
	f.asked, f.loser, f.err = false, false, nil
	switch {
	case err != nil:
		return err
	case lost:
		return errLost
	}
	return cause(t)
}

func (f *fanout[T]) Cancel(t *async.Task, loser bool) (idle bool) {
	idle = true
	for i := range f.ks {
		o := &f.ks[i]
		o.giving = !o.closed && !o.k.Cancel(t, loser)
		idle = idle && !o.giving
	}
	f.asked, f.loser = !idle, loser && !idle
	return idle
}
