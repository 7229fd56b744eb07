package async

// A Task is what an async function gets as its first parameter: a view of the
// task it runs in. A function with a *Task first is async; calling one, and
// awaiting, are the only places where a task can be suspended.
//
// A view is the task's core, the scope of its cancellation and the waker for
// what it polls. WithWaker, WithCancel, WithTimeout and WithoutCancel are other
// views of the same task.
//
// A Task is a context.Context. The context methods, and waking, are safe for any
// goroutine; everything else is for the task itself, while it runs. A goroutine
// that is not the task must not await with it: it uses Wait(ctx) instead.
type Task struct {
	core  *Core
	scope *scope // nil: the core's own
	waker *Waker
}

// Waker returns what a pending future stores to have itself polled again. Any
// goroutine may wake it later.
func (t *Task) Waker() *Waker { return t.waker }

// WithWaker returns a view of t with another waker: how a combinator learns which
// of its children woke.
func (t *Task) WithWaker(w *Waker) Task { return Task{t.core, t.scope, w} }

// Executor returns where t runs, and with it its children.
func (t *Task) Executor() *Executor { return t.core.exec }

// Core returns the core that t is a view of. It is for executors and generated
// code.
func (t *Task) Core() *Core { return t.core }

// SetName names the task for those who look at it from outside: Executor.Tasks,
// the watchdog, the list of tasks that do not end. It returns t.
func (t *Task) SetName(name string) *Task {
	t.core.coldBlock().name = name
	return t
}

// Name returns what SetName set, or SpawnRoot was given.
func (t *Task) Name() string { return t.core.name() }

// budget is how many operations a task may complete in one step. It is large
// enough to make the switch cheap beside them, and small enough that a thousand
// busy tasks get round within milliseconds.
const budget = 128

// Spend takes one from the task's budget of this step. Leaf operations call it
// before they do something that might succeed at once, for ever; when it reports
// true they wake their own waker and return Pending, so that others get a turn.
// Op and Await call it already.
func (t *Task) Spend() (exhausted bool) {
	e := t.core.exec
	e.budget--
	return e.budget < 0
}

// AtOnce reports whether t may go on with something that need not wait, in place of
// awaiting it: it is not cancelled, and has something left of its budget, of which it
// spends one. It panics if t is not the running task.
func (t *Task) AtOnce() bool {
	t.checkAwait()
	return t.Cause() == nil && !t.Spend()
}

// Yield lets every other task that is ready run once before t goes on; only those that
// were ready before, if t itself has been woken in this step already. It returns the cause
// if t is cancelled, without yielding.
func Yield(t *Task) error {
	if t.core.Decline() {
		return nil // called by a function value: see package lowered
	}
	var y Yielding
	err, done := y.Begin(t)
	if !done {
		t.suspend()
	}
	return err
}

// A Yielding is one Yield under way, as a Flight is for an Op.
type Yielding struct{}

// Begin begins to yield, and reports whether that is done, for there is a cause not
// to. If not, the caller suspends, and calls Resume when it runs again.
func (Yielding) Begin(t *Task) (err error, done bool) {
	t.checkAwait()
	if cause := t.Cause(); cause != nil {
		return cause, true
	}
	t.core.WakeLocal()
	return nil, false
}

// Resume ends it.
func (Yielding) Resume(*Task) (err error, done bool) { return nil, true }

// suspend parks t until it is stepped again.
func (t *Task) suspend() {
	co := t.core.exec.stack
	if co == nil || co.core != t.core {
		panic(t.core.stackless())
	}
	co.yield(struct{}{})
}

// stackless says why c can't be suspended here: it is not running, or it is, but not on
// a coroutine.
func (c *Core) stackless() string {
	if c.inStep && c.frame != nil { // else it is a goroutine in Block
		return kept
	}
	return misuse
}

// checkAwait panics when an await can't be right. It can't see everything: a
// goroutine that awaits with a task that is running at that moment looks like
// the task itself; the race detector sees that.
func (t *Task) checkAwait() {
	if !t.core.inStep {
		panic(misuse)
	}
}

// OnStack reports whether the function of c that runs at this moment has a stack that it
// can be suspended on anywhere, and not only in awaits of its own: that of a coroutine. It
// is for code in between that can't be async, such as an io.Writer which is used by a task.
// Only code that runs in c's own step may ask.
func (c *Core) OnStack() bool {
	co := c.exec.stack
	return c.inStep && co != nil && co.core == c
}

const kept = "rondo: a task is suspended in a call that is no await, by what keeps its *Task; but its function was lowered, and has no stack to be suspended on. A function that keeps its *Task has to be called by its name, not by a value or an interface: then its caller is not lowered"

const misuse = "rondo: await by something that is not the running task (a *Task must not be used by another goroutine or task, except as a context; use Wait(ctx) there)"
