package lock_test

import (
	"testing"
	"time"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/asynctest"
	"rondo.dev/rondo/lock"
)

// TestNoAllocations: locking, also with somebody else in front, allocates nothing.
func TestNoAllocations(t *testing.T) {
	var mu lock.Mutex
	var rw lock.RWMutex
	var n lock.Notify
	sem := lock.NewSemaphore(3)
	barrier := lock.NewBarrier(2)
	var limiter *lock.Limiter
	critical := func(acquire func() async.Act, release func()) func(t *async.Task) error {
		return func(t *async.Task) error {
			if err := acquire().Await(t); err != nil {
				return err
			}
			defer release()
			return async.Yield(t)
		}
	}
	for _, x := range []struct {
		name string
		f    func(t *async.Task) error // is run by two tasks, again and again
	}{
		{"mutex", critical(mu.Lock, mu.Unlock)},
		{"write", critical(rw.Lock, rw.Unlock)},
		{"read", critical(rw.RLock, rw.RUnlock)},
		{"semaphore", critical(func() async.Act { return sem.Acquire(2) }, func() { sem.Release(2) })},
		{"notify", func(t *async.Task) error { n.NotifyAll(); n.NotifyOne(); return n.Notified().Await(t) }},
		{"barrier", func(t *async.Task) error { _, err := barrier.Arrive().Await(t); return err }},
		{"limiter", func(t *async.Task) error {
			if limiter == nil {
				limiter = lock.NewLimiter(t, time.Nanosecond, 4)
			}
			return limiter.Acquire(1).Await(t)
		}},
	} {
		t.Run(x.name, func(t *testing.T) {
			e := asynctest.New(t)
			stop := false
			var tasks []*asynctest.Result[int]
			for range 2 {
				tasks = append(tasks, asynctest.Go(e, func(t *async.Task) (int, error) {
					for !stop {
						if err := x.f(t); err != nil {
							return 0, err
						}
						if err := async.Yield(t); err != nil {
							return 0, err
						}
					}
					return 0, nil
				}))
			}
			turn := func() {
				for range 20 {
					e.Step()
				}
			}
			turn()
			if n := testing.AllocsPerRun(100, turn); n != 0 {
				t.Errorf("%v allocations in twenty steps", n)
			}
			stop = true
			for _, r := range tasks {
				if r.Done {
					t.Errorf("it has ended: %v", r.Err)
				}
				r.Cancel(asynctest.ErrTest)
			}
		})
	}
}
