package asynctest

import (
	"errors"
	"testing"
	"time"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/internal/coro"
)

// An Executor is turned by hand: nothing runs but in Step, RunUntilIdle and
// Advance, all of which are called by the test. Its clock stands still unless
// it is told to advance.
type Executor struct {
	tb   testing.TB
	exec async.Executor
	pool coro.Pool
	now  time.Duration

	hand *async.Core // see NewPoller
}

// New returns an executor. When the test ends, it fails the test if tasks are
// left: they are leaks.
func New(tb testing.TB) *Executor {
	e := &Executor{tb: tb}
	e.exec.Init((*host)(e))
	e.exec.SetDebug(true)
	e.exec.Advance(0)
	tb.Cleanup(e.close)
	return e
}

// host hides the executor's hooks from its users.
type host Executor

func (h *host) Coroutine() *async.Coroutine { return h.pool.Get() }
func (h *host) Recycle(co *async.Coroutine) { h.pool.Put(co) }
func (h *host) Interrupt()                  {}

func (e *Executor) close() {
	e.RunUntilIdle()
	e.exec.Tasks(func(i async.TaskInfo) bool {
		if i.Core == e.hand {
			return true
		}
		e.tb.Errorf("asynctest: task left at the end of the test: %v", i)
		return true
	})
	e.pool.Close()
}

// Executor returns what drives the tasks, for sources that have a home.
func (e *Executor) Executor() *async.Executor { return &e.exec }

// Go starts f as a root task and returns its result. It does not run yet.
func Go[T any](e *Executor, f func(*async.Task) (T, error)) *Result[T] {
	r := &Result[T]{}
	r.core = async.SpawnRoot(&e.exec, "", func(t *async.Task) (err error) {
		if t.Core().Decline() { // f must not answer in this function's place
			return nil
		}
		r.Value, err = f(t)
		return err
	}, func(err error) { r.Err, r.Done = err, true })
	return r
}

// Result is how a task ended, when Done.
type Result[T any] struct {
	Value T
	Err   error
	Done  bool
	core  *async.Core
}

// Cancel cancels the task.
func (r *Result[T]) Cancel(cause error) { r.core.CancelLocal(cause) }

// Step runs the task whose turn it is, and reports whether there was one.
func (e *Executor) Step() bool {
	e.exec.Drain()
	return e.exec.Run(1) > 0
}

// RunUntilIdle runs tasks until none is woken, and reports how many steps that
// took. It fails the test when that seems never to come.
func (e *Executor) RunUntilIdle() (steps int) {
	e.tb.Helper()
	for e.Step() {
		if steps++; steps == maxSteps {
			e.tb.Fatalf("asynctest: tasks are still ready after %d steps", steps)
		}
	}
	return steps
}

// maxSteps is where what runs is taken to have no end.
const maxSteps = 10_000_000

// Advance moves the clock, firing timers one after the other with everything run
// until idle in between.
func (e *Executor) Advance(d time.Duration) {
	e.RunUntilIdle()
	end := e.now + d
	for {
		e.exec.Advance(int64(e.now)) // timers just started count from here
		e.RunUntilIdle()
		at, ok := e.exec.NextTimer()
		if !ok || time.Duration(at) > end {
			break
		}
		e.now = max(e.now+1, time.Duration(at))
	}
	e.now = end
	e.exec.Advance(int64(e.now))
	e.RunUntilIdle()
}

// Now returns the time on the executor's clock.
func (e *Executor) Now() time.Duration { return e.now }

// ErrTest is a cause that tests cancel with.
var ErrTest = errors.New("cancelled by the test")
