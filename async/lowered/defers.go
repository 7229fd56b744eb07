package lowered

import "rondo.dev/rondo/async"

// Defers are the deferred calls of a lowered function, a field of its frame, and
// the panic that it is left by, if it is. What a stack does for a function, this
// does for a frame: the calls are made when the function has come to its end in
// whichever way, the last first, and may recover, panic, and await.
//
// A call to recover only works in a function that was called by a defer statement
// while the stack below it panics. So each deferred call is kept as a function that
// defers it for real and then raises the panic under way, if any:
//
//	f.defers.Push(func(p *lowered.Panic) { defer unlock(m); p.Raise() })
//
// The zero value has no calls. Whoever steps the frame steps it until it is done.
type Defers struct {
	calls   []deferred
	leaving bool
	panic   Panic
	call    Callee      // the deferred async call under way
	under   *async.Task // the task that it got; nil if there is none
	loops   *Loop       // the innermost one under way
}

// deferred is one call: one of the two.
type deferred struct {
	plain func(*Panic)
	async func(*async.Task)
	task  *async.Task // that the async call gets
}

// Push defers a call.
func (d *Defers) Push(call func(*Panic)) { d.calls = append(d.calls, deferred{plain: call}) }

// PushAsync defers a call that can suspend, and passes it the task u.
func (d *Defers) PushAsync(u *async.Task, call func(u *async.Task)) {
	d.calls = append(d.calls, deferred{async: call, task: u})
}

// Step steps a function: its body by run, until that has come to its end, then the
// deferred calls.
func (d *Defers) Step(t *async.Task, run func(*async.Task) (done bool)) (done bool) {
	if !d.leaving {
		if !d.catch(t, run) {
			return false
		}
		d.leaving = true
	}
	for d.loops != nil || d.under != nil || len(d.calls) > 0 {
		if !d.catch(t, d.next) {
			return false
		}
	}
	d.panic.end()
	return true
}

// next makes the next deferred call, or goes on with the one under way. Before them come
// the loops that were left by a panic: they are nearer to it.
func (d *Defers) next(t *async.Task) (done bool) {
	if d.loops != nil {
		return d.loops.unwind(t)
	}
	if d.under != nil {
		done = d.call.Resume(d.under)
	} else {
		last := len(d.calls) - 1
		c := d.calls[last]
		d.calls[last] = deferred{}
		d.calls = d.calls[:last]
		if c.plain != nil {
			c.plain(&d.panic)
			d.panic.recovered()
			return true
		}
		d.under = c.task
		done = d.call.Begin(c.task, func() { c.async(c.task) })
	}
	if done {
		d.under = nil
		d.call.Frame()
	}
	return done
}

// catch calls f, and keeps the panic that leaves it.
func (d *Defers) catch(t *async.Task, f func(*async.Task) bool) (done bool) {
	returned := false
	defer func() {
		if returned {
			return
		}
		t.Core().Reply() // the question, if it was open
		v := recover()
		if v == nil && !t.Core().Unwind() {
			return // a Goexit that a frame below has caught
		}
		d.under = nil
		d.call = Callee{} // a frame that panicked is not gone on with
		d.leaving = true
		d.panic.catch(v)
		done = true
	}()
	done = f(t)
	returned = true
	return done
}

// Panic is a panic, or a Goexit, on its way through a lowered function.
type Panic struct {
	value  any
	stack  *async.PanicError // the value with its first stack
	goexit bool
	raised bool // it is on the stack now
}

// Raise panics, if a panic is under way.
func (p *Panic) Raise() {
	if p.stack != nil {
		p.raised = true
		panic(p.value)
	}
}

// recovered is called when a deferred call has returned: if the panic was on the
// stack, it is no more.
func (p *Panic) recovered() {
	if p.raised {
		*p = Panic{goexit: p.goexit}
	}
}

// catch keeps what was recovered; nil is a Goexit. A Goexit ends the panic that it
// was called under, and goes on after one that was recovered.
func (p *Panic) catch(v any) {
	if v == nil || v == any(async.ErrGoexit) {
		*p = Panic{goexit: true}
		return
	}
	if p.raised && same(v, p.value) {
		p.raised = false // it came through
		return
	}
	*p = Panic{value: v, stack: async.NewPanicError(v), goexit: p.goexit}
	if r, ok := v.(async.Raised); ok {
		p.value = r.Value
	}
}

// same reports whether two values are, and that they are not if they can't be
// compared.
func same(v, w any) (is bool) {
	defer func() { recover() }()
	return v == w
}

// end lets a panic that nobody has recovered go on to the caller.
func (p *Panic) end() {
	switch {
	case p.stack != nil:
		raise(p.stack)
	case p.goexit:
		panic(async.ErrGoexit)
	}
}

// raise raises what a function was left by on another stack.
func raise(err error) {
	if p, ok := err.(*async.PanicError); ok {
		panic(async.Raised{PanicError: p})
	}
	panic(err)
}
