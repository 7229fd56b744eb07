package rondo_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/timer"
)

// within fails the test if f does not return: the bug that each of these tests looks
// for is somebody who waits for ever.
func within(t *testing.T, what string, f func()) {
	t.Helper()
	done := make(chan bool)
	go func() { defer close(done); f() }()
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		buf := make([]byte, 1<<16)
		t.Fatalf("%s hangs\n%s", what, buf[:runtime.Stack(buf, true)])
	}
}

// soon is a context that ends after d.
func soon(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}

// stubborn is a task that nothing ends.
func stubborn(t *async.Task) error {
	_, err := async.Await(t.WithoutCancel(), never{})
	return err
}

// restless never parks: it is always ready, cancelled or not.
func restless(t *async.Task) error {
	t = t.WithoutCancel()
	for {
		if err := async.Yield(t); err != nil {
			return err
		}
	}
}

// Whoever overlaps a shutdown gets an answer, whatever the tasks do.
func TestShutdownOverlaps(t *testing.T) {
	background := context.Background()
	overlaps := map[string]func(rt *rondo.Runtime){
		"Run that ends": func(rt *rondo.Runtime) {
			rt.Run(background, func(t *async.Task) error { return timer.Sleep(time.Hour).Await(t) })
		},
		"Run that never ends":  func(rt *rondo.Runtime) { rt.Run(background, stubborn) },
		"Run that never parks": func(rt *rondo.Runtime) { rt.Run(background, restless) },
		"Run that was cancelled": func(rt *rondo.Runtime) {
			ctx, cancel := context.WithCancel(background)
			cancel()
			rt.Run(ctx, stubborn)
		},
		"Spread": func(rt *rondo.Runtime) {
			loops := rt.Loops()
			rt.Run(background, func(t *async.Task) error {
				return rondo.SpreadTo(t, loops[len(loops)-1], stubborn).Await(t)
			})
		},
		"spawn in a deferred call": func(rt *rondo.Runtime) {
			rt.Run(background, func(t *async.Task) error {
				defer t.Go(stubborn)
				return timer.Sleep(time.Hour).Await(t)
			})
		},
		"Detach":           func(rt *rondo.Runtime) { rt.Detach("stubborn", stubborn) },
		"another Shutdown": func(rt *rondo.Runtime) { rt.Shutdown(soon(t, 20*time.Millisecond)) },
	}
	eachDriver(t, func(t *testing.T, opts ...rondo.Option) {
		for name, overlap := range overlaps {
			t.Run(name, func(t *testing.T) {
				rt, err := rondo.New(opts...)
				if err != nil {
					t.Fatal(err)
				}
				var wg sync.WaitGroup
				start := make(chan bool)
				for i := range 8 {
					wg.Go(func() {
						<-start
						for range i {
							runtime.Gosched()
						}
						overlap(rt)
					})
				}
				close(start)
				within(t, "Shutdown", func() { rt.Shutdown(soon(t, 10*time.Millisecond)) })
				within(t, name, wg.Wait)
			})
		}
	})
}

// What is abandoned ends with ErrExecutorClosed for those who wait for it elsewhere.
func TestAbandonedTasksAnswer(t *testing.T) {
	eachDriver(t, func(t *testing.T, opts ...rondo.Option) {
		rt, err := rondo.New(opts...)
		if err != nil {
			t.Fatal(err)
		}
		ran, running := make(chan error, 1), make(chan bool)
		go func() {
			ran <- rt.Run(context.Background(), func(t *async.Task) error {
				close(running)
				return t.Go(stubborn).Await(t)
			})
		}()
		<-running
		within(t, "Shutdown", func() { rt.Shutdown(soon(t, 10*time.Millisecond)) })
		within(t, "Run", func() {
			if err := <-ran; !errors.Is(err, async.ErrExecutorClosed) {
				t.Errorf("Run of an abandoned task returned %v", err)
			}
		})
	})
}

// A task that holds its loop: the shutdown says so in time, and the loop ends when
// the task comes back.
func TestShutdownOfAHeldLoop(t *testing.T) {
	eachDriver(t, func(t *testing.T, opts ...rondo.Option) {
		rt, err := rondo.New(opts...)
		if err != nil {
			t.Fatal(err)
		}
		held, release, ended := make(chan bool), make(chan bool), make(chan error, 1)
		go func() {
			ended <- rt.Run(context.Background(), func(t *async.Task) error {
				close(held)
				<-release
				return stubborn(t)
			})
		}()
		<-held
		within(t, "Shutdown", func() {
			err := rt.Shutdown(soon(t, 10*time.Millisecond))
			var e *rondo.ShutdownError
			if !errors.As(err, &e) || len(e.Held) != 1 || len(e.Tasks) != 0 || strings.Contains(err.Error(), "0 tasks") {
				t.Errorf("got %v", err)
			}
		})
		close(release)
		within(t, "Run", func() {
			if err := <-ended; !errors.Is(err, async.ErrExecutorClosed) {
				t.Errorf("Run returned %v", err)
			}
		})
	})
}

// The second caller has a limit of its own.
func TestSecondShutdownHasItsOwnContext(t *testing.T) {
	rt, err := rondo.New(rondo.Loops(1))
	if err != nil {
		t.Fatal(err)
	}
	rt.Detach("stubborn", stubborn)
	first, giveUp := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- rt.Shutdown(first) }()
	for rt.Detach("probe", func(t *async.Task) error { return t.Cause() }) {
		// Until the first one is in it, a second would be the first.
		if ctx := soon(t, time.Millisecond); rt.Run(ctx, func(t *async.Task) error { return t.Cause() }) == rondo.ErrShutdown {
			break
		}
	}
	within(t, "the second Shutdown", func() {
		if err := rt.Shutdown(soon(t, 5*time.Millisecond)); err != context.DeadlineExceeded {
			t.Errorf("got %v", err)
		}
	})
	giveUp()
	var e *rondo.ShutdownError
	if err := <-done; !errors.As(err, &e) {
		t.Errorf("the first got %v", err)
	}
}
