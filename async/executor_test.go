package async_test

import (
	"errors"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/async/lowered"
	"rondo.dev/rondo/asynctest"
)

// stepFunc is a lowered function.
type stepFunc func(*async.Task) bool

func (f stepFunc) Step(t *async.Task) bool { return f(t) }

func start(e *asynctest.Executor, f stepFunc) *async.Core {
	c := new(async.Core)
	c.StartRoot(e.Executor(), f)
	return c
}

// TestPanicInABatch: a frame that panics ends, is counted as a step, and those
// behind it in the queue run.
func TestPanicInABatch(t *testing.T) {
	e := asynctest.New(t)
	var ran []int
	var cores []*async.Core
	for i := range 6 {
		cores = append(cores, start(e, func(t *async.Task) bool {
			ran = append(ran, i)
			if i%2 == 0 {
				panic(i)
			}
			return true
		}))
	}
	if n := e.Executor().Run(4); n != 4 || !slices.Equal(ran, []int{0, 1, 2, 3}) {
		t.Errorf("Run(4) ran %v and counted %d", ran, n)
	}
	if n := e.Executor().Run(4); n != 2 || len(ran) != 6 {
		t.Errorf("then it ran %v and counted %d", ran, n)
	}
	for i, c := range cores {
		if !c.Ended() {
			t.Errorf("task %d has not ended", i)
		}
	}
}

// TestRunIsBounded: tasks that always come back, also by panicking, don't keep
// the owner.
func TestRunIsBounded(t *testing.T) {
	e := asynctest.New(t)
	steps := 0
	var again stepFunc
	again = func(*async.Task) bool {
		if steps++; steps < 1000 {
			start(e, again)
		}
		panic("again")
	}
	start(e, again)
	if n := e.Executor().Run(10); n != 10 || steps != 10 {
		t.Errorf("Run(10) took %d steps and counted %d", steps, n)
	}
	e.RunUntilIdle()
}

// TestGoexitOfTheOwner: a frame's Goexit ends the owner's goroutine, and nothing
// else: another can go on.
func TestGoexitOfTheOwner(t *testing.T) {
	e := asynctest.New(t)
	var first, second *async.Core
	var err error
	first = new(async.Core)
	first.StartRoot(e.Executor(), &ender{step: func() { runtime.Goexit() }, err: &err})
	second = start(e, func(*async.Task) bool { return true })
	done := make(chan bool)
	go func() {
		returned := false
		defer func() { done <- returned }()
		e.Executor().Run(10)
		returned = true
	}()
	if <-done {
		t.Error("Run returned")
	}
	if !first.Ended() || err != async.ErrGoexit || second.Ended() {
		t.Errorf("first ended: %v with %v, second: %v", first.Ended(), err, second.Ended())
	}
	if n := e.Executor().Run(10); n != 1 || !second.Ended() {
		t.Errorf("the next owner took %d steps", n)
	}
}

// ender is a lowered function that takes part in its task's end.
type ender struct {
	step     func()
	returned error
	err      *error
}

func (f *ender) Step(*async.Task) bool { f.step(); return true }
func (f *ender) Outcome() error        { return f.returned }
func (f *ender) Ended(err error)       { *f.err = err }

// TestPostedPanic: the panic of a posted function is the owner's, and what was
// posted behind it is not lost.
func TestPostedPanic(t *testing.T) {
	e := asynctest.New(t)
	x := e.Executor()
	var ran []int
	var g gate
	r := asynctest.Go(e, func(t *async.Task) (int, error) { return async.Await(t, &g) })
	e.RunUntilIdle()
	for i := range 5 {
		x.Post(func() {
			ran = append(ran, i)
			if i == 1 {
				panic("posted")
			}
		})
	}
	g.release() // its wake is behind them
	func() {
		defer func() {
			if v := recover(); v != "posted" {
				t.Errorf("the owner recovered %v", v)
			}
		}()
		x.Drain()
	}()
	x.Post(func() { ran = append(ran, 5) })
	e.RunUntilIdle()
	if !slices.Equal(ran, []int{0, 1, 2, 3, 4, 5}) || !r.Done {
		t.Errorf("ran %v, woken: %v", ran, r.Done)
	}
}

// TestPostFromPost: what is posted by a posted function runs in the next Drain,
// so that each ends.
func TestPostFromPost(t *testing.T) {
	e := asynctest.New(t)
	x := e.Executor()
	n := 0
	var post func()
	post = func() {
		if n++; n < 5 {
			x.Post(post)
		}
	}
	x.Post(post)
	for want := 1; want <= 5; want++ {
		if got := x.Drain(); got != 1 || n != want {
			t.Fatalf("Drain %d took %d, %d in all", want, got, n)
		}
	}
}

func TestClose(t *testing.T) {
	e := asynctest.New(t)
	x := e.Executor()
	var g gate
	r := asynctest.Go(e, func(t *async.Task) (int, error) { return async.Await(t, &g) })
	e.RunUntilIdle()
	ran := false
	if !x.Post(func() { ran = true }) {
		t.Error("an open executor refused a post")
	}
	g.open = true
	g.waker.Wake()
	x.Close()
	if x.Post(func() { t.Error("ran") }) {
		t.Error("a closed executor took a post")
	}
	for x.Drain() > 0 || x.Ready() > 0 {
		x.Run(10)
	}
	if !ran || !r.Done {
		t.Errorf("what came before Close was lost: post %v, wake %v", ran, r.Done)
	}
	g.waker.Wake() // nothing comes of it, and nothing breaks
	if x.Drain() != 0 {
		t.Error("a closed inbox had a letter")
	}
}

// TestOrder: posts of one goroutine run in their order, whoever else posts.
func TestOrder(t *testing.T) {
	l := startLoop(t)
	var wg sync.WaitGroup
	var last [4]int
	for i := range last {
		wg.Go(func() {
			for n := range 2000 {
				l.exec.Post(func() {
					if last[i] != n {
						t.Errorf("post %d of goroutine %d after %d", n, i, last[i])
					}
					last[i] = n + 1
				})
			}
		})
	}
	wg.Wait()
	l.on(func() {})
	if want := [4]int{2000, 2000, 2000, 2000}; last != want {
		t.Errorf("ran %v", last)
	}
}

// TestNoWakeIsLost: for every wake from anywhere there is a poll that begins after
// it. Wakes and polls are counted: the last poll has to see the last wake.
func TestNoWakeIsLost(t *testing.T) {
	l := startLoop(t)
	const wakers, wakes = 3, 3000
	var woken atomic.Int64
	polled := make(chan int64, 1)
	var w *async.Waker
	l.on(func() {
		core := new(async.Core)
		core.StartRoot(&l.exec, stepFunc(func(t *async.Task) bool {
			if w == nil {
				w = t.Waker()
			}
			n := woken.Load()
			if n == wakers*wakes {
				polled <- n
				return true
			}
			return false
		}))
	})
	l.on(func() {})
	var wg sync.WaitGroup
	for range wakers {
		wg.Go(func() {
			for i := range wakes {
				woken.Add(1)
				w.Wake()
				if i%64 == 0 {
					l.exec.Post(func() { w.WakeLocal() })
				}
				if i%16 == 0 {
					runtime.Gosched()
				}
			}
		})
	}
	wg.Wait()
	<-polled // hangs if the last wake was lost
}

// TestWakersOfEndedTasks: waking is always allowed, also while the task ends.
func TestWakersOfEndedTasks(t *testing.T) {
	l := startLoop(t)
	for range 300 {
		wakers := make(chan *async.Waker, 1)
		var wg sync.WaitGroup
		ended := make(chan error, 1)
		l.exec.Post(func() {
			async.SpawnRoot(&l.exec, "", func(t *async.Task) error {
				wakers <- t.Waker()
				for range 3 {
					async.Yield(t)
				}
				return nil
			}, func(err error) { ended <- err })
		})
		w := <-wakers
		for range 3 {
			wg.Go(func() {
				for range 20 {
					w.Wake()
				}
			})
		}
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		wg.Wait()
	}
	l.on(func() {})
	l.on(func() {
		if s := l.exec.Stats(); s.Tasks != 0 || s.Spawned != 300 {
			t.Errorf("%+v", s)
		}
	})
}

// TestStats counts what happens in a small story.
func TestStats(t *testing.T) {
	e := asynctest.New(t)
	x := e.Executor()
	r := asynctest.Go(e, func(t *async.Task) (int, error) {
		return 0, t.Go(func(t *async.Task) error { return async.Yield(t) }).Await(t)
	})
	x.Post(func() {})
	e.RunUntilIdle()
	// Parent, child, child after its yield, parent.
	want := async.Stats{Tasks: 0, Spawned: 2, Polls: 4, Wakes: 4, Remote: 1}
	if got := x.Stats(); got != want || !r.Done {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// TestWatch: the task that ran when Watch was called is named when it is back,
// whatever way it comes back.
func TestWatch(t *testing.T) {
	for _, how := range []string{"suspends", "returns", "panics"} {
		h := &watching{}
		h.exec.Init(h)
		async.SpawnRoot(&h.exec, "held", func(t *async.Task) error {
			t.Executor().Watch()
			switch how {
			case "suspends":
				waits(t)
			case "panics":
				panic(how)
			}
			return nil
		}, nil)
		h.exec.Run(1)
		async.SpawnRoot(&h.exec, "innocent", func(t *async.Task) error { return nil }, nil)
		h.exec.Run(1)
		if !slices.Equal(h.held, []string{"held"}) {
			t.Errorf("%s: told of %q", how, h.held)
		}
	}
}

type watching struct {
	loop
	held []string
}

func (w *watching) Interrupt()            {}
func (w *watching) Held(i async.TaskInfo) { w.held = append(w.held, i.Name) }

// TestLoweredOutcome: a frame takes part in its task's end.
func TestLoweredOutcome(t *testing.T) {
	for _, c := range []struct {
		returned error
		step     func()
		want     func(error) bool
	}{
		{nil, func() {}, is(nil)},
		{errBoom, func() {}, is(errBoom)},
		{errBoom, func() { panic("oh") }, isPanic("oh")},
	} {
		e := asynctest.New(t)
		var got error = errors.New("not called")
		x := lowered.TaskOf[ender, *ender]{Frame: ender{c.step, c.returned, &got}}
		r := asynctest.Go(e, func(t *async.Task) (int, error) { x.Start(t); return 0, nil })
		e.RunUntilIdle()
		if !c.want(got) || !c.want(r.Err) {
			t.Errorf("%v: ended with %v, parent with %v", c.returned, got, r.Err)
		}
	}
}
