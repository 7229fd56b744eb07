package timer_test

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/asynctest"
	"rondo.dev/rondo/timer"
)

// deed is a future that is made ready by hand, and says what it was asked.
type deed struct {
	waker    *async.Waker
	ready    bool
	val      int
	err      error
	idle     bool // what Cancel answers
	lose     int  // calls of Cancel as a loser
	cancel   int  // calls of Cancel otherwise
	onCancel func(t *async.Task)
}

func (d *deed) Poll(t *async.Task) (int, error) {
	if d.ready {
		return d.val, d.err
	}
	d.waker = t.Waker()
	return 0, async.Pending
}

func (d *deed) Cancel(t *async.Task, loser bool) bool {
	if loser {
		d.lose++
	} else {
		d.cancel++
	}
	if d.onCancel != nil {
		d.onCancel(t)
	}
	return d.idle
}

func (d *deed) finish(v int, err error) {
	d.ready, d.val, d.err = true, v, err
	if d.waker != nil {
		d.waker.Wake()
	}
}

func TestTimeout(t *testing.T) {
	boom := errors.New("boom")
	for _, c := range []struct {
		name   string
		at     time.Duration // when the deed is done; 0: before, negative: never
		val    int
		err    error
		idle   bool
		val2   int // what it yields when it was asked to give up
		err2   error
		want   int
		wantIs error
	}{
		{name: "at once", at: 0, val: 1, want: 1},
		{name: "in time", at: time.Second / 2, val: 1, want: 1},
		{name: "in time, with an error", at: time.Second / 2, val: 2, err: boom, want: 2, wantIs: boom},
		{name: "gives up at once", at: -1, idle: true, wantIs: os.ErrDeadlineExceeded},
		{name: "gives up with a part", at: -1, val2: 5, err2: os.ErrDeadlineExceeded, want: 5, wantIs: os.ErrDeadlineExceeded},
		{name: "happens all the same", at: -1, val2: 7, want: 7},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := asynctest.New(t)
			d := &deed{idle: c.idle}
			if c.at == 0 {
				d.finish(c.val, c.err)
			}
			if !c.idle {
				d.onCancel = func(*async.Task) { d.finish(c.val2, c.err2) }
			}
			r := asynctest.Go(e, func(t *async.Task) (int, error) {
				v, err := async.Await(t, timer.Timeout(time.Second, d))
				if t.Cause() != nil {
					return 0, errors.New("the task itself was cancelled")
				}
				return v, err
			})
			e.RunUntilIdle()
			if c.at > 0 {
				e.Advance(c.at)
				d.finish(c.val, c.err)
				e.RunUntilIdle()
			}
			if c.at < 0 {
				e.Advance(time.Second - 1)
				if r.Done {
					t.Fatal("early")
				}
				e.Advance(tick)
			}
			if !r.Done || r.Value != c.want || !errors.Is(r.Err, c.wantIs) {
				t.Errorf("done %v, %d, %v; want %d, %v", r.Done, r.Value, r.Err, c.want, c.wantIs)
			}
			if d.lose != 0 || d.cancel > 1 {
				t.Errorf("cancelled %d times, %d as a loser", d.cancel, d.lose)
			}
			e.Advance(time.Hour)
			if _, ok := e.Executor().NextTimer(); ok {
				t.Error("the timer goes on")
			}
		})
	}
}

// A future that takes its time to give up is waited for, and asked once.
func TestTimeoutWaitsForTheEnd(t *testing.T) {
	e := asynctest.New(t)
	d := &deed{}
	r := asynctest.Go(e, func(t *async.Task) (int, error) { return async.Await(t, timer.Timeout(time.Second, d)) })
	e.Advance(time.Hour)
	if r.Done || d.cancel != 1 {
		t.Fatalf("done %v, asked %d times", r.Done, d.cancel)
	}
	d.finish(3, nil)
	e.RunUntilIdle()
	if !r.Done || r.Value != 3 || r.Err != nil {
		t.Errorf("done %v, %d, %v", r.Done, r.Value, r.Err)
	}
}

func TestTimeoutNotPositive(t *testing.T) {
	for _, d := range []time.Duration{0, -time.Second} {
		e := asynctest.New(t)
		done, never := &deed{}, &deed{idle: true}
		done.finish(1, nil)
		r := asynctest.Go(e, func(t *async.Task) (int, error) {
			v, err := async.Await(t, timer.Timeout(d, done))
			if v != 1 || err != nil {
				return v, err
			}
			return async.Await(t, timer.Timeout(d, never))
		})
		e.RunUntilIdle()
		if !r.Done || !errors.Is(r.Err, os.ErrDeadlineExceeded) {
			t.Errorf("done %v, error %v", r.Done, r.Err)
		}
	}
}

// The task is cancelled while the limit runs: its cause is what counts.
func TestTimeoutCancelled(t *testing.T) {
	for _, idle := range []bool{true, false} {
		e := asynctest.New(t)
		d := &deed{idle: idle}
		d.onCancel = func(t *async.Task) { d.finish(0, t.Cause()) }
		r := asynctest.Go(e, func(t *async.Task) (int, error) { return async.Await(t, timer.Timeout(time.Second, d)) })
		e.RunUntilIdle()
		r.Cancel(asynctest.ErrTest)
		e.RunUntilIdle()
		if !r.Done || r.Err != asynctest.ErrTest || d.cancel != 1 {
			t.Errorf("done %v, error %v, asked %d times", r.Done, r.Err, d.cancel)
		}
		if _, ok := e.Executor().NextTimer(); ok {
			t.Error("the timer goes on")
		}
	}
}

// One that has lost is as new: the limit begins with the next first poll.
func TestTimeoutLosesAndBeginsAgain(t *testing.T) {
	for _, idle := range []bool{true, false} {
		e := asynctest.New(t)
		d := &deed{idle: idle}
		f := timer.Timeout(time.Second, d)
		p := asynctest.NewPoller(e, f)
		p.Poll()
		e.Advance(time.Second / 2)
		if got := p.Cancel(true); got != idle {
			t.Fatalf("Cancel: idle %v", got)
		}
		if !idle {
			d.finish(0, asynctest.ErrTest)
			if _, _, ok := p.Poll(); !ok {
				t.Fatal("the loser has not ended")
			}
		}
		*d = deed{idle: true}
		p = asynctest.NewPoller(e, f)
		p.Poll()
		e.Advance(time.Second - 1)
		if _, _, ok := p.Poll(); ok {
			t.Fatal("the limit did not begin again")
		}
		e.Advance(tick)
		if _, err, ok := p.Poll(); !ok || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("ready %v, error %v", ok, err)
		}
		if d.lose != 0 || d.cancel != 1 {
			t.Errorf("asked %d times, %d as a loser", d.cancel, d.lose)
		}
	}
}

// A limit in a limit: the shorter one counts.
func TestTimeoutNested(t *testing.T) {
	for _, c := range []struct{ outer, inner time.Duration }{{time.Second, time.Minute}, {time.Minute, time.Second}} {
		e := asynctest.New(t)
		d := &deed{idle: true}
		r := asynctest.Go(e, func(t *async.Task) (int, error) {
			return async.Await(t, timer.Timeout(c.outer, timer.Timeout(c.inner, d)))
		})
		e.Advance(time.Second - 1)
		if r.Done {
			t.Fatal("early")
		}
		e.Advance(tick)
		if !r.Done || !errors.Is(r.Err, os.ErrDeadlineExceeded) || d.cancel != 1 {
			t.Errorf("done %v, error %v, asked %d times", r.Done, r.Err, d.cancel)
		}
	}
}

// A child that is awaited with a limit is cancelled, and waited for.
func TestTimeoutOverChild(t *testing.T) {
	e := asynctest.New(t)
	r := asynctest.Go(e, func(t *async.Task) (string, error) {
		child := async.Spawn(t, func(t *async.Task) (string, error) {
			err := timer.Sleep(time.Hour).Await(t)
			clean := timer.Sleep(time.Second).Await(t.WithoutCancel())
			return "cleaned up", errors.Join(err, clean)
		})
		return async.Await(t, timer.Timeout(time.Second, child))
	})
	e.Advance(time.Second + tick)
	if r.Done {
		t.Fatal("the child was not waited for")
	}
	e.Advance(time.Second + tick)
	if !r.Done || r.Value != "cleaned up" || !errors.Is(r.Err, os.ErrDeadlineExceeded) {
		t.Errorf("done %v, %q, %v", r.Done, r.Value, r.Err)
	}
}

// A plain goroutine waits with a limit, too.
func TestTimeoutInBlock(t *testing.T) {
	_, err := async.Block(context.Background(), timer.Timeout(time.Millisecond, &deed{idle: true}))
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error(err)
	}
}

// Of several polls the last waker wins, also for the end of the time.
func TestTimeoutWakesTheLastWaker(t *testing.T) {
	e := asynctest.New(t)
	f := timer.Timeout(time.Second, &deed{idle: true})
	first, last := asynctest.NewPoller(e, f), asynctest.NewPoller(e, f)
	first.Poll()
	last.Poll()
	e.Advance(time.Second + tick)
	if !last.Woken() {
		t.Fatal("the last to poll was not woken")
	}
	if _, err, ok := last.Poll(); !ok || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("ready %v, error %v", ok, err)
	}
}

func TestDeadline(t *testing.T) {
	e := asynctest.New(t)
	f := asynctest.NewPoller(e, timer.Deadline(time.Now().Add(time.Hour), &deed{idle: true}))
	f.Poll()
	e.Advance(59 * time.Minute)
	if _, _, ok := f.Poll(); ok {
		t.Fatal("early")
	}
	e.Advance(time.Minute + tick)
	if _, err, ok := f.Poll(); !ok || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("ready %v, error %v", ok, err)
	}
}
