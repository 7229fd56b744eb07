package stream_test

import (
	"context"
	"testing"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/asynctest"
	"rondo.dev/rondo/stream"
)

// cancelled polls once, asks to give up, and polls to the end.
func (w *world) cancelled(s stream.Stream[int]) (int, error) {
	p := asynctest.NewPoller(w.exec, s)
	if v, err, ready := p.Poll(); ready {
		return v, err
	}
	if p.Cancel(false) {
		return 0, context.Canceled
	}
	return w.end(p)
}

// An item that comes although the whole was asked to give up is begun, because it may
// be a connection that somebody has to close; and what begins so gives up at once.
func TestItemsThatComeLateAreBegun(t *testing.T) {
	for name, build := range map[string]func(s stream.Stream[int], fn func(int) async.Future[int]) stream.Stream[int]{
		"Then": stream.Then[int, int],
		"Buffered": func(s stream.Stream[int], fn func(int) async.Future[int]) stream.Stream[int] {
			return stream.Buffered(stream.Map(s, fn), 2)
		},
	} {
		w := &world{tb: t, exec: asynctest.New(t)}
		s := &spring{w: w, items: []int{1}, delays: []int{5}, leaving: late}
		w.all = append(w.all, s)
		var f *spring
		_, err := w.cancelled(build(s, func(v int) async.Future[int] {
			f = &spring{w: w, items: []int{v}, delays: []int{100}, leaving: slowly, once: true}
			w.all = append(w.all, f)
			return f
		}))
		if err != context.Canceled || s.taken != 1 || f == nil || f.due == 0 || f.state != still || w.now >= 100 {
			t.Errorf("%s: %v at %d, %d taken", name, err, w.now, s.taken)
		}
	}
}

// A stream of a Set that gives up is not started again before the next poll.
func TestSetThatGivesUpStartsNothing(t *testing.T) {
	w := &world{tb: t, exec: asynctest.New(t)}
	s := &spring{w: w, items: []int{1}, delays: []int{5}, leaving: slowly}
	w.all = append(w.all, s)
	all := stream.MergeAll(stream.Stream[int](s), stream.Empty[int]())
	if v, err := w.cancelled(all); err != context.Canceled || s.state != still {
		t.Errorf("%d, %v, in flight %v", v, err, s.state != still)
	}
	got := asynctest.Go(w.exec, func(t *async.Task) (int, error) { return stream.Next(t, all) })
	for !got.Done && w.move() {
	}
	if got.Value != 1 || got.Err != nil {
		t.Errorf("then %d, %v", got.Value, got.Err)
	}
}
