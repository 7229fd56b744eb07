package async

import (
	"errors"

	"rondo.dev/rondo/internal/wheel"
)

// An Executor is the part of an event loop that has nothing to do with I/O: the
// queue of tasks that were woken, the inbox for what comes from elsewhere, and
// the timers. Whoever drives it, its owner, is one goroutine at a time; it calls
// every method but Post. Package rondo puts a driver beside one and calls that a
// loop; Block is one on the caller's goroutine; asynctest turns one by hand.
type Executor struct {
	host    Host
	queue   ring
	inbox   inbox
	wheel   wheel.Wheel
	roots   *Core      // tasks without a parent
	running *Core      // the task in step, for the recovery of its panic
	stack   *Coroutine // the coroutine whose stack runs now
	budget  int        // what the running task may still do before others get a turn
	answer  Frame      // see lowered.Answer
	stats   Stats
	lowered bool // spawned functions are asked for a frame first
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

// Stats counts what an executor did.
type Stats struct {
	Tasks   int64 // tasks that have not ended
	Spawned int64 // tasks ever started
	Polls   int64 // steps of tasks
	Wakes   int64 // wakes that put a task into the queue
	Remote  int64 // wakes and posts that came through the inbox
}

// Init makes e ready. It is called once, before anything else.
func (e *Executor) Init(h Host) { e.host = h }

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
	return ran
}

// batch steps tasks until one of them panics: recovering once for many steps
// keeps the cost of a deferred call out of each.
func (e *Executor) batch(max int) (ran int) {
	defer e.recover()
	for ; ran < max && e.queue.len() > 0; ran++ {
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
	c.inStep = false
	e.running = nil
	if done {
		c.returned()
	}
}

// recover turns a panic that left a step into the end of that task. A panic of a
// coroutine's function does not come here: it is caught on the coroutine.
func (e *Executor) recover() {
	c := e.running
	if c == nil {
		return // no step was interrupted: let a panic go on
	}
	var err error
	if v := recover(); v == nil {
		// A frame called runtime.Goexit on the owner's own stack. That can't be
		// stopped: the goroutine ends after this, and the owner has to go on
		// with another one.
		err = ErrGoexit
	} else if _, ok := v.(goexit); ok {
		err = ErrGoexit
	} else {
		err = newPanicError(v)
	}
	e.running, e.stack = nil, nil
	c.inStep = false
	if co, ok := c.frame.(*Coroutine); ok {
		c.frame = co.owner
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
func (e *Executor) Post(f func()) (ok bool) {
	first, ok := e.inbox.put(letter{f: f})
	if first {
		e.host.Interrupt()
	}
	return ok
}

// Close refuses posts and foreign wakes from now on. The owner, when it means to
// stop, closes, drains once more and runs what that brought; then nothing can be
// waiting for it that does not know.
func (e *Executor) Close() { e.inbox.close() }

// Drain takes in what came from elsewhere, and reports how much. The owner calls
// it after each Interrupt.
func (e *Executor) Drain() (n int) {
	letters := e.inbox.take()
	for _, l := range letters {
		if l.core != nil {
			// Taken off the inbox before it is run: a wake that comes from now
			// on has to be noticed, so the bit falls first.
			l.core.state.And(^stateRemote)
			e.schedule(l.core)
		} else {
			l.f()
		}
	}
	e.stats.Remote += int64(len(letters))
	n = len(letters)
	e.inbox.giveBack(letters)
	return n
}

// Advance tells the time, in nanoseconds on a clock that never goes back, and
// fires the timers that are due. The owner calls it with a fresh reading once a
// turn: timers started since the last call count from this one.
func (e *Executor) Advance(now int64) (fired int) { return e.wheel.Advance(now) }

// NextTimer returns when the next timer is due, on the clock of Advance. It may
// be early, never late. The owner calls it right after Advance.
func (e *Executor) NextTimer() (at int64, ok bool) { return e.wheel.Next() }

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

// errNoHost is what a Host without coroutines makes Spawn panic with.
var errNoHost = errors.New("rondo: this executor has no coroutines: spawn from a task of an event loop (rondo.Run)")
