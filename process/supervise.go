package process

import (
	"os"
	"os/exec"
	"time"

	"rondo.dev/rondo/async"
)

// running is a program that was started. A task supervises it, a child of the one
// that has started it: so there is somebody to kill it when that is cancelled, and to
// wait for it when nobody else does.
type running struct {
	c      *Cmd
	owner  *async.Task // what Start was called with
	exec   *async.Executor
	exit   *exit
	copies []*copying
	under  copies
	killed error // why; nil: it was left to end by itself
	cut    bool  // its output may lack the end
	ended  bool
	reaped bool
	waits  waits
}

func (r *running) copy(k *copying) { r.copies = append(r.copies, k) }

// lastWords is how long the output of a cancelled program is waited for if there is
// no WaitDelay: somebody else may have it, and never end.
const lastWords = time.Second

// supervise is the task. The program's number is its own until it is reaped, and
// with it that of its group: so that comes last, after all signals.
func (r *running) supervise(t *async.Task) error {
	free := t.WithoutCancel()
	io, giveUp := free.WithCancel()
	for _, k := range r.copies {
		r.under.start(io, k)
	}
	defer r.finish(free) // also if Cancel panics
	if _, err := async.Await(t, r.exit); err != nil {
		r.end(free, err)
	}
	r.ended = true
	if !r.awaitCopies(t, free) {
		r.cut = true
		if r.c.Group {
			r.c.Kill() // those who are left of it have the pipes
		}
		giveUp(os.ErrDeadlineExceeded)
		async.Await(free, &r.under)
	}
	return nil
}

// finish takes the state of the program from the system, and tells those who wait.
func (r *running) finish(free *async.Task) {
	if !r.ended {
		r.kill()
		async.Await(free, r.exit)
	}
	state, err := r.exit.reap()
	r.reaped = true
	r.c.ProcessState = state
	r.waits.over(r.result(state, err))
}

// end makes the program end, because of a cause, and waits until it has.
func (r *running) end(free *async.Task, cause error) {
	r.killed = cause
	if c := r.c; c.Cancel != nil {
		if err := c.Cancel(); err == nil && r.ends(free) {
			return
		}
	}
	r.kill()
	async.Await(free, r.exit)
}

// kill kills the program. Of a group it may have ended before, in success, and those
// who are killed are the others.
func (r *running) kill() {
	r.c.Kill()
	r.cut = r.cut || r.c.Group
}

// ends waits for the end of a program that was asked for it, for no longer than
// WaitDelay.
func (r *running) ends(free *async.Task) bool {
	if d := r.c.WaitDelay; d > 0 {
		limited, stop := free.WithTimeout(d)
		defer stop()
		free = limited
	}
	_, err := async.Await(free, r.exit)
	return err == nil
}

// awaitCopies waits until all input and output is copied, and reports whether it
// is. Cancelled while it does, the task has less time for it.
func (r *running) awaitCopies(t, free *async.Task) bool {
	if r.under.left == 0 {
		return true
	}
	if r.killed == nil {
		view, stop := t, func() {}
		if d := r.c.WaitDelay; d > 0 {
			view, stop = t.WithTimeout(d)
		}
		_, err := async.Await(view, &r.under)
		stop()
		if err == nil || t.Cause() == nil {
			return err == nil
		}
		r.killed = t.Cause()
		if r.c.Group {
			r.kill()
		}
	}
	d := r.c.WaitDelay
	if d <= 0 {
		d = lastWords
	}
	limited, stop := free.WithTimeout(d)
	defer stop()
	_, err := async.Await(limited, &r.under)
	return err == nil
}

// result is what Wait returns.
func (r *running) result(state *os.ProcessState, err error) error {
	switch {
	case err != nil:
		return err
	case r.killed != nil && (r.cut || !state.Success()):
		return r.killed
	}
	if !r.cut {
		for _, k := range r.copies {
			if k.output && k.err != nil {
				return k.err // whatever the program said to that
			}
		}
	}
	switch {
	case !state.Success():
		return &exec.ExitError{ProcessState: state}
	case r.cut:
		return exec.ErrWaitDelay
	}
	for _, k := range r.copies {
		if k.err != nil {
			return k.err
		}
	}
	return nil
}
