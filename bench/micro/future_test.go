package micro

import (
	"runtime"
	"strconv"
	"sync"
	"testing"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/future"
)

// pulse is pending every other time: what it costs to poll through combinators is
// the difference to polling it alone.
type pulse struct {
	n     int
	waker *async.Waker
}

func (p *pulse) Poll(t *async.Task) (int, error) {
	if p.n++; p.n%2 == 1 {
		p.waker = t.Waker()
		return 0, async.Pending
	}
	return p.n, nil
}

// BenchmarkNestedPoll_rondo polls a future through so many of Map, once pending and
// once ready.
func BenchmarkNestedPoll_rondo(b *testing.B) {
	for _, depth := range []int{0, 1, 3, 10} {
		b.Run(strconv.Itoa(depth), func(b *testing.B) {
			var f async.Future[int] = &pulse{}
			for range depth {
				f = future.Map(f, func(n int) int { return n + 1 })
			}
			onLoop(b, func(t *async.Task) {
				for b.Loop() {
					f.Poll(t)
					f.Poll(t)
				}
			})
		})
	}
}

// BenchmarkNestedBuild_rondo builds such a chain and polls it to its end.
func BenchmarkNestedBuild_rondo(b *testing.B) {
	for _, depth := range []int{1, 3, 10} {
		b.Run(strconv.Itoa(depth), func(b *testing.B) {
			leaf := &pulse{}
			onLoop(b, func(t *async.Task) {
				for b.Loop() {
					var f async.Future[int] = leaf
					for range depth {
						f = future.Map(f, func(n int) int { return n + 1 })
					}
					f.Poll(t)
					f.Poll(t)
				}
			})
		})
	}
}

// BenchmarkJoin5_rondo and BenchmarkSelect5_rondo build one of five, and poll it
// while it is pending and when it is ready.

func BenchmarkJoin5_rondo(b *testing.B) {
	var p [5]pulse
	onLoop(b, func(t *async.Task) {
		for b.Loop() {
			f := future.Join5(&p[0], &p[1], &p[2], &p[3], &p[4])
			f.Poll(t)
			f.Poll(t)
		}
	})
}

func BenchmarkSelect5_rondo(b *testing.B) {
	never := future.Never[int]()
	var p pulse
	onLoop(b, func(t *async.Task) {
		for b.Loop() {
			f := future.Select5(never, never, never, never, &p)
			f.Poll(t)
			f.Poll(t)
		}
	})
}

// BenchmarkUnorderedSet_rondo wakes one of so many futures, takes its result, and
// puts it back.
func BenchmarkUnorderedSet_rondo(b *testing.B) {
	for _, size := range []int{100, 10_000} {
		b.Run(strconv.Itoa(size), func(b *testing.B) {
			onLoop(b, func(t *async.Task) {
				var set future.Set[int]
				pulses := make([]pulse, size)
				for i := range pulses {
					set.Add(&pulses[i])
				}
				async.Yield(t)
				for pulses[size-1].n == 0 { // a poll starts no more than its share
					set.Poll(t)
					async.Yield(t)
				}
				for i := 0; b.Loop(); i++ {
					p := &pulses[(i*7919)%size]
					p.waker.WakeLocal()
					if _, err := set.Next(t); err != nil {
						b.Fatal(err)
					}
					set.Add(p)
					set.Poll(t)
				}
			})
		})
	}
}

// BenchmarkJoinAll_rondo joins so many functions that yield once; beside it the
// same with goroutines.
func BenchmarkJoinAll_rondo(b *testing.B) {
	onLoop(b, func(t *async.Task) {
		fs := make([]async.Future[int], 100)
		for b.Loop() {
			for i := range fs {
				fs[i] = future.Go(func(t *async.Task) (int, error) { return i, async.Yield(t) })
			}
			if _, err := async.Await(t, future.JoinAll(fs...)); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkJoinAll_goroutines(b *testing.B) {
	b.ReportAllocs()
	values := make([]int, 100)
	for b.Loop() {
		var wg sync.WaitGroup
		for i := range values {
			wg.Go(func() {
				runtime.Gosched()
				values[i] = i
			})
		}
		wg.Wait()
	}
}
