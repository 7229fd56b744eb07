package rondo

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"rondo.dev/rondo/async"
)

// Run starts a runtime, runs main as its main task, and returns main's error when
// main and all its children have ended and the runtime has shut down. It is what
// a program's main function calls.
//
// A panic in main is raised again in the caller; runtime.Goexit in main ends the
// caller.
func Run(main func(t *async.Task) error, opts ...Option) error {
	rt, err := New(opts...)
	if err != nil {
		return err
	}
	err = rt.run(rt.opts.ctx, main, caller(1))
	ctx, cancel := context.WithTimeout(context.Background(), rt.opts.grace)
	defer cancel()
	shutdown := rt.Shutdown(ctx)
	raise(err)
	if err == nil {
		return shutdown
	}
	return err
}

// A Runtime is a set of event loops, for programs that have a main function of
// their own. Several can exist beside each other.
type Runtime struct {
	opts     options
	loops    []*Loop
	watchdog *watchdog
	blocking blockingPool

	mu     sync.Mutex
	down   bool
	closed bool          // no task comes from outside any more
	done   chan struct{} // closed when the shutdown is over
	err    error         // of the shutdown
}

// New starts a runtime. It is ended by Shutdown.
func New(opts ...Option) (*Runtime, error) {
	rt := &Runtime{opts: makeOptions(opts), done: make(chan struct{})}
	rt.blocking.limit = rt.opts.blocking
	for i := range rt.opts.loops {
		rt.loops = append(rt.loops, newLoop(rt, i))
	}
	rt.watchdog = newWatchdog(rt)
	for i, l := range rt.loops {
		if err := l.start(); err != nil {
			rt.loops = rt.loops[:i]
			rt.leave() // they have nothing to do
			return nil, fmt.Errorf("rondo: opening a driver: %w", err)
		}
	}
	rt.watchdog.start()
	return rt, nil
}

// Loops returns the runtime's loops.
func (rt *Runtime) Loops() []*Loop { return slices.Clone(rt.loops) }

// Run runs f as a task without a parent, on the least loaded loop, and waits for
// its end. When ctx ends, the task is cancelled with its cause, and its end
// waited for. It is for goroutines that are not tasks; a task that calls it would
// block its loop, and panics.
func (rt *Runtime) Run(ctx context.Context, f func(t *async.Task) error) error {
	return rt.run(ctx, f, caller(1))
}

func (rt *Runtime) run(ctx context.Context, f func(t *async.Task) error, site uintptr) error {
	async.MayBlock()
	l := rt.leastLoaded()
	ended := make(chan error, 1)
	main := async.Root{Name: "main", Run: f, Ended: func(err error) { ended <- err }, Context: ctx, Site: site}
	var core *async.Core
	if !rt.enter(l, func() { core = main.Start(&l.exec) }) {
		return async.ErrExecutorClosed
	}
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	// Behind the first post, so core is there.
	l.Post(func() { core.CancelLocal(context.Cause(ctx)) })
	return <-ended
}

// Detach starts f as a task without a parent on the least loaded loop. Nothing
// waits for it; its error goes to OnError; a shutdown cancels it. Any goroutine
// may call it. It returns false if the runtime has shut down.
func (rt *Runtime) Detach(name string, f func(t *async.Task) error) bool {
	l, r := rt.leastLoaded(), rt.loose(name, f, caller(1))
	return rt.enter(l, func() { r.Start(&l.exec) })
}

// enter posts the start of a task that comes from outside, and reports whether it did.
func (rt *Runtime) enter(l *Loop, start func()) bool {
	rt.mu.Lock()
	defer rt.mu.Unlock()
	return !rt.closed && l.Post(start)
}

// close ends entering, and reports whether it had ended before. Whoever was let in is
// found by the next count of the tasks.
func (rt *Runtime) close() (before bool) {
	rt.mu.Lock()
	defer rt.mu.Unlock()
	before, rt.closed = rt.closed, true
	return before
}

// Detach starts f as a task without a parent on t's loop: it inherits nothing, and
// t does not wait for it. Its error goes to OnError; a shutdown cancels it.
func Detach(t *async.Task, name string, f func(t *async.Task) error) {
	l := LoopOf(t)
	l.rt.loose(name, f, caller(1)).Start(&l.exec)
}

// loose is a detached task.
func (rt *Runtime) loose(name string, f func(t *async.Task) error, site uintptr) async.Root {
	return async.Root{Name: name, Run: f, Ended: func(err error) { rt.detached(name, err) }, Site: site}
}

// caller is the caller of the function that is depth calls above: where a task says
// that it was spawned.
func caller(depth int) uintptr {
	var pc [1]uintptr
	runtime.Callers(depth+2, pc[:])
	return pc[0]
}

func (rt *Runtime) detached(name string, err error) {
	switch {
	case err == nil:
	case rt.opts.onError != nil:
		defer func() {
			if p := recover(); p != nil { // which would end the loop
				rt.opts.logger.Error("rondo: the function given to OnError panicked", "task", name, "panic", p, "stack", string(debug.Stack()))
			}
		}()
		rt.opts.onError(name, err)
	case !errors.Is(err, ErrShutdown):
		rt.opts.logger.Error("rondo: detached task failed", "task", name, "err", err)
	}
}

// leastLoaded is where new work goes: the loop with the fewest tasks, as far as
// they were counted.
func (rt *Runtime) leastLoaded() *Loop {
	best := rt.loops[0]
	for _, l := range rt.loops[1:] {
		if l.load() < best.load() {
			best = l
		}
	}
	return best
}

// ErrShutdown is the cause that tasks are cancelled with by a shutdown.
var ErrShutdown = errors.New("rondo: the runtime shuts down")

// A ShutdownError names the tasks that had not ended when a shutdown gave up on
// them.
type ShutdownError struct {
	Tasks []string
	Held  []int // loops held by a task that does not come back
}

func (e *ShutdownError) Error() string {
	var b strings.Builder
	b.WriteString("rondo: the shutdown has given up on")
	for _, t := range e.Tasks {
		b.WriteString("\n\t" + t)
	}
	for _, i := range e.Held {
		fmt.Fprintf(&b, "\n\tloop %d, which is held by a task that does not come back", i)
	}
	return b.String()
}

// Shutdown cancels all tasks with ErrShutdown, waits for their end until ctx
// ends, and stops the loops. Tasks that have not ended by then are abandoned as
// they are, and named in a *ShutdownError; whoever waits for them gets
// async.ErrExecutorClosed. A loop that a task holds can't be stopped: it ends when
// the task comes back.
//
// Any goroutine that is not a task may call it. Further calls wait for the first,
// each as long as its own ctx allows, and return what that returns.
func (rt *Runtime) Shutdown(ctx context.Context) error {
	async.MayBlock()
	rt.mu.Lock()
	first := !rt.down
	rt.down = true
	rt.mu.Unlock()
	if !first {
		select {
		case <-rt.done:
			return rt.err
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	defer close(rt.done)
	rt.watchdog.stop()
	for _, l := range rt.loops {
		l.Post(func() { l.exec.Dismiss(ErrShutdown) })
	}
	before, calm := int64(-1), 0
	for ctx.Err() == nil {
		left, spawned := rt.tasksLeft(ctx)
		if left == 0 {
			// Nor may any have come to a loop that was counted already. Those who detach
			// tasks without an end are not waited for.
			calm++
			quiet := spawned == before || calm >= calmEnough
			if quiet && rt.close() {
				break
			}
			before = spawned
			continue
		}
		calm = 0
		select {
		case <-ctx.Done():
		case <-time.After(time.Millisecond):
		}
	}
	rt.err = rt.leave()
	return rt.err
}

// tasksLeft counts the tasks of all loops, and how many there ever were. A loop that does
// not answer before ctx ends counts as one.
func (rt *Runtime) tasksLeft(ctx context.Context) (left, spawned int64) {
	for _, l := range rt.loops {
		stats := make(chan async.Stats, 1)
		l.Post(func() { stats <- l.exec.Stats() })
		select {
		case s := <-stats:
			left += s.Tasks
			spawned += s.Spawned
		case <-ctx.Done():
			left++
		}
	}
	return left, spawned
}

// calmEnough is how often in a row no task may be left although some have come.
const calmEnough = 100

// heldAfter is how long a loop may take to come back when it is stopped, before it
// counts as held by a task.
const heldAfter = time.Second

// leave stops the loops, and describes what is left on them.
func (rt *Runtime) leave() error {
	for _, l := range rt.loops {
		l.Post(func() {
			l.exec.Tasks(func(i async.TaskInfo) bool { l.left = append(l.left, i.String()); return true })
			l.stop = true
		})
	}
	late, stop := context.WithTimeout(context.Background(), heldAfter)
	defer stop()
	var e ShutdownError
	for _, l := range rt.loops {
		select {
		case <-l.ended:
		case <-late.Done():
		}
		select {
		case <-l.ended:
			e.Tasks = append(e.Tasks, l.left...)
		default:
			e.Held = append(e.Held, l.index)
		}
	}
	if len(e.Tasks) == 0 && len(e.Held) == 0 {
		return nil
	}
	return &e
}
