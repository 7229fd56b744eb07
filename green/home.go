package green

import (
	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
)

// home is where an adaptor was made: what its methods, which are told nothing about
// who calls, find the caller by.
type home struct {
	tasks async.Locator
	maker *async.Task // the view that its maker uses it under
}

func homeOf(t *async.Task) home { return home{t.Locator(), t} }

// caller returns the task that has called, nil if that is an ordinary goroutine.
func (h *home) caller() *async.Task {
	t := h.tasks.Task()
	if t != nil && t.Core() == h.maker.Core() {
		return h.maker
	}
	return t
}

// start runs f as a task of a loop's, for a goroutine, without waiting for it. What
// one goroutine starts begins in the same order.
func start(l *rondo.Loop, f func(t *async.Task) error, ended func(error)) error {
	if !l.Post(func() { async.SpawnRoot(l.Executor(), "green", f, ended) }) {
		return async.ErrExecutorClosed
	}
	return nil
}

// run is start, and waits.
func run(l *rondo.Loop, f func(t *async.Task) error) error {
	ended := make(chan error, 1)
	if err := start(l, f, func(err error) { ended <- err }); err != nil {
		return err
	}
	return <-ended
}

// at runs f on a loop's stack of tasks: at once if t is there, else as its child.
func at(t *async.Task, l *rondo.Loop, f func(t *async.Task) error) error {
	if l.Executor() == t.Executor() {
		return f(t)
	}
	return rondo.SpreadTo(t, l, f).Await(t)
}
