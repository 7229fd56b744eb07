package lock_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/asynctest"
	"rondo.dev/rondo/lock"
)

// TestLimiterOnTime: tokens come when they are due, give or take a tick of the
// wheel, and not before; first come, first served.
func TestLimiterOnTime(t *testing.T) {
	e := asynctest.New(t)
	type grant struct {
		who int
		at  time.Duration
	}
	var got []grant
	r := asynctest.Go(e, func(t *async.Task) (int, error) {
		l := lock.NewLimiter(t, time.Second, 3)
		for who, n := range []int{2, 1, 1, 3, 1} {
			t.Go(func(t *async.Task) error {
				err := l.Acquire(n).Await(t)
				got = append(got, grant{who, e.Now().Truncate(time.Millisecond)})
				return err
			})
		}
		return 0, nil
	})
	e.Advance(time.Minute)
	want := []grant{{0, 0}, {1, 0}, {2, time.Second}, {3, 4 * time.Second}, {4, 5 * time.Second}}
	if !r.Done || r.Err != nil || !slices.Equal(got, want) {
		t.Errorf("%v: %v, want %v", r.Err, got, want)
	}
}

// TestLimiterBucketOverflows: a long rest is worth the burst, and no more.
func TestLimiterBucketOverflows(t *testing.T) {
	e := asynctest.New(t)
	r := asynctest.Go(e, func(t *async.Task) (n int, err error) {
		l := lock.NewLimiter(t, time.Second, 5)
		for l.TryAcquire(1) {
		}
		if err := async.Sleep(time.Hour).Await(t); err != nil {
			return 0, err
		}
		for l.TryAcquire(1) {
			n++
		}
		if l.TryAcquire(6) {
			n = -1
		}
		return n, l.Acquire(6).Await(t)
	})
	e.Advance(2 * time.Hour)
	if r.Value != 5 || r.Err != lock.ErrBurst {
		t.Errorf("%d tokens after a rest, %v", r.Value, r.Err)
	}
}

// TestLimiterGivesUp: who gives up has taken nothing, and holds up nobody.
func TestLimiterGivesUp(t *testing.T) {
	e := asynctest.New(t)
	var l *lock.Limiter
	asynctest.Go(e, func(t *async.Task) (int, error) {
		l = lock.NewLimiter(t, time.Second, 10)
		return 0, l.Acquire(10).Await(t)
	})
	e.RunUntilIdle()
	large := asynctest.Go(e, func(t *async.Task) (int, error) { return 0, l.Acquire(10).Await(t) })
	small := asynctest.Go(e, func(t *async.Task) (int, error) { return 0, l.Acquire(1).Await(t) })
	e.Advance(3 * time.Second)
	if large.Done || small.Done {
		t.Fatal("too early")
	}
	large.Cancel(asynctest.ErrTest)
	e.RunUntilIdle()
	if large.Err != asynctest.ErrTest || !small.Done || small.Err != nil {
		t.Errorf("the small one behind is done: %v", small.Done)
	}
	if !l.TryAcquire(2) || l.TryAcquire(1) {
		t.Fatal("two tokens should be left")
	}
	// Tokens that a loser was given, and has not taken, are poured back.
	op := l.Acquire(1)
	p := asynctest.NewPoller(e, &op)
	p.Poll()
	e.Advance(1500 * time.Millisecond)
	if !p.Woken() || !p.Cancel(true) || !l.TryAcquire(1) {
		t.Error("a token is gone")
	}
}

// TestLimiterNeverTooMuch: in no stretch of time more than the burst and what flows
// in meanwhile, whatever is asked for and given up.
func TestLimiterNeverTooMuch(t *testing.T) {
	for seed := range uint64(50) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		e := asynctest.New(t)
		every := time.Duration(1 + rnd.IntN(1000))
		burst := 1 + rnd.IntN(8)
		var l *lock.Limiter
		var at []time.Duration // of each token
		asynctest.Go(e, func(t *async.Task) (int, error) { l = lock.NewLimiter(t, every, burst); return 0, nil })
		e.RunUntilIdle()
		var asked []*asynctest.Result[int]
		for range 300 {
			switch rnd.IntN(3) {
			case 0:
				n := rnd.IntN(burst + 1)
				asked = append(asked, asynctest.Go(e, func(t *async.Task) (int, error) {
					err := l.Acquire(n).Await(t)
					if err == nil {
						at = append(at, slices.Repeat([]time.Duration{e.Now()}, n)...)
					}
					return 0, err
				}))
			case 1:
				e.Advance(time.Duration(rnd.IntN(int(4 * every))))
			default:
				if len(asked) > 0 {
					asked[rnd.IntN(len(asked))].Cancel(asynctest.ErrTest)
				}
			}
		}
		e.Advance(time.Hour)
		for _, r := range asked {
			if !r.Done {
				t.Fatal("somebody waits for ever")
			}
		}
		for i := range at {
			for j := i; j < len(at); j++ {
				if n, most := j-i+1, burst+int((at[j]-at[i])/every)+1; n > most {
					t.Fatalf("seed %d: %d tokens in %v, at most %d", seed, n, at[j]-at[i], most)
				}
			}
		}
	}
}
