package lowered_test

import (
	"errors"
	"fmt"
	"iter"
	"reflect"
	"strings"
	"testing"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/async/internal/testpipe"
	"rondo.dev/rondo/async/lowered"
	"rondo.dev/rondo/asynctest"
)

// outcomeOf runs a frame and returns the error of its task.
func outcomeOf(t *testing.T, f async.Frame) (err error) {
	e := asynctest.New(t)
	e.Executor().SetLowered(true)
	var child *async.Child
	asynctest.Go(e, func(t *async.Task) (int, error) {
		child = t.Go(func(t *async.Task) error {
			if lowered.Asked(t) {
				lowered.Answer(t, f)
			}
			return nil
		})
		return 0, nil
	})
	e.RunUntilIdle()
	async.Block(t.Context(), errorOf(child, &err))
	return err
}

// keeper keeps its task, for what suspends it later.
type keeper struct{ t *async.Task }

func (k keeper) yield() { async.Yield(k.t) }
func (k keeper) read()  { testpipe.New(k.t.Executor()).Read(make([]byte, 1)).Await(k.t) }

func keep(t *async.Task) keeper {
	if lowered.Decline(t) {
		return keeper{}
	}
	async.Yield(t)
	return keeper{t}
}

// useFrame calls keep without knowing it, and uses what it returns.
type useFrame struct {
	keep  func(*async.Task) keeper
	use   func(keeper)
	got   keeper
	call  lowered.Callee
	begun bool
}

func (f *useFrame) Step(t *async.Task) (done bool) {
	if !f.begun {
		f.begun = true
		done = f.call.Begin(t, func() { f.got = f.keep(t) })
	} else {
		done = f.call.Resume(t)
	}
	if done {
		f.use(f.got)
	}
	return done
}

// TestKept: what keeps a task can't suspend it when its function was lowered, and says
// what to do about it.
func TestKept(t *testing.T) {
	for _, use := range []func(keeper){keeper.yield, keeper.read} {
		err := outcomeOf(t, &useFrame{keep: keep, use: use})
		var p *async.PanicError
		if !errors.As(err, &p) || !strings.Contains(fmt.Sprint(p.Value), "has to be called by its name") {
			t.Errorf("it ended with %v", err)
		}
	}
}

// rangeFrame ranges over a function, and does in each round what body says: "next",
// "stop", or panic with anything else.
type rangeFrame struct {
	seq    func(*async.Task) iter.Seq[int]
	body   func(n int) string
	log    []string
	at     int
	n      int
	loop   lowered.Loop
	defers lowered.Defers
}

func (f *rangeFrame) Step(t *async.Task) (done bool) { return f.defers.Step(t, f.run) }

func (f *rangeFrame) run(t *async.Task) (done bool) {
	switch f.at {
	case 0:
		f.at = 1
		f.defers.Push(func(p *lowered.Panic) {
			defer func() { f.log = append(f.log, fmt.Sprint("recovered ", recover())) }()
			p.Raise()
		})
		done = f.loop.Begin(t, &f.defers, func() {
			for f.n = range f.seq(t) {
				if !f.loop.Yield() {
					break
				}
			}
		})
	case 1:
		done = f.loop.Resume(t)
	}
	for done && f.loop.More() {
		f.log = append(f.log, fmt.Sprint(f.n))
		switch what := f.body(f.n); what {
		case "next":
			done = f.loop.Next(t)
		case "stop":
			done = f.loop.Stop(t)
		default:
			panic(what)
		}
	}
	return done
}

// TestLoop: an iterator awaits, and is told how the body was left.
func TestLoop(t *testing.T) {
	var f *rangeFrame
	say := func(v any) { f.log = append(f.log, fmt.Sprint(v)) }
	seq := func(t *async.Task) iter.Seq[int] {
		return func(yield func(int) bool) {
			defer async.Yield(t)
			defer func() {
				if r := recover(); r != nil {
					say(r)
					panic(r)
				}
			}()
			for i := range 3 {
				async.Yield(t)
				if !yield(i) {
					say("stopped")
					return
				}
			}
			say("ended")
		}
	}
	for _, c := range []struct {
		at   int
		what string
		want []string
	}{
		{9, "", []string{"0", "1", "2", "ended", "recovered <nil>"}},
		{1, "stop", []string{"0", "1", "stopped", "recovered <nil>"}},
		{1, "fails", []string{"0", "1", "fails", "recovered fails"}},
	} {
		f = &rangeFrame{seq: seq, body: func(n int) string {
			if n == c.at {
				return c.what
			}
			return "next"
		}}
		if err := outcomeOf(t, f); err != nil || !reflect.DeepEqual(f.log, c.want) {
			t.Errorf("%s: %v, %q; want %q", c.what, err, f.log, c.want)
		}
	}
}
