package stream_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/asynctest"
	"rondo.dev/rondo/stream"
)

// slowPlace is a sink with room for one item, which it is busy with until end. It
// ends what it is busy with also if it is asked to give up.
type slowPlace struct {
	busy bool
	got  []int
}

func (p *slowPlace) end() { p.busy = false }

func (p *slowPlace) PollReady(*async.Task) error {
	if p.busy {
		return async.Pending
	}
	return nil
}

func (p *slowPlace) Put(_ *async.Task, v int) {
	p.busy = true
	p.got = append(p.got, v)
}

func (p *slowPlace) PollFlush(t *async.Task) error { return p.PollReady(t) }
func (p *slowPlace) PollClose(t *async.Task) error { return p.PollReady(t) }

func (p *slowPlace) Cancel(*async.Task, bool) (idle bool) { return !p.busy }

// TestBufferGivesUp: a buffer that was asked to give up waits for what is in flight, and
// puts nothing after it: that nobody would wait for. What is left goes with a later
// poll.
func TestBufferGivesUp(t *testing.T) {
	for _, loser := range []bool{false, true} {
		e := asynctest.New(t)
		r := asynctest.Go(e, func(task *async.Task) (int, error) {
			p := new(slowPlace)
			k := stream.Buffer[int](p, 2)
			for v := 1; v <= 2; v++ {
				if err := k.PollReady(task); err != nil {
					return v, err
				}
				k.Put(task, v)
			}
			if err := k.PollFlush(task); !async.IsPending(err) {
				t.Errorf("flushed, with %v, while 1 is on its way and 2 waits", err)
			}
			if k.Cancel(task, loser) {
				t.Error("idle, while 1 is on its way")
			}
			if err := k.PollReady(task); !async.IsPending(err) {
				t.Errorf("ended with %v before what is on its way", err)
			}
			p.end()
			if err := k.PollReady(task); !errors.Is(err, context.Canceled) {
				t.Errorf("gave up with %v", err)
			}
			if p.busy || !slices.Equal(p.got, []int{1}) {
				t.Errorf("it has put %v, and something is on its way: %v", p.got, p.busy)
			}
			for k.PollFlush(task) != nil {
				p.end()
			}
			if !slices.Equal(p.got, []int{1, 2}) {
				t.Errorf("in the end there is %v, want 1 and 2", p.got)
			}
			return 0, nil
		})
		e.RunUntilIdle()
		if !r.Done || r.Err != nil {
			t.Errorf("ended %v, with %v", r.Done, r.Err)
		}
	}
}
