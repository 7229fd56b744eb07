package micro

import (
	"sync"
	"testing"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/channel"
	"rondo.dev/rondo/lock"
)

// These are between two loops, or two goroutines that may run at once: they say
// something with at least two processors only.

// onTwoLoops runs here as the main task on one loop, and there on the other.
func onTwoLoops(b *testing.B, there, here func(t *async.Task) error) {
	b.ReportAllocs()
	err := rondo.Run(func(t *async.Task) error {
		loops := rondo.LoopOf(t).Runtime().Loops()
		other := loops[(rondo.LoopOf(t).Index()+1)%len(loops)]
		var over lock.Event
		other.Post(func() {
			async.SpawnRoot(other.Executor(), "there", func(t *async.Task) error {
				defer over.Set()
				return there(t)
			}, nil)
		})
		if err := here(t); err != nil {
			return err
		}
		return over.Done().Await(t)
	}, rondo.Loops(2), rondo.Watchdog(0))
	if err != nil {
		b.Fatal(err)
	}
}

// A producer and a consumer with 16 places between them.

func BenchmarkAcrossPipe_rondo(b *testing.B) {
	c := channel.New[int](16)
	onTwoLoops(b, func(t *async.Task) error {
		for range c.All(t) {
		}
		return nil
	}, func(t *async.Task) error {
		defer c.Close()
		for b.Loop() {
			if err := c.Send(1).Await(t); err != nil {
				return err
			}
		}
		return nil
	})
}

func BenchmarkAcrossPipe_goroutines(b *testing.B) { BenchmarkPipe_channel(b) }

// A lock that two want all the time.

func BenchmarkAcrossLock_rondo(b *testing.B) {
	var mu lock.Mutex
	var stop bool // guarded by mu
	onTwoLoops(b, func(t *async.Task) error {
		for over := false; !over; {
			if err := mu.Lock().Await(t); err != nil {
				return err
			}
			over = stop
			mu.Unlock()
		}
		return nil
	}, func(t *async.Task) error {
		for b.Loop() {
			if err := mu.Lock().Await(t); err != nil {
				return err
			}
			mu.Unlock()
		}
		err := mu.Lock().Await(t)
		stop = true
		mu.Unlock()
		return err
	})
}

func BenchmarkAcrossLock_goroutines(b *testing.B) {
	b.ReportAllocs()
	var mu sync.Mutex
	var stop bool
	var wg sync.WaitGroup
	wg.Go(func() {
		for over := false; !over; {
			mu.Lock()
			over = stop
			mu.Unlock()
		}
	})
	for b.Loop() {
		mu.Lock()
		mu.Unlock() //lint:ignore SA2001 it is what is measured
	}
	mu.Lock()
	stop = true
	mu.Unlock()
	wg.Wait()
}
