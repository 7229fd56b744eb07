package channel_test

import (
	"context"
	"errors"
	"fmt"
	"io"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/channel"
	"rondo.dev/rondo/future"
)

// run runs an example as a program would, on one loop.
func run(main func(t *async.Task) error) {
	if err := rondo.Run(main, rondo.Loops(1)); err != nil {
		fmt.Println(err)
	}
}

// A producer that is held back by its consumer.
func ExampleChan() {
	run(func(t *async.Task) error {
		c := channel.New[int](2)
		t.Go(func(t *async.Task) error {
			defer c.Close()
			for i := range 5 {
				if err := c.Send(i * i).Await(t); err != nil {
					return err
				}
			}
			return nil
		})
		for v := range c.All(t) {
			fmt.Println(v)
		}
		return t.Cause()
	})
	// Output:
	// 0
	// 1
	// 4
	// 9
	// 16
}

// A goroutine sends, a task receives.
func ExampleChan_goroutine() {
	c := channel.New[string](1)
	go func() {
		defer c.Close()
		for _, word := range []string{"from", "elsewhere"} {
			if err := c.Send(word).Wait(context.Background()); err != nil {
				fmt.Println(err)
			}
		}
	}()
	run(func(t *async.Task) error {
		for word := range c.All(t) {
			fmt.Println(word)
		}
		return t.Cause()
	})
	// Output:
	// from
	// elsewhere
}

// What loses a Select has taken nothing: the value is there for the next one.
func ExampleChan_Recv() {
	run(func(t *async.Task) error {
		a, b := channel.New[int](1), channel.New[int](1)
		fromA, fromB := a.Recv(), b.Recv()
		first := future.Select(&fromA, &fromB)
		b.TrySend(2)
		r, err := async.Await(t, first)
		fmt.Println(r.Won, r.B, err)
		a.TrySend(1)
		v, err := a.Recv().Await(t)
		fmt.Println(v, err)
		return nil
	})
	// Output:
	// 1 2 <nil>
	// 1 <nil>
}

// A value is made when there is room for it.
func ExampleChan_Reserve() {
	run(func(t *async.Task) error {
		c := channel.New[string](1)
		permit, err := c.Reserve().Await(t)
		if err != nil {
			return err
		}
		permit.Send("made with care")
		v, err := c.Recv().Await(t)
		fmt.Println(v)
		return err
	})
	// Output: made with care
}

func ExampleChan_RecvMany() {
	run(func(t *async.Task) error {
		c := channel.NewUnbounded[int]()
		for i := range 5 {
			c.TrySend(i)
		}
		c.Close()
		buf := make([]int, 3)
		for {
			n, err := c.RecvMany(t, buf)
			if err != nil {
				return ignore(err, io.EOF)
			}
			fmt.Println(buf[:n])
		}
	})
	// Output:
	// [0 1 2]
	// [3 4]
}

func ignore(err, end error) error {
	if err == end {
		return nil
	}
	return err
}

// A request carries the place for its answer.
func ExampleOneshot() {
	type request struct {
		n      int
		answer channel.Oneshot[int]
	}
	run(func(t *async.Task) error {
		requests := channel.New[*request](8)
		t.Go(func(t *async.Task) error {
			for r := range requests.All(t) {
				if r.n < 0 {
					r.answer.Fail(errors.New("negative"))
					continue
				}
				r.answer.Send(r.n * 2)
			}
			return nil
		})
		defer requests.Close()
		for _, n := range []int{21, -1} {
			r := &request{n: n}
			if err := requests.Send(r).Await(t); err != nil {
				return err
			}
			v, err := r.answer.Recv().Await(t)
			fmt.Println(v, err)
		}
		return nil
	})
	// Output:
	// 42 <nil>
	// 0 negative
}

// A slow receiver is told how much it has missed.
func ExampleBroadcast() {
	run(func(t *async.Task) error {
		b := channel.NewBroadcast[int](2)
		s := b.Subscribe()
		defer s.Close()
		for i := range 5 {
			b.Send(i)
		}
		b.Close()
		for v, err := range s.All(t) {
			if err != nil {
				fmt.Println(err)
				continue
			}
			fmt.Println(v)
		}
		return t.Cause()
	})
	// Output:
	// rondo/channel: receiver has missed 3 values
	// 3
	// 4
}

func ExampleWatch() {
	run(func(t *async.Task) error {
		state := channel.NewWatch("starting")
		seen := state.Observe()
		t.Go(func(t *async.Task) error {
			state.Set("loading")
			state.Set("ready")
			return nil
		})
		s, err := seen.Until(t, func(s string) bool { return s == "ready" })
		fmt.Println(s)
		return err
	})
	// Output: ready
}
