package future

import (
	"sync/atomic"

	"rondo.dev/rondo/async"
)

// OffLoop returns a future of what f returns off the loop: with its first poll, run
// is called with a function that calls f. run is Goroutine, or what bounds such
// calls in the program: a pool's method, or a sync.WaitGroup's Go. f can't be
// interrupted: a future that is given up waits for its end, and as a loser keeps its
// result for the next poll. A panic of f is raised where the future is polled. Two
// allocations, beside what run takes.
//
// In a task, rondo.Blocking does the same with the runtime's own bound.
func OffLoop[T any](run func(func()), f func() (T, error)) async.Future[T] {
	return &offLoop[T]{run: run, f: f}
}

// offLoop's result is the goroutine's until done is set.
type offLoop[T any] struct {
	run   func(func()) // nil: it has begun
	f     func() (T, error)
	waker atomic.Pointer[async.Waker]
	done  atomic.Bool
	val   T
	err   error
	panic *async.PanicError
	loser bool
	over  bool
}

func (o *offLoop[T]) Poll(t *async.Task) (v T, err error) {
	if o.over {
		panic("rondo/future: OffLoop polled after it had its result")
	}
	o.waker.Store(t.Waker())
	if run := o.run; run != nil {
		o.run = nil
		run(o.call)
	}
	if !o.done.Load() { // after the waker was stored: an end from now on wakes it
		return v, async.Pending
	}
	if o.panic != nil {
		o.over = true
		panic(o.panic)
	}
	o.over = !o.loser
	o.loser = false
	return o.val, o.err
}

func (o *offLoop[T]) Cancel(_ *async.Task, loser bool) (idle bool) {
	if o.run != nil || o.over {
		return true
	}
	o.loser = loser
	return false
}

// call is what is run off the loop.
func (o *offLoop[T]) call() {
	returned := false
	defer func() {
		if !returned {
			if p := recover(); p != nil {
				o.panic = async.NewPanicError(p)
			} else {
				o.err = async.ErrGoexit
			}
		}
		o.f = nil
		o.done.Store(true)
		o.waker.Load().Wake()
	}()
	o.val, o.err = o.f()
	returned = true
}
