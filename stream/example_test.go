package stream_test

import (
	"fmt"
	"io"
	"maps"
	"strconv"
	"strings"
	"time"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/channel"
	"rondo.dev/rondo/driver"
	"rondo.dev/rondo/future"
	"rondo.dev/rondo/stream"
	"rondo.dev/rondo/timer"
)

// on runs a task on a loop with virtual time.
func on(f func(t *async.Task) error) {
	err := rondo.Run(f, rondo.Loops(1), rondo.OpenDriver(func() (driver.Driver, error) {
		return driver.NewMemory(driver.MemoryOptions{}), nil
	}))
	if err != nil {
		fmt.Println(err)
	}
}

// show prints what a stream has.
func show[T any](s stream.Stream[T]) {
	on(func(t *async.Task) error {
		defer stream.Close(t, s)
		all, err := stream.Collect(t, s)
		fmt.Println(all)
		return err
	})
}

// slow is v, some seconds later.
func slow(seconds int) async.Future[int] {
	sleep := timer.Sleep(time.Duration(seconds) * time.Second)
	return future.Map(&sleep, func(struct{}) int { return seconds })
}

// every is the numbers from 1 to n, a second after each other.
func every(n int) stream.Stream[int] {
	return stream.Throttle(stream.Take(stream.Unfold(1, func(n int) (int, int, error) { return n, n + 1, nil }), n), time.Second)
}

// Of messages from a channel, the long ones are sent on, three at a time, and printed
// in their order.
func Example() {
	on(func(t *async.Task) error {
		queue := channel.New[string](4)
		t.Go(func(t *async.Task) error {
			defer queue.Close()
			return stream.SendAll(t, stream.Of("a", "hello", "b", "world"), stream.ToOp(queue.Send))
		})
		long := stream.Filter(stream.FromOp(queue.Recv), func(s string) bool { return len(s) > 1 })
		loud := stream.Buffered(stream.Go(long, func(t *async.Task, s string) (string, error) {
			err := timer.Sleep(time.Second).Await(t)
			return strings.ToUpper(s), err
		}), 3)
		defer stream.Close(t, loud)
		for s, err := range stream.All(t, loud) {
			if err != nil {
				return err
			}
			fmt.Println(s)
		}
		return nil
	})
	// Output:
	// HELLO
	// WORLD
}

func ExampleFromOp() {
	on(func(t *async.Task) error {
		c := channel.New[int](1)
		t.Go(func(t *async.Task) error {
			c.Send(1).Await(t)
			c.Send(2).Await(t)
			c.Close()
			return nil
		})
		all, err := stream.Collect(t, stream.FromOp(c.Recv))
		fmt.Println(all)
		return err
	})
	// Output: [1 2]
}

func ExampleFromSeq() {
	show(stream.FromSeq(maps.Keys(map[string]int{"one": 1})))
	// Output: [one]
}

func ExampleFromSeq2() {
	show(stream.FromSeq2(maps.All(map[string]int{"one": 1})))
	// Output: [{one 1}]
}

func ExampleFromResults() {
	on(func(t *async.Task) error {
		once := stream.FromResults(stream.All(t, stream.Of(1, 2)))
		all, err := stream.Collect(t, once)
		fmt.Println(all)
		return err
	})
	// Output: [1 2]
}

func ExampleFromFunc() {
	lines := []string{"a", "b"}
	show(stream.FromFunc(func() (string, error) {
		if len(lines) == 0 {
			return "", io.EOF
		}
		line := lines[0]
		lines = lines[1:]
		return line, nil
	}))
	// Output: [a b]
}

func ExampleFromPoll() {
	n := 0
	show(stream.FromPoll(func(*async.Task) (int, error) {
		if n == 3 {
			return 0, io.EOF
		}
		n++
		return n, nil
	}))
	// Output: [1 2 3]
}

func ExampleUnfold() {
	powers := stream.Unfold(1, func(n int) (item, next int, err error) { return n, 2 * n, nil })
	show(stream.Take(powers, 5))
	// Output: [1 2 4 8 16]
}

func ExampleGenerate() {
	show(stream.Generate(func(t *async.Task, yield stream.Yield[string]) error {
		for n := 3; n > 0; n-- {
			if err := timer.Sleep(time.Second).Await(t); err != nil {
				return err
			}
			if err := yield(t, strconv.Itoa(n)); err != nil {
				return err
			}
		}
		return yield(t, "go")
	}))
	// Output: [3 2 1 go]
}

func ExampleOnce() {
	show(stream.Chain(stream.Once(slow(2)), stream.Once(slow(1))))
	// Output: [2 1]
}

func ExampleRepeat() {
	show(stream.Take(stream.Repeat("ha"), 3))
	// Output: [ha ha ha]
}

func ExampleEmpty() {
	show(stream.Empty[int]())
	// Output: []
}

func ExampleMap() {
	show(stream.Map(stream.Of(1, 2, 3), func(n int) string { return strings.Repeat("*", n) }))
	// Output: [* ** ***]
}

func ExampleTryMap() {
	show(stream.TryMap(stream.Of("1", "2", "three"), strconv.Atoi))
	// Output:
	// [1 2]
	// strconv.Atoi: parsing "three": invalid syntax
}

func ExampleFilterMap() {
	numbers := stream.FilterMap(stream.Of("1", "two", "3"), func(s string) (int, bool) {
		n, err := strconv.Atoi(s)
		return n, err == nil
	})
	show(numbers)
	// Output: [1 3]
}

func ExampleInspect() {
	show(stream.Inspect(stream.Of(1, 2), func(n int) { fmt.Println("saw", n) }))
	// Output:
	// saw 1
	// saw 2
	// [1 2]
}

func ExampleEnumerate() {
	show(stream.Enumerate(stream.Of("a", "b")))
	// Output: [{0 a} {1 b}]
}

func ExampleScan() {
	show(stream.Scan(stream.Of(1, 2, 3, 4), 0, func(sum, n int) int { return sum + n }))
	// Output: [1 3 6 10]
}

func ExampleThen() {
	show(stream.Then(stream.Of(3, 1, 2), slow))
	// Output: [3 1 2]
}

func ExampleBuffered() {
	on(func(t *async.Task) error {
		s := stream.Buffered(stream.Map(stream.Of(3, 1, 2), slow), 2)
		for n, err := range stream.All(t, s) {
			fmt.Println(n, err)
		}
		return nil
	})
	// Output:
	// 3 <nil>
	// 1 <nil>
	// 2 <nil>
}

func ExampleUnordered() {
	show(stream.Unordered(stream.Map(stream.Of(3, 1, 5), slow), 2))
	// Output: [1 3 5]
}

func ExampleGo() {
	lengths := stream.Go(stream.Of("one", "three"), func(t *async.Task, s string) (int, error) {
		return len(s), timer.Sleep(time.Second).Await(t)
	})
	show(stream.Buffered(lengths, 10))
	// Output: [3 5]
}

func ExampleSkip() {
	show(stream.Skip(stream.Of(1, 2, 3), 2))
	// Output: [3]
}

func ExampleTakeWhile() {
	show(stream.TakeWhile(stream.Of(1, 2, 3, 1), func(n int) bool { return n < 3 }))
	// Output: [1 2]
}

func ExampleSkipWhile() {
	show(stream.SkipWhile(stream.Of(1, 2, 3, 1), func(n int) bool { return n < 3 }))
	// Output: [3 1]
}

func ExampleMapWhile() {
	show(stream.MapWhile(stream.Of("1", "2", "x", "3"), func(s string) (int, bool) {
		n, err := strconv.Atoi(s)
		return n, err == nil
	}))
	// Output: [1 2]
}

func ExampleTakeUntil() {
	sleep := timer.Sleep(3500 * time.Millisecond)
	show(stream.TakeUntil(every(10), &sleep))
	// Output: [1 2 3 4]
}

func ExampleSkipUntil() {
	sleep := timer.Sleep(2500 * time.Millisecond)
	show(stream.SkipUntil(every(5), &sleep))
	// Output: [4 5]
}

func ExamplePeek() {
	on(func(t *async.Task) error {
		s := stream.Peek(stream.Of(1, 2, 3))
		first, err := s.Peek(t)
		fmt.Println("next is", first)
		_, small, err := s.NextIf(t, func(n int) bool { return n < 2 })
		fmt.Println(small, err)
		rest, err := stream.Collect(t, s)
		fmt.Println(rest)
		return err
	})
	// Output:
	// next is 1
	// true <nil>
	// [2 3]
}

func ExampleFuse() {
	on(func(t *async.Task) error {
		var set future.Set[int]
		set.Add(future.Ready(1))
		s := stream.Fuse(&set)
		all, err := stream.Collect(t, s)
		set.Add(future.Ready(2))
		none, err := stream.Collect(t, s)
		fmt.Println(all, none)
		return err
	})
	// Output: [1] []
}

func ExampleChunks() {
	show(stream.Chunks(stream.Of(1, 2, 3, 4, 5), 2))
	// Output: [[1 2] [3 4] [5]]
}

func ExampleReadyChunks() {
	show(stream.ReadyChunks(stream.Chain(stream.Of(0, 0, 0), every(2)), 2))
	// Output: [[0 0] [0 1] [2]]
}

func ExampleChunksTimeout() {
	show(stream.ChunksTimeout(every(5), 10, 1500*time.Millisecond))
	// Output: [[1 2] [3 4] [5]]
}

func ExampleWindow() {
	averages := stream.Map(stream.Window(stream.Of(1, 3, 5, 7), 2), func(w []int) int { return (w[0] + w[1]) / 2 })
	show(averages)
	// Output: [2 4 6]
}

func ExampleFlatMap() {
	show(stream.FlatMap(stream.Of(1, 2, 3), func(n int) stream.Stream[int] { return stream.Take(stream.Repeat(n), n) }))
	// Output: [1 2 2 3 3 3]
}

func ExampleChain() {
	show(stream.Chain(stream.Of(1, 2), stream.Of(3)))
	// Output: [1 2 3]
}

func ExampleCycle() {
	show(stream.Take(stream.Cycle(func() stream.Stream[int] { return stream.Of(1, 2) }), 5))
	// Output: [1 2 1 2 1]
}

func ExampleZip() {
	show(stream.Zip(stream.Of("a", "b"), every(3)))
	// Output: [{a 1} {b 2}]
}

func ExampleMerge() {
	show(stream.Merge(stream.Of("a", "b"), stream.Of("x", "y", "z")))
	// Output: [a x b y z]
}

func ExamplePrefer() {
	show(stream.Prefer(stream.Of("a", "b"), stream.Of("x", "y", "z")))
	// Output: [a b x y z]
}

func ExampleSet() {
	on(func(t *async.Task) error {
		var all stream.Set[string]
		defer all.Close(t)
		for _, name := range []string{"ann", "bob"} {
			all.Add(stream.Map(every(2), func(n int) string { return fmt.Sprint(name, n) }))
		}
		for word, err := range stream.All(t, &all) {
			if err != nil {
				return err
			}
			fmt.Println(word)
		}
		return nil
	})
	// Output:
	// ann1
	// bob1
	// ann2
	// bob2
}

func ExampleFlattenUnordered() {
	rooms := stream.Map(stream.Of("a", "b"), func(name string) stream.Stream[string] {
		return stream.Map(every(2), func(n int) string { return fmt.Sprint(name, n) })
	})
	show(stream.FlattenUnordered(rooms, 2))
	// Output: [a1 b1 a2 b2]
}

func ExampleTimeout() {
	on(func(t *async.Task) error {
		s := stream.Timeout(stream.Then(stream.Of(1, 3), slow), 2*time.Second)
		for range 3 {
			fmt.Println(stream.Next(t, s))
		}
		return nil
	})
	// Output:
	// 1 <nil>
	// 0 i/o timeout
	// 0 i/o timeout
}

func ExampleThrottle() {
	on(func(t *async.Task) error {
		start := time.Duration(t.Executor().Now())
		return stream.ForEach(t, stream.Throttle(stream.Of("a", "b", "c"), time.Second), func(t *async.Task, s string) error {
			fmt.Println(s, (time.Duration(t.Executor().Now()) - start).Round(time.Second))
			return nil
		})
	})
	// Output:
	// a 0s
	// b 1s
	// c 2s
}

func ExampleDebounce() {
	keys := stream.Chain(stream.Of("h", "he", "hel"), stream.Map(stream.Once(slow(5)), func(int) string { return "hello" }))
	show(stream.Debounce(keys, time.Second))
	// Output: [hel hello]
}

func ExampleOrElse() {
	numbers := stream.TryMap(stream.Of("1", "x", "3"), strconv.Atoi)
	show(stream.OrElse(numbers, func(error) (int, error) { return -1, nil }))
	// Output: [1 -1 3]
}

func ExampleMapErr() {
	s := stream.MapErr(stream.TryMap(stream.Of("x"), strconv.Atoi), func(err error) error { return fmt.Errorf("line 1: %w", err) })
	show(s)
	// Output:
	// []
	// line 1: strconv.Atoi: parsing "x": invalid syntax
}

func ExampleEndAt() {
	show(stream.EndAt(stream.TryMap(stream.Of("1", "x", "3"), strconv.Atoi), strconv.ErrSyntax))
	// Output: [1]
}

func ExampleGroupBy() {
	on(func(t *async.Task) error {
		words := stream.Of("ant", "bee", "ape", "boa", "asp")
		for group, err := range stream.All(t, stream.GroupBy(t, words, func(s string) byte { return s[0] })) {
			if err != nil {
				return err
			}
			t.Go(func(t *async.Task) error {
				all, err := stream.Collect(t, group)
				fmt.Printf("%c: %v\n", group.Key(), all)
				return err
			})
		}
		return nil
	})
	// Unordered output:
	// a: [ant ape asp]
	// b: [bee boa]
}

func ExampleSplit() {
	on(func(t *async.Task) error {
		even, odd := stream.Split(t, stream.Of(1, 2, 3, 4, 5), func(n int) bool { return n%2 == 0 })
		child := async.Spawn(t, func(t *async.Task) ([]int, error) { return stream.Collect(t, even) })
		odds, err := stream.Collect(t, odd)
		if err != nil {
			return err
		}
		evens, err := child.Await(t)
		fmt.Println(evens, odds)
		return err
	})
	// Output: [2 4] [1 3 5]
}

func ExampleBroadcast() {
	on(func(t *async.Task) error {
		copies := stream.Broadcast(t, stream.Of(1, 2, 3), 2)
		pairs, err := stream.Collect(t, stream.Zip(copies[0], copies[1]))
		fmt.Println(pairs)
		return err
	})
	// Output: [{1 1} {2 2} {3 3}]
}

func ExampleAll() {
	on(func(t *async.Task) error {
		s := every(10)
		for n, err := range stream.All(t, s) {
			if err != nil {
				return err
			}
			if n == 3 {
				break
			}
		}
		n, err := stream.Next(t, s) // nothing was lost by the break
		fmt.Println(n)
		return err
	})
	// Output: 4
}

func ExampleCount() {
	on(func(t *async.Task) error {
		n, err := stream.Count(t, stream.Of("a", "b", "c"))
		fmt.Println(n)
		return err
	})
	// Output: 3
}

func ExampleLast() {
	on(func(t *async.Task) error {
		v, err := stream.Last(t, stream.Of("a", "b", "c"))
		fmt.Println(v)
		return err
	})
	// Output: c
}

// Any and Every take no more items than they need.
func ExampleAny() {
	on(func(t *async.Task) error {
		s := stream.Of(1, 2, 3, 4, 5)
		even := func(n int) bool { return n%2 == 0 }
		some, err := stream.Any(t, s, even)
		if err != nil {
			return err
		}
		next, err := stream.Next(t, s)
		fmt.Println(some, next)
		return err
	})
	// Output: true 3
}

func ExampleEvery() {
	on(func(t *async.Task) error {
		s := stream.Of(2, 3, 4)
		all, err := stream.Every(t, s, func(n int) bool { return n%2 == 0 })
		if err != nil {
			return err
		}
		next, err := stream.Next(t, s)
		fmt.Println(all, next)
		return err
	})
	// Output: false 4
}

// What is in a buffer goes on its way with the next poll, or when it is flushed.
func ExampleCloseSink() {
	on(func(t *async.Task) error {
		var got []int
		k := stream.Buffer(stream.Append(&got), 8)
		for n := range 3 {
			if err := stream.Feed(t, k, n); err != nil {
				return err
			}
		}
		if err := stream.Flush(t, k); err != nil {
			return err
		}
		fmt.Println(got)
		return stream.CloseSink(t, k)
	})
	// Output: [0 1 2]
}

func ExampleFold() {
	on(func(t *async.Task) error {
		sum, err := stream.Fold(t, stream.Of(1, 2, 3), 0, func(sum, n int) int { return sum + n })
		fmt.Println(sum)
		return err
	})
	// Output: 6
}

func ExampleForEachConcurrent() {
	on(func(t *async.Task) error {
		return stream.ForEachConcurrent(t, stream.Of(3, 1, 5), 2, func(t *async.Task, n int) error {
			defer fmt.Println(n)
			return timer.Sleep(time.Duration(n) * time.Second).Await(t)
		})
	})
	// Output:
	// 1
	// 3
	// 5
}

func ExampleForward() {
	on(func(t *async.Task) error {
		var a, b []int
		both := stream.Fanout(stream.Append(&a), stream.With(stream.Append(&b), func(n int) (int, error) { return 10 * n, nil }))
		err := stream.Forward(t, stream.Of(1, 2, 3), both)
		fmt.Println(a, b)
		return err
	})
	// Output: [1 2 3] [10 20 30]
}

func ExampleSend() {
	on(func(t *async.Task) error {
		var log []string
		k := stream.Buffer(stream.Append(&log), 8)
		stream.Feed(t, k, "kept back")
		fmt.Println(log)
		err := stream.Send(t, k, "flushed")
		fmt.Println(log)
		return err
	})
	// Output:
	// []
	// [kept back flushed]
}
