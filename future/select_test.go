package future_test

import (
	"errors"
	"testing"
	"time"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/asynctest"
	"rondo.dev/rondo/future"
	"rondo.dev/rondo/timer"
)

// deed is a future that is made ready by hand. Ready when it is cancelled as a
// loser, it puts its result back.
type deed struct {
	waker  *async.Waker
	ready  bool
	val    int
	err    error
	idle   bool // what Cancel answers
	polls  int
	lost   int // calls of Cancel as a loser
	asked  int // calls of Cancel otherwise
	onLose func(d *deed)
}

func (d *deed) Poll(t *async.Task) (int, error) {
	d.polls++
	if d.ready {
		return d.val, d.err
	}
	d.waker = t.Waker()
	return 0, async.Pending
}

func (d *deed) Cancel(t *async.Task, loser bool) bool {
	if loser {
		d.lost++
		if d.onLose != nil {
			d.onLose(d)
		}
	} else {
		d.asked++
	}
	return d.idle
}

func (d *deed) finish(v int, err error) {
	d.ready, d.val, d.err = true, v, err
	if d.waker != nil {
		d.waker.Wake()
	}
}

type either = future.Either[int, int]

func race(e *asynctest.Executor, a, b async.Future[int]) *asynctest.Result[either] {
	return asynctest.Go(e, func(t *async.Task) (either, error) { return async.Await(t, future.Select(a, b)) })
}

func TestSelect(t *testing.T) {
	boom := errors.New("boom")
	for _, c := range []struct {
		name   string
		before bool // done before the first poll
		a, b   bool // who is done
		err    error
		want   either
		lost   [2]int
		polled [2]bool
	}{
		{"a at once", true, true, false, nil, either{Won: 0, A: 1}, [2]int{0, 0}, [2]bool{true, false}},
		{"both at once", true, true, true, nil, either{Won: 0, A: 1}, [2]int{0, 0}, [2]bool{true, false}},
		{"b at once", true, false, true, nil, either{Won: 1, B: 2}, [2]int{1, 0}, [2]bool{true, true}},
		{"a", false, true, false, nil, either{Won: 0, A: 1}, [2]int{0, 1}, [2]bool{true, true}},
		{"b", false, false, true, nil, either{Won: 1, B: 2}, [2]int{1, 0}, [2]bool{true, true}},
		{"both", false, true, true, nil, either{Won: 0, A: 1}, [2]int{0, 1}, [2]bool{true, true}},
		{"a with an error", false, true, false, boom, either{Won: 0, A: 1}, [2]int{0, 1}, [2]bool{true, true}},
		{"b with an error", false, false, true, boom, either{Won: 1, B: 2}, [2]int{1, 0}, [2]bool{true, true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := asynctest.New(t)
			a, b := &deed{idle: true}, &deed{idle: true}
			var r *asynctest.Result[either]
			if !c.before {
				r = race(e, a, b)
				e.RunUntilIdle()
			}
			if c.a {
				a.finish(1, c.err)
			}
			if c.b {
				b.finish(2, c.err)
			}
			if c.before {
				r = race(e, a, b)
			}
			e.RunUntilIdle()
			if !r.Done || r.Value != c.want || r.Err != c.err {
				t.Errorf("done %v, %+v, %v; want %+v, %v", r.Done, r.Value, r.Err, c.want, c.err)
			}
			for i, d := range []*deed{a, b} {
				if d.lost != c.lost[i] || d.asked != 0 || d.polls > 0 != c.polled[i] {
					t.Errorf("future %d: lost %d times, cancelled %d times, polled %d times", i, d.lost, d.asked, d.polls)
				}
			}
		})
	}
}

// A loser that needs its time is waited for; the winner's result stays, whatever
// the loser yields.
func TestSelectWaitsForLoser(t *testing.T) {
	for winner := range 2 {
		e := asynctest.New(t)
		deeds := [2]*deed{{}, {}}
		r := race(e, deeds[0], deeds[1])
		e.RunUntilIdle()
		deeds[winner].finish(10+winner, nil)
		e.RunUntilIdle()
		loser := deeds[1-winner]
		if r.Done || loser.lost != 1 {
			t.Fatalf("done %v, lost %d times", r.Done, loser.lost)
		}
		loser.finish(99, errors.New("nobody listens"))
		e.RunUntilIdle()
		want := either{Won: winner, A: 10 * (1 - winner), B: 11 * winner}
		if !r.Done || r.Value != want || r.Err != nil {
			t.Errorf("done %v, %+v, %v; want %+v", r.Done, r.Value, r.Err, want)
		}
	}
}

// A loser that ends inside Cancel is polled at once.
func TestSelectLoserEndsAtOnce(t *testing.T) {
	e := asynctest.New(t)
	a := &deed{onLose: func(d *deed) { d.ready = true }}
	b := &deed{}
	r := race(e, a, b)
	e.RunUntilIdle()
	b.finish(2, nil)
	e.RunUntilIdle()
	if !r.Done || r.Value != (either{Won: 1, B: 2}) {
		t.Errorf("done %v, %+v", r.Done, r.Value)
	}
}

// Cancelled, b is a loser and a's end is the result: its own if it happened all the
// same, else the cause.
func TestSelectCancelled(t *testing.T) {
	boom := errors.New("boom")
	for _, c := range []struct {
		name         string
		aIdle, bIdle bool
		val          int
		err          error
		want         either
		wantErr      error
	}{
		{"both idle", true, true, 0, nil, either{}, asynctest.ErrTest},
		{"b takes its time", true, false, 0, nil, either{}, asynctest.ErrTest},
		{"a happens all the same", false, true, 5, nil, either{A: 5}, nil},
		{"a fails", false, true, 0, boom, either{}, boom},
		{"both take their time", false, false, 6, nil, either{A: 6}, nil},
		{"a has a part", false, false, 7, asynctest.ErrTest, either{A: 7}, asynctest.ErrTest},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := asynctest.New(t)
			a, b := &deed{idle: c.aIdle}, &deed{idle: c.bIdle}
			r := race(e, a, b)
			e.RunUntilIdle()
			r.Cancel(asynctest.ErrTest)
			e.RunUntilIdle()
			if a.asked != 1 || a.lost != 0 || b.asked != 0 || b.lost != 1 {
				t.Errorf("a: cancelled %d, lost %d; b: cancelled %d, lost %d", a.asked, a.lost, b.asked, b.lost)
			}
			if !c.bIdle {
				if r.Done {
					t.Fatal("b was not waited for")
				}
				b.finish(9, nil)
				e.RunUntilIdle()
			}
			if !c.aIdle {
				if r.Done {
					t.Fatal("a was not waited for")
				}
				a.finish(c.val, c.err)
				e.RunUntilIdle()
			}
			if !r.Done || r.Value != c.want || r.Err != c.wantErr {
				t.Errorf("done %v, %+v, %v; want %+v, %v", r.Done, r.Value, r.Err, c.want, c.wantErr)
			}
		})
	}
}

// Cancelled with a winner, while the loser is waited for: a result that exists is
// delivered.
func TestSelectCancelledWithWinner(t *testing.T) {
	e := asynctest.New(t)
	a, b := &deed{}, &deed{}
	r := race(e, a, b)
	e.RunUntilIdle()
	b.finish(2, nil)
	e.RunUntilIdle()
	r.Cancel(asynctest.ErrTest)
	e.RunUntilIdle()
	if r.Done {
		t.Fatal("the loser was not waited for")
	}
	a.finish(0, asynctest.ErrTest)
	e.RunUntilIdle()
	if !r.Done || r.Value != (either{Won: 1, B: 2}) || r.Err != nil {
		t.Errorf("done %v, %+v, %v", r.Done, r.Value, r.Err)
	}
}

// A Select that loses a Select is as if it had not been started, with both of its
// futures losers.
func TestSelectLoses(t *testing.T) {
	for _, idle := range []bool{true, false} {
		e := asynctest.New(t)
		a, b, c := &deed{idle: idle}, &deed{idle: idle}, &deed{}
		inner := future.Select[int, int](a, b)
		r := asynctest.Go(e, func(t *async.Task) (int, error) {
			x, err := async.Await(t, future.Select(inner, c))
			if err != nil || x.Won != 1 {
				return 0, errors.New("c has not won")
			}
			y, err := async.Await(t, inner) // again
			return y.A, err
		})
		e.RunUntilIdle()
		c.finish(3, nil)
		e.RunUntilIdle()
		if a.lost != 1 || b.lost != 1 || a.asked+b.asked != 0 {
			t.Fatalf("lost %d and %d times, cancelled %d times", a.lost, b.lost, a.asked+b.asked)
		}
		if !idle {
			a.finish(8, nil)
			b.finish(9, nil)
			e.RunUntilIdle()
			if !r.Done || r.Value != 8 {
				// Both are deeds that stay ready: it is a that wins the second time.
				t.Fatalf("done %v, %d, %v", r.Done, r.Value, r.Err)
			}
			continue
		}
		a.finish(4, nil)
		e.RunUntilIdle()
		if !r.Done || r.Value != 4 || r.Err != nil {
			t.Errorf("done %v, %d, %v", r.Done, r.Value, r.Err)
		}
	}
}

// A Select that had a winner, and loses while it waits for its own loser, keeps
// what the winner has yielded for the next who polls.
func TestSelectLosesWithWinner(t *testing.T) {
	e := asynctest.New(t)
	a, b := &deed{}, &deed{}
	f := future.Select[int, int](a, b)
	p := asynctest.NewPoller(e, f)
	p.Poll()
	a.finish(1, nil)
	if _, _, ok := p.Poll(); ok {
		t.Fatal("b was not waited for")
	}
	if p.Cancel(true) {
		t.Fatal("idle, though b is waited for")
	}
	b.finish(0, asynctest.ErrTest)
	if _, _, ok := p.Poll(); !ok {
		t.Fatal("the loser has not ended")
	}
	v, err, ok := asynctest.NewPoller(e, f).Poll()
	if !ok || v != (either{A: 1}) || err != nil {
		t.Errorf("ready %v, %+v, %v: what a has yielded is lost", ok, v, err)
	}
}

func TestSelectPolledAfterResult(t *testing.T) {
	e := asynctest.New(t)
	a := &deed{}
	a.finish(1, nil)
	f := future.Select[int, int](a, &deed{})
	if _, _, ok := asynctest.NewPoller(e, f).Poll(); !ok {
		t.Fatal("not ready")
	}
	defer func() {
		if recover() == nil {
			t.Error("a Select that was polled after its result did not panic")
		}
	}()
	asynctest.NewPoller(e, f).Poll()
}

// Always-ready futures leave the others their turns.
func TestSelectSpendsBudget(t *testing.T) {
	e := asynctest.New(t)
	stop := false
	r := asynctest.Go(e, func(t *async.Task) (int, error) {
		n := 0
		for !stop {
			a := &deed{}
			a.finish(1, nil)
			if _, err := async.Await(t, future.Select[int, int](a, &deed{})); err != nil {
				return n, err
			}
			n++
		}
		return n, nil
	})
	asynctest.Go(e, func(t *async.Task) (int, error) { stop = true; return 0, nil })
	e.RunUntilIdle()
	if !r.Done || r.Value == 0 {
		t.Errorf("done %v after %d", r.Done, r.Value)
	}
}

// Operations as futures, everywhere a task can be cancelled: nothing is left over.
func TestSelectCancelEverywhere(t *testing.T) {
	asynctest.CancelEverywhere(t, func(t *testing.T, e *asynctest.Executor) (func(*async.Task) error, func(error)) {
		return func(t *async.Task) error {
				for i := range 3 {
					short, long := timer.Sleep(time.Duration(i)*time.Second), timer.Sleep(time.Minute)
					r, err := async.Await(t, future.Select(&long, &short))
					if err != nil {
						return err
					}
					if r.Won != 1 {
						return errors.New("the longer sleep was the first")
					}
				}
				return nil
			}, func(err error) {
				if err != nil && err != asynctest.ErrTest {
					t.Error(err)
				}
				if at, ok := e.Executor().NextTimer(); ok {
					t.Errorf("a timer for %d is left", at)
				}
			}
	})
}

// A join that loses is only borrowed: the child goes on.
func TestSelectJoin(t *testing.T) {
	e := asynctest.New(t)
	r := asynctest.Go(e, func(t *async.Task) (int, error) {
		child := async.Spawn(t, func(t *async.Task) (int, error) {
			return 7, timer.Sleep(time.Minute).Await(t)
		})
		sleep := timer.Sleep(time.Second)
		first, err := async.Await(t, future.Select(&sleep, child))
		if err != nil || first.Won != 0 {
			return 0, errors.New("the child has won")
		}
		return child.Await(t)
	})
	e.Advance(time.Hour)
	if !r.Done || r.Value != 7 || r.Err != nil {
		t.Errorf("done %v, %d, %v", r.Done, r.Value, r.Err)
	}
}
