package async_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"
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

func TestStructure(t *testing.T) {
	boom := errors.New("boom")
	for _, c := range []struct {
		name string
		f    func(*async.Task) error
		want func(error) bool
	}{
		{"child's value", func(t *async.Task) error {
			v, err := async.Spawn(t, func(*async.Task) (int, error) { return 7, nil }).Await(t)
			if v != 7 {
				panic(v)
			}
			return err
		}, func(err error) bool { return err == nil }},
		{"unawaited error", func(t *async.Task) error {
			t.Go(func(*async.Task) error { return boom })
			return nil
		}, func(err error) bool { return err == boom }},
		{"awaited error is not repeated", func(t *async.Task) error {
			c := t.Go(func(*async.Task) error { return boom })
			if err := c.Await(t); err != boom {
				return errors.New("not awaited")
			}
			return nil
		}, func(err error) bool { return err == nil }},
		{"own error goes first", func(t *async.Task) error {
			t.Go(func(*async.Task) error { return errors.New("child") })
			return boom
		}, func(err error) bool { return err == boom }},
		{"child's panic cancels the parent", func(t *async.Task) error {
			t.Go(func(*async.Task) error { panic("oh") })
			_, err := async.Await(t, &gate{})
			return err
		}, func(err error) bool {
			var p *async.PanicError
			return errors.As(err, &p) && p.Value == "oh" && strings.Contains(string(p.Stack), "TestStructure")
		}},
		{"awaited panic is an error", func(t *async.Task) error {
			err := t.Go(func(*async.Task) error { panic("oh") }).Await(t)
			var p *async.PanicError
			if !errors.As(err, &p) {
				return boom
			}
			return nil
		}, func(err error) bool { return err == nil }},
		{"own panic", func(t *async.Task) error { panic(boom) }, func(err error) bool {
			var p *async.PanicError
			return errors.As(err, &p) && errors.Is(err, boom)
		}},
		{"goexit", func(t *async.Task) error { runtime.Goexit(); return nil }, func(err error) bool {
			return errors.Is(err, async.ErrGoexit)
		}},
		{"child's goexit", func(t *async.Task) error {
			t.Go(func(*async.Task) error { runtime.Goexit(); return nil })
			return nil
		}, func(err error) bool { return errors.Is(err, async.ErrGoexit) }},
		{"group", func(t *async.Task) error {
			g := async.NewGroup(t, 2)
			for i := range 5 {
				g.Go(func(t *async.Task) error {
					if i == 1 {
						return boom
					}
					_, err := async.Await(t, &gate{})
					return err
				})
			}
			return g.Wait(t)
		}, func(err error) bool { return err == boom }},
		{"timeout", func(t *async.Task) error {
			v, stop := t.WithTimeout(time.Second)
			defer stop()
			_, err := async.Await(v, &gate{})
			if v.Err() != context.DeadlineExceeded || t.Err() != nil {
				return boom
			}
			return err
		}, func(err error) bool { return err.Error() == "i/o timeout" }},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := asynctest.New(t)
			r := asynctest.Go(e, func(t *async.Task) (int, error) { return 0, c.f(t) })
			e.RunUntilIdle()
			e.Advance(time.Minute)
			if !r.Done || !c.want(r.Err) {
				t.Fatalf("done %v, error %v", r.Done, r.Err)
			}
		})
	}
}

func TestChildrenOutliveTheirFunction(t *testing.T) {
	e := asynctest.New(t)
	var g gate
	r := asynctest.Go(e, func(t *async.Task) (int, error) {
		t.Go(func(t *async.Task) error {
			_, err := async.Await(t, &g)
			return err
		})
		return 1, nil
	})
	e.RunUntilIdle()
	if r.Done {
		t.Fatal("the task ended before its child")
	}
	g.release()
	e.RunUntilIdle()
	if !r.Done {
		t.Fatal("the task did not end with its last child")
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
