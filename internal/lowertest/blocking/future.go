package async

import "errors"

// Pending is the error of a Poll without a result.
//
//lint:ignore ST1012 it has the name that package async gives it
var Pending = errors.New("pending")

// A Future is polled until it has a result.
type Future[T any] interface {
	Poll(t *Task) (T, error)
}

// A Waker wakes a task.
type Waker struct{ t *Task }

// Waker returns that of the task.
func (t *Task) Waker() Waker { return Waker{t} }

// WakeLocal puts the task into the queue.
func (w Waker) WakeLocal() { w.t.wake() }

// Await polls f, and lets others run while it is pending.
func Await[T any](t *Task, f Future[T]) (T, error) {
	if err := t.Err(); err != nil {
		var zero T
		return zero, err
	}
	for {
		v, err := f.Poll(t)
		if err != Pending {
			return v, err
		}
		t.park()
	}
}
