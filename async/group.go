package async

import "errors"

// A Group runs children of one task, and fails as a whole: the first error
// cancels the others. It is to tasks what errgroup is to goroutines. All methods
// are for the task that made it, or its children.
type Group struct {
	task    *Task // the view that the children are spawned through
	cancel  func(error)
	limit   int // 0: none
	running int
	waiting []member
	failed  *Core  // the first to fail
	err     error  // its error
	waiter  *Waker // Wait's
}

// member is one of the group's children before it has started. The scope that it is
// spawned in tells of the group.
type member struct {
	core  *Core
	frame Frame
}

// NewGroup returns a group of children of t. If limit is positive, at most that
// many run at once, and the rest wait.
func NewGroup(t *Task, limit int) *Group {
	g := &Group{limit: limit}
	g.task, g.cancel = t.WithCancel()
	g.task.scope.group = g
	return g
}

// Go starts f as a child, now or when the limit allows. f runs even if the group
// has failed; its first await then returns the cause, which is the first error.
func (g *Group) Go(f func(*Task) error) {
	x := &struct {
		core Core
		run  run[struct{}]
	}{run: run[struct{}]{f: f, site: caller()}}
	g.add(member{&x.core, &x.run})
}

// GoFrame is Go for a lowered function, whose frame f has a Result that returns an error
// alone: c, which has to be zero, and the frame are parts of one allocation. site is
// where the child says that it was spawned. It is for generated code.
func (g *Group) GoFrame(c *Core, f Frame, site Site) {
	c.spawnedAt(site)
	g.add(member{c, f})
}

func (g *Group) add(m member) {
	if g.limit > 0 && g.running >= g.limit {
		g.waiting = append(g.waiting, m)
		return
	}
	g.start(m)
}

func (g *Group) start(m member) {
	g.running++
	m.core.Start(g.task, m.frame)
}

// ended is called when a member and its children have ended, before its parent looks
// at how.
func (g *Group) ended(c *Core, err error) {
	g.running--
	if err != nil {
		g.fail(c, err)
	}
	if len(g.waiting) > 0 {
		next := g.waiting[0]
		g.waiting[0] = member{}
		g.waiting = g.waiting[1:]
		g.start(next)
	}
	if w := g.waiter; w != nil && g.running == 0 {
		g.waiter = nil
		w.WakeLocal()
	}
}

// fail is told of a member's error. The first is taken by Wait; if nobody waits,
// it reaches the task by the rules for children that nobody awaits. The others are
// taken to follow from it, except that another panic is never taken silently.
func (g *Group) fail(c *Core, err error) {
	if g.failed != nil {
		if !IsFatal(err) || errors.Is(err, g.err) {
			c.Taken()
		}
		return
	}
	g.failed, g.err = c, err
	if g.waiter != nil {
		c.state.Or(stateClaimed)
	}
	g.cancel(err)
}

// Wait waits until all children have ended, also when t is cancelled (which
// cancels them), and returns the first error. A panic is a *PanicError, and if
// nobody was waiting for the group then, it has cancelled the task besides.
func (g *Group) Wait(t *Task) error {
	_, err := Await(t.WithoutCancel(), g.end())
	return err
}

// A Waiting is one Group.Wait under way, as a Flight is for an Op.
type Waiting struct{ end Awaiting[struct{}] }

// Begin begins to wait, and reports whether that is done. If not, the caller
// suspends, and calls Resume when it runs again.
func (w *Waiting) Begin(t *Task, g *Group) (err error, done bool) {
	_, err, done = w.end.Begin(t.WithoutCancel(), g.end())
	return err, done
}

// Resume goes on with a Waiting that is not done.
func (w *Waiting) Resume(t *Task) (err error, done bool) {
	_, err, done = w.end.Resume(t.WithoutCancel())
	return err, done
}

func (g *Group) end() Future[struct{}] { return (*groupEnd)(g) }

// groupEnd is the group's end as a future.
type groupEnd Group

func (g *groupEnd) Poll(t *Task) (struct{}, error) {
	if g.running > 0 {
		g.waiter = t.Waker()
		return struct{}{}, Pending
	}
	if g.failed != nil {
		g.failed.Taken()
	}
	return struct{}{}, g.err
}
