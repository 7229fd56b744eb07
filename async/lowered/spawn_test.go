package lowered_test

import (
	"errors"
	"strings"
	"testing"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/async/lowered"
	"rondo.dev/rondo/asynctest"
)

var errSpawned = errors.New("spawned")

// yields is the frame of a function that is suspended twice and returns err.
type yields struct {
	steps *int
	err   error
	yield async.Yielding
	at    uint8
}

func (f *yields) Step(t *async.Task) (done bool) {
	*f.steps++
	if f.at < 2 {
		f.at++
		_, done = f.yield.Begin(t)
		return done
	}
	return true
}

func (f *yields) Result() error { return f.err }

// valued is that of a function that returns a value, too.
type valued struct{ yields }

func (f *valued) Result() (string, error) { return "value", f.err }
func (f *valued) Outcome() error          { return f.err }

var sites [3]lowered.Site

// TestSpawnFrames: a child with its frame runs, ends with its results, and says where it
// was spawned: each time, although its site looks only once.
func TestSpawnFrames(t *testing.T) {
	e := asynctest.New(t)
	for range 2 {
		steps := 0
		var where []string
		r := asynctest.Go(e, func(t *async.Task) (int, error) {
			child := lowered.Go(t, &sites[0], yields{steps: &steps, err: errSpawned})
			where = append(where, child.Core().Describe().Site)
			if err := child.Await(t); err != errSpawned {
				return 0, err
			}
			g := async.NewGroup(t, 1)
			for range 2 {
				lowered.GroupGo(g, &sites[1], yields{steps: &steps, err: errSpawned})
			}
			if err := g.Wait(t); err != errSpawned {
				return 0, err
			}
			j := lowered.Spawn[string](t, &sites[2], valued{yields{steps: &steps, err: errSpawned}})
			where = append(where, j.Core().Describe().Site)
			v, err := j.Await(t)
			return len(v), err
		})
		e.RunUntilIdle()
		if !r.Done || r.Value != len("value") || r.Err != errSpawned {
			t.Errorf("got %+v", r)
		}
		// The group's second member runs although the first has failed, but is not
		// suspended: there is a cause not to.
		if steps != 3+3+1+3 {
			t.Errorf("%d steps", steps)
		}
		for _, at := range where {
			if !strings.Contains(at, "spawn_test.go:") {
				t.Errorf("spawned at %q", at)
			}
		}
	}
}

// TestSpawnFrameAllocates: a child and its frame are one allocation.
func TestSpawnFrameAllocates(t *testing.T) {
	e := asynctest.New(t)
	steps, children := 0, 0
	r := asynctest.Go(e, func(t *async.Task) (int, error) {
		for t.Err() == nil {
			if err := lowered.Go(t, &sites[0], yields{steps: &steps}).Await(t); err != nil {
				return 0, err
			}
			children++
		}
		return 0, nil
	})
	e.Step()
	// Three steps are the child's, one its parent's.
	if allocs := testing.AllocsPerRun(100, func() { e.Executor().Run(4) }); allocs != 1 || children < 100 {
		t.Errorf("%v allocations for each of %d children", allocs, children)
	}
	r.Cancel(nil)
	e.RunUntilIdle()
}
