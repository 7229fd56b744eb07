package channel_test

import (
	"context"
	"fmt"
	"testing"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/asynctest"
	"rondo.dev/rondo/channel"
	"rondo.dev/rondo/future"
)

// TestWaitBegun: a Wait whose context has ended cancels what was begun before.
func TestWaitBegun(t *testing.T) {
	c := channel.New[int](1)
	recv := c.Recv()
	async.Block(context.Background(), future.Race(&recv, future.Ready(1))) // it stays in flight
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := recv.Wait(ctx); err != context.Canceled {
		t.Fatal(err)
	}
	c.TrySend(42)
	if v, err := c.TryRecv(); v != 42 {
		t.Errorf("the value is gone: %v", err)
	}
	recv = c.Recv()
	async.Block(context.Background(), future.Race(&recv, future.Ready(1)))
	c.TrySend(43)
	if v, err := recv.Wait(ctx); v != 0 || err != context.Canceled {
		t.Errorf("received %d, %v", v, err)
	}
	if v, err := c.TryRecv(); v != 43 {
		t.Errorf("the value is gone: %v", err)
	}
}

// TestWaitInTask: a Wait that panics, for a task must not block, is not in the line.
func TestWaitInTask(t *testing.T) {
	e := asynctest.New(t)
	c := channel.New[int](1)
	r := asynctest.Go(e, func(t *async.Task) (p any, err error) {
		defer func() { p = recover() }()
		c.Recv().Wait(context.Background())
		return nil, nil
	})
	e.RunUntilIdle()
	if r.Value == nil {
		t.Error("it has not panicked")
	}
	c.TrySend(42)
	if v, err := c.TryRecv(); v != 42 {
		t.Errorf("the value is gone: %v", err)
	}
}

// looks is a waker that looks at what it waits for.
type looks struct {
	look func()
	n    int
}

func (l *looks) Wake()      { l.look(); l.n++ }
func (l *looks) WakeLocal() { l.Wake() }

// TestWakersTakeLocks: nobody is woken with the object locked, nor by an operation that is
// over when it is begun.
func TestWakersTakeLocks(t *testing.T) {
	e := asynctest.New(t)
	c := channel.New[int](200)
	b := channel.NewBroadcast[int](1)
	s := b.Subscribe()
	for i := range 200 {
		c.TrySend(i)
	}
	b.Send(1)
	x := &looks{look: func() { c.Len(); s.Len() }}
	r := asynctest.Go(e, func(t *async.Task) (int, error) {
		for range 128 { // the budget of the step
			c.Recv().Await(t)
		}
		w := async.WakerFor(x)
		view := t.WithWaker(&w)
		recv, news := c.Recv(), s.Recv()
		recv.Poll(&view)
		news.Poll(&view)
		if x.n != 2 {
			return 0, fmt.Errorf("woken %d times", x.n)
		}
		v, err := recv.Poll(t)
		if v != 128 || err != nil {
			return 0, fmt.Errorf("received %d, %v", v, err)
		}
		_, err = news.Poll(t)
		return 0, err
	})
	if e.RunUntilIdle(); !r.Done || r.Err != nil {
		t.Errorf("done: %v, %v", r.Done, r.Err)
	}
}
