package lowered

import (
	"runtime"

	"rondo.dev/rondo/async"
)

// A Loop is one range over a function, or whatever else only Go itself can range over,
// whose body awaits: a field of the frame of the function that it stands in. The range
// runs on a borrowed coroutine, and its body is Yield; the user's body stays in the
// frame, which is stepped while the coroutine waits in Yield.
//
//	done = f.loop.Begin(t, &f.defers, func() {
//		for f.k, f.v = range seq {
//			if !f.loop.Yield() {
//				break
//			}
//		}
//	})
//
// So what an iterator may do and what it sees is what Go says: it may await, and defer,
// it is told by Yield that the loop is left, and panics if it goes on all the same. A
// panic of the body is raised in Yield: see Defers.
//
// Begin, Next and Stop report whether they are done: whether the coroutine waits in
// Yield, which is what More tells, or the range has ended. If not, the caller suspends,
// and calls Resume when it runs again. The zero value is ready, and ready again after
// the end.
type Loop struct {
	co      *async.Coroutine // where the range runs; nil after its end
	defers  *Defers
	around  *Loop  // the loop whose body this one is in
	leaving *Panic // what the body was left by, until Yield raises it
	more    bool
	stop    bool // what Yield returns next, the other way round
}

// Begin begins a loop of the function with the calls d.
func (l *Loop) Begin(t *async.Task, d *Defers, f func()) (done bool) {
	co := t.Executor().Host().Coroutine()
	co.Begin(t.Core(), body(f))
	*l = Loop{co: co, defers: d, around: d.loops}
	d.loops = l
	return l.Resume(t)
}

// Next ends a round: Yield returns true.
func (l *Loop) Next(t *async.Task) (done bool) {
	l.more = false
	return l.Resume(t)
}

// Stop leaves the loop: Yield returns false. It is done when the range has ended.
func (l *Loop) Stop(t *async.Task) (done bool) {
	l.more, l.stop = false, true
	return l.Resume(t)
}

// Resume goes on with what is not done.
func (l *Loop) Resume(t *async.Task) (done bool) {
	if !l.co.Resume() {
		return l.more
	}
	co, left := l.co, l.defers.panic
	l.defers.loops = l.around
	*l = Loop{}
	err := co.Failure()
	t.Executor().Host().Recycle(co)
	if p, ok := err.(*async.PanicError); ok && left.stack != nil && same(p.Value, left.value) {
		err = left.stack // the body's, which came through
	}
	if err != nil {
		raise(err)
	}
	return true
}

// More reports whether there is another round.
func (l *Loop) More() bool { return l.more }

// Yield runs the user's body, and reports whether the loop goes on. It is called on the
// coroutine.
func (l *Loop) Yield() bool {
	l.more = true
	l.co.Yield()
	if p := l.leaving; p != nil {
		l.leaving = nil
		if p.goexit && p.stack == nil {
			runtime.Goexit()
		}
		panic(p.value)
	}
	return !l.stop
}

// unwind ends a loop whose body was left by a panic.
func (l *Loop) unwind(t *async.Task) (done bool) {
	if l.more {
		l.more, l.leaving = false, &l.defers.panic
	}
	return l.Resume(t)
}
