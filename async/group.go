package async

// A Group runs children of one task, and fails as a whole: the first error
// cancels the others. It is to tasks what errgroup is to goroutines. All methods
// are for the task that made it.
type Group struct {
	task    *Task // the view that the children are spawned through
	cancel  func(error)
	limit   int // 0: none
	running int
	waiting []func(*Task) error
	err     error
	waiter  *Waker
}

// NewGroup returns a group of children of t. If limit is positive, at most that
// many run at once, and the rest wait.
func NewGroup(t *Task, limit int) *Group {
	g := &Group{limit: limit}
	g.task, g.cancel = t.WithCancel()
	return g
}

// Go starts f as a child, now or when the limit allows. f runs even if the group
// has failed; its first await then returns the cause, which is the first error.
func (g *Group) Go(f func(*Task) error) {
	if g.limit > 0 && g.running >= g.limit {
		g.waiting = append(g.waiting, f)
		return
	}
	g.start(f)
}

func (g *Group) start(f func(*Task) error) {
	g.running++
	g.task.Go(func(t *Task) error {
		// A panic skips done's caller but not done; it then reaches the group's
		// task by the rule for children that nobody awaits.
		var err error
		defer func() { g.done(err) }()
		err = f(t)
		return nil
	})
}

func (g *Group) done(err error) {
	g.running--
	if err != nil && g.err == nil {
		g.err = err
		g.cancel(err)
	}
	if len(g.waiting) > 0 {
		f := g.waiting[0]
		g.waiting[0] = nil
		g.waiting = g.waiting[1:]
		g.start(f)
	}
	if g.running == 0 && g.waiter != nil {
		g.waiter.WakeLocal()
		g.waiter = nil
	}
}

// Wait waits until all children have returned, also when t is cancelled (which
// cancels them), and returns the first error.
func (g *Group) Wait(t *Task) error {
	t = t.WithoutCancel()
	_, err := Await(t, (*groupEnd)(g))
	return err
}

type groupEnd Group

func (g *groupEnd) Poll(t *Task) (struct{}, error) {
	if g.running > 0 {
		g.waiter = t.Waker()
		return struct{}{}, Pending
	}
	return struct{}{}, g.err
}
