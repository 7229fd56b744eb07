package lowered_test

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/async/internal/testpipe"
	"rondo.dev/rondo/async/lowered"
	"rondo.dev/rondo/asynctest"
)

// story is one run of a function: under which circumstances, and what came of it.
type story struct {
	suspend bool
	cancel  testpipe.Cancel
	input   string
	close   bool // the input ends
	room    int  // of the output
	at      int  // the step after which it is cancelled
}

type outcome struct {
	Err      string
	Log      []string
	In, Out  string
	InFlight int
	Steps    int // of the executor, without those after the cancellation
}

func (s story) run(t *testing.T, f func(*async.Task, *world) error, fn func(*async.Task, *world) error, low bool) (o outcome, done bool, stepped int) {
	e := asynctest.New(t)
	e.Executor().SetLowered(low)
	w := &world{in: testpipe.New(e.Executor()), out: testpipe.New(e.Executor()), fn: fn}
	for _, p := range []*testpipe.Pipe{w.in, w.out} {
		p.Suspend, p.Cancel = s.suspend, s.cancel
	}
	w.out.Room = s.room
	w.in.Coming = []byte("late")
	w.in.Put(s.input)
	if s.close {
		w.in.Close()
	}
	var err error
	var child *async.Child
	r := asynctest.Go(e, func(t *async.Task) (int, error) {
		child = t.Go(func(t *async.Task) error { return f(t, w) })
		return 0, nil
	})
	e.Step() // the parent
	for o.Steps < s.at && e.Step() {
		o.Steps++
	}
	done = r.Done
	if !done {
		child.Core().CancelLocal(asynctest.ErrTest)
		e.RunUntilIdle()
	}
	if !r.Done {
		t.Fatal("it did not end")
	}
	async.Block(t.Context(), errorOf(child, &err))
	var p *async.PanicError
	switch {
	case errors.As(err, &p):
		o.Err = fmt.Sprint("panic: ", p.Value)
	default:
		o.Err = fmt.Sprint(err)
	}
	o.Log, o.In, o.Out = w.log, w.in.Content(), w.out.Content()
	o.InFlight = w.in.InFlight() + w.out.InFlight()
	return o, done, w.stepped
}

// errorOf is a future that stores the error of a child that has ended.
func errorOf(c *async.Child, err *error) async.Future[struct{}] {
	return pollFunc(func(t *async.Task) (struct{}, error) {
		_, *err = c.Poll(t)
		return struct{}{}, nil
	})
}

type pollFunc func(*async.Task) (struct{}, error)

func (f pollFunc) Poll(t *async.Task) (struct{}, error) { return f(t) }

// TestTwins runs functions as coroutines and lowered, in all circumstances, and
// cancels them at every step: nobody can tell the difference.
func TestTwins(t *testing.T) {
	stories := 0
	for _, c := range []struct {
		name  string
		f, fn func(*async.Task, *world) error
		frame bool // there is a frame to be stepped
	}{
		{"echo", echo, nil, true},
		{"defer", twice, nil, true},
		{"lowered calls lowered", dynamic, echo, true},
		{"lowered calls lowered calls lowered", dynamic, func(t *async.Task, w *world) error {
			w.fn = twice
			return dynamic(t, w) // the question is passed on: nothing follows it
		}, true},
		{"lowered calls what is not", dynamic, stubborn, true},
		{"lowered calls what does not await", dynamic, synchronous, true},
		{"lowered calls what is not async", dynamic, func(_ *async.Task, w *world) error {
			w.note("called")
			return io.ErrUnexpectedEOF
		}, true},
		{"not lowered calls lowered", stubborn, nil, false},
	} {
		for _, s := range []story{
			{input: "abcdefg", close: true, room: 100},
			{input: "abcdefg", close: true, room: 3},
			{input: "a", room: 100},
			{input: "abc", close: true, room: 0},
			{close: true, room: 100},
			{input: "!", room: 100},
			{input: "ab!", room: 100},
		} {
			for _, s.suspend = range []bool{false, true} {
				for _, s.cancel = range []testpipe.Cancel{testpipe.AtOnce, testpipe.Later, testpipe.Happens} {
					for s.at = 0; ; s.at++ {
						stories++
						a, done, none := s.run(t, c.f, c.fn, false)
						b, done2, some := s.run(t, c.f, c.fn, true)
						if fmt.Sprint(a) != fmt.Sprint(b) || done != done2 {
							t.Errorf("%s: %+v\ncoroutine %+v\nlowered   %+v", c.name, s, a, b)
						}
						if none != 0 || (some > 0) != c.frame {
							t.Fatalf("%s: frames were stepped %d times in a coroutine, and %d times lowered", c.name, none, some)
						}
						if a.InFlight != 0 {
							t.Errorf("%s: %+v left %d operations", c.name, s, a.InFlight)
						}
						if done || a.Steps < s.at {
							break
						}
					}
				}
			}
		}
	}
	t.Logf("%d stories, each told twice", stories)
	if stories < 500 {
		t.Error("that is not enough")
	}
}

// TestPrimitivesByValue: a function value may be one of package async itself.
func TestPrimitivesByValue(t *testing.T) {
	for _, low := range []bool{false, true} {
		e := asynctest.New(t)
		e.Executor().SetLowered(low)
		r := asynctest.Go(e, func(t *async.Task) (int, error) {
			if err := t.Go(async.Yield).Await(t); err != nil {
				return 0, err
			}
			value := async.NewOp[int](&ticking{}, nil, 0)
			return async.Spawn(t, value.Await).Await(t)
		})
		e.RunUntilIdle()
		if !r.Done || r.Value != 1 || r.Err != nil {
			t.Errorf("lowered %v: got %+v", low, r)
		}
	}
}

// sleepwalker calls what it takes for an async function, then awaits.
type sleepwalker struct {
	call  lowered.Callee
	awake bool
	s     ticking
	op    async.Flight[int]
	err   error
}

func (f *sleepwalker) Result() error { return f.err }

func (f *sleepwalker) Step(t *async.Task) (done bool) {
	if f.awake {
		_, f.err, done = f.op.Resume(t)
		return done
	}
	f.awake = true
	if !f.call.Begin(t, func() {}) || f.call.Frame() != nil {
		panic("nothing suspended, and nothing answered")
	}
	_, f.err, done = f.op.Begin(t, async.NewOp[int](&f.s, nil, 0))
	return done
}

// TestQuestionIsClosed: a call that asked nobody leaves no question behind.
func TestQuestionIsClosed(t *testing.T) {
	e := asynctest.New(t)
	e.Executor().SetLowered(true)
	var f sleepwalker
	r := asynctest.Go(e, func(t *async.Task) (int, error) {
		return 0, t.Go(func(t *async.Task) error { lowered.Answer(t, &f); return nil }).Await(t)
	})
	e.RunUntilIdle()
	if !r.Done || r.Err != nil || f.s.ops != 1 {
		t.Errorf("got %+v", r)
	}
}

// TestGroupOfLowered: a group's members are asked, and fail as they should.
func TestGroupOfLowered(t *testing.T) {
	e := asynctest.New(t)
	e.Executor().SetLowered(true)
	w := &world{in: testpipe.New(nil), out: testpipe.New(nil)}
	w.in.Put("abc")
	w.in.Close()
	r := asynctest.Go(e, func(t *async.Task) (int, error) {
		g := async.NewGroup(t, 1)
		for range 2 {
			g.Go(func(t *async.Task) error { return echo(t, w) })
		}
		return 0, g.Wait(t)
	})
	e.RunUntilIdle()
	if r.Err != io.EOF || w.out.Content() != "abc" || w.stepped == 0 {
		t.Errorf("got %v, %q, %d steps", r.Err, w.out.Content(), w.stepped)
	}
}

// TestSpawnValue: a spawned function with a value answers with a FrameOf.
func TestSpawnValue(t *testing.T) {
	for _, low := range []bool{false, true} {
		e := asynctest.New(t)
		e.Executor().SetLowered(low)
		w := &world{in: testpipe.New(nil), out: testpipe.New(nil)}
		w.in.Put("ab")
		r := asynctest.Go(e, func(t *async.Task) (int, error) {
			return async.Spawn(t, func(t *async.Task) (int, error) { return relay(t, w) }).Await(t)
		})
		e.RunUntilIdle()
		if r.Value != 2 || r.Err != nil || (w.stepped > 0) != low {
			t.Errorf("got %+v with %d steps", r, w.stepped)
		}
	}
}

// TestGoexitBelow: a Goexit of what is called dynamically ends the task as a
// Goexit, in both executions, and runs the caller's defers.
func TestGoexitBelow(t *testing.T) {
	exits := func(t *async.Task, w *world) error {
		if lowered.Decline(t) {
			return nil
		}
		defer w.note("exits")
		async.Yield(t)
		runtime.Goexit()
		return nil
	}
	for _, low := range []bool{false, true} {
		e := asynctest.New(t)
		e.Executor().SetLowered(low)
		w := &world{fn: exits}
		r := asynctest.Go(e, func(t *async.Task) (int, error) {
			return 0, t.Go(func(t *async.Task) error { return dynamic(t, w) }).Await(t)
		})
		e.RunUntilIdle()
		if r.Err != async.ErrGoexit || fmt.Sprint(w.log) != "[calling exits dynamic: <nil>]" {
			t.Errorf("lowered %v: %v, %q", low, r.Err, w.log)
		}
		again := asynctest.Go(e, func(t *async.Task) (int, error) { return 1, async.Yield(t) })
		e.RunUntilIdle()
		if !again.Done {
			t.Error("nothing runs afterwards")
		}
	}
}

// ticking is a source of operations that suspend once, without an object.
type ticking struct{ ops, pending int }

func (s *ticking) Home() *async.Executor                      { return nil }
func (s *ticking) Start(*async.Task, []byte, uint64) uint32   { s.ops++; s.pending = 1; return 1 }
func (s *ticking) CancelOp(*async.Task, uint32) (idle bool)   { return true }
func (s *ticking) Settle(ticket uint32, back bool) (used int) { return 0 }

func (s *ticking) PollOp(t *async.Task, _ uint32, _ bool) (int, error) {
	if s.pending > 0 {
		s.pending--
		t.Waker().WakeLocal()
		return 0, async.Pending
	}
	return 1, nil
}

// ticks is a function that awaits until it is cancelled.
func ticks(t *async.Task, s *ticking) error {
	for {
		if _, err := async.NewOp[int](s, nil, 0).Await(t); err != nil {
			return err
		}
	}
}

type ticksFrame struct {
	s     *ticking
	begun bool
	op    async.Flight[int]
}

func (f *ticksFrame) Step(t *async.Task) (done bool) {
	for {
		var err error
		if f.begun {
			_, err, done = f.op.Resume(t)
		} else {
			_, err, done = f.op.Begin(t, async.NewOp[int](f.s, nil, 0))
		}
		if f.begun = !done; !done || err != nil {
			return done
		}
	}
}

// TestAllocations counts them: none for an awaited operation in either execution,
// none for a child in its parent's storage, one for a child of its own.
func TestAllocations(t *testing.T) {
	for _, low := range []bool{false, true} {
		e := asynctest.New(t)
		var s ticking
		x := lowered.TaskOf[ticksFrame, *ticksFrame]{Frame: ticksFrame{s: &s}}
		r := asynctest.Go(e, func(t *async.Task) (int, error) {
			if low {
				x.Start(t)
			} else {
				t.Go(func(t *async.Task) error { return ticks(t, &s) })
			}
			return 0, nil
		})
		e.Step()
		e.Step()
		allocs := testing.AllocsPerRun(100, func() { e.Executor().Run(10) })
		if allocs != 0 || s.ops < 1000 {
			t.Errorf("lowered %v: %v allocations in ten steps; %d operations in all", low, allocs, s.ops)
		}
		r.Cancel(nil)
		e.RunUntilIdle()
	}

	e := asynctest.New(t)
	for _, own := range []bool{true, false} {
		f := lowered.TaskOf[parentFrame, *parentFrame]{Frame: parentFrame{own: own}}
		r := asynctest.Go(e, func(t *async.Task) (int, error) { f.Start(t); return 0, nil })
		e.Step()
		e.Step()
		allocs := testing.AllocsPerRun(100, func() { e.Executor().Run(2) })
		want := 1.0
		if own {
			want = 0
		}
		if allocs != want || f.Frame.children < 100 {
			t.Errorf("own storage %v: %v allocations a child, want %v; %d children", own, allocs, want, f.Frame.children)
		}
		r.Cancel(nil)
		e.RunUntilIdle()
	}
}

// TestDynamicCallAllocates: a call whose callee answers costs the callee's frame.
func TestDynamicCallAllocates(t *testing.T) {
	e := asynctest.New(t)
	e.Executor().SetLowered(true)
	x := new(lowered.TaskOf[caller, *caller])
	asynctest.Go(e, func(t *async.Task) (int, error) { x.Start(t); return 0, nil })
	e.RunUntilIdle()
	if x.Frame.allocs != 1 || x.Frame.err != io.EOF {
		t.Errorf("%v allocations, %v", x.Frame.allocs, x.Frame.err)
	}
}

// caller calls a function value as generated code does.
type caller struct {
	fn     func(*async.Task) error
	call   lowered.Callee
	err    error
	allocs float64
}

func (f *caller) Step(t *async.Task) (done bool) {
	f.fn = ends
	f.allocs = testing.AllocsPerRun(100, func() {
		f.call.Ask(t)
		f.err = f.fn(t)
		if f.call.Declined(t) {
			f.call.Lend(t, func() { f.err = f.fn(t) })
		}
		if !f.call.Resume(t) {
			panic("it is suspended")
		}
		f.err = f.call.Frame().(interface{ Result() error }).Result()
	})
	return true
}

func ends(t *async.Task) error {
	if lowered.Asked(t) {
		lowered.Answer(t, &endsFrame{})
		return nil
	}
	return io.EOF
}

type endsFrame struct{ err error }

func (f *endsFrame) Step(*async.Task) bool { f.err = io.EOF; return true }
func (f *endsFrame) Result() error         { return f.err }

// TestSiteOfAnswer: a task says where it was spawned also when its function's frame has
// taken its place.
func TestSiteOfAnswer(t *testing.T) {
	e := asynctest.New(t)
	e.Executor().SetLowered(true)
	w := &world{in: testpipe.New(nil), out: testpipe.New(nil)}
	var child *async.Child
	asynctest.Go(e, func(t *async.Task) (int, error) {
		child = t.Go(func(t *async.Task) error { return echo(t, w) })
		return 0, nil
	})
	e.RunUntilIdle()
	if at := child.Core().Describe().Site; w.stepped == 0 || !strings.Contains(at, "lowered_test.go:") {
		t.Errorf("spawned at %q, %d steps", at, w.stepped)
	}
	w.in.Close()
	e.RunUntilIdle()
}

// parentFrame spawns a child in each step, in its own storage or in a new one.
type parentFrame struct {
	own      bool
	children int
	child    lowered.TaskOf[quick, *quick]
}

// quick returns at once.
type quick struct{ steps int }

func (q *quick) Step(*async.Task) bool { q.steps++; return true }

func (f *parentFrame) Step(t *async.Task) (done bool) {
	if t.Cause() != nil {
		return true
	}
	f.children++
	if f.own {
		f.child = lowered.TaskOf[quick, *quick]{}
		f.child.Start(t)
	} else {
		new(lowered.TaskOf[quick, *quick]).Start(t)
	}
	t.Waker().WakeLocal() // behind the child
	return false
}
