package async

import (
	"runtime"
	"slices"
)

// A Locator tells the tasks of one executor from other goroutines: it is for
// adaptors with methods that take no *Task, such as those of an io.Reader, and that
// have to suspend a task but block a goroutine.
type Locator struct {
	exec   *Executor
	ground []uintptr
}

// Locator returns the locator of t's executor. t has to be running, on a coroutine,
// which is the only thing that a call without a *Task can suspend.
func (t *Task) Locator() Locator {
	e := t.core.exec
	if !t.core.inStep || e.stack == nil || e.stack.core != t.core {
		panic(misuse)
	}
	return Locator{e, e.ground}
}

// Executor returns the executor whose tasks are looked for.
func (l Locator) Executor() *Executor { return l.exec }

// Task returns the task whose function has called, or nil if the caller is an
// ordinary goroutine. Anybody may ask but tasks of other executors, who look
// alike: they get the task that runs on this one, which the race detector sees,
// or a panic.
//
// It walks the caller's stack, for 50 to 100 ns a frame, down to where a
// coroutine's looks like no other goroutine's. Go has no other name for a goroutine
// but the number that runtime.Stack prints, which takes ten times as long.
func (l Locator) Task() *Task {
	if !onGround(l.ground) {
		return nil
	}
	// The caller is on a coroutine, so the executor is waiting for it to come back,
	// and its fields are the caller's to read.
	co := l.exec.stack
	if co == nil {
		panic(misuse)
	}
	return &co.core.task
}

// onGround reports whether the lowest frames of the caller's stack are these.
func onGround(ground []uintptr) bool {
	var few [64]uintptr
	pcs := few[:]
	for {
		n := runtime.Callers(3, pcs)
		if n < len(pcs) {
			pcs = pcs[:n]
			return n >= len(ground) && slices.Equal(pcs[n-len(ground):], ground)
		}
		pcs = make([]uintptr, 4*len(pcs))
	}
}

// learnGround keeps what the stacks of all coroutines look like below call, which
// calls this. They are equal because every coroutine calls it from the same place.
func (e *Executor) learnGround() {
	var pcs [16]uintptr
	n := runtime.Callers(3, pcs[:])
	e.ground = slices.Clone(pcs[:n])
}
