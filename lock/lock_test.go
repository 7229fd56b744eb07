package lock_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/asynctest"
	"rondo.dev/rondo/future"
	"rondo.dev/rondo/lock"
)

// mustPanic fails the test unless f panics with a sentence that has part in it.
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
	var mu lock.Mutex
	var rw, read, written lock.RWMutex
	read.TryRLock()
	written.TryLock()
	for _, c := range []struct {
		name, part string
		f          func()
	}{
		{"Unlock", "unlocked Mutex", mu.Unlock},
		{"RWMutex.Unlock", "not locked for writing", rw.Unlock},
		{"RWMutex.RUnlock", "not locked for reading", rw.RUnlock},
		{"RWMutex.Unlock of a reader", "not locked for writing", read.Unlock},
		{"RWMutex.RUnlock of a writer", "not locked for reading", written.RUnlock},
		{"RWMutex.Downgrade of a reader", "not locked for writing", read.Downgrade},
		{"NewSemaphore", "negative", func() { lock.NewSemaphore(-1) }},
		{"Acquire", "negative", func() { lock.NewSemaphore(1).Acquire(-1) }},
		{"TryAcquire", "negative", func() { lock.NewSemaphore(1).TryAcquire(-1) }},
		{"Release", "negative", func() { lock.NewSemaphore(1).Release(-1) }},
		{"Release of too many", "can be counted", func() { lock.NewSemaphore(math.MaxInt64).Release(1) }},
		{"NewBarrier", "nobody", func() { lock.NewBarrier(0) }},
	} {
		t.Run(c.name, func(t *testing.T) { mustPanic(t, c.part, c.f) })
	}
	if !mu.TryLock() || !read.TryRLock() || !rw.TryLock() {
		t.Error("misuse has left something behind")
	}
}

// TestSelfDeadlockIsReported: a task that locks what it has locked does not hang,
// it fails with a sentence. (Complaint 25 about asynchronous locks: a deadlock with
// oneself is a task that just never comes back.)
func TestSelfDeadlockIsReported(t *testing.T) {
	var mu lock.Mutex
	var rw lock.RWMutex
	for name, ops := range map[string][2]func() async.Act{
		"Mutex":          {mu.Lock, mu.Lock},
		"RWMutex, write": {rw.Lock, rw.Lock},
		"RWMutex, read":  {rw.Lock, rw.RLock},
	} {
		t.Run(name, func(t *testing.T) {
			e := asynctest.New(t)
			r := asynctest.Go(e, func(t *async.Task) (int, error) {
				if err := ops[0]().Await(t); err != nil {
					return 0, err
				}
				return 0, ops[1]().Await(t)
			})
			e.RunUntilIdle()
			var p *async.PanicError
			if !r.Done || !errors.As(r.Err, &p) || !strings.Contains(p.Error(), "would wait for itself") {
				t.Errorf("done: %v, %v", r.Done, r.Err)
			}
			if name == "Mutex" {
				mu.Unlock()
			} else {
				rw.Unlock()
			}
		})
	}
}

// TestSelfDeadlockByChoice: without debugging it waits, and somebody else may
// unlock.
func TestSelfDeadlockByChoice(t *testing.T) {
	e := asynctest.New(t)
	e.Executor().SetDebug(false)
	var mu lock.Mutex
	r := asynctest.Go(e, func(t *async.Task) (int, error) {
		if err := mu.Lock().Await(t); err != nil {
			return 0, err
		}
		return 1, mu.Lock().Await(t)
	})
	e.RunUntilIdle()
	if r.Done {
		t.Fatal("locked twice")
	}
	mu.Unlock()
	e.RunUntilIdle()
	if !r.Done || r.Err != nil {
		t.Errorf("done: %v, %v", r.Done, r.Err)
	}
}

// TestAnotherTaskIsNotTheHolder: debugging does not take a child for its parent, or
// the holder before for the one now.
func TestAnotherTaskIsNotTheHolder(t *testing.T) {
	e := asynctest.New(t)
	var mu lock.Mutex
	r := asynctest.Go(e, func(t *async.Task) (int, error) {
		if err := mu.Lock().Await(t); err != nil {
			return 0, err
		}
		child := t.Go(func(t *async.Task) error { return mu.Lock().Await(t) })
		async.Yield(t)
		mu.Unlock()
		if err := child.Await(t); err != nil {
			return 0, err
		}
		again := t.Go(func(t *async.Task) error {
			err := async.Yield(t)
			mu.Unlock()
			return err
		})
		if err := mu.Lock().Await(t); err != nil { // the child has locked it
			return 0, err
		}
		mu.Unlock()
		return 0, again.Await(t)
	})
	e.RunUntilIdle()
	if !r.Done || r.Err != nil {
		t.Errorf("done: %v, %v", r.Done, r.Err)
	}
}

// TestCancelEverywhere: wherever it is cancelled, a task that locks properly leaves
// everything unlocked, and the others get through.
func TestCancelEverywhere(t *testing.T) {
	asynctest.CancelEverywhere(t, func(t *testing.T, e *asynctest.Executor) (func(*async.Task) error, func(error)) {
		var mu lock.Mutex
		var rw lock.RWMutex
		sem := lock.NewSemaphore(3)
		inside := 0
		work := func(t *async.Task) error {
			for range 2 {
				if err := mu.Lock().Await(t); err != nil {
					return err
				}
				if inside++; inside != 1 {
					return errors.New("two are inside")
				}
				err := async.Yield(t)
				inside--
				mu.Unlock()
				if err != nil {
					return err
				}
				if err := rw.RLock().Await(t); err != nil {
					return err
				}
				err = sem.Acquire(2).Await(t)
				rw.RUnlock()
				if err != nil {
					return err
				}
				err = async.Yield(t)
				sem.Release(2)
				if err != nil {
					return err
				}
				if err := rw.Lock().Await(t); err != nil {
					return err
				}
				rw.Unlock()
			}
			return nil
		}
		others := []*asynctest.Result[int]{}
		for range 2 {
			others = append(others, asynctest.Go(e, func(t *async.Task) (int, error) { return 0, work(t) }))
		}
		return work, func(err error) {
			if err != nil && err != asynctest.ErrTest {
				t.Error(err)
			}
			e.RunUntilIdle()
			for _, r := range others {
				if !r.Done || r.Err != nil {
					t.Errorf("another is done: %v, %v", r.Done, r.Err)
				}
			}
			if !mu.TryLock() || !rw.TryLock() || sem.Available() != 3 {
				t.Error("something is still locked")
			}
		}
	})
}

// TestLoserHasNothing: what loses a Select is not locked. (Complaint 1 about
// cancellation: an abandoned lock operation holds the lock, or its place.)
func TestLoserHasNothing(t *testing.T) {
	e := asynctest.New(t)
	var mu lock.Mutex
	var won lock.Event
	mu.TryLock()
	r := asynctest.Go(e, func(t *async.Task) (int, error) {
		a, b := won.Done(), mu.Lock()
		either, err := async.Await(t, future.Select(&a, &b))
		return either.Won, err
	})
	next := asynctest.Go(e, func(t *async.Task) (int, error) { return 0, mu.Lock().Await(t) })
	e.RunUntilIdle()
	won.Set()
	mu.Unlock() // it is the loser's turn, who does not know yet that he is
	e.RunUntilIdle()
	if !r.Done || r.Value != 0 || r.Err != nil {
		t.Errorf("selected %d, %v", r.Value, r.Err)
	}
	if !next.Done || next.Err != nil {
		t.Errorf("the next one has not got it: %v, %v", next.Done, next.Err)
	}
}

// TestSemaphoreDoesNotStarve: many small requests don't keep a large one waiting.
// (Complaint 8: a semaphore that somebody holds who is not polled.)
func TestSemaphoreDoesNotStarve(t *testing.T) {
	e := asynctest.New(t)
	sem := lock.NewSemaphore(4)
	large := asynctest.Go(e, func(t *async.Task) (int, error) {
		if err := async.Yield(t); err != nil {
			return 0, err
		}
		return 0, sem.Acquire(4).Await(t)
	})
	for range 3 {
		asynctest.Go(e, func(t *async.Task) (int, error) {
			for !large.Done {
				if err := sem.Acquire(1).Await(t); err != nil {
					return 0, err
				}
				err := async.Yield(t)
				sem.Release(1)
				if err != nil {
					return 0, err
				}
			}
			return 0, nil
		})
	}
	for range 100 {
		e.Step()
	}
	if !large.Done {
		t.Error("the large request was overtaken for ever")
	}
	sem.Release(4)
}

func TestSemaphoreClose(t *testing.T) {
	e := asynctest.New(t)
	sem := lock.NewSemaphore(1)
	if err := sem.Acquire(1).Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	r := asynctest.Go(e, func(t *async.Task) (int, error) { return 0, sem.Acquire(1).Await(t) })
	e.RunUntilIdle()
	sem.Close()
	sem.Close()
	e.RunUntilIdle()
	if r.Err != lock.ErrClosed {
		t.Errorf("who waited got %v", r.Err)
	}
	sem.Release(1)
	if sem.TryAcquire(1) || sem.Acquire(1).Wait(t.Context()) != lock.ErrClosed {
		t.Error("acquired from a closed semaphore")
	}
}

// TestReadersShareWritersDont also sees that a writer is not starved by readers.
func TestReadersShareWritersDont(t *testing.T) {
	var m lock.RWMutex
	steps := []struct {
		what string
		do   func() bool
		want bool
	}{
		{"read", m.TryRLock, true},
		{"read too", m.TryRLock, true},
		{"write beside readers", m.TryLock, false},
		{"the readers end", func() bool { m.RUnlock(); m.RUnlock(); return true }, true},
		{"write", m.TryLock, true},
		{"read beside a writer", m.TryRLock, false},
		{"become a reader", func() bool { m.Downgrade(); return m.TryRLock() }, true},
		{"write beside who was a writer", m.TryLock, false},
		{"all end", func() bool { m.RUnlock(); m.RUnlock(); return m.TryLock() }, true},
	}
	for _, s := range steps {
		if got := s.do(); got != s.want {
			t.Fatalf("%s: %v, want %v", s.what, got, s.want)
		}
	}
	m.Unlock()
	e := asynctest.New(t)
	m.TryRLock()
	w := asynctest.Go(e, func(t *async.Task) (int, error) { return 0, m.Lock().Await(t) })
	e.RunUntilIdle()
	if m.TryRLock() {
		t.Error("a reader has overtaken a waiting writer")
	}
	r := asynctest.Go(e, func(t *async.Task) (int, error) { return 0, m.RLock().Await(t) })
	e.RunUntilIdle()
	m.RUnlock()
	e.RunUntilIdle()
	if !w.Done || r.Done {
		t.Error("not in their order")
	}
	m.Unlock()
	e.RunUntilIdle()
	if !r.Done {
		t.Error("the reader was forgotten")
	}
}

func TestNotify(t *testing.T) {
	e := asynctest.New(t)
	var n lock.Notify
	wait := func() *asynctest.Result[int] {
		r := asynctest.Go(e, func(t *async.Task) (int, error) { return 0, n.Notified().Await(t) })
		e.RunUntilIdle()
		return r
	}
	n.NotifyAll() // of nobody
	n.NotifyOne()
	n.NotifyOne() // the second is not kept
	if !wait().Done {
		t.Error("a notification was not kept")
	}
	a, b := wait(), wait()
	if a.Done || b.Done {
		t.Fatal("two notifications were kept")
	}
	n.NotifyOne()
	e.RunUntilIdle()
	if !a.Done || b.Done {
		t.Error("not who has waited longest, and only he")
	}
	c := wait()
	n.NotifyAll()
	e.RunUntilIdle()
	if !b.Done || !c.Done {
		t.Error("not all were notified")
	}
	d := wait()
	if d.Done {
		t.Error("NotifyAll was kept")
	}
	// A notification goes on from who gives up: there is one waiter behind.
	f := wait()
	n.NotifyOne()
	d.Cancel(asynctest.ErrTest)
	e.RunUntilIdle()
	if d.Err != nil {
		t.Error("a notification that was there was not delivered")
	}
	n.NotifyAll()
	e.RunUntilIdle()
	if !f.Done {
		t.Error("a waiter was forgotten")
	}
}

// TestNotifyPassesOn: a notification given to the loser of a Select goes to the
// next; one for all does not.
func TestNotifyPassesOn(t *testing.T) {
	for _, c := range []struct {
		name   string
		notify func(n *lock.Notify)
		want   bool
	}{
		{"one", (*lock.Notify).NotifyOne, true},
		{"all", (*lock.Notify).NotifyAll, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := asynctest.New(t)
			var n lock.Notify
			op := n.Notified()
			p := asynctest.NewPoller(e, &op)
			p.Poll()
			c.notify(&n)
			if !p.Woken() || !p.Cancel(true) {
				t.Fatal("not notified, or not gone")
			}
			r := asynctest.Go(e, func(t *async.Task) (int, error) { return 0, n.Notified().Await(t) })
			e.RunUntilIdle()
			if r.Done != c.want {
				t.Errorf("the next one is notified: %v", r.Done)
			}
			n.NotifyOne()
		})
	}
}

func TestBarrier(t *testing.T) {
	e := asynctest.New(t)
	b := lock.NewBarrier(3)
	arrive := func() *asynctest.Result[bool] {
		r := asynctest.Go(e, func(t *async.Task) (bool, error) { return b.Arrive().Await(t) })
		e.RunUntilIdle()
		return r
	}
	for round := range 3 {
		first, gone := arrive(), arrive()
		gone.Cancel(asynctest.ErrTest) // somebody else has to come
		e.RunUntilIdle()
		second := arrive()
		if first.Done || second.Done || gone.Err != asynctest.ErrTest {
			t.Fatalf("round %d: opened for two", round)
		}
		third := arrive()
		if !first.Done || !second.Done || !third.Done {
			t.Fatalf("round %d: not opened for three", round)
		}
		if first.Value || second.Value || !third.Value {
			t.Errorf("round %d: the last one does not lead alone", round)
		}
	}
}

func TestOnceCell(t *testing.T) {
	e := asynctest.New(t)
	var cell lock.OnceCell[int]
	var gate lock.Event
	inits := 0
	do := func(fail func(t *async.Task) error) *asynctest.Result[int] {
		r := asynctest.Go(e, func(t *async.Task) (int, error) {
			return cell.Do(t, func(t *async.Task) (int, error) {
				inits++
				if err := gate.Done().Await(t); err != nil {
					return 0, err
				}
				return 42, fail(t)
			})
		})
		e.RunUntilIdle()
		return r
	}
	errInit := errors.New("init failed")
	fails := do(func(*async.Task) error { return errInit })
	panics := do(func(*async.Task) error { panic("in init") })
	cancelled := do(func(t *async.Task) error { return async.Sleep(time.Hour).Await(t) })
	works := do(func(*async.Task) error { return nil })
	after := do(func(*async.Task) error { return nil })
	filled := asynctest.Go(e, func(t *async.Task) (int, error) { return 0, cell.Filled().Await(t) })
	if inits != 1 {
		t.Fatalf("%d inits at a time", inits)
	}
	gate.Set()
	e.RunUntilIdle()
	cancelled.Cancel(asynctest.ErrTest)
	e.RunUntilIdle()
	var p *async.PanicError
	if fails.Err != errInit || !errors.As(panics.Err, &p) || cancelled.Err != asynctest.ErrTest {
		t.Errorf("errors %v, %v, %v", fails.Err, panics.Err, cancelled.Err)
	}
	if works.Value != 42 || after.Value != 42 || inits != 4 || !filled.Done {
		t.Errorf("values %d, %d after %d inits", works.Value, after.Value, inits)
	}
	if v, ok := cell.Get(); !ok || v != 42 || cell.Set(7) {
		t.Errorf("it is %d, %v", v, ok)
	}
	v, err := cell.DoWait(t.Context(), func(context.Context) (int, error) { return 0, errInit })
	if v != 42 || err != nil {
		t.Errorf("a goroutine got %d, %v", v, err)
	}
}

// TestOnceCellSetDuringDo: all get what was set first.
func TestOnceCellSetDuringDo(t *testing.T) {
	var cell lock.OnceCell[int]
	v, err := cell.DoWait(t.Context(), func(context.Context) (int, error) {
		if !cell.Set(1) {
			t.Error("Set waited, or failed")
		}
		return 2, nil
	})
	if v != 1 || err != nil {
		t.Errorf("got %d, %v", v, err)
	}
}

func TestWaitEnds(t *testing.T) {
	var mu lock.Mutex
	mu.TryLock()
	ctx, cancel := context.WithCancelCause(context.Background())
	var began atomic.Bool
	go func() {
		for !began.Load() {
			time.Sleep(time.Millisecond)
		}
		cancel(os.ErrDeadlineExceeded)
	}()
	began.Store(true)
	if err := mu.Lock().Wait(ctx); err != os.ErrDeadlineExceeded {
		t.Errorf("got %v", err)
	}
	mu.Unlock()
	if !mu.TryLock() {
		t.Error("who gave up has locked it")
	}
}
