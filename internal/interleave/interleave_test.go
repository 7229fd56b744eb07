package interleave

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// steps returns threads of so many steps each, which write down who ran.
func steps(log *[]int, counts ...int) (threads []Thread) {
	for id, n := range counts {
		threads = append(threads, func(step int) (more, blocked bool) {
			*log = append(*log, id)
			return step+1 < n, false
		})
	}
	return threads
}

// Every arrangement is run, and none twice.
func TestAllInterleavings(t *testing.T) {
	for _, tc := range []struct {
		counts []int
		want   int // the multinomial coefficient
	}{
		{nil, 1},
		{[]int{3}, 1},
		{[]int{1, 1}, 2},
		{[]int{2, 2}, 6},
		{[]int{1, 4}, 5},
		{[]int{5, 5}, 252},
		{[]int{2, 2, 2}, 90},
		{[]int{1, 2, 3, 2}, 1680},
	} {
		seen := make(map[string]bool)
		n := Explore(t, func() ([]Thread, func() error) {
			var log []int
			return steps(&log, tc.counts...), func() error {
				seen[fmt.Sprint(log)] = true
				return nil
			}
		})
		if n != tc.want || len(seen) != tc.want {
			t.Errorf("threads %d: %d interleavings, %d different, want %d", tc.counts, n, len(seen), tc.want)
		}
	}
}

// Two increments made of a load and a store lose one.
func TestLostUpdate(t *testing.T) {
	increment := func(n *int) Thread {
		var seen int
		return Sequence(
			func() bool { seen = *n; return false },
			func() bool { *n = seen + 1; return false },
		)
	}
	_, failure := Find(func() ([]Thread, func() error) {
		n := new(int)
		return []Thread{increment(n), increment(n)}, func() error {
			if *n != 2 {
				return fmt.Errorf("n = %d", *n)
			}
			return nil
		}
	})
	if failure == nil {
		t.Fatal("the lost update was not found")
	}
	if got, want := failure.Error(), "n = 1\nschedule (thread:step): 0:0 1:0 0:1 1:1"; got != want {
		t.Errorf("failure %q, want %q", got, want)
	}
}

// A parker is one consumer that sleeps when its queue is empty, and one producer
// that wakes it if it sleeps: the protocol at the heart of an event loop.
type parker struct {
	queue    int
	sleeping bool
	wakeup   bool
}

func (p *parker) producer() Thread {
	return Sequence(
		func() bool { p.queue++; return false },
		func() bool {
			if p.sleeping {
				p.wakeup = true
			}
			return false
		},
	)
}

// look, then announce sleep: what comes in between wakes nobody.
func (p *parker) carelessConsumer() Thread {
	const look, announce = 0, 1
	return func(step int) (more, blocked bool) {
		switch step {
		case look:
			return p.queue == 0, false
		case announce:
			p.sleeping = true
			return true, false
		default: // sleep
			return false, !p.wakeup
		}
	}
}

// announce sleep, then look: what comes in after the look sees the sleeper.
func (p *parker) carefulConsumer() Thread {
	const announce, look = 0, 1
	return func(step int) (more, blocked bool) {
		switch step {
		case announce:
			p.sleeping = true
			return true, false
		case look:
			return p.queue == 0, false
		default: // sleep
			return false, !p.wakeup
		}
	}
}

func (p *parker) check() error {
	if p.queue == 0 {
		return errors.New("the consumer ended without an item")
	}
	return nil
}

func TestLostWakeup(t *testing.T) {
	_, failure := Find(func() ([]Thread, func() error) {
		p := new(parker)
		return []Thread{p.carelessConsumer(), p.producer()}, p.check
	})
	if !errors.Is(failure, ErrDeadlock) {
		t.Fatalf("failure %v, want the deadlock of a lost wakeup", failure)
	}
	// It looked, the producer did all of its work, it went to sleep.
	if want := []int{0, 1, 1, 0}; !slices.Equal(failure.Schedule, want) || !slices.Equal(failure.Blocked, []int{0}) {
		t.Errorf("schedule %d, blocked %d", failure.Schedule, failure.Blocked)
	}
	if want := "thread 0 is blocked in step 2"; !strings.Contains(failure.Error(), want) {
		t.Errorf("failure %q does not say %q", failure.Error(), want)
	}
}

func TestNoLostWakeup(t *testing.T) {
	n := Explore(t, func() ([]Thread, func() error) {
		p := new(parker)
		return []Thread{p.carefulConsumer(), p.producer()}, p.check
	})
	// If it looks before the producer's first step, it sleeps until after the
	// second: one order. Of the others, five have the look after the first step.
	if n != 6 {
		t.Errorf("%d interleavings, want 6", n)
	}
}

// A lock makes its sections exclusive, and two taken in opposite order deadlock.
func TestDeadlock(t *testing.T) {
	lock := func(held *bool) func() bool {
		return func() (blocked bool) {
			if *held {
				return true
			}
			*held = true
			return false
		}
	}
	unlock := func(held *bool) func() bool {
		return func() bool { *held = false; return false }
	}
	n := Explore(t, func() ([]Thread, func() error) {
		var a, b bool
		thread := func() Thread { return Sequence(lock(&a), lock(&b), unlock(&b), unlock(&a)) }
		return []Thread{thread(), thread()}, nil
	})
	if n != 2 {
		t.Errorf("%d interleavings of two critical sections, want 2", n)
	}
	_, failure := Find(func() ([]Thread, func() error) {
		var a, b bool
		return []Thread{
			Sequence(lock(&a), lock(&b), unlock(&b), unlock(&a)),
			Sequence(lock(&b), lock(&a), unlock(&a), unlock(&b)),
		}, nil
	})
	if !errors.Is(failure, ErrDeadlock) || !slices.Equal(failure.Blocked, []int{0, 1}) || len(failure.Schedule) != 2 {
		t.Errorf("failure %+v, want a deadlock of both after one step each", failure)
	}
}

func TestPanicInStep(t *testing.T) {
	n, failure := Find(func() ([]Thread, func() error) {
		var log []int
		boom := func() bool {
			if len(log) == 2 {
				panic("two before me")
			}
			return false
		}
		return append(steps(&log, 2), Sequence(boom)), nil
	})
	if failure == nil || !strings.Contains(failure.Error(), "two before me") || !slices.Equal(failure.Schedule, []int{0, 0, 1}) {
		t.Errorf("interleaving %d: failure %v", n, failure)
	}
}

func TestEndless(t *testing.T) {
	_, failure := Find(func() ([]Thread, func() error) {
		return []Thread{func(int) (more, blocked bool) { return true, false }}, nil
	})
	if !errors.Is(failure, ErrEndless) {
		t.Errorf("failure %v, want %v", failure, ErrEndless)
	}
}

// State that outlives a run is noticed when it changes what can run.
func TestChanged(t *testing.T) {
	runs := 0
	_, failure := Find(func() ([]Thread, func() error) {
		runs++
		run := runs
		var log []int
		fickle := func() bool { return run > 1 && len(log) == 0 }
		return append([]Thread{Sequence(fickle)}, steps(&log, 1, 1)...), nil
	})
	if !errors.Is(failure, ErrChanged) {
		t.Errorf("failure %v, want %v", failure, ErrChanged)
	}
}

// A recorder is a test that may fail.
type recorder struct {
	testing.TB
	fatal string
}

func (r *recorder) Helper() {}

func (r *recorder) Fatalf(format string, args ...any) {
	r.fatal = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

func TestExploreFails(t *testing.T) {
	r := new(recorder)
	done := make(chan struct{})
	go func() {
		defer close(done)
		Explore(r, func() ([]Thread, func() error) {
			var log []int
			return steps(&log, 1, 1), func() error {
				if log[0] == 1 {
					return errors.New("wrong order")
				}
				return nil
			}
		})
	}()
	<-done
	if want := "interleaving 2: wrong order\nschedule (thread:step): 1:0 0:0"; r.fatal != want {
		t.Errorf("failed with %q, want %q", r.fatal, want)
	}
}
