package rondo_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/internal/tasktest"
)

func rootOn(l *rondo.Loop, f func(*async.Task) error) {
	l.Post(func() { async.Root{Name: "worker", Run: f}.Start(l.Executor()) })
}

func twoLoops(t *testing.T) *rondo.Runtime {
	rt, err := rondo.New(rondo.Loops(2))
	if err != nil {
		t.Fatal(err)
	}
	return rt
}

func shutWithin10(rt *rondo.Runtime) error {
	ctx, stop := context.WithTimeout(context.Background(), 10*time.Second)
	defer stop()
	return rt.Shutdown(ctx)
}

// TestShutdownCountsAgain: a task that comes to a loop which was counted already is waited
// for.
func TestShutdownCountsAgain(t *testing.T) {
	for round := range 100 {
		rt := twoLoops(t)
		started := make(chan bool)
		rootOn(rt.Loops()[1], func(tk *async.Task) error {
			close(started)
			err := tasktest.Sleep(tk, time.Hour)
			rt.Detach("clean-up", func(t *async.Task) error { return tasktest.Sleep(t.WithoutCancel(), 20*time.Millisecond) })
			return err
		})
		<-started
		began := time.Now()
		if err := shutWithin10(rt); err != nil {
			t.Fatalf("round %d: gave up after %v of 10 s: %v", round, time.Since(began), err)
		}
	}
}

// TestShieldedElsewhere: what a shielded task does on another loop is spared by a shutdown.
func TestShieldedElsewhere(t *testing.T) {
	rt := twoLoops(t)
	here, there := rt.Loops()[0], rt.Loops()[1]
	ready, done := make(chan bool), make(chan bool)
	rootOn(there, func(tk *async.Task) error {
		close(ready)
		tasktest.Sleep(tk, time.Hour)
		return tasktest.Sleep(tk.WithoutCancel(), 300*time.Millisecond)
	})
	<-ready
	running := make(chan bool)
	rootOn(here, func(tk *async.Task) error {
		defer close(done)
		before := rondo.SpreadTo(tk.WithoutCancel(), there, func(t *async.Task) error {
			close(running)
			return tasktest.Sleep(t, 50*time.Millisecond)
		})
		tasktest.Sleep(tk, time.Hour)
		tk = tk.WithoutCancel() // "a view of t that cancellation does not reach"
		if err := before.Await(tk); err != nil {
			t.Errorf("a shielded child on another loop: %v", err)
		}
		if err := rondo.SpreadTo(tk, there, func(t *async.Task) error { return tasktest.Sleep(t, time.Millisecond) }).Await(tk); err != nil {
			t.Errorf("a new shielded child on another loop: %v", err)
		}
		return nil
	})
	<-running
	if err := shutWithin10(rt); err != nil {
		t.Error(err)
	}
	<-done
}

// TestShutdownLetsNobodyIn to be abandoned: who comes in its last moment is waited for, or
// was not let in.
func TestShutdownLetsNobodyIn(t *testing.T) {
	for round := range 100 {
		rt := twoLoops(t)
		var begun atomic.Bool
		result := make(chan error, 1)
		go func() {
			result <- rt.Run(context.Background(), func(tk *async.Task) error {
				begun.Store(true)
				return tasktest.Sleep(tk.WithoutCancel(), 5*time.Millisecond)
			})
		}()
		time.Sleep(time.Duration(round) * time.Microsecond)
		if err := shutWithin10(rt); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		if err := <-result; err != nil && (err != async.ErrExecutorClosed || begun.Load()) {
			t.Fatalf("round %d: %v, begun %v", round, err, begun.Load())
		}
	}
}
