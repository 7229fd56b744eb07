package future

import "rondo.dev/rondo/async"

// drive is a child task that awaits a future: the frame of a core, without a
// function and so without a coroutine. It is a part of whatever wants the result,
// and its end is told to that.
type drive[T any] struct {
	core  async.Core
	f     async.Future[T]
	wait  async.Awaiting[T]
	begun bool
	ended bool
	val   T
	err   error
	told  told
}

// told is whoever wants the result, and says whether anybody has it now.
type told interface{ arrived() (taken bool) }

// start makes it a child of t, which must not have ended.
func (d *drive[T]) start(t *async.Task) { d.core.Start(t, d) }

// Step makes it a Frame. A panic of the future is its result.
func (d *drive[T]) Step(t *async.Task) (done bool) {
	defer func() {
		if p := recover(); p != nil {
			d.err, done = async.NewPanicError(p), true
		}
	}()
	if !d.begun {
		d.begun = true
		d.val, d.err, done = d.wait.Begin(t, d.f)
	} else {
		d.val, d.err, done = d.wait.Resume(t)
	}
	return done
}

// Outcome makes it an Ender: its error is that of those who wait for the result. A
// panic or a Goexit is the task's if there is nobody.
func (d *drive[T]) Outcome() error {
	d.ended, d.f = true, nil
	taken := d.told.arrived()
	if async.IsFatal(d.err) && !taken {
		return d.err
	}
	return nil
}

// Ended is told of an end that Step did not see: a runtime.Goexit.
func (d *drive[T]) Ended(err error) {
	if !d.ended {
		d.ended, d.f, d.err = true, nil, err
		d.told.arrived()
	}
}
