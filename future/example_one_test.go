package future_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"time"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/future"
)

// show awaits a future on this goroutine and prints its result.
func show[T any](f async.Future[T]) {
	v, err := async.Block(context.Background(), f)
	fmt.Println(v, err)
}

func ExampleReady() {
	show(future.Ready(42))
	// Output: 42 <nil>
}

func ExampleFail() {
	show(future.Fail[int](io.ErrUnexpectedEOF))
	// Output: 0 unexpected EOF
}

func ExampleNever() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	_, err := async.Block(ctx, future.Never[int]())
	fmt.Println(err)
	// Output: context deadline exceeded
}

func ExampleLazy() {
	f := future.Lazy(func() (string, error) {
		fmt.Println("computing")
		return "done", nil
	})
	fmt.Println("built")
	show(f)
	// Output:
	// built
	// computing
	// done <nil>
}

func ExampleFromPoll() {
	turns := 0
	show(future.FromPoll(func(t *async.Task) (int, error) {
		if turns++; turns < 3 {
			t.Waker().WakeLocal() // there is something new at once
			return 0, async.Pending
		}
		return turns, nil
	}))
	// Output: 3 <nil>
}

func ExampleMap() {
	f := future.Map(future.Ready("rondo"), func(s string) int { return len(s) })
	show(f)
	// Output: 5 <nil>
}

// Three steps in a row need no type arguments.
func ExampleTryMap() {
	text := future.Ready("0x2a")
	number := future.TryMap(text, func(s string) (int64, error) { return strconv.ParseInt(s, 0, 64) })
	double := future.Map(number, func(n int64) int64 { return 2 * n })
	show(double)
	// Output: 84 <nil>
}

func ExampleMapErr() {
	show(future.MapErr(future.Fail[int](fs.ErrNotExist), func(err error) error {
		return fmt.Errorf("settings: %w", err)
	}))
	// Output: 0 settings: file does not exist
}

func ExampleInspect() {
	show(future.Inspect(future.Ready(1), func(n int, err error) { fmt.Println("log:", n, err) }))
	// Output:
	// log: 1 <nil>
	// 1 <nil>
}

func ExampleSettle() {
	good, bad := future.Ready(1), future.Fail[int](errors.New("no"))
	show(future.Join(future.Settle(good), future.Settle(bad)))
	// Output: {{1 <nil>} {0 no}} <nil>
}

func ExampleThen() {
	lookUp := func(name string) async.Future[string] { return future.Ready(name + " = 127.0.0.1") }
	show(future.Then(future.Ready("localhost"), lookUp))
	// Output: localhost = 127.0.0.1 <nil>
}

func ExampleOrElse() {
	cached := future.Fail[string](errors.New("not in the cache"))
	show(future.OrElse(cached, func(error) async.Future[string] { return future.Ready("from the disk") }))
	// Output: from the disk <nil>
}

func ExampleFlatten() {
	show(future.Flatten(future.Ready(future.Ready(1))))
	// Output: 1 <nil>
}

func ExampleFuse() {
	hello, numbers := future.Fuse(future.Ready("hello")), future.Ready(1)
	race := future.Race(hello, numbers)
	for range 3 {
		show(race) // without Fuse a future that is over must not be polled again
	}
	// Output:
	// {0 hello 0} <nil>
	// {1  1} <nil>
	// {1  1} <nil>
}

func ExampleCatchPanic() {
	f := future.CatchPanic(future.Lazy(func() (int, error) { panic("a bug") }))
	_, err := async.Block(context.Background(), f)
	p, _ := errors.AsType[*async.PanicError](err)
	fmt.Println(p.Value)
	// Output: a bug
}

func ExampleAbortable() {
	f, abort := future.Abortable(future.Never[int]())
	time.AfterFunc(time.Millisecond, func() { abort.Stop(errors.New("no longer needed")) })
	show(f)
	// Output: 0 no longer needed
}

func ExampleWithin() {
	ctx, cancel := context.WithCancelCause(context.Background())
	time.AfterFunc(time.Millisecond, func() { cancel(errors.New("the client has gone")) })
	show(future.Within(ctx, future.Never[int]()))
	// Output: 0 the client has gone
}

func ExampleDone() {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	show(future.Select(future.Done(ctx), future.Never[int]()))
	// Output: {0 {} 0} context canceled
}

func ExampleFromChan() {
	ch := make(chan string, 1)
	ch <- "a value"
	close(ch)
	values := future.FromChan(future.Goroutine, ch)
	show(values)
	show(values)
	// Output:
	// a value <nil>
	//  EOF
}

func ExampleOffLoop() {
	show(future.OffLoop(future.Goroutine, func() (int, error) {
		time.Sleep(time.Millisecond) // blocks a goroutine, not a loop
		return 1, nil
	}))
	// Output: 1 <nil>
}
