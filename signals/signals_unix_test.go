//go:build unix

package signals_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"
	"testing"
	"time"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/future"
	"rondo.dev/rondo/internal/leak"
	"rondo.dev/rondo/internal/worlds"
	"rondo.dev/rondo/signals"
	"rondo.dev/rondo/timer"
)

// Package os/signal keeps a goroutine from its first use on. The tests, which look
// for those that are left, are not to find that.
func TestMain(m *testing.M) {
	ch := make(chan os.Signal, 1)
	signal.Notify(ch, syscall.SIGUSR1)
	signal.Stop(ch)
	m.Run()
}

var errTest = errors.New("cancelled by the test")

func raise(t *testing.T, s syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(os.Getpid(), s); err != nil {
		t.Fatal(err)
	}
}

// heard returns a channel that says when the process has had a signal: then its
// listeners have it or are about to.
func heard(s os.Signal) (ch chan os.Signal, stop func()) {
	ch = make(chan os.Signal, 100)
	signal.Notify(ch, s)
	return ch, func() { signal.Stop(ch) }
}

func take(t *testing.T, task *async.Task, l *signals.Listener, want os.Signal) {
	t.Helper()
	s, err := l.Next().Await(task)
	if err != nil || s != want {
		t.Fatalf("got %v, %v; want %v", s, err, want)
	}
}

func TestListener(t *testing.T) {
	worlds.Each(t, func(t *testing.T, w worlds.World) {
		w.Run(t, func(task *async.Task) {
			l := signals.Listen(task, syscall.SIGUSR1, syscall.SIGUSR2)
			for range 3 {
				raise(t, syscall.SIGUSR1)
				take(t, task, l, syscall.SIGUSR1)
				raise(t, syscall.SIGUSR2)
				take(t, task, l, syscall.SIGUSR2)
			}
			// One that has to wait.
			c := task.Go(func(task *async.Task) error {
				take(t, task, l, syscall.SIGUSR1)
				return nil
			})
			async.Yield(task)
			raise(t, syscall.SIGUSR1)
			if err := c.Await(task); err != nil {
				t.Error(err)
			}
			l.Close()
			l.Close()
			if _, err := l.Next().Await(task); !errors.Is(err, os.ErrClosed) {
				t.Errorf("Next after Close: %v", err)
			}
		})
	})
}

// What arrives again before it was taken counts once; what is put back is first, and
// counts once too.
func TestCoalescing(t *testing.T) {
	worlds.Each(t, func(t *testing.T, w worlds.World) {
		w.Run(t, func(task *async.Task) {
			l := signals.Listen(task, syscall.SIGUSR1, syscall.SIGUSR2)
			defer l.Close()
			for _, s := range []os.Signal{syscall.SIGUSR2, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGUSR1} {
				l.Arrive(s)
			}
			take(t, task, l, syscall.SIGUSR2)
			l.Arrive(syscall.SIGUSR2)
			take(t, task, l, syscall.SIGUSR1)
			take(t, task, l, syscall.SIGUSR2)
			op := l.Next()
			if s, err := op.Poll(task); !async.IsPending(err) {
				t.Errorf("there was one more: %v, %v", s, err)
			}
			l.Arrive(syscall.SIGUSR1)
			if !op.Cancel(task, true) {
				t.Error("a loser took a signal")
			}
			take(t, task, l, syscall.SIGUSR1)
		})
	})
}

// Of a burst from the system something arrives, and pushes nothing else out.
func TestBurst(t *testing.T) {
	worlds.Each(t, func(t *testing.T, w worlds.World) {
		w.Run(t, func(task *async.Task) {
			l := signals.Listen(task, syscall.SIGUSR1, syscall.SIGUSR2)
			defer l.Close()
			ch, stop := heard(syscall.SIGUSR1)
			defer stop()
			for range 50 { // the loop does not turn meanwhile
				raise(t, syscall.SIGUSR1)
				<-ch
			}
			raise(t, syscall.SIGUSR2)
			take(t, task, l, syscall.SIGUSR1)
			for {
				s, err := l.Next().Await(task)
				if err != nil {
					t.Fatal(err)
				}
				if s == syscall.SIGUSR2 {
					return
				}
			}
		})
	})
}

// Closing ends those who wait; cancelling one leaves the others.
func TestNextEnds(t *testing.T) {
	worlds.Each(t, func(t *testing.T, w worlds.World) {
		w.Run(t, func(task *async.Task) {
			l := signals.Listen(task, syscall.SIGUSR1)
			scope, cancel := task.WithCancel()
			one := scope.Go(func(task *async.Task) error {
				if _, err := l.Next().Await(task); err != errTest {
					t.Errorf("cancelled: %v", err)
				}
				return nil
			})
			took := false
			two := task.Go(func(task *async.Task) error {
				take(t, task, l, syscall.SIGUSR1)
				took = true
				if _, err := l.Next().Await(task); err != os.ErrClosed {
					t.Errorf("closed: %v", err)
				}
				return nil
			})
			async.Yield(task)
			cancel(errTest)
			one.Await(task)
			raise(t, syscall.SIGUSR1)
			for !took {
				async.Yield(task)
			}
			async.Yield(task) // it waits again
			l.Close()
			two.Await(task)
			if _, err := l.Next().Await(scope); err != errTest {
				t.Errorf("cancelled before: %v", err)
			}
		})
	})
}

// A loser takes nothing; not either if it has had its result already, far away.
func TestLoser(t *testing.T) {
	worlds.Each(t, func(t *testing.T, w worlds.World) {
		w.Run(t, func(task *async.Task) {
			l := signals.Listen(task, syscall.SIGUSR1, syscall.SIGUSR2)
			defer l.Close()
			for _, loop := range rondo.LoopOf(task).Runtime().Loops() {
				rondo.SpreadTo(task, loop, func(task *async.Task) error {
					a, b := l.Next(), l.Next()
					if _, err := a.Poll(task); !async.IsPending(err) {
						t.Errorf("there was a signal: %v", err)
					}
					raise(t, syscall.SIGUSR1)
					r, err := async.Await(task, future.Select(&a, &b))
					if err != nil || r.A != syscall.SIGUSR1 && r.B != syscall.SIGUSR1 {
						t.Errorf("got %v, %v", r, err)
					}
					raise(t, syscall.SIGUSR2)
					take(t, task, l, syscall.SIGUSR2)
					return nil
				}).Await(task)
			}
		})
	})
}

// A loser on another loop may have its signal already when it loses.
func TestLoserElsewhere(t *testing.T) {
	worlds.Each(t, func(t *testing.T, w worlds.World) {
		w.Run(t, func(task *async.Task) {
			l := signals.Listen(task, syscall.SIGUSR1)
			defer l.Close()
			loops := rondo.LoopOf(task).Runtime().Loops()
			for range 5 {
				err := rondo.SpreadTo(task, loops[len(loops)-1], func(task *async.Task) error {
					op := l.Next()
					if _, err := op.Poll(task); !async.IsPending(err) {
						t.Errorf("there was a signal: %v", err)
					}
					raise(t, syscall.SIGUSR1)
					if err := timer.Sleep(2 * time.Millisecond).Await(task); err != nil {
						return err
					}
					for !op.Cancel(task, true) {
						if _, err := op.Poll(task); !async.IsPending(err) {
							break
						}
						async.Yield(task)
					}
					take(t, task, l, syscall.SIGUSR1)
					return nil
				}).Await(task)
				if err != nil {
					t.Error(err)
				}
			}
		})
	})
}

func TestWait(t *testing.T) {
	worlds.Each(t, func(t *testing.T, w worlds.World) {
		w.Run(t, func(task *async.Task) {
			l := signals.Listen(task, syscall.SIGUSR1)
			defer l.Close()
			_, err := rondo.Blocking(task, func() (struct{}, error) {
				ctx, cancel := context.WithCancel(context.Background())
				cancel()
				if _, err := l.Next().Wait(ctx); !errors.Is(err, context.Canceled) {
					t.Errorf("cancelled: %v", err)
				}
				raise(t, syscall.SIGUSR1)
				s, err := l.Next().Wait(context.Background())
				if s != syscall.SIGUSR1 {
					t.Errorf("got %v, %v", s, err)
				}
				return struct{}{}, err
			})
			if err != nil {
				t.Error(err)
			}
		})
	})
}

func TestWithCancel(t *testing.T) {
	worlds.Each(t, func(t *testing.T, w worlds.World) {
		w.Run(t, func(task *async.Task) {
			view, stop := signals.WithCancel(task, syscall.SIGUSR1, syscall.SIGUSR2)
			defer stop()
			child := view.Go(func(task *async.Task) error {
				err := forever(task)
				var sig *signals.Error
				if !errors.As(err, &sig) || sig.Signal != syscall.SIGUSR2 || !errors.Is(err, context.Canceled) {
					t.Errorf("child: %v", err)
				}
				return nil
			})
			async.Yield(task)
			raise(t, syscall.SIGUSR2)
			if err := forever(view); err == nil || err.Error() != "user defined signal 2" {
				t.Errorf("view: %v", err)
			}
			child.Await(task)
			if err := task.Cause(); err != nil {
				t.Errorf("the task was cancelled too: %v", err)
			}
			if err := view.Err(); err != context.Canceled {
				t.Errorf("as a context: %v", err)
			}
		})
	})
}

func forever(t *async.Task) error {
	_, err := async.Await(t, never{})
	return err
}

type never struct{}

func (never) Poll(*async.Task) (struct{}, error) { return struct{}{}, async.Pending }

// After stop nothing is cancelled any more.
func TestStop(t *testing.T) {
	worlds.Each(t, func(t *testing.T, w worlds.World) {
		w.Run(t, func(task *async.Task) {
			view, stop := signals.WithCancel(task, syscall.SIGUSR1)
			stop()
			stop()
			l := signals.Listen(task, syscall.SIGUSR1) // or the next line would kill
			defer l.Close()
			raise(t, syscall.SIGUSR1)
			take(t, task, l, syscall.SIGUSR1)
			if err := view.Cause(); err != nil {
				t.Errorf("cancelled after stop: %v", err)
			}
		})
	})
}

// After the first signal the next has its usual effect, which is to kill.
func TestSecondSignalKills(t *testing.T) {
	if os.Getenv("RONDO_TEST_KILL") != "" {
		rondo.Run(func(task *async.Task) error {
			view, _ := signals.WithCancel(task, syscall.SIGTERM)
			raise(t, syscall.SIGTERM)
			forever(view)
			raise(t, syscall.SIGTERM)
			return forever(task)
		})
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run=TestSecondSignalKills", "-test.timeout=20s")
	cmd.Env = append(os.Environ(), "RONDO_TEST_KILL=1")
	err := cmd.Run()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGTERM {
		t.Errorf("the program ended with %v", err)
	}
}

// Forgotten, they end with their task.
func TestForgotten(t *testing.T) {
	worlds.Each(t, func(t *testing.T, w worlds.World) {
		w.Run(t, func(task *async.Task) {
			async.Yield(task)
			task.Go(async.Yield).Await(task) // the loop keeps its coroutine
			before := runtime.NumGoroutine()
			task.Go(func(task *async.Task) error {
				signals.Listen(task, syscall.SIGUSR1)
				signals.WithCancel(task, syscall.SIGUSR2)
				signals.WithCancel(task)
				return nil
			}).Await(task)
			leak.Eventually(t, "a goroutine outlives its task", func() bool { return runtime.NumGoroutine() <= before })
		})
	})
}
