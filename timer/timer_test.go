package timer_test

import (
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/asynctest"
	"rondo.dev/rondo/timer"
)

// tick is the resolution of the clock: how late a timer may be.
const tick = 100 * time.Microsecond

func TestSleep(t *testing.T) {
	for _, d := range []time.Duration{-1, 0, 1, time.Microsecond, time.Millisecond, time.Second, time.Hour, 1000 * time.Hour} {
		t.Run(d.String(), func(t *testing.T) {
			e := asynctest.New(t)
			r := asynctest.Go(e, func(t *async.Task) (int, error) { return 0, timer.Sleep(d).Await(t) })
			if d > 0 {
				e.Advance(d - 1)
				if r.Done {
					t.Fatal("early")
				}
			}
			e.Advance(tick)
			if !r.Done || r.Err != nil {
				t.Errorf("done %v, error %v", r.Done, r.Err)
			}
		})
	}
}

func TestSleepCancelled(t *testing.T) {
	asynctest.CancelEverywhere(t, func(t *testing.T, e *asynctest.Executor) (func(*async.Task) error, func(error)) {
		return func(t *async.Task) error {
				for range 3 {
					if err := timer.Sleep(time.Second).Await(t); err != nil {
						return err
					}
				}
				return nil
			}, func(err error) {
				if err != nil && err != asynctest.ErrTest {
					t.Error(err)
				}
			}
	})
}

func TestSleepAllocatesNothing(t *testing.T) {
	e := asynctest.New(t)
	allocs := -1.0
	r := asynctest.Go(e, func(task *async.Task) (int, error) {
		timer.Sleep(time.Millisecond).Await(task)
		allocs = testing.AllocsPerRun(1000, func() {
			timer.Sleep(time.Millisecond).Await(task)
		})
		return 0, nil
	})
	e.Advance(time.Minute)
	if !r.Done || allocs != 0 {
		t.Errorf("done %v, %v allocations", r.Done, allocs)
	}
}

// On a loop, with the real clock: never early, by the clock that programs see.
func TestNeverEarly(t *testing.T) {
	err := rondo.Run(func(t *async.Task) error {
		g := async.NewGroup(t, 0)
		for i := range 50 {
			d := time.Duration(i) * 97 * time.Microsecond
			g.Go(func(t *async.Task) error {
				began := time.Now()
				if err := timer.Sleep(d).Await(t); err != nil {
					return err
				}
				if took := time.Since(began); took < d {
					return fmt.Errorf("a sleep of %v took %v", d, took)
				}
				at := time.Now().Add(d)
				if err := timer.At(at).Await(t); err != nil {
					return err
				}
				if early := time.Until(at); early > 0 {
					return fmt.Errorf("woken %v early", early)
				}
				return nil
			})
		}
		return g.Wait(t)
	}, rondo.Loops(1))
	if err != nil {
		t.Error(err)
	}
}

// A point in time is one however long the operation has lain about.
func TestAtIsAPointInTime(t *testing.T) {
	at := time.Now().Add(20 * time.Millisecond)
	sleep := timer.At(at)
	limited := timer.Deadline(at, async.Future[int](never{}))
	for time.Now().Before(at) {
		time.Sleep(time.Millisecond)
	}
	e := asynctest.New(t)
	r := asynctest.Go(e, func(t *async.Task) (int, error) {
		if err := sleep.Await(t); err != nil {
			return 0, err
		}
		_, err := async.Await(t, limited)
		return 0, err
	})
	e.Advance(0) // no time passes on the executor's clock
	if !r.Done || !errors.Is(r.Err, os.ErrDeadlineExceeded) {
		t.Errorf("done %v, error %v", r.Done, r.Err)
	}
}

func TestAtThePast(t *testing.T) {
	e := asynctest.New(t)
	r := asynctest.Go(e, func(t *async.Task) (int, error) { return 0, timer.At(time.Now().Add(-time.Hour)).Await(t) })
	e.Advance(0)
	if !r.Done || r.Err != nil {
		t.Errorf("done %v, error %v", r.Done, r.Err)
	}
}

// The first poll gives a Sleeper its clock, whatever state it is in.
func TestSleeperLearnsClock(t *testing.T) {
	for _, c := range []struct {
		name    string
		prepare func(s *timer.Sleeper)
		ready   bool // at the first poll
	}{
		{"zero value", func(*timer.Sleeper) {}, true},
		{"stopped", func(s *timer.Sleeper) { s.Stop() }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := asynctest.New(t)
			var s timer.Sleeper
			c.prepare(&s)
			w := asynctest.NewPoller(e, &s)
			if _, _, ok := w.Poll(); ok != c.ready {
				t.Fatalf("ready at the first poll: %v, want %v", ok, c.ready)
			}
			s.Reset(time.Second)
			e.Advance(time.Second + tick)
			if !c.ready && !w.Woken() {
				t.Error("who waited is not woken")
			}
			if _, _, ok := asynctest.NewPoller(e, &s).Poll(); !ok {
				t.Error("not ready although the time has passed")
			}
		})
	}
}

func TestSleeper(t *testing.T) {
	e := asynctest.New(t)
	var s timer.Sleeper
	p := func() *asynctest.Poller[struct{}] { return asynctest.NewPoller(e, &s) }
	ready := func() bool { _, _, ok := p().Poll(); return ok }
	want := func(what string, got, want bool) {
		t.Helper()
		if got != want {
			t.Fatalf("%s: %v, want %v", what, got, want)
		}
	}
	s.Reset(time.Second)
	e.Advance(time.Hour) // it has no clock yet
	w := p()
	_, _, ok := w.Poll()
	want("ready before it began", ok, false)
	e.Advance(time.Second - 1)
	want("woken early", w.Woken(), false)
	e.Advance(tick)
	want("woken", w.Woken(), true)
	want("ready", ready(), true)
	want("still ready", ready(), true)

	// Now it has a clock.
	s.Reset(time.Second)
	e.Advance(time.Second / 2)
	s.Reset(time.Second)
	e.Advance(time.Second - 1)
	want("ready before the second time", ready(), false)
	e.Advance(tick)
	want("ready after it", ready(), true)

	s.Reset(time.Second)
	want("was running", s.Stop(), true)
	want("was running twice", s.Stop(), false)
	e.Advance(time.Hour)
	want("ready though stopped", ready(), false)
	e.Advance(time.Hour)
	want("ready though stopped, once polled", ready(), false)

	// Giving up the wait does not stop the clock, as whichever.
	for _, loser := range []bool{false, true} {
		s.Reset(time.Second)
		w = p()
		w.Poll()
		want("idle", w.Cancel(loser), true)
		e.Advance(time.Second + tick)
		want("ready after a cancel", ready(), true)
	}
}

func TestTicker(t *testing.T) {
	const period = 10 * time.Millisecond
	for _, c := range []struct {
		name   string
		missed timer.Missed
		polls  []time.Duration // when the task comes for a tick
		ticks  []time.Duration // when it gets it
		late   []time.Duration
	}{
		{"in time", timer.Skip,
			[]time.Duration{0, 0, 0},
			[]time.Duration{10, 20, 30}, []time.Duration{0, 0, 0}},
		{"skip", timer.Skip,
			[]time.Duration{0, 35, 0, 0},
			[]time.Duration{10, 35, 40, 50}, []time.Duration{0, 15, 0, 0}},
		{"skip exactly", timer.Skip,
			[]time.Duration{0, 40, 0},
			[]time.Duration{10, 40, 50}, []time.Duration{0, 20, 0}},
		{"burst", timer.Burst,
			[]time.Duration{0, 45, 0, 0, 0, 0},
			[]time.Duration{10, 45, 45, 45, 50, 60}, []time.Duration{0, 25, 15, 5, 0, 0}},
		{"delay", timer.Delay,
			[]time.Duration{0, 35, 0, 0},
			[]time.Duration{10, 35, 45, 55}, []time.Duration{0, 15, 0, 0}},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := asynctest.New(t)
			var ticks, late []time.Duration
			r := asynctest.Go(e, func(t *async.Task) (int, error) {
				k := timer.NewTicker(t, period, c.missed)
				defer k.Stop()
				for _, at := range c.polls {
					if d := at*time.Millisecond - e.Now(); d > 0 {
						if err := timer.Sleep(d).Await(t); err != nil {
							return 0, err
						}
					}
					l, err := k.Await(t)
					if err != nil {
						return 0, err
					}
					ticks, late = append(ticks, e.Now()), append(late, l)
				}
				return 0, nil
			})
			e.Advance(time.Second)
			if !r.Done || r.Err != nil || len(ticks) != len(c.ticks) {
				t.Fatalf("done %v, error %v, ticks at %v", r.Done, r.Err, ticks)
			}
			near := func(got, want time.Duration) bool {
				want *= time.Millisecond
				return got >= want && got < want+4*tick || got >= want-4*tick && got < want
			}
			for i := range ticks {
				if ticks[i] < c.ticks[i]*time.Millisecond || !near(ticks[i], c.ticks[i]) || !near(late[i], c.late[i]) {
					t.Errorf("tick %d at %v, late %v; want %dms, late %dms", i, ticks[i], late[i], c.ticks[i], c.late[i])
				}
			}
		})
	}
}

func TestTickerResetAndStop(t *testing.T) {
	e := asynctest.New(t)
	var k *timer.Ticker
	asynctest.Go(e, func(t *async.Task) (int, error) { k = timer.NewTicker(t, time.Second, timer.Skip); return 0, nil })
	e.RunUntilIdle()
	ready := func() bool { _, _, ok := asynctest.NewPoller(e, k).Poll(); return ok }
	e.Advance(time.Second + tick)
	k.Reset(time.Minute) // forgets the tick that was due
	if ready() {
		t.Error("a tick from before the reset")
	}
	e.Advance(time.Minute - 1)
	if ready() {
		t.Error("early")
	}
	e.Advance(tick)
	if !ready() {
		t.Error("no tick after the reset")
	}
	k.Stop()
	e.Advance(time.Hour)
	if ready() {
		t.Error("a tick after the stop")
	}
	for _, d := range []time.Duration{0, -1} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("Reset(%v) did not panic", d)
				}
			}()
			k.Reset(d)
		}()
	}
}

// A ticker goes on when the await of it is cancelled, or loses.
func TestTickerCancelled(t *testing.T) {
	e := asynctest.New(t)
	r := asynctest.Go(e, func(t *async.Task) (int, error) {
		k := timer.NewTicker(t, time.Second, timer.Burst)
		defer k.Stop()
		ticks := 0
		for range 10 {
			_, err := async.Await(t, timer.Timeout(300*time.Millisecond, k))
			switch {
			case err == nil:
				ticks++
			case !errors.Is(err, os.ErrDeadlineExceeded):
				return 0, err
			}
		}
		return ticks, nil
	})
	e.Advance(time.Minute)
	if !r.Done || r.Err != nil || r.Value < 2 || r.Value > 3 {
		t.Errorf("done %v, error %v, %d ticks", r.Done, r.Err, r.Value)
	}
}

// never is a future that is never ready.
type never struct{}

func (never) Poll(*async.Task) (int, error) { return 0, async.Pending }
