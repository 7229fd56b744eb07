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
//     The same goes for runtime.Goexit and ErrGoexit. One that a Race or a set has in
//     flight counts as awaited.
type Join[T any] struct {
	core Core
}

// A FrameOf is a frame with a result: what a lowered function of type
// func(*Task) (T, error) answers with; Outcome returns the error alone. One of type
// func(*Task) error answers with a frame whose Result returns an error alone.
type FrameOf[T any] interface {
	Frame
	Result() (T, error)
	Outcome() error
}

// Spawn starts f as a child of t. It runs on t's executor, soon, but not before
// t is suspended. The cost on a coroutine: one allocation for the Join, and a
// coroutine from the executor's pool while f runs.
func Spawn[T any](t *Task, f func(*Task) (T, error)) *Join[T] {
	x := &struct {
		join Join[T]
		run  run[T]
	}{run: run[T]{f: f, site: caller()}}
	x.join.core.Start(t, &x.run)
	return &x.join
}

// SpawnFrame is Spawn for a lowered function: j and the frame are parts of one
// allocation, or of the parent's own frame. site is where the child says that it was
// spawned, 0 if the frame knows. The running task t calls it, once for each j, which
// has to be zero. The frame stays until j goes: it keeps the results. It is for
// generated code.
func SpawnFrame[T any](t *Task, j *Join[T], f FrameOf[T], site Site) {
	j.core.spawnedAt(site)
	j.core.Start(t, f)
}

// GoFrame is Go for a lowered function, as SpawnFrame is Spawn: f has a Result that
// returns an error alone, which becomes the child's.
func GoFrame(t *Task, c *Child, f Frame, site Site) {
	c.core.spawnedAt(site)
	c.core.Start(t, f)
}

// run is the frame of a task whose function has yet to be asked for its own, or runs
// on a coroutine. It is one allocation with its core.
type run[T any] struct {
	f    any // the function, one with a value or one without
	val  T
	err  error
	site uintptr
}

// caller is the spawn site: 120 ns, once a coroutine.
func caller() uintptr {
	var pc [1]uintptr
	runtime.Callers(3, pc[:])
	return pc[0]
}

// Step is the first step. The function's frame takes the place of r then, or the
// coroutine that the function is on does until its end.
func (r *run[T]) Step(t *Task) (done bool) {
	c := t.core
	f, done := c.Enter(r, r)
	if f == nil {
		return done
	}
	c.state.Or(uint32(SiteOf(r.site)) << siteShift)
	c.frame, r.f = f, nil
	return f.Step(t)
}

// Run is the function's run, or its answer.
func (r *run[T]) Run(t *Task) {
	switch f := r.f.(type) {
	case func(*Task) error:
		r.err = f(t)
	case func(*Task) (T, error):
		r.val, r.err = f(t)
	}
}

// Result returns what the function has returned.
func (r *run[T]) Result() (T, error) { return r.val, r.err }

// Outcome returns the function's error.
func (r *run[T]) Outcome() error { return r.err }

// Ended lets go of the function.
func (r *run[T]) Ended(error) { r.f = nil }

// SpawnSite is that of the call of Spawn.
func (r *run[T]) SpawnSite() uintptr { return r.site }

// Poll returns the child's result when it and its children have ended. A child
// that panicked yields a *PanicError. It may be polled from any executor, and
// from a plain goroutine with Block.
func (j *Join[T]) Poll(t *Task) (T, error) {
	c := &j.core
	s := c.state.Load()
	if s&stateEnded != 0 {
		c.Taken()
		return j.result(s)
	}
	w, local := t.waker, t.core.exec == c.exec
	claim := stateClaimed
	if local && w == &c.parent.waker {
		claim |= stateAwaited
	}
	if s&claim != claim {
		c.state.Or(claim)
	}
	var zero T
	switch {
	case claim&stateAwaited != 0:
		if b := c.cold.Load(); b != nil {
			b.waiter = nil
		}
	case local:
		c.wait(w)
	case !c.exec.Post(func() { c.waitFrom(w) }):
		if c.Ended() { // since
			return j.Poll(t)
		}
		return zero, ErrExecutorClosed
	}
	return zero, Pending
}

// result returns the results of a child that has ended, whose state is s.
func (j *Join[T]) result(s uint32) (v T, err error) {
	c := &j.core
	if s&stateFailed == 0 {
		switch f := c.frame.(type) {
		case interface{ Result() error }:
			err = f.Result()
		case FrameOf[T]:
			v, err = f.Result()
		}
	}
	if b := c.cold.Load(); b != nil && b.err != nil {
		err = b.err
	}
	return v, err
}

// wait makes w the waiter, in the place of whoever was.
func (c *Core) wait(w *Waker) {
	c.coldBlock().waiter = w
	if c.state.Load()&stateAwaited != 0 {
		c.state.And(^stateAwaited)
	}
}

// waitFrom makes a waker of another executor the waiter. Whoever waits by now may have
// come after it was asked for: he looks again, and is the last.
func (c *Core) waitFrom(w *Waker) {
	if c.Ended() {
		w.Wake() // it ended while the request was on its way
		return
	}
	if c.state.Load()&stateAwaited != 0 {
		c.parent.WakeLocal()
	} else if b := c.cold.Load(); b != nil && b.waiter != nil {
		b.waiter.WakeLocal()
	}
	there := WakerFor(foreign{w})
	c.wait(&there)
}

// foreign is a waker of another executor, to those who wake their own.
type foreign struct{ w *Waker }

func (f foreign) Wake()      { f.w.Wake() }
func (f foreign) WakeLocal() { f.w.Wake() }

// Cancel cancels the child, whose end is then waited for. A loser is only
// borrowed: it stays as it is, and can be awaited later.
func (j *Join[T]) Cancel(t *Task, loser bool) (idle bool) {
	c := &j.core
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
func (j *Join[T]) Stop(cause error) { j.core.Cancel(cause) }

// Core returns the child's core.
func (j *Join[T]) Core() *Core { return &j.core }

// A Child is a child task without a value.
type Child struct {
	Join[struct{}]
}

// Go starts f as a child of t; see Join for what that means.
func (t *Task) Go(f func(*Task) error) *Child { return t.GoFrom(caller(), f) }

// GoFrom is Go on behalf of somebody else: site is the program counter at which the
// child says that it was spawned.
func (t *Task) GoFrom(site uintptr, f func(*Task) error) *Child {
	x := &struct {
		child Child
		run   run[struct{}]
	}{run: run[struct{}]{f: f, site: site}}
	x.child.core.Start(t, &x.run)
	return &x.child
}

// Await waits for the child's end.
func (c *Child) Await(t *Task) error {
	_, err := c.Join.Await(t)
	return err
}
