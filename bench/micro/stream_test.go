package micro

import (
	"runtime"
	"strconv"
	"sync"
	"testing"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/future"
	"rondo.dev/rondo/stream"
)

// BenchmarkStreamPoll_rondo polls a stream through so many of Map, once pending and
// once with an item.
func BenchmarkStreamPoll_rondo(b *testing.B) {
	for _, depth := range []int{0, 1, 3, 10} {
		b.Run(strconv.Itoa(depth), func(b *testing.B) {
			var s stream.Stream[int] = &pulse{}
			for range depth {
				s = stream.Map(s, func(n int) int { return n + 1 })
			}
			onLoop(b, func(t *async.Task) {
				for b.Loop() {
					s.Poll(t)
					s.Poll(t)
				}
			})
		})
	}
}

// A thousand numbers, mapped, filtered and mapped: by a stream, by goroutines with
// channels between them, and by plain functions for what it costs at the least.

const thousand = 1000

func even(n int) bool { return n%2 == 0 }
func inc(n int) int   { return n + 1 }

func BenchmarkThousandItems_rondo(b *testing.B) {
	numbers := make([]int, thousand)
	onLoop(b, func(t *async.Task) {
		for b.Loop() {
			s := stream.Map(stream.Filter(stream.Map(stream.Of(numbers...), inc), even), inc)
			if _, err := stream.Count(t, s); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkThousandItems_goroutines(b *testing.B) {
	b.ReportAllocs()
	mapped := func(in <-chan int) <-chan int {
		out := make(chan int, 16)
		go func() {
			defer close(out)
			for n := range in {
				out <- inc(n)
			}
		}()
		return out
	}
	for b.Loop() {
		in, kept := make(chan int, 16), make(chan int, 16)
		go func() {
			defer close(in)
			for n := range thousand {
				in <- n
			}
		}()
		first := mapped(in)
		go func() {
			defer close(kept)
			for n := range first {
				if even(n) {
					kept <- n
				}
			}
		}()
		for range mapped(kept) {
		}
	}
}

// A thousand functions that yield once, sixteen at a time, with their results in
// order: child tasks, and goroutines.

func BenchmarkSixteenAtATime_rondo(b *testing.B) {
	numbers := make([]int, thousand)
	onLoop(b, func(t *async.Task) {
		for b.Loop() {
			s := stream.Buffered(stream.Go(stream.Of(numbers...), func(t *async.Task, n int) (int, error) {
				return n, async.Yield(t)
			}), 16)
			if _, err := stream.Count(t, s); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkSixteenAtATime_goroutines(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		places := make(chan struct{}, 16)
		results := make([]int, thousand)
		var wg sync.WaitGroup
		for i := range results {
			places <- struct{}{}
			wg.Go(func() {
				runtime.Gosched()
				results[i] = i
				<-places
			})
		}
		wg.Wait()
	}
}

// BenchmarkMergedStreams_rondo wakes one of so many streams in a Set and takes its
// item.
func BenchmarkMergedStreams_rondo(b *testing.B) {
	for _, size := range []int{100, 10_000} {
		b.Run(strconv.Itoa(size), func(b *testing.B) {
			onLoop(b, func(t *async.Task) {
				var set stream.Set[int]
				pulses := make([]pulse, size)
				for i := range pulses {
					set.Add(&pulses[i])
				}
				for pulses[size-1].n == 0 { // a poll starts no more than its share
					set.Poll(t)
					async.Yield(t)
				}
				for i := 0; b.Loop(); i++ {
					pulses[(i*7919)%size].waker.WakeLocal()
					if _, err := stream.Next(t, &set); err != nil {
						b.Fatal(err)
					}
					set.Poll(t)
				}
			})
		})
	}
}

// BenchmarkUnorderedSet_goroutines is UnorderedSet with a goroutine for each future:
// one of so many that wait is told to go on, and its result received.
func BenchmarkUnorderedSet_goroutines(b *testing.B) {
	for _, size := range []int{100, 10_000} {
		b.Run(strconv.Itoa(size), func(b *testing.B) {
			b.ReportAllocs()
			start, results := make([]chan struct{}, size), make(chan int)
			for i := range start {
				start[i] = make(chan struct{})
				go func() {
					for range start[i] {
						results <- i
					}
				}()
			}
			for i := 0; b.Loop(); i++ {
				start[(i*7919)%size] <- struct{}{}
				<-results
			}
			for i := range start {
				close(start[i])
			}
		})
	}
}

// BenchmarkRaceInALoop_rondo is a race of a stream's next item and a future, again
// and again: the loop of a server that does two things.
func BenchmarkRaceInALoop_rondo(b *testing.B) {
	onLoop(b, func(t *async.Task) {
		race := future.Race[int, int](stream.Repeat(1), future.Never[int]())
		for b.Loop() {
			if _, err := race.Poll(t); err != nil {
				b.Fatal(err)
			}
		}
	})
}
