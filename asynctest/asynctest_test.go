package asynctest_test

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/asynctest"
)

// recorder is a test that is allowed to fail, for the tests of what makes tests
// fail. Its cleanups are run by finish.
type recorder struct {
	testing.TB
	failures []string
	cleanups []func()
}

func (r *recorder) Helper()                   {}
func (r *recorder) Cleanup(f func())          { r.cleanups = append(r.cleanups, f) }
func (r *recorder) Fatal(args ...any)         { r.Errorf("%s", fmt.Sprint(args...)); panic(r) }
func (r *recorder) Errorf(f string, a ...any) { r.failures = append(r.failures, fmt.Sprintf(f, a...)) }
func (r *recorder) Fatalf(f string, a ...any) { r.Errorf(f, a...); panic(r) }

// failuresOf runs a test and returns how it failed.
func failuresOf(t *testing.T, test func(tb testing.TB)) []string {
	r := &recorder{TB: t}
	func() {
		defer func() {
			if v := recover(); v != nil && v != any(r) {
				panic(v)
			}
		}()
		test(r)
	}()
	for _, f := range r.cleanups {
		f()
	}
	return r.failures
}

// gate is a future that is opened by hand.
type gate struct {
	open  bool
	waker *async.Waker
}

func (g *gate) Poll(t *async.Task) (int, error) {
	if g.open {
		return 42, nil
	}
	g.waker = t.Waker()
	return 0, async.Pending
}

// wrapping hides Pending from those who look for it.
type wrapping struct{ gate }

func (w *wrapping) Poll(t *async.Task) (int, error) {
	v, err := w.gate.Poll(t)
	if err != nil {
		err = fmt.Errorf("wrapping: %w", err)
	}
	return v, err
}

// restless wakes itself whenever it is polled.
type restless struct{}

func (restless) Poll(t *async.Task) (int, error) {
	t.Waker().WakeLocal()
	return 0, async.Pending
}

// TestFailures is a list of what makes a test fail.
func TestFailures(t *testing.T) {
	for _, c := range []struct {
		name string
		test func(tb testing.TB)
		want string // "" for none
	}{
		{"nothing", func(tb testing.TB) { asynctest.New(tb) }, ""},
		{"a task is left", func(tb testing.TB) {
			e := asynctest.New(tb)
			asynctest.Go(e, func(t *async.Task) (int, error) {
				t.SetName("lazybones")
				return async.Await(t, &gate{})
			})
		}, "task left at the end of the test: lazybones"},
		{"a task that ends in time", func(tb testing.TB) {
			e := asynctest.New(tb)
			asynctest.Go(e, func(t *async.Task) (int, error) { return 0, async.Yield(t) })
		}, ""},
		{"Pending is wrapped", func(tb testing.TB) {
			asynctest.NewPoller(asynctest.New(tb), &wrapping{}).Poll()
		}, "wraps Pending"},
		{"polled after the result", func(tb testing.TB) {
			p := asynctest.NewPoller(asynctest.New(tb), &gate{open: true})
			p.Poll()
			p.Poll()
		}, "polled after its result"},
		{"a future that wakes itself for ever", func(tb testing.TB) {
			asynctest.NewPoller[int](asynctest.New(tb), restless{}).PollUntilIdle()
		}, "still wakes itself"},
		{"a poller is no task that is left", func(tb testing.TB) {
			asynctest.NewPoller(asynctest.New(tb), &gate{}).Poll()
		}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			failures := failuresOf(t, c.test)
			switch {
			case c.want == "" && len(failures) != 0:
				t.Errorf("failed: %q", failures)
			case c.want != "" && (len(failures) != 1 || !strings.Contains(failures[0], c.want)):
				t.Errorf("failures: %q, want one with %q", failures, c.want)
			}
		})
	}
}

func TestPoller(t *testing.T) {
	e := asynctest.New(t)
	var g gate
	p := asynctest.NewPoller(e, &g)
	if _, _, ready := p.Poll(); ready || p.Woken() {
		t.Fatal("ready, or woken, too early")
	}
	g.waker.Wake()
	g.waker.WakeLocal()
	if !p.Woken() {
		t.Fatal("not woken")
	}
	if _, _, ready := p.PollUntilIdle(); ready || p.Woken() {
		t.Fatal("a spurious wake made it ready")
	}
	if !p.Cancel(false) || !p.Cancel(true) {
		t.Error("a future that is no Canceler is idle")
	}
	asynctest.Go(e, func(t *async.Task) (int, error) { // while the poller waits
		g.open = true
		g.waker.WakeLocal()
		return 0, nil
	})
	if v, err, ready := p.PollUntilIdle(); !ready || v != 42 || err != nil {
		t.Errorf("got %d, %v, %v", v, err, ready)
	}
}

// ready is a leaf that could go on for ever, and spends its budget.
type ready struct{ n int }

func (r *ready) Poll(t *async.Task) (int, error) {
	if t.Spend() {
		t.Waker().WakeLocal()
		return 0, async.Pending
	}
	if r.n++; r.n < 10_000 {
		return r.Poll(t)
	}
	return r.n, nil
}

// TestPollerHasABudget: each poll is one, as in a task's step.
func TestPollerHasABudget(t *testing.T) {
	p := asynctest.NewPoller(asynctest.New(t), &ready{})
	if _, _, ready := p.Poll(); ready || !p.Woken() {
		t.Error("the budget had no end")
	}
	if v, err, ready := p.PollUntilIdle(); !ready || v != 10_000 || err != nil {
		t.Errorf("got %d, %v, %v", v, err, ready)
	}
}

// TestPollerIsInStep: a future may be made of what a lowered function is made of.
func TestPollerIsInStep(t *testing.T) {
	e := asynctest.New(t)
	var g gate
	var a async.Awaiting[int]
	p := asynctest.NewPoller(e, future(func(t *async.Task) (int, error) {
		v, err, done := a.Begin(t, &g)
		if !done {
			return 0, async.Pending
		}
		return v, err
	}))
	if _, _, ready := p.Poll(); ready {
		t.Error("ready")
	}
	g.open = true
	if v, _, ready := p.Poll(); !ready || v != 42 {
		t.Error("not ready")
	}
}

type future func(*async.Task) (int, error)

func (f future) Poll(t *async.Task) (int, error) { return f(t) }

// sleep waits for the virtual clock.
func sleep(t *async.Task, d time.Duration) error {
	v, stop := t.WithTimeout(d)
	defer stop()
	_, err := async.Await(v, &gate{})
	if err == os.ErrDeadlineExceeded {
		return nil
	}
	return err
}

func TestAdvance(t *testing.T) {
	e := asynctest.New(t)
	var log []string
	for _, d := range []time.Duration{3, 1, 2} {
		asynctest.Go(e, func(t *async.Task) (int, error) {
			for range 2 {
				if err := sleep(t, d*time.Hour); err != nil {
					return 0, err
				}
				log = append(log, fmt.Sprint(int(d), "h at ", e.Now().Round(time.Minute)))
			}
			return 0, nil
		})
	}
	e.Advance(30 * time.Minute)
	if len(log) != 0 {
		t.Errorf("too early: %q", log)
	}
	e.Advance(7 * time.Hour)
	want := []string{"1h at 1h0m0s", "2h at 2h0m0s", "1h at 2h0m0s", "3h at 3h0m0s", "2h at 4h0m0s", "3h at 6h0m0s"}
	if !slices.Equal(log, want) {
		t.Errorf("got %q", log)
	}
	if e.Now() != 7*time.Hour+30*time.Minute {
		t.Errorf("it is %v", e.Now())
	}
}

// TestCancelEverywhere counts the places at which a function is cancelled, and
// looks at what it saw there.
func TestCancelEverywhere(t *testing.T) {
	for _, c := range []struct {
		name string
		f    func(t *async.Task) error
		want []string // where it was cancelled, run by run; "end" if it was over
	}{
		{"no await", func(*async.Task) error { return nil },
			[]string{"end", "end"}},
		{"three yields", func(t *async.Task) error {
			for i := range 3 {
				if err := async.Yield(t); err != nil {
					return fmt.Errorf("%d: %w", i, err)
				}
			}
			return nil
		}, []string{"0", "1", "2", "end", "end"}},
		{"a timer", func(t *async.Task) error { return sleep(t, time.Hour) },
			[]string{"cancelled by the test", "cancelled by the test", "end", "end"}},
		{"standstill", func(t *async.Task) error {
			async.Yield(t)
			_, err := async.Await(t, &gate{})
			return fmt.Errorf("gate: %w", err)
		}, []string{"gate", "gate", "gate", "gate"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []error
			asynctest.CancelEverywhere(t, func(t *testing.T, e *asynctest.Executor) (func(*async.Task) error, func(error)) {
				return c.f, func(err error) { got = append(got, err) }
			})
			var places []string
			for _, err := range got {
				switch {
				case err == nil:
					places = append(places, "end")
				case errors.Is(err, asynctest.ErrTest):
					place, _, _ := strings.Cut(err.Error(), ":")
					places = append(places, place)
				default:
					t.Error(err)
				}
			}
			if !slices.Equal(places, c.want) {
				t.Errorf("cancelled at %q, want %q", places, c.want)
			}
		})
	}
}
