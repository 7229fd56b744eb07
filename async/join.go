package async

import "runtime"

// A Join is a child task as its parent sees it: a future of its result. It is
// awaited by one at a time; awaiting it again returns the same result.
//
// The rules of structure:
//
//   - A task ends when its function has returned and its children have ended;
//     its results are there then, not before.
//   - Cancelling a task cancels its children.
//   - A spawned function always runs, even if it is cancelled before its first
//     turn: it may own something. Its first await returns the cause.
//   - The error of a child that nobody awaits becomes its parent's error, if the
//     parent returns nil. Errors that only repeat why the parent was cancelled
//     don't count.
//   - A panic in a child that nobody awaits at that time cancels the parent at
//     once, with the *PanicError as the cause, and becomes the parent's error.
//     The same goes for runtime.Goexit and ErrGoexit.
type Join[T any] struct {
	run joinRun[T]
}

// joinRun is what a Join does as the frame of its core, out of the user's sight.
type joinRun[T any] struct {
	core   Core
	f      any   // the function, one with a value or one without
	frame  Frame // or nil: f runs on a coroutine
	val    T
	err    error
	waiter *Waker // woken on the child's executor
	site   uintptr
}

// A FrameOf is a frame with a result: what a lowered function of type
// func(*Task) (T, error) answers with. One of type func(*Task) error answers with
// a frame whose Result returns an error alone.
type FrameOf[T any] interface {
	Frame
	Result() (T, error)
}

// Spawn starts f as a child of t. It runs on t's executor, soon, but not before
// t is suspended. The cost on a coroutine: one allocation for the Join, and a
// coroutine from the executor's pool while f runs.
func Spawn[T any](t *Task, f func(*Task) (T, error)) *Join[T] {
	j := &Join[T]{run: joinRun[T]{f: f, site: caller()}}
	j.run.core.Start(t, &j.run)
	return j
}

// SpawnFrame is Spawn for a lowered function: j and the frame are parts of one
// allocation, or of the parent's own frame. site is the program counter at which the
// child says that it was spawned, 0 if the frame knows. The running task t calls it,
// once for each j, which has to be zero. It is for generated code.
func SpawnFrame[T any](t *Task, j *Join[T], f FrameOf[T], site uintptr) {
	j.run.frame, j.run.site = f, site
	j.run.core.Start(t, &j.run)
}

// GoFrame is Go for a lowered function, as SpawnFrame is Spawn: f has a Result that
// returns an error alone, which becomes the child's.
func GoFrame(t *Task, c *Child, f Frame, site uintptr) {
	c.run.frame, c.run.site = f, site
	c.run.core.Start(t, &c.run)
}

// caller is the spawn site: 120 ns, once a coroutine.
func caller() uintptr {
	var pc [1]uintptr
	runtime.Callers(3, pc[:])
	return pc[0]
}

func (r *joinRun[T]) Step(t *Task) bool {
	if r.frame != nil {
		return r.frame.Step(t)
	}
	c := t.core
	if c.exec.lowered {
		c.Ask()
		r.Run(t)
		switch f, reply := c.Reply(); reply {
		case Answered:
			r.frame = f
			return f.Step(t)
		case Returned:
			return true
		}
	}
	return c.borrow(c.frame, r).Step(t)
}

// Run is the function's run, or its answer.
func (r *joinRun[T]) Run(t *Task) {
	switch f := r.f.(type) {
	case func(*Task) error:
		r.err = f(t)
	case func(*Task) (T, error):
		r.val, r.err = f(t)
	}
}

// Outcome returns the function's error.
func (r *joinRun[T]) Outcome() error {
	switch f := r.frame.(type) {
	case interface{ Result() error }:
		r.err = f.Result()
	case FrameOf[T]:
		r.val, r.err = f.Result()
	}
	return r.err
}

// Ended stores how the task ended.
func (r *joinRun[T]) Ended(err error) { r.err, r.f, r.frame = err, nil, nil }

func (r *joinRun[T]) notify() {
	if w := r.waiter; w != nil {
		r.waiter = nil
		w.WakeLocal()
	}
}

// SpawnSite is that of the call of Spawn, or what a frame says that was spawned by
// somebody else.
func (r *joinRun[T]) SpawnSite() uintptr {
	if f, ok := r.frame.(Sited); ok && r.site == 0 {
		return f.SpawnSite()
	}
	return r.site
}

// Poll returns the child's result when it and its children have ended. A child
// that panicked yields a *PanicError. It may be polled from any executor, and
// from a plain goroutine with Block.
func (j *Join[T]) Poll(t *Task) (T, error) {
	r := &j.run
	if r.core.state.Load()&stateEnded != 0 {
		r.core.state.Or(stateObserved)
		return r.val, r.err
	}
	if r.core.state.Load()&stateClaimed == 0 {
		r.core.state.Or(stateClaimed)
	}
	var zero T
	if w := t.waker; t.core.exec == r.core.exec {
		r.waiter = w
	} else if !r.core.exec.Post(func() { r.waitFrom(w) }) && !r.core.Ended() {
		return zero, ErrExecutorClosed
	}
	return zero, Pending
}

// waitFrom makes a waker of another executor the waiter.
func (r *joinRun[T]) waitFrom(w *Waker) {
	if r.core.Ended() {
		w.Wake() // it ended while the request was on its way
		return
	}
	there := WakerFor(foreign{w})
	r.waiter = &there
}

// foreign is a waker of another executor, to those who wake their own.
type foreign struct{ w *Waker }

func (f foreign) Wake()      { f.w.Wake() }
func (f foreign) WakeLocal() { f.w.Wake() }

// Cancel cancels the child, whose end is then waited for. A loser is only
// borrowed: it stays as it is, and can be awaited later.
func (j *Join[T]) Cancel(t *Task, loser bool) (idle bool) {
	c := &j.run.core
	if loser {
		c.state.And(^stateClaimed)
		return true
	}
	if t.core.exec == c.exec {
		c.CancelLocal(t.Cause())
	} else {
		c.Cancel(t.Cause())
	}
	return false
}

// Await waits for the child's end. If t is cancelled meanwhile, so is the child,
// and its end is waited for.
func (j *Join[T]) Await(t *Task) (T, error) { return Await[T](t, j) }

// Stop cancels the child with a cause; nil means context.Canceled. Any goroutine
// may call it.
func (j *Join[T]) Stop(cause error) { j.run.core.Cancel(cause) }

// Core returns the child's core.
func (j *Join[T]) Core() *Core { return &j.run.core }

// A Child is a child task without a value.
type Child struct {
	Join[struct{}]
}

// Go starts f as a child of t; see Join for what that means.
func (t *Task) Go(f func(*Task) error) *Child { return t.GoFrom(caller(), f) }

// GoFrom is Go on behalf of somebody else: site is the program counter at which the
// child says that it was spawned.
func (t *Task) GoFrom(site uintptr, f func(*Task) error) *Child {
	c := &Child{Join[struct{}]{joinRun[struct{}]{f: f, site: site}}}
	c.run.core.Start(t, &c.run)
	return c
}

// Await waits for the child's end.
func (c *Child) Await(t *Task) error {
	_, err := c.Join.Await(t)
	return err
}
