package async

import (
	"errors"
	"sync/atomic"

	"rondo.dev/rondo/internal/wheel"
)

// An Executor is the part of an event loop that has nothing to do with I/O: the
// queue of tasks that were woken, the inbox for what comes from elsewhere, and
// the timers. Whoever drives it, its owner, is one goroutine at a time; it calls
// every method but Post. Package rondo puts a driver beside one and calls that a
// loop; Block is one on the caller's goroutine; asynctest turns one by hand.
type Executor struct {
	host      Host
	queue     ring
	inbox     inbox
	wheel     wheel.Wheel
	sleeps    sleeps
	awaits    []any      // see opAwaitsOf
	ground    []uintptr  // see Locator
	now       int64      // the last reading of the clock
	roots     *Core      // tasks without a parent
	running   *Core      // the task in step, for the recovery of its panic
	stack     *Coroutine // the coroutine whose stack runs now
	budget    int        // what the running task may still do before others get a turn
	answer    Frame      // see lowered.Answer
	stats     Stats
	watch     atomic.Bool
	lowered   bool // spawned functions are asked for a frame first
	debug     bool // see SetDebug
	unwinding bool // see Unwind

	dismissed error // see Dismiss
}

// A Host lends an executor what package async does not have.
type Host interface {
	// Coroutine lends a coroutine. It is given back by Recycle when the
	// function on it has returned.
	Coroutine() *Coroutine
	Recycle(*Coroutine)
	// Interrupt makes the owner look at its inbox. Any goroutine calls it.
	Interrupt()
}

// An Heir is a Host that stands in for an executor's owner that has ended, so that
// what belonged to it can still be closed.
type Heir interface {
	// Inherit waits until the owner has ended and calls f as the owner would. Any
	// goroutine may call it; the calls come one after the other.
	Inherit(f func())
}

// Stats counts what an executor did.
type Stats struct {
	Tasks   int64 // tasks that have not ended
	Spawned int64 // tasks ever started
	Polls   int64 // steps of tasks
	Wakes   int64 // wakes that put a task into the queue
	Remote  int64 // wakes and posts that came through the inbox
}

// Init makes e ready. It is called once, before anything else. In a program that the
// command rondo has lowered it does what SetLowered does.
func (e *Executor) Init(h Host) { e.host, e.lowered = h, builtLowered }

// Host returns what Init was given.
func (e *Executor) Host() Host { return e.host }

// Stats returns the counters.
func (e *Executor) Stats() Stats { return e.stats }

// Ready reports how many tasks are waiting for their turn.
func (e *Executor) Ready() int { return e.queue.len() }

// Run steps at most max of the tasks that are ready, in the order in which they
// were woken, and reports how many it stepped. A task's panic ends that task.
func (e *Executor) Run(max int) (ran int) {
	for ran < max && e.queue.len() > 0 {
		ran += e.batch(max - ran)
	}
	e.queue.trim()
	return ran
}

// batch steps tasks until one of them panics: recovering once for many steps
// keeps the cost of a deferred call out of each.
func (e *Executor) batch(max int) (ran int) {
	defer e.recover()
	for ran < max && e.queue.len() > 0 {
		ran++ // first: a step that panics is one too
		e.step(e.queue.pop())
	}
	return ran
}

func (e *Executor) step(c *Core) {
	c.queued = false
	if c.phase != running {
		return // it waits for its children, or has ended: nothing left to run
	}
	e.stats.Polls++
	e.budget = budget
	e.running = c
	c.inStep = true
	done := c.frame.Step(&c.task)
	e.stepped(c)
	if done {
		c.returned()
	}
}

// stepped is called when c is back from a step, in whichever way.
func (e *Executor) stepped(c *Core) {
	c.inStep = false
	e.running = nil
	if e.watch.Load() {
		e.watch.Store(false)
		if w, ok := e.host.(Watcher); ok {
			w.Held(c.Describe())
		}
	}
}

// Turn polls by hand: it calls poll on the caller's stack as if in a step of c,
// with a fresh budget. The executor's owner calls it, not from within a step.
func (e *Executor) Turn(c *Core, poll func(t *Task)) {
	e.budget = budget
	c.inStep = true
	defer func() { c.inStep = false }()
	poll(&c.task)
}

// A Watcher is a Host that wants to know which task held the executor when Watch
// was called.
type Watcher interface{ Held(TaskInfo) }

// Watch makes the executor tell its Watcher about the task that runs now, when it
// comes back. Any goroutine may call it.
func (e *Executor) Watch() { e.watch.Store(true) }

// recover turns a panic that left a step into the end of that task. A panic of a
// coroutine's function does not come here: it is caught on the coroutine.
func (e *Executor) recover() {
	c := e.running
	if c == nil {
		return // no step was interrupted: let a panic go on
	}
	// No panic: a frame called runtime.Goexit on the owner's own stack. That can't
	// be stopped: the goroutine ends after this, and the owner has to go on with
	// another one.
	err := ErrGoexit
	if v := recover(); v != nil {
		err = asFailure(v)
	}
	e.stepped(c)
	if e.unwinding {
		// Not the end yet: deferred calls are waiting, which may await.
		e.unwinding = false
		e.schedule(c)
		return
	}
	c.fail(err)
	c.returned()
}

// schedule puts c into the queue, once.
func (e *Executor) schedule(c *Core) {
	if c.queued || c.phase != running {
		return
	}
	c.queued = true
	e.stats.Wakes++
	e.queue.push(c)
}

// Post makes f run on the executor. Any goroutine may call it. Posts of one
// goroutine run in their order. It reports false if the executor is closed, and f
// will not run.
func (e *Executor) Post(f func()) (ok bool) { return e.post(call(f)) }

func (e *Executor) post(l letter) (ok bool) {
	first, ok := e.inbox.put(l)
	if first {
		e.host.Interrupt()
	}
	return ok
}

// Drain takes in what came from elsewhere, and reports how much. The owner calls
// it after each Interrupt. If a posted function panics, the panic goes on to the
// owner, and the next Drain with what was behind it.
func (e *Executor) Drain() (n int) {
	letters := e.inbox.take()
	if len(letters) == 0 {
		return 0
	}
	defer func() {
		e.stats.Remote += int64(n)
		e.inbox.giveBack(letters, n)
	}()
	for _, l := range letters {
		n++
		l.arrive()
	}
	return n
}

// Tasks calls f for every task, parents before their children, until f returns
// false.
func (e *Executor) Tasks(f func(TaskInfo) bool) {
	for c := e.roots; c != nil; c = c.next {
		if !c.walk(0, f) {
			return
		}
	}
}

// SetLowered tells whether functions that are spawned should be asked for a
// frame first. Only programs whose async functions all have the prologue of
// package lowered may turn it on.
func (e *Executor) SetLowered(on bool) { e.lowered = on }

// Lowered returns what SetLowered was told, or that the command rondo has lowered the
// program.
func (e *Executor) Lowered() bool { return e.lowered }

// SetDebug tells whether misuse should be looked for that costs something to find,
// or that is legal in rare programs, such as a task that locks a mutex it holds.
// Package asynctest turns it on. The owner calls it, before the first task.
func (e *Executor) SetDebug(on bool) { e.debug = on }

// Debug returns what SetDebug was told.
func (e *Executor) Debug() bool { return e.debug }

// errNoHost is what a Host without coroutines makes Spawn panic with.
var errNoHost = errors.New("rondo: this executor has no coroutines: spawn from a task of an event loop (rondo.Run)")
