package future_test

import (
	"errors"
	"testing"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/asynctest"
	"rondo.dev/rondo/future"
)

// What is asked to give up while its first part is in flight, and gets the first
// part's value all the same, asks the second part too.
func TestThenAskedLate(t *testing.T) {
	for _, idle := range []bool{false, true} {
		e := asynctest.New(t)
		first, second := &deed{}, &deed{idle: idle}
		r := asynctest.Go(e, func(t *async.Task) (int, error) {
			return async.Await(t, future.Then(first, func(int) async.Future[int] { return second }))
		})
		e.RunUntilIdle()
		r.Cancel(asynctest.ErrTest)
		e.RunUntilIdle()
		first.finish(1, nil)
		e.RunUntilIdle()
		if second.asked != 1 || r.Done != idle {
			t.Fatalf("asked %d times, done %v", second.asked, r.Done)
		}
		second.finish(2, nil)
		e.RunUntilIdle()
		if want := map[bool]int{true: 0, false: 2}[idle]; !r.Done || r.Value != want || (r.Err == nil) == idle {
			t.Errorf("done %v, %d, %v", r.Done, r.Value, r.Err)
		}
	}
}

// decided has a result while a loser is waited for, and loses then: the result is
// there for the next poll, and nothing is started for it.
func TestDecidedThenLoses(t *testing.T) {
	boom := errors.New("boom")
	for name, combine := range several() {
		if name == "Join3" || name == "JoinAll" || name == "Race3" {
			continue // these wait for nobody when they are decided
		}
		t.Run(name, func(t *testing.T) {
			e := asynctest.New(t)
			a, b, c := &deed{}, &deed{}, &deed{idle: true}
			f := combine(a, b, c)
			p := asynctest.NewPoller(e, f)
			p.Poll()
			var err error
			if name == "TryJoin3" || name == "TryJoinAll" {
				err = boom
			}
			b.finish(1, err)
			if _, _, ok := p.Poll(); ok || a.lost != 1 || p.Cancel(true) {
				t.Fatal("the loser is not waited for")
			}
			a.finish(0, asynctest.ErrTest)
			if _, _, ok := p.Poll(); !ok {
				t.Fatal("not over as a loser")
			}
			polls := a.polls + c.polls
			_, got, ok := asynctest.NewPoller(e, f).Poll()
			if !ok || got != err || a.polls+c.polls != polls {
				t.Errorf("ready %v, error %v; others polled %d times", ok, got, a.polls+c.polls-polls)
			}
		})
	}
}

// What was asked to give up, and then loses, makes losers of its futures; what had
// its result by then keeps it.
func TestAskedThenLoses(t *testing.T) {
	for name, combine := range several() {
		t.Run(name, func(t *testing.T) {
			e := asynctest.New(t)
			a, b, c := &deed{}, &deed{}, &deed{}
			f := combine(a, b, c)
			p := asynctest.NewPoller(e, f)
			p.Poll()
			if p.Cancel(false) || a.asked != 1 {
				t.Fatal("not asked")
			}
			a.finish(1, nil)
			if _, _, ok := p.Poll(); ok {
				t.Fatal("the others are not waited for")
			}
			if p.Cancel(true) || a.lost != 0 || b.lost != 1 || c.lost != 1 {
				t.Fatalf("lost %d, %d, %d times", a.lost, b.lost, c.lost)
			}
			b.finish(2, nil)
			c.finish(3, nil)
			if _, _, ok := p.Poll(); !ok {
				t.Fatal("not over as a loser")
			}
			polls := a.polls
			if _, err, ok := asynctest.NewPoller(e, f).Poll(); !ok || err != nil || a.polls != polls {
				t.Errorf("ready %v, error %v, polled %d times after its result", ok, err, a.polls-polls)
			}
		})
	}
}

// A future that is stopped sees the cause in its task.
func TestAbortableCause(t *testing.T) {
	boom := errors.New("boom")
	var seen error
	f, abort := future.Abortable(&curious{seen: &seen})
	e := asynctest.New(t)
	p := asynctest.NewPoller(e, f)
	p.Poll()
	abort.Stop(boom)
	if _, err, ok := p.Poll(); !ok || err != boom || seen != boom {
		t.Errorf("ready %v, error %v, the future saw %v", ok, err, seen)
	}
}

// curious gives up at once, and looks why.
type curious struct{ seen *error }

func (c *curious) Poll(*async.Task) (int, error) { return 0, async.Pending }

func (c *curious) Cancel(t *async.Task, _ bool) (idle bool) {
	*c.seen = t.Cause()
	return true
}
