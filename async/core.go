package async

import (
	"context"
	"sync/atomic"
)

// A Core is a task as its executor sees it: something that is stepped when it
// was woken. Users see *Task and *Join; executors and generated code see this.
//
// What may be touched by whom:
//
//   - state and cold's atomics: any goroutine.
//   - exec and parent: written before the task starts, read by any goroutine.
//   - frame: once the task has ended, any goroutine.
//   - everything else: the executor's owner only. inStep is a plain bool on
//     purpose: it catches an Await by a goroutine that is not the task while the
//     task is parked, and lets the race detector see one while it runs.
//
// The life of a core is its phase: running, then (its function has returned)
// draining while it has children, then ended. Each is entered once, by returned
// and finish. Cores are not used again: *Task is a context that others may keep.
//
// 104 bytes; what few tasks need is in the cold block.
type Core struct {
	task   Task  // the view that the function gets
	waker  Waker // wakes this core
	exec   *Executor
	frame  Frame // what is stepped: the task's own frame, or the coroutine it runs on
	parent *Core // nil for a root
	next   *Core // sibling
	pprev  **Core
	cold   atomic.Pointer[cold]
	state  atomic.Uint32
	queued bool  // in the executor's queue
	inStep bool  // being stepped now
	reply  Reply // see lowered.Asked
	phase  phase
}

// A Frame is a computation that is stepped: a lowered function, or the coroutine
// that a function runs on. Step runs until the next suspension and reports
// whether it has come to its end; the results are fields of the frame, so that
// suspending needs no room among them.
type Frame interface {
	Step(t *Task) (done bool)
}

// A failer is a Frame whose function returns an error. One that has a Result which
// returns an error alone needs no Outcome.
type failer interface {
	// Outcome returns the function's error. It is called when the function has
	// returned, unless it panicked.
	Outcome() error
}

// An Ender is a Frame that takes part in the end of its task.
type Ender interface {
	Frame
	failer
	// Ended is called once, when the task and all its children have ended, with
	// the error that the task ended with.
	Ended(err error)
}

type phase uint8

const (
	running phase = iota
	draining
	ended
)

// The bits of Core.state. Each is set by Or and read by Load; a set bit
// publishes what was written before it.
const (
	stateRemote    uint32 = 1 << iota // in the inbox: a further Wake has nothing to do
	stateCancelled                    // cold.cause is set
	stateEnded                        // results can be read
	stateObserved                     // somebody took the results
	stateClaimed                      // somebody is waiting for the results
	stateAwaited                      // that is the parent's own waker
	stateFailed                       // the function did not return: cold.err is why
	stateDropped                      // counted among its parent's orphans, its error is not kept

	// Above them is the Site that the task was spawned at, set before it starts.
	siteShift = 8
)

// cold is what few tasks have.
type cold struct {
	cause    error // why it was cancelled; written before stateCancelled
	err      error // what it ends with, whatever its function says
	children *Core
	orphans  *orphans // errors of ended children that nobody has taken yet
	waiter   *Waker   // woken at the end, if that is not the parent's own
	under    *scope   // the parent's scope that it was spawned under, if not the task's own
	shield   *scope   // see WithoutCancel
	name     string
	base     context.Context // a root's: see SetContext
	ctx      atomic.Pointer[lazyContext]
}

// coldBlock returns c's cold block, made on demand. Any goroutine may call it.
func (c *Core) coldBlock() *cold {
	if b := c.cold.Load(); b != nil {
		return b
	}
	c.cold.CompareAndSwap(nil, new(cold))
	return c.cold.Load()
}

// Start makes c a child of parent that runs f. c is part of something its caller
// has allocated, and must be fresh. The function runs in a later step, whatever
// happens until then.
func (c *Core) Start(parent *Task, f Frame) {
	p := parent.core
	if p.phase == ended {
		panic("rondo: a task was spawned by a task that has ended")
	}
	if p.frame == nil {
		panic(errNoHost) // a goroutine in Block, which nothing can run beside
	}
	c.init(p.exec, f)
	c.parent = p
	c.link(&p.coldBlock().children)
	if s := parent.scope; s != nil {
		c.coldBlock().under = s
	}
	if cause := parent.Cause(); cause != nil {
		c.cancel(cause)
	}
	p.exec.schedule(c)
}

// StartRoot makes c a task without a parent.
func (c *Core) StartRoot(e *Executor, f Frame) {
	c.init(e, f)
	c.link(&e.roots)
	if e.dismissed != nil {
		c.dismiss()
	}
	e.schedule(c)
}

func (c *Core) init(e *Executor, f Frame) {
	if c.exec != nil {
		panic("rondo: a task was started twice")
	}
	c.exec, c.frame = e, f
	c.waker.to = c
	c.task = Task{core: c, waker: &c.waker}
	e.stats.Tasks++
	e.stats.Spawned++
}

// Task returns the view that the task's function gets.
func (c *Core) Task() *Task { return &c.task }

// ParentFrame returns the frame of the task that c is a child of, nil for a root's. By
// it a task that only one kind of frame spawns finds what it shares with its siblings,
// and needs no room for that.
func (c *Core) ParentFrame() Frame {
	if c.parent == nil {
		return nil
	}
	return c.parent.frame
}

// Executor returns where c runs.
func (c *Core) Executor() *Executor { return c.exec }

// Ended reports whether c and its children have ended. Any goroutine may ask.
func (c *Core) Ended() bool { return c.state.Load()&stateEnded != 0 }

// Wake makes c run. Any goroutine may call it.
func (c *Core) Wake() {
	if c.state.Load()&stateEnded != 0 || c.state.Or(stateRemote)&stateRemote != 0 {
		return
	}
	if first, _ := c.exec.inbox.put(c); first {
		c.exec.host.Interrupt()
	}
}

// WakeLocal makes c run. The executor's owner calls it.
func (c *Core) WakeLocal() { c.exec.schedule(c) }

// fail makes err, which is fatal, the outcome of c: its function did not return.
// Its children are cancelled, since c can't end before them and would keep the
// panic to itself until they see fit to end.
func (c *Core) fail(err error) {
	c.phase = draining // it is not going to be stepped again
	c.coldBlock().err = err
	c.state.Or(stateFailed)
	c.cancel(err)
}

// returned is called when c's function has returned, in a step.
func (c *Core) returned() {
	c.phase = draining
	if b := c.cold.Load(); b != nil && b.children != nil {
		return // the last of them calls finish
	}
	c.finish()
}

// finish ends c: its function has returned and it has no children.
func (c *Core) finish() {
	c.phase = ended
	err := c.outcome()
	c.unlink()
	c.exec.stats.Tasks--
	// Before the bit: what Ended stores is what others read after it.
	if e, ok := c.frame.(Ender); ok {
		e.Ended(err)
	}
	b := c.cold.Load()
	if b != nil && b.under != nil && b.under.group != nil {
		b.under.group.ended(c, err)
	}
	s := c.state.Or(stateEnded)
	if b = c.cold.Load(); b != nil { // again: its context may have been asked for since
		if b.orphans != nil {
			b.orphans.list = nil // its count stays, for those who take a child later
		}
		b.endContexts()
		if w := b.waiter; w != nil {
			b.waiter = nil
			w.WakeLocal()
		}
	}
	if p := c.parent; p != nil {
		if s&stateAwaited != 0 {
			p.exec.schedule(p)
		}
		p.childEnded(c, err)
	}
}

// outcome is the error that c ends with: what its function returned, else what a
// child failed with that nobody listened to. A panic comes before an error that
// was returned, which may well hide why it was.
func (c *Core) outcome() (err error) {
	b := c.cold.Load()
	if c.state.Load()&stateFailed != 0 {
		return b.err
	}
	switch f := c.frame.(type) {
	case failer:
		err = f.Outcome()
	case interface{ Result() error }:
		err = f.Result()
	}
	if b == nil || b.orphans == nil || err != nil && IsFatal(err) {
		return err
	}
	if o := b.orphans.error(); o != nil && (err == nil || IsFatal(o)) {
		b.err = o
		return o
	}
	return err
}

// childEnded is told that child, the last link to which is gone, ended with err.
func (c *Core) childEnded(child *Core, err error) {
	b := c.cold.Load() // there is one: it had the list of children
	if err != nil && child.state.Load()&stateObserved == 0 && !child.onlyRepeats(err) {
		if IsFatal(err) && child.state.Load()&stateClaimed == 0 {
			c.cancel(err)
		}
		b.adopt(child, err)
	}
	if c.phase == draining && b.children == nil {
		c.finish()
	}
}

// link puts c at the head of a list of siblings; unlink takes it out. pprev
// points to whatever points to c, so that neither needs the list.
func (c *Core) link(list **Core) {
	c.next = *list
	if c.next != nil {
		c.next.pprev = &c.next
	}
	c.pprev = list
	*list = c
}

func (c *Core) unlink() {
	*c.pprev = c.next
	if c.next != nil {
		c.next.pprev = c.pprev
	}
	c.next, c.pprev = nil, nil
}
