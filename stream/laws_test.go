package stream_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/asynctest"
	"rondo.dev/rondo/stream"
)

// inOrder are the operators whose result is certain.
var inOrder = slices.Concat(singles, placed, []string{"chain", "flatten"})

// inAnyOrder are those whose items are certain, in any order. Those that hold back a
// part are not among them.
var inAnyOrder = slices.Concat(singles, shuffling, []string{"chain", "flatten"})

// Every tree of combinators yields what the model says, in its order, however often it
// is given up, asked again and polled for nothing.
func TestTreesAgainstModel(t *testing.T) {
	e := asynctest.New(t)
	check(t, func(r *rapid.T) {
		x := drawTree(r, depth(r), inOrder, false)
		if got, want := run(e, r, x), x.model(); !slices.Equal(got, want) {
			r.Fatalf("%v\ngot  %v\nwant %v", x, got, want)
		}
	})
}

// Those that merge yield each item once.
func TestMergingTreesAgainstModel(t *testing.T) {
	e := asynctest.New(t)
	check(t, func(r *rapid.T) {
		x := drawTree(r, depth(r), inAnyOrder, true)
		got, want := run(e, r, x), slices.Clone(x.model())
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			r.Fatalf("%v\ngot  %v\nwant %v", x, got, want)
		}
	})
}

// check is rapid.Check with more cases than rapid has by default.
func check(t *testing.T, property func(*rapid.T)) {
	rounds := 50
	if testing.Short() {
		rounds = 5
	}
	for range rounds {
		if rapid.Check(t, property); t.Failed() {
			return
		}
	}
}

// depth is more often great than small, and small when rapid looks for a small tree.
func depth(r *rapid.T) int {
	return rapid.SampledFrom([]int{1, 5, 4, 3, 2, 5, 4, 6}).Draw(r, "depth")
}

// run takes all items of a tree under a random schedule: waits, spurious polls, losing
// and cancellation at any poll, and Close in between where that drops nothing. Nothing
// is in flight at the end.
func run(e *asynctest.Executor, r *rapid.T, x *tree) (got []int) {
	w := &world{tb: r, exec: e}
	s := w.build(x)
	closing := !x.has("buffered", "unordered", "mergeall", "flattenunordered", "flatten") && !x.pulls()
	ends := 0
	for turns := 0; ends < 2; turns++ {
		if turns > 10_000 {
			r.Fatalf("%v\ndoes not end: %v", x, got)
		}
		v, err := w.next(r, s)
		var failed springError
		switch {
		case err == nil:
			got = append(got, v)
		case errors.As(err, &failed):
			got = append(got, int(failed))
		case err == eof:
			ends++ // and stays so
			continue
		case err != context.Canceled && err != errGone:
			r.Fatalf("%v\nhas the error %v", x, err)
		}
		if ends > 0 {
			r.Fatalf("%v\ngoes on after its end", x)
		}
		if closing && rapid.IntRange(0, 19).Draw(r, "close") == 0 {
			w.close(s)
		}
	}
	w.close(s)
	for _, s := range w.all {
		if s.state != still {
			r.Fatalf("%v\nleaves something in flight", x)
		}
	}
	return got
}

// next polls until there is a result, or the stream has given up.
func (w *world) next(r *rapid.T, s stream.Stream[int]) (int, error) {
	p := asynctest.NewPoller(w.exec, s)
	for {
		v, err, ready := p.Poll()
		if ready {
			return v, err
		}
		switch act := rapid.IntRange(0, 9).Draw(r, "act"); act {
		case 0, 1:
			loser := act == 0
			if p.Cancel(loser) {
				return 0, errGone
			}
			v, err := w.end(p)
			if loser {
				return 0, errGone
			}
			return v, err
		case 2: // a spurious poll
		case 3:
			w.move()
		default:
			for !p.Woken() {
				if !w.move() {
					w.tb.Fatalf("nothing moves, and the stream was not woken")
				}
			}
		}
	}
}

// end polls to the end of what was asked to give up.
func (w *world) end(p *asynctest.Poller[int]) (int, error) {
	for {
		v, err, ready := p.Poll()
		if ready {
			return v, err
		}
		for !p.Woken() {
			if !w.move() {
				w.tb.Fatalf("nothing moves, and who gives up was not woken")
			}
		}
	}
}

func (w *world) close(s stream.Stream[int]) {
	r := asynctest.Go(w.exec, func(t *async.Task) (int, error) { stream.Close(t, s); return 0, nil })
	for !r.Done && w.move() {
	}
	if !r.Done || r.Err != nil {
		w.tb.Fatalf("Close does not end: %v", r.Err)
	}
}
