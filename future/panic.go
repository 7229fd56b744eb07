package future

import "rondo.dev/rondo/async"

// CatchPanic returns a future of f's result whose error is a *async.PanicError if
// f panics while it is polled or asked to give up. f is not touched after that. The
// panic of a task is an error already, at whoever awaits it. One allocation.
func CatchPanic[T any](f async.Future[T]) async.Future[T] { return &caught[T]{x: inner[T]{f: f}} }

type caught[T any] struct {
	x        inner[T]
	panicked error
}

func (c *caught[T]) Poll(t *async.Task) (v T, err error) {
	if c.panicked != nil {
		return v, c.panicked
	}
	defer func() {
		if p := recover(); p != nil {
			c.panicked = async.NewPanicError(p)
			err = c.panicked
		}
	}()
	v, err, _ = c.x.poll(t)
	return v, err
}

func (c *caught[T]) Cancel(t *async.Task, loser bool) (idle bool) {
	if c.panicked != nil {
		return loser
	}
	defer func() {
		if p := recover(); p != nil {
			c.panicked = async.NewPanicError(p)
			idle = false // the panic is the result
		}
	}()
	return c.x.Cancel(t, loser)
}
