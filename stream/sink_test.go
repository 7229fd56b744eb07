package stream_test

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/asynctest"
	"rondo.dev/rondo/channel"
	"rondo.dev/rondo/stream"
)

// place is where sinks put items, by operations that take some time.
type place struct {
	w    *world
	n    int
	got  []int
	fail int // the item whose operation fails
}

// putting is one such operation. It has happened, or not: what it does when it is
// asked to give up is a spring's manner.
type putting struct {
	p *place
	v int
	s *spring
}

func (p *place) put(v int) putting { return putting{p: p, v: v} }

func (o *putting) Poll(t *async.Task) (nothing struct{}, err error) {
	if o.s == nil {
		o.s = &spring{w: o.p.w, items: []int{o.v}, delays: []int{(o.v*7 + o.p.n) % 4}, leaving: manner((o.v + o.p.n) % int(manners)), once: true}
		o.p.w.all = append(o.p.w.all, o.s)
	}
	_, err = o.s.Poll(t)
	if err == nil {
		if o.v == o.p.fail {
			return nothing, errBroken
		}
		o.p.got = append(o.p.got, o.v)
	}
	return nothing, err
}

func (o *putting) Cancel(t *async.Task, loser bool) bool { return o.s.Cancel(t, loser) }

var errBroken = errors.New("broken")

// However often sending is cancelled, wherever, all items arrive once and in order in
// all places.
func TestSendAllCancelledAnywhere(t *testing.T) {
	e := asynctest.New(t)
	check(t, func(r *rapid.T) {
		w := &world{tb: r, exec: e}
		x := drawTree(r, 2, []string{"map", "chunks", "buffered", "then", "chain"}, false)
		s := w.build(x)
		var places []*place
		var sinks []stream.Sink[int]
		for i := range rapid.IntRange(1, 3).Draw(r, "places") {
			p := &place{w: w, n: i, fail: -1}
			k := stream.ToOp(p.put)
			if n := rapid.IntRange(0, 3).Draw(r, "buffer"); n > 0 {
				k = stream.Buffer(k, n)
			}
			places, sinks = append(places, p), append(sinks, k)
		}
		k := sinks[0]
		if len(sinks) > 1 {
			k = stream.Fanout(sinks...)
		}
		if rapid.Bool().Draw(r, "with") {
			k = stream.With(k, func(v int) (int, error) { return v, nil })
		}
		for done := false; !done; {
			res := asynctest.Go(e, func(t *async.Task) (int, error) { return 0, stream.SendAll(t, s, k) })
			for steps := rapid.IntRange(0, 30).Draw(r, "steps"); steps > 0 && !res.Done && w.move(); steps-- {
			}
			done = res.Done
			res.Cancel(asynctest.ErrTest)
			for !res.Done && w.move() {
			}
			if !res.Done || res.Err != nil && res.Err != asynctest.ErrTest {
				r.Fatalf("ended %v, with %v", res.Done, res.Err)
			}
			for _, s := range w.all {
				if s.state != still && !x.has("buffered") {
					r.Fatalf("something is in flight")
				}
			}
			done = done && res.Err == nil
		}
		for i, p := range places {
			if want := x.model(); !slices.Equal(p.got, want) {
				r.Fatalf("place %d has %v, want %v", i, p.got, want)
			}
		}
	})
}

// An error of one of several is that of the whole, and the next go on.
func TestErrorsOfSinks(t *testing.T) {
	e := asynctest.New(t)
	w := &world{tb: t, exec: e}
	a, b := &place{w: w, fail: -1}, &place{w: w, n: 1, fail: 2}
	k := stream.Fanout(stream.ToOp(a.put), stream.ToOp(b.put))
	s := stream.Of(1, 2, 3)
	var errs []error
	for {
		r := asynctest.Go(e, func(t *async.Task) (int, error) { return 0, stream.SendAll(t, s, k) })
		for !r.Done && w.move() {
		}
		if r.Err == nil {
			break
		}
		errs = append(errs, r.Err)
	}
	if !slices.Equal(errs, []error{errBroken}) || !slices.Equal(a.got, []int{1, 2, 3}) || !slices.Equal(b.got, []int{1, 3}) {
		t.Errorf("errors %v, %v, %v", errs, a.got, b.got)
	}

	// The error of a With is that of the next poll.
	var got []int
	parsed := stream.With(stream.Append(&got), strconv.Atoi)
	r := asynctest.Go(e, func(t *async.Task) (int, error) {
		return 0, stream.Forward(t, stream.Of("1", "x", "3"), parsed)
	})
	e.RunUntilIdle()
	if !errors.Is(r.Err, strconv.ErrSyntax) || !slices.Equal(got, []int{1}) {
		t.Errorf("%v, %v", r.Err, got)
	}
}

// Sending goes no faster than what is sent to, and flushes while there is nothing to
// send.
func TestBackpressure(t *testing.T) {
	e := asynctest.New(t)
	c := channel.New[int](2)
	taken := 0
	in := channel.New[int](100)
	for i := range 100 {
		in.TrySend(i)
	}
	s := stream.Inspect(stream.FromOp(in.Recv), func(int) { taken++ })
	r := asynctest.Go(e, func(t *async.Task) (int, error) {
		return 0, stream.Forward(t, s, stream.Buffer(stream.ToOp(c.Send), 3))
	})
	e.RunUntilIdle()
	if taken != 2+1+3 { // in the channel, in the operation, in the buffer
		t.Errorf("%d items were taken", taken)
	}
	for i := range 100 {
		if v, err := c.TryRecv(); v != i || err != nil {
			t.Fatalf("%d, %v; want %d", v, err, i)
		}
		e.RunUntilIdle()
	}
	if r.Done {
		t.Error("ended before its stream")
	}
	in.Close()
	e.RunUntilIdle()
	if !r.Done || r.Err != nil {
		t.Errorf("done %v, %v", r.Done, r.Err)
	}
}

// A sink that is given up has room, or not, as before: the functions that wait for it
// return the cause, and the item is not taken.
func TestFeedCancelled(t *testing.T) {
	e := asynctest.New(t)
	c := channel.New[int](1)
	k := stream.ToOp(c.Send)
	r := asynctest.Go(e, func(t *async.Task) (int, error) {
		for i := range 10 {
			if err := stream.Feed(t, k, i); err != nil {
				return i, err
			}
		}
		return 10, nil
	})
	e.RunUntilIdle()
	r.Cancel(nil)
	e.RunUntilIdle()
	if r.Value != 2 || r.Err != context.Canceled {
		t.Errorf("%d were taken, %v", r.Value, r.Err)
	}
	flush := asynctest.Go(e, func(t *async.Task) (int, error) { return 0, stream.CloseSink(t, k) })
	for want := range 2 {
		e.RunUntilIdle()
		if v, err := c.TryRecv(); v != want || err != nil {
			t.Errorf("%d, %v; want %d", v, err, want)
		}
	}
	e.RunUntilIdle()
	if !flush.Done || flush.Err != nil {
		t.Errorf("done %v, %v", flush.Done, flush.Err)
	}
}
