package async_test

import (
	"context"
	"errors"
	"testing"
	"unsafe"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/asynctest"
)

func TestSizes(t *testing.T) {
	if unsafe.Sizeof(uintptr(0)) != 8 {
		t.Skip("sizes are stated for 64 bits")
	}
	for name, s := range map[string]struct{ got, max uintptr }{
		"Task":   {unsafe.Sizeof(async.Task{}), 24},
		"Core":   {unsafe.Sizeof(async.Core{}), 104},
		"Child":  {unsafe.Sizeof(async.Child{}), 104},
		"Op":     {unsafe.Sizeof(async.Op[int]{}), 56},
		"Flight": {unsafe.Sizeof(async.Flight[int]{}), 24},
		"Waker":  {unsafe.Sizeof(async.Waker{}), 16},
	} {
		if s.got > s.max {
			t.Errorf("%s has %d bytes, want at most %d", name, s.got, s.max)
		}
	}
}

// gate is a future that is opened by hand.
type gate struct {
	open  bool
	waker *async.Waker
	polls int
}

func (g *gate) Poll(t *async.Task) (int, error) {
	g.polls++
	if g.open {
		return 42, nil
	}
	g.waker = t.Waker()
	return 0, async.Pending
}

func (g *gate) release() {
	g.open = true
	if g.waker != nil {
		g.waker.Wake()
	}
}

func TestAwait(t *testing.T) {
	e := asynctest.New(t)
	var g gate
	r := asynctest.Go(e, func(t *async.Task) (int, error) { return async.Await(t, &g) })
	e.RunUntilIdle()
	if r.Done || g.polls != 1 {
		t.Fatalf("done %v after %d polls, want a single poll that is pending", r.Done, g.polls)
	}
	g.release()
	e.RunUntilIdle()
	if !r.Done || r.Value != 42 || r.Err != nil {
		t.Fatalf("got %+v", r)
	}
}

func TestBlock(t *testing.T) {
	var g gate
	ctx, cancel := context.WithCancelCause(context.Background())
	why := errors.New("why")
	cancel(why)
	if _, err := async.Block(ctx, &g); err != why {
		t.Fatalf("Block on an ended context: %v", err)
	}
	g.open = true
	if v, err := async.Block(context.Background(), &g); v != 42 || err != nil {
		t.Fatalf("Block: %v, %v", v, err)
	}
}
