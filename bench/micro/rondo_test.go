package micro

import (
	"sync/atomic"
	"testing"
	"time"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/async/lowered"
	"rondo.dev/rondo/timer"
)

// onLoop runs the body of a benchmark as the main task of a runtime with one loop.
func onLoop(b *testing.B, f func(t *async.Task)) {
	b.Helper()
	b.ReportAllocs()
	err := rondo.Run(func(t *async.Task) error { f(t); return nil }, rondo.Loops(1), rondo.Watchdog(0))
	if err != nil {
		b.Fatal(err)
	}
}

func BenchmarkSpawnJoin_rondo(b *testing.B) {
	onLoop(b, func(t *async.Task) {
		for b.Loop() {
			t.Go(func(*async.Task) error { return nil }).Await(t)
		}
	})
}

func BenchmarkSpawnJoin100_rondo(b *testing.B) {
	onLoop(b, func(t *async.Task) {
		for b.Loop() {
			g := async.NewGroup(t, 0)
			for range 100 {
				g.Go(func(*async.Task) error { return nil })
			}
			g.Wait(t)
		}
	})
}

// leaf is a lowered function that returns at once; done counts and wakes.
type leaf struct{ parent *async.Waker }

func (l *leaf) Step(*async.Task) bool {
	l.parent.WakeLocal()
	return true
}

// spawner is a lowered function that spawns a leaf and waits for it, again and
// again. The leaf is a part of its frame, or, with new, an allocation.
type spawner struct {
	b     *testing.B
	alloc bool
	child lowered.TaskOf[leaf, *leaf]
}

func (s *spawner) Step(t *async.Task) bool {
	if !s.b.Loop() {
		return true
	}
	c := &s.child
	if s.alloc {
		c = new(lowered.TaskOf[leaf, *leaf])
	} else {
		*c = lowered.TaskOf[leaf, *leaf]{}
	}
	c.Frame.parent = t.Waker()
	c.Start(t)
	return false
}

func benchmarkFrame(b *testing.B, f async.Frame) {
	onLoop(b, func(t *async.Task) {
		var x struct {
			core async.Core
		}
		x.core.Start(t, f)
	})
}

func BenchmarkSpawnJoin_loweredEmbedded(b *testing.B) { benchmarkFrame(b, &spawner{b: b}) }
func BenchmarkSpawnJoin_loweredNew(b *testing.B)      { benchmarkFrame(b, &spawner{b: b, alloc: true}) }

func BenchmarkYield_rondo(b *testing.B) {
	onLoop(b, func(t *async.Task) {
		var stop bool
		c := t.Go(func(t *async.Task) error {
			for !stop {
				async.Yield(t)
			}
			return nil
		})
		for b.Loop() {
			async.Yield(t)
		}
		stop = true
		c.Await(t)
	})
}

// Resuming: wake, the loop's queue, and the switch.

func BenchmarkResume_rondo(b *testing.B) {
	onLoop(b, func(t *async.Task) {
		for b.Loop() {
			async.Yield(t)
		}
	})
}

// spinner is a lowered function that yields until its benchmark is over, or, as
// one of many, until stop is set.
type spinner struct {
	b    *testing.B
	stop *bool
}

func (s *spinner) Step(t *async.Task) bool {
	if s.b != nil && !s.b.Loop() || s.stop != nil && *s.stop {
		return true
	}
	t.Waker().WakeLocal()
	return false
}

func BenchmarkResume_lowered(b *testing.B) { benchmarkFrame(b, &spinner{b: b}) }

func benchmarkResumeMany(b *testing.B, spawn func(t *async.Task, stop *bool)) {
	onLoop(b, func(t *async.Task) {
		const tasks = 10_000
		var stop bool
		for range tasks - 1 {
			spawn(t, &stop)
		}
		async.Yield(t)
		for b.Loop() {
			async.Yield(t)
		}
		stop = true
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/tasks, "ns/resume")
	})
}

func BenchmarkResume10000_rondo(b *testing.B) {
	benchmarkResumeMany(b, func(t *async.Task, stop *bool) {
		t.Go(func(t *async.Task) error {
			for !*stop {
				async.Yield(t)
			}
			return nil
		})
	})
}

func BenchmarkResume10000_lowered(b *testing.B) {
	benchmarkResumeMany(b, func(t *async.Task, stop *bool) {
		x := new(lowered.TaskOf[spinner, *spinner])
		x.Frame.stop = stop
		x.Start(t)
	})
}

func BenchmarkTimer_rondo(b *testing.B) {
	onLoop(b, func(t *async.Task) {
		var s timer.Sleeper
		s.Poll(t)
		for b.Loop() {
			s.Reset(time.Hour)
			s.Stop()
		}
	})
}

func BenchmarkTimer_rondoSleep(b *testing.B) {
	onLoop(b, func(t *async.Task) {
		for b.Loop() {
			op := timer.Sleep(time.Hour).Op()
			op.Poll(t)
			op.Cancel(t, false)
		}
	})
}

// A value handed over by a oneshot: on one loop, and to and fro between a loop
// and a goroutine.

// cell is a future that is set again and again, from anywhere.
type cell struct {
	set   atomic.Bool
	waker atomic.Pointer[async.Waker]
}

func (c *cell) Poll(t *async.Task) (struct{}, error) {
	c.waker.Store(t.Waker())
	if c.set.CompareAndSwap(true, false) {
		return struct{}{}, nil
	}
	return struct{}{}, async.Pending
}

func (c *cell) put() {
	c.set.Store(true)
	if w := c.waker.Load(); w != nil {
		w.Wake()
	}
}

func BenchmarkPingPong_rondo(b *testing.B) {
	onLoop(b, func(t *async.Task) {
		var ping, pong cell
		stop := false
		t.Go(func(t *async.Task) error {
			for {
				async.Await(t, &ping)
				if stop {
					return nil
				}
				pong.put()
			}
		})
		for b.Loop() {
			ping.put()
			async.Await(t, &pong)
		}
		stop = true
		ping.put()
	})
}

// The goroutine wakes a loop that has nothing else to do, and waits for its
// answer: two trips.
func BenchmarkWake_goroutineToLoopAndBack(b *testing.B) {
	for _, driver := range []string{"io_uring", "epoll"} {
		b.Run(driver, func(b *testing.B) {
			b.ReportAllocs()
			var ping cell
			pong, stop := make(chan struct{}), false
			done := make(chan error)
			go func() {
				done <- rondo.Run(func(t *async.Task) error {
					pong <- struct{}{}
					for {
						async.Await(t, &ping)
						if stop {
							return nil
						}
						pong <- struct{}{}
					}
				}, rondo.Loops(1), rondo.Driver(driver))
			}()
			<-pong
			for b.Loop() {
				ping.put()
				<-pong
			}
			stop = true
			ping.put()
			if err := <-done; err != nil {
				b.Fatal(err)
			}
		})
	}
}
