package future_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/asynctest"
	"rondo.dev/rondo/future"
	"rondo.dev/rondo/timer"
)

// Many wait for one result; nothing happens before somebody asks, and it happens
// once.
func TestShared(t *testing.T) {
	e := asynctest.New(t)
	runs := 0
	r := asynctest.Go(e, func(t *async.Task) (int, error) {
		s := future.Share(t, future.Go(func(t *async.Task) (int, error) {
			runs++
			return 7, timer.Sleep(time.Second).Await(t)
		}))
		async.Yield(t)
		if runs != 0 {
			return 0, errors.New("it ran before anybody asked")
		}
		var waits []async.Future[int]
		for range 100 {
			get := s.Get()
			waits = append(waits, &get)
		}
		vs, err := async.Await(t, future.JoinAll(waits...))
		if err != nil {
			return 0, err
		}
		sum := 0
		for _, v := range vs {
			sum += v
		}
		late, err := s.Get().Await(t)
		return sum + late, err
	})
	e.Advance(time.Minute)
	if !r.Done || r.Err != nil || r.Value != 707 || runs != 1 {
		t.Errorf("done %v, %d, %v, %d runs", r.Done, r.Value, r.Err, runs)
	}
}

// One who gives up, or loses, changes nothing for the others.
func TestSharedWaiterLeaves(t *testing.T) {
	e := asynctest.New(t)
	r := asynctest.Go(e, func(t *async.Task) (int, error) {
		d := timer.Sleep(time.Minute)
		s := future.Share(t, &d)
		for range 3 {
			get := s.Get()
			if _, err := async.Await(t, timer.Timeout(time.Second, &get)); err == nil {
				return 0, errors.New("too early")
			}
		}
		c := t.Go(func(t *async.Task) error { _, err := s.Get().Await(t); return err })
		async.Yield(t)
		c.Stop(asynctest.ErrTest)
		if err := c.Await(t); err != asynctest.ErrTest {
			return 0, errors.New("the child is not cancelled")
		}
		_, err := s.Get().Await(t)
		return 1, err
	})
	e.Advance(time.Hour)
	if !r.Done || r.Err != nil || r.Value != 1 {
		t.Errorf("done %v, %v", r.Done, r.Err)
	}
}

func TestSharedEnds(t *testing.T) {
	boom := errors.New("boom")
	for name, c := range map[string]struct {
		f    func(t *async.Task) error
		want error
	}{
		"an error": {func(t *async.Task) error {
			_, err := future.Share(t, future.Fail[int](boom)).Get().Await(t)
			return err
		}, boom},
		"stopped": {func(t *async.Task) error {
			s := future.Share(t, future.Never[int]())
			t.Go(func(*async.Task) error { s.Stop(boom); return nil })
			_, err := s.Get().Await(t)
			return err
		}, boom},
		"stopped before it began": {func(t *async.Task) error {
			s := future.Share(t, future.Lazy(func() (int, error) { panic("it ran") }))
			s.Stop(boom)
			async.Yield(t)
			_, err := s.Get().Await(t)
			return err
		}, boom},
		"a panic": {func(t *async.Task) error {
			_, err := future.Share(t, future.Lazy(func() (int, error) { panic(boom) })).Get().Await(t)
			if _, ok := errors.AsType[*async.PanicError](err); !ok {
				return errors.New("not a PanicError")
			}
			return err
		}, boom},
	} {
		t.Run(name, func(t *testing.T) {
			e := asynctest.New(t)
			r := asynctest.Go(e, func(t *async.Task) (int, error) { return 0, c.f(t) })
			e.RunUntilIdle()
			if !r.Done || !errors.Is(r.Err, c.want) {
				t.Errorf("done %v, error %v, want %v", r.Done, r.Err, c.want)
			}
		})
	}
}

// The result goes to tasks of other loops and to goroutines.
func TestSharedFromElsewhere(t *testing.T) {
	err := rondo.Run(func(t *async.Task) error {
		s := future.Share(t, future.Go(func(t *async.Task) (int, error) {
			return 7, timer.Sleep(10 * time.Millisecond).Await(t)
		}))
		var wg sync.WaitGroup
		results := make(chan int, 20)
		for range 10 {
			wg.Go(func() {
				v, _ := s.Get().Wait(context.Background())
				results <- v
			})
			rondo.Spread(t, func(t *async.Task) error {
				v, err := s.Get().Await(t)
				results <- v
				return err
			})
		}
		c := future.FromChan(future.Goroutine, results)
		for range 20 {
			if v, err := async.Await(t, c); v != 7 || err != nil {
				return errors.New("a wrong result")
			}
		}
		_, err := rondo.Blocking(t, func() (int, error) { wg.Wait(); return 0, nil })
		return err
	}, rondo.Loops(2))
	if err != nil {
		t.Error(err)
	}
}

func TestMemo(t *testing.T) {
	e := asynctest.New(t)
	runs := make(map[string]int)
	r := asynctest.Go(e, func(t *async.Task) (int, error) {
		m := future.NewMemo(t, func(t *async.Task, key string) (int, error) {
			runs[key]++
			if err := timer.Sleep(time.Second).Await(t); err != nil {
				return 0, err
			}
			if key == "bad" && runs[key] == 1 {
				return 0, errors.New("bad")
			}
			return len(key), nil
		})
		sum := 0
		for range 2 {
			for _, key := range []string{"a", "bb", "a", "bad"} {
				v, err := m.Get(key).Await(t)
				if err != nil && (key != "bad" || runs[key] != 1) {
					return 0, err
				}
				sum += v
			}
		}
		m.Forget("a")
		x, y := m.Get("a"), m.Get("a")
		both, err := async.Await(t, future.Join(&x, &y))
		return sum + both.A + both.B, err
	})
	e.Advance(time.Hour)
	if !r.Done || r.Err != nil || r.Value != 4+7+2 || runs["a"] != 2 || runs["bb"] != 1 || runs["bad"] != 2 {
		t.Errorf("done %v, %d, %v, runs %v", r.Done, r.Value, r.Err, runs)
	}
}
