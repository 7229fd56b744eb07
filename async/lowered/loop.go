package lowered

import (
	"io"
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

// Items is a loop over a stream, as of stream.All, whose body awaits: a field of the
// frame. It needs no coroutine, because the iterator is known: it awaits the next item,
// and ends with io.EOF or after an error. It is used like a Loop.
type Items[T any] struct {
	await async.Awaiting[T]
	task  *async.Task
	from  async.Future[T]
	item  T
	err   error
	more  bool
}

// Begin begins the loop.
func (l *Items[T]) Begin(t *async.Task, from async.Future[T]) (done bool) {
	l.task, l.from = t, from
	return l.begun(l.await.Begin(t, from))
}

// Next ends a round.
func (l *Items[T]) Next(*async.Task) (done bool) {
	if l.err != nil {
		*l = Items[T]{}
		return true
	}
	return l.begun(l.await.Begin(l.task, l.from))
}

// Resume goes on with what is not done.
func (l *Items[T]) Resume(*async.Task) (done bool) { return l.begun(l.await.Resume(l.task)) }

func (l *Items[T]) begun(v T, err error, done bool) bool {
	switch {
	case !done:
	case err == io.EOF:
		*l = Items[T]{}
	default:
		l.item, l.err, l.more = v, err, true
	}
	return done
}

// More reports whether there is another round.
func (l *Items[T]) More() bool { return l.more }

// Round returns the item of a round, and the error.
func (l *Items[T]) Round() (T, error) { return l.item, l.err }

// Received is a loop over what a channel receives, as of channel.Chan.All, whose body
// awaits. It needs no coroutine either, and ends with the first error, which nobody gets.
type Received[T any] struct {
	await async.Flight[T]
	task  *async.Task
	from  Receiver[T]
	item  T
	more  bool
}

// A Receiver is a channel.Chan.
type Receiver[T any] interface {
	Recv() async.Op[T]
}

// Begin begins the loop.
func (l *Received[T]) Begin(t *async.Task, from Receiver[T]) (done bool) {
	l.task, l.from = t, from
	return l.Next(t)
}

// Next ends a round.
func (l *Received[T]) Next(*async.Task) (done bool) {
	return l.begun(l.await.Begin(l.task, l.from.Recv()))
}

// Resume goes on with what is not done.
func (l *Received[T]) Resume(*async.Task) (done bool) { return l.begun(l.await.Resume(l.task)) }

func (l *Received[T]) begun(v T, err error, done bool) bool {
	switch {
	case !done:
	case err != nil:
		*l = Received[T]{}
	default:
		l.item, l.more = v, true
	}
	return done
}

// More reports whether there is another round.
func (l *Received[T]) More() bool { return l.more }

// Round returns the item of a round.
func (l *Received[T]) Round() T { return l.item }
