package faults

import (
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"time"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/future"
	"rondo.dev/rondo/timer"
)

// sessions are the kinds of load. A session opens what it uses, and closes it.
var sessions = []func(w *worker){pairs, connections, relays, pipes, packets, datagrams, files, secured}

// sessionWorkers is how many tasks run one session of a kind after the other.
const sessionWorkers = 3

// A worker is a task of the load, with chance of its own.
type worker struct {
	*run
	task *async.Task
	rng  *rand.Rand
}

func (r *run) worker(t *async.Task) *worker {
	return &worker{r, t, rand.New(rand.NewPCG(r.seed, r.workers.Add(1)))}
}

// all runs the parts of a session, each on any loop, and waits for them.
func (w *worker) all(parts ...func(w *worker)) {
	loops := rondo.LoopOf(w.task).Runtime().Loops()
	children := make([]*async.Child, len(parts))
	for i, part := range parts {
		children[i] = rondo.SpreadTo(w.task, loops[w.rng.IntN(len(loops))], func(t *async.Task) error {
			part(w.run.worker(t))
			return nil
		})
	}
	for _, c := range children {
		w.check(c.Await(w.task))
	}
}

// check fails the test unless err is nil, or one that the machine has injected; it
// reports whether it is nil.
func (w *worker) check(err error) bool {
	w.Helper()
	if errors.Is(err, async.ErrGoexit) {
		w.FailNow() // somebody else has said why
	}
	if err != nil && !w.wasInjected(err) {
		w.Fatal(err)
	}
	return err == nil
}

func (w *worker) wasInjected(err error) bool {
	return w.injected != nil && errors.Is(err, w.injected)
}

// must repeats f until the machine lets it succeed.
func must[T any](w *worker, f func(t *async.Task) (T, error)) T {
	w.Helper()
	for {
		if v, err := f(w.task); w.check(err) {
			return v
		}
	}
}

type closer interface{ Close() async.Act }

// close closes things. Whatever a close says, it has closed.
func (w *worker) close(cs ...closer) {
	w.Helper()
	for _, c := range cs {
		w.check(c.Close().Await(w.task))
	}
}

// moment is mostly short beside what the machine delays operations by.
func (w *worker) moment() time.Duration {
	return time.Duration(w.rng.Int64N(1 << w.rng.IntN(25)))
}

// wait lets up to d pass.
func (w *worker) wait(d time.Duration) {
	w.check(timer.Sleep(time.Duration(w.rng.Int64N(int64(d)))).Await(w.task))
}

// dawdle waits now and then.
func (w *worker) dawdle() {
	if w.rng.IntN(8) == 0 {
		w.wait(w.pause)
	}
}

// A fate is what becomes of an operation.
type fate int

const (
	done fate = iota // it has its result
	cut              // it was given up, and has a result all the same: what was done until then
	lost             // it has none, and can be awaited again
)

// disturb awaits op, and mostly gives it up at some time.
//
//lint:ignore ST1008 the fate is of what comes before it
func disturb[T any](w *worker, op *async.Op[T]) (v T, err error, f fate) {
	defer func() { w.fates[f].Add(1) }()
	x := &watched[T]{op: op}
	nap := timer.Sleep(w.moment())
	late := async.Future[struct{}](&nap)
	if w.rng.IntN(4) == 0 {
		late = future.Ready(struct{}{})
	}
	switch w.rng.IntN(6) {
	case 0: // a time limit
		v, err = async.Await(w.task, timer.Timeout(w.moment(), x))
	case 1: // a scope that is cancelled
		task, stop := w.task.WithTimeout(w.moment())
		v, err = async.Await(task, x)
		stop()
	case 2: // a race that prefers it
		r, e := async.Await(w.task, future.Select(x, late))
		if r.Won == 1 {
			return v, nil, lost
		}
		v, err = r.A, e
	case 3: // a race that does not
		r, e := async.Await(w.task, future.Select(late, x))
		if r.Won == 0 {
			return v, nil, lost
		}
		v, err = r.B, e
	default:
		v, err = op.Await(w.task)
		return v, err, done
	}
	switch {
	case !errors.Is(err, os.ErrDeadlineExceeded):
		return v, err, done
	case x.begun:
		return v, nil, cut
	}
	return v, nil, lost
}

// finish disturbs op until it has a result. An error that was injected is none here:
// the result says how far op came.
//
//lint:ignore ST1008 the fate is of what comes before it
func finish[T any](w *worker, op *async.Op[T]) (v T, err error, f fate) {
	w.Helper()
	for {
		w.dawdle()
		if v, err, f = disturb(w, op); f != lost {
			break
		}
	}
	if err == io.EOF {
		return v, err, f
	}
	if !w.check(err) {
		f = cut
	}
	return v, nil, f
}

// watched is an operation that tells whether it was begun: one that was given up
// before is as it was.
type watched[T any] struct {
	op    *async.Op[T]
	begun bool
}

func (x *watched[T]) Poll(t *async.Task) (T, error) {
	x.begun = true
	return x.op.Poll(t)
}

func (x *watched[T]) Cancel(t *async.Task, loser bool) bool { return x.op.Cancel(t, loser) }
