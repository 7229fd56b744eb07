package async

import "context"

// A Root is a task without a parent, to be started: with nothing inherited, and
// nobody who waits for it.
type Root struct {
	Name    string
	Run     func(*Task) error
	Ended   func(error)     // or nil; is called on the executor with the error that it ended with
	Context context.Context // or nil; see Core.SetContext. If it is a task, that one cancels it: see Executor.Dismiss
	Site    uintptr         // the program counter that spawned it, for descriptions; 0: the caller of Start
}

// Start starts the task on e, whose owner calls it.
func (r Root) Start(e *Executor) *Core {
	if r.Site == 0 {
		r.Site = caller()
	}
	f := &root{run: run[struct{}]{f: r.Run, site: r.Site}, ended: r.Ended}
	f.core.coldBlock().name = r.Name
	if r.Context != nil {
		f.core.SetContext(r.Context)
	}
	f.core.StartRoot(e, f)
	return &f.core
}

// SpawnRoot is Root.Start for one with a name.
func SpawnRoot(e *Executor, name string, f func(*Task) error, ended func(error)) *Core {
	return Root{Name: name, Run: f, Ended: ended, Site: caller()}.Start(e)
}

// root is the frame of a task whose end somebody outside waits for.
type root struct {
	run[struct{}]
	core  Core
	frame Frame // that the function has answered with
	ended func(error)
}

func (r *root) Step(t *Task) (done bool) {
	if r.frame == nil {
		if r.frame, done = r.core.Enter(r, r); r.frame == nil {
			return done
		}
	}
	return r.frame.Step(t)
}

func (r *root) Outcome() error {
	if f, ok := r.frame.(interface{ Result() error }); ok {
		return f.Result()
	}
	return r.err
}

func (r *root) Ended(err error) {
	r.f, r.frame = nil, nil
	if r.ended != nil {
		r.ended(err)
	}
}
