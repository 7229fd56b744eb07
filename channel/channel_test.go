package channel_test

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"
	"weak"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/asynctest"
	"rondo.dev/rondo/channel"
	"rondo.dev/rondo/future"
	"rondo.dev/rondo/lock"
)

func mustPanic(t *testing.T, part string, f func()) {
	t.Helper()
	defer func() {
		t.Helper()
		if v := recover(); v == nil || !strings.Contains(fmt.Sprint(v), part) {
			t.Errorf("panic: %v, want one with %q", v, part)
		}
	}()
	f()
}

func TestMisuse(t *testing.T) {
	c := channel.New[int](2)
	used, err := c.TryReserve()
	if err != nil {
		t.Fatal(err)
	}
	copied := used
	used.Send(1)
	released, _ := c.TryReserve()
	released.Release()
	for _, x := range []struct {
		name, part string
		f          func()
	}{
		{"New", "positive", func() { channel.New[int](0) }},
		{"NewBroadcast", "positive", func() { channel.NewBroadcast[int](0) }},
		{"a permit sends twice", "over", func() { used.Send(2) }},
		{"a permit's copy sends", "over", func() { copied.Send(2) }},
		{"a permit is released twice", "over", func() { released.Release() }},
		{"a permit sends after its release", "over", func() { released.Send(2) }},
		{"the zero Permit", "zero Permit", func() { channel.Permit[int]{}.Release() }},
		{"Fail without an error", "without an error", func() { new(channel.Oneshot[int]).Fail(nil) }},
	} {
		t.Run(x.name, func(t *testing.T) { mustPanic(t, x.part, x.f) })
	}
	if err := c.TrySend(2); err != nil || c.Len() != 2 {
		t.Errorf("misuse has left something behind: %v, %d values", err, c.Len())
	}
}

// TestClosing is a table of what closing means for whom.
func TestClosing(t *testing.T) {
	c := channel.New[int](2)
	c.TrySend(1)
	permit, _ := c.TryReserve()
	e := asynctest.New(t)
	sender := asynctest.Go(e, func(t *async.Task) (int, error) { return 0, c.Send(9).Await(t) })
	done := asynctest.Go(e, func(t *async.Task) (int, error) { return 0, c.Done().Await(t) })
	e.RunUntilIdle()
	if done.Done || sender.Done || c.Closed() {
		t.Fatal("too early")
	}
	c.Close()
	c.Close()
	e.RunUntilIdle()
	if sender.Err != channel.ErrClosed || !done.Done || !c.Closed() {
		t.Errorf("the sender got %v; done: %v", sender.Err, done.Done)
	}
	if err := c.TrySend(9); err != channel.ErrClosed {
		t.Errorf("TrySend: %v", err)
	}
	if _, err := c.TryReserve(); err != channel.ErrClosed {
		t.Errorf("TryReserve: %v", err)
	}
	if err := c.Send(9).Wait(t.Context()); err != channel.ErrClosed {
		t.Errorf("Send: %v", err)
	}
	if _, err := c.Reserve().Wait(t.Context()); err != channel.ErrClosed {
		t.Errorf("Reserve: %v", err)
	}
	if v, err := c.Recv().Wait(t.Context()); v != 1 || err != nil {
		t.Errorf("Recv: %d, %v", v, err)
	}
	late := asynctest.Go(e, func(t *async.Task) (int, error) { return c.Recv().Await(t) })
	end := asynctest.Go(e, func(t *async.Task) (int, error) { return c.Recv().Await(t) })
	e.RunUntilIdle()
	if late.Done {
		t.Error("the end came before the permit was used")
	}
	permit.Send(2)
	e.RunUntilIdle()
	if late.Value != 2 || late.Err != nil || end.Err != io.EOF {
		t.Errorf("late %d, %v; end %v", late.Value, late.Err, end.Err)
	}
	if _, err := c.TryRecv(); err != io.EOF {
		t.Errorf("TryRecv: %v", err)
	}
}

// TestReleasedPermitIsTheEnd: receivers of a closed channel wait for permits, and
// the last one's release ends them.
func TestReleasedPermitIsTheEnd(t *testing.T) {
	c := channel.NewUnbounded[int]()
	permit, _ := c.TryReserve()
	c.Close()
	e := asynctest.New(t)
	r := asynctest.Go(e, func(t *async.Task) (int, error) { return c.Recv().Await(t) })
	e.RunUntilIdle()
	if r.Done {
		t.Fatal("too early")
	}
	permit.Release()
	e.RunUntilIdle()
	if r.Err != io.EOF {
		t.Errorf("got %v", r.Err)
	}
}

// TestCancelEverywhere: wherever the producer or the consumer is cancelled, each
// value is where it belongs: received, in the channel, or not sent. (Complaint 1:
// cancelling loses messages.)
func TestCancelEverywhere(t *testing.T) {
	const n = 5
	for _, victim := range []string{"producer", "consumer"} {
		t.Run(victim, func(t *testing.T) {
			asynctest.CancelEverywhere(t, func(t *testing.T, e *asynctest.Executor) (func(*async.Task) error, func(error)) {
				c := channel.New[int](2)
				var sent, got []int
				produce := func(t *async.Task) error {
					for i := range n {
						if err := c.Send(i).Await(t); err != nil {
							return err
						}
						sent = append(sent, i)
					}
					return nil
				}
				consume := func(t *async.Task) error {
					for range n {
						v, err := c.Recv().Await(t)
						if err != nil {
							return err
						}
						got = append(got, v)
					}
					return nil
				}
				f, g := produce, consume
				if victim == "consumer" {
					f, g = g, f
				}
				other := asynctest.Go(e, func(t *async.Task) (int, error) { return 0, g(t) })
				return f, func(error) {
					e.RunUntilIdle()
					for {
						v, err := c.TryRecv()
						if err != nil {
							break
						}
						got = append(got, v)
						e.RunUntilIdle()
					}
					if !slices.Equal(sent, got) {
						t.Errorf("sent %d, received %d", sent, got)
					}
					other.Cancel(asynctest.ErrTest)
				}
			})
		})
	}
}

// TestSelectInALoopLosesNothing: the complaint of everybody who has put a receive
// into a select: the branch that loses, again and again, must not have taken a
// value. (Complaints 1 and 18.)
func TestSelectInALoopLosesNothing(t *testing.T) {
	const n = 100
	e := asynctest.New(t)
	a, b := channel.New[int](1), channel.New[int](1)
	r := asynctest.Go(e, func(t *async.Task) (got [2][]int, err error) {
		for len(got[0])+len(got[1]) < 2*n {
			fromA, fromB := a.Recv(), b.Recv()
			v, err := async.Await(t, future.Select(&fromA, &fromB))
			if err != nil {
				return got, err
			}
			if v.Won == 0 {
				got[0] = append(got[0], v.A)
			} else {
				got[1] = append(got[1], v.B)
			}
		}
		return got, nil
	})
	for _, c := range []*channel.Chan[int]{a, b} {
		asynctest.Go(e, func(t *async.Task) (int, error) {
			for i := range n {
				if err := c.Send(i).Await(t); err != nil {
					return 0, err
				}
			}
			return 0, nil
		})
	}
	e.RunUntilIdle()
	for i, got := range r.Value {
		for j, v := range got {
			if v != j {
				t.Fatalf("channel %d: value %d is %d", i, j, v)
			}
		}
	}
	if !r.Done || len(r.Value[0]) != n || len(r.Value[1]) != n {
		t.Errorf("received %d and %d", len(r.Value[0]), len(r.Value[1]))
	}
}

// TestLosingSendHasNotSent, and can be awaited again.
func TestLosingSendHasNotSent(t *testing.T) {
	e := asynctest.New(t)
	c := channel.New[int](1)
	c.TrySend(1)
	var first lock.Event
	r := asynctest.Go(e, func(t *async.Task) (int, error) {
		done, send := first.Done(), c.Send(2)
		v, err := async.Await(t, future.Select(&done, &send))
		if err != nil || v.Won != 0 {
			return v.Won, err
		}
		c.TryRecv()
		if c.Len() != 0 {
			return -1, nil
		}
		_, err = async.Await(t, &send)
		return c.Len(), err
	})
	e.RunUntilIdle()
	first.Set()
	e.RunUntilIdle()
	if !r.Done || r.Value != 1 || r.Err != nil {
		t.Errorf("%v: %d, %v", r.Done, r.Value, r.Err)
	}
}

// TestReadyChannelDoesNotStarve: a task that always finds something to do lets
// others have their turn. (Complaint 9.)
func TestReadyChannelDoesNotStarve(t *testing.T) {
	e := asynctest.New(t)
	c := channel.New[int](1)
	stop, turns := false, 0
	busy := asynctest.Go(e, func(t *async.Task) (int, error) {
		for n := 0; ; n++ {
			if stop || n > 1_000_000 {
				return n, nil
			}
			if err := c.Send(n).Await(t); err != nil {
				return n, err
			}
			if _, err := c.Recv().Await(t); err != nil {
				return n, err
			}
		}
	})
	asynctest.Go(e, func(t *async.Task) (int, error) {
		for turns < 10 {
			turns++
			if err := async.Yield(t); err != nil {
				return 0, err
			}
		}
		stop = true
		return 0, nil
	})
	e.RunUntilIdle()
	if busy.Value > 100_000 || busy.Err != nil {
		t.Errorf("it went on %d times, %v", busy.Value, busy.Err)
	}
}

func TestRecvMany(t *testing.T) {
	e := asynctest.New(t)
	c := channel.New[int](4)
	var senders []*asynctest.Result[int]
	for i := range 6 {
		senders = append(senders, asynctest.Go(e, func(t *async.Task) (int, error) { return 0, c.Send(i).Await(t) }))
	}
	e.RunUntilIdle()
	buf := make([]int, 3)
	r := asynctest.Go(e, func(t *async.Task) (n int, err error) {
		if n, err := c.RecvMany(t, nil); n != 0 || err != nil {
			return n, err
		}
		return c.RecvMany(t, buf)
	})
	e.RunUntilIdle()
	if r.Value != 3 || r.Err != nil || !slices.Equal(buf, []int{0, 1, 2}) || c.Len() != 3 {
		t.Errorf("%d, %v: %d, %d left", r.Value, r.Err, buf, c.Len())
	}
	for _, s := range senders {
		if !s.Done || s.Err != nil {
			t.Error("a sender was forgotten")
		}
	}
}

func TestCap(t *testing.T) {
	if n := channel.New[int](7).Cap(); n != 7 {
		t.Error(n)
	}
	if n := channel.NewUnbounded[int]().Cap(); n != -1 {
		t.Error(n)
	}
}

func TestOneshot(t *testing.T) {
	errFail := errors.New("failed")
	for _, c := range []struct {
		name string
		do   func(o *channel.Oneshot[int])
		v    int
		err  error
	}{
		{"sent", func(o *channel.Oneshot[int]) { o.Send(42) }, 42, nil},
		{"failed", func(o *channel.Oneshot[int]) { o.Fail(errFail) }, 0, errFail},
		{"closed", func(o *channel.Oneshot[int]) { o.Close() }, 0, io.EOF},
		{"sent, then closed", func(o *channel.Oneshot[int]) { o.Send(42); o.Close() }, 42, nil},
		{"closed, then sent", func(o *channel.Oneshot[int]) { o.Close(); o.Send(42) }, 0, io.EOF},
		{"sent twice", func(o *channel.Oneshot[int]) { o.Send(42); o.Send(43) }, 42, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, waits := range []bool{false, true} {
				e := asynctest.New(t)
				var o channel.Oneshot[int]
				recv := func() *asynctest.Result[int] {
					return asynctest.Go(e, func(t *async.Task) (int, error) { return o.Recv().Await(t) })
				}
				done := asynctest.Go(e, func(t *async.Task) (int, error) { return 0, o.Done().Await(t) })
				if _, err := o.TryRecv(); err != channel.ErrEmpty {
					t.Errorf("TryRecv: %v", err)
				}
				first := recv()
				if waits {
					e.RunUntilIdle()
				}
				c.do(&o)
				second := recv()
				e.RunUntilIdle()
				if first.Value != c.v || first.Err != c.err {
					t.Errorf("received %d, %v", first.Value, first.Err)
				}
				if second.Err != io.EOF {
					t.Errorf("and again: %d, %v", second.Value, second.Err)
				}
				if !done.Done {
					t.Error("the sender was not told that it is over")
				}
				if err := o.Send(1); err != channel.ErrClosed {
					t.Errorf("Send afterwards: %v", err)
				}
			}
		})
	}
}

// TestOneshotLoser: a value that was there for somebody who has given up is there
// for the next.
func TestOneshotLoser(t *testing.T) {
	e := asynctest.New(t)
	var o channel.Oneshot[int]
	op := o.Recv()
	p := asynctest.NewPoller(e, &op)
	p.Poll()
	next := asynctest.Go(e, func(t *async.Task) (int, error) { return o.Recv().Await(t) })
	e.RunUntilIdle()
	o.Send(42)
	e.RunUntilIdle()
	if next.Done || !p.Woken() {
		t.Fatal("not in their order")
	}
	p.Cancel(true)
	e.RunUntilIdle()
	if next.Value != 42 || next.Err != nil {
		t.Errorf("the next one got %d, %v", next.Value, next.Err)
	}
}

func TestWatch(t *testing.T) {
	e := asynctest.New(t)
	w := channel.NewWatch(1)
	a, b := w.Observe(), w.Observe()
	if a.Changed() || a.Get() != 1 || w.Get() != 1 {
		t.Error("the first value is no change")
	}
	var seen []int
	all := asynctest.Go(e, func(t *async.Task) (int, error) {
		for v := range a.All(t) {
			seen = append(seen, v)
		}
		return 0, t.Cause()
	})
	e.RunUntilIdle()
	w.Set(2)
	w.Set(3) // before anybody looks: 2 is missed
	e.RunUntilIdle()
	w.Update(func(v *int) bool { *v++; return true })
	e.RunUntilIdle()
	w.Update(func(v *int) bool { return false })
	e.RunUntilIdle()
	if old, err := w.Swap(5); old != 4 || err != nil {
		t.Errorf("Swap: %d, %v", old, err)
	}
	w.Close()
	w.Close()
	e.RunUntilIdle()
	if !all.Done || !slices.Equal(seen, []int{3, 4, 5}) {
		t.Errorf("seen %d", seen)
	}
	if !b.Changed() {
		t.Error("a change was not noticed")
	}
	if v, err := b.Next().Wait(t.Context()); v != 5 || err != nil {
		t.Errorf("Next after Close: %d, %v", v, err)
	}
	if v, err := b.Next().Wait(t.Context()); v != 0 || err != io.EOF {
		t.Errorf("Next at the end: %d, %v", v, err)
	}
	if err := w.Set(6); err != channel.ErrClosed || w.Get() != 5 {
		t.Errorf("Set after Close: %v, %d", err, w.Get())
	}
}

// TestWatchLoser: who gives up has not seen the change.
func TestWatchLoser(t *testing.T) {
	e := asynctest.New(t)
	w := channel.NewWatch(1)
	o := w.Observe()
	op := o.Next()
	p := asynctest.NewPoller(e, &op)
	p.Poll()
	w.Set(2)
	if !p.Woken() || !p.Cancel(true) || !o.Changed() {
		t.Error("a loser has seen it")
	}
	if v, _, ready := asynctest.NewPoller(e, &op).Poll(); !ready || v != 2 {
		t.Errorf("polled again: %d, %v", v, ready)
	}
}

// TestBroadcastLag: a slow receiver is told what it has missed, and gets the rest.
func TestBroadcastLag(t *testing.T) {
	b := channel.NewBroadcast[int](3)
	if n, err := b.Send(0); n != 0 || err != nil {
		t.Errorf("to nobody: %d, %v", n, err)
	}
	slow, fast := b.Subscribe(), b.Subscribe()
	for i := range 5 {
		if n, err := b.Send(i); n != 2 || err != nil {
			t.Errorf("sent to %d, %v", n, err)
		}
		if v, err := fast.TryRecv(); v != i || err != nil {
			t.Errorf("fast: %d, %v", v, err)
		}
	}
	var lag *channel.LagError
	if _, err := slow.TryRecv(); !errors.As(err, &lag) || lag.Missed != 2 || slow.Len() != 3 {
		t.Errorf("slow: %v", err)
	}
	b.Close()
	for i := 2; i < 5; i++ {
		if v, err := slow.TryRecv(); v != i || err != nil {
			t.Errorf("slow: %d, %v, want %d", v, err, i)
		}
	}
	if _, err := slow.TryRecv(); err != io.EOF {
		t.Errorf("at the end: %v", err)
	}
	if _, err := b.Send(9); err != channel.ErrClosed {
		t.Errorf("Send after Close: %v", err)
	}
	slow.Close()
	slow.Close()
	fast.Close()
}

// TestSubscriptionClose: who waits is told, and values that nobody will receive are
// let go of.
func TestSubscriptionClose(t *testing.T) {
	e := asynctest.New(t)
	b := channel.NewBroadcast[*int](4)
	closed, open := b.Subscribe(), b.Subscribe()
	r := asynctest.Go(e, func(t *async.Task) (*int, error) { return closed.Recv().Await(t) })
	other := asynctest.Go(e, func(t *async.Task) (*int, error) { return open.Recv().Await(t) })
	e.RunUntilIdle()
	closed.Close()
	e.RunUntilIdle()
	if r.Err != io.EOF || other.Done {
		t.Errorf("got %v; the other is done: %v", r.Err, other.Done)
	}
	if n, _ := b.Send(new(int)); n != 1 {
		t.Errorf("%d receivers", n)
	}
	e.RunUntilIdle()
	if !other.Done || other.Err != nil {
		t.Error("the other was forgotten")
	}
}

// TestBroadcastLetsGo: a value that everybody has received, or will not receive, is
// not held any more.
func TestBroadcastLetsGo(t *testing.T) {
	for _, c := range []struct {
		name string
		last func(s *channel.Subscription[*[64]byte])
	}{
		{"received", func(s *channel.Subscription[*[64]byte]) { s.TryRecv() }},
		{"closed", (*channel.Subscription[*[64]byte]).Close},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := channel.NewBroadcast[*[64]byte](4)
			first, last := b.Subscribe(), b.Subscribe()
			v := new([64]byte)
			held := weak.Make(v)
			b.Send(v)
			v = nil
			first.TryRecv()
			runtime.GC()
			if held.Value() == nil {
				t.Fatal("gone before everybody has received it")
			}
			c.last(last)
			runtime.GC()
			if held.Value() != nil {
				t.Error("still held")
			}
			runtime.KeepAlive(b)
		})
	}
}
