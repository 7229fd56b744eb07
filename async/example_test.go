package async_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"rondo.dev/rondo/async"
)

// run runs f as rondo.Run does, but without an event loop: nothing happens here
// that has to be waited for.
func run(f func(*async.Task) error) error {
	l := &loop{wake: make(chan struct{}, 1)}
	l.exec.Init(l)
	defer l.pool.Close()
	var result error
	async.SpawnRoot(&l.exec, "main", f, func(err error) { result = err })
	for l.exec.Run(64) > 0 {
	}
	return result
}

// A Mailbox is a future: of a letter that somebody is going to put into it.
type Mailbox struct {
	letter string
	waker  *async.Waker
}

// Poll makes it one.
func (m *Mailbox) Poll(t *async.Task) (string, error) {
	if m.letter == "" {
		m.waker = t.Waker() // to be polled again
		return "", async.Pending
	}
	return m.letter, nil
}

// Put is called by another task of the same executor.
func (m *Mailbox) Put(letter string) {
	m.letter = letter
	if m.waker != nil {
		m.waker.WakeLocal()
	}
}

func Example() {
	err := run(func(t *async.Task) error {
		var box Mailbox
		t.Go(func(t *async.Task) error {
			fmt.Println("writing")
			box.Put("hello")
			return nil
		})
		fmt.Println("waiting")
		letter, err := async.Await(t, &box)
		fmt.Println("got", letter)
		return err
	})
	fmt.Println(err)
	// Output:
	// waiting
	// writing
	// got hello
	// <nil>
}

func ExampleSpawn() {
	run(func(t *async.Task) error {
		square := func(n int) func(*async.Task) (int, error) {
			return func(t *async.Task) (int, error) { return n * n, async.Yield(t) }
		}
		three, four := async.Spawn(t, square(3)), async.Spawn(t, square(4))
		a, _ := three.Await(t)
		b, _ := four.Await(t)
		fmt.Println(a + b)
		return nil
	})
	// Output: 25
}

func ExampleGroup() {
	err := run(func(t *async.Task) error {
		g := async.NewGroup(t, 2) // two at a time
		for i := range 4 {
			g.Go(func(t *async.Task) error {
				fmt.Println("working on", i)
				if i == 2 {
					return errors.New("2 is broken")
				}
				return async.Yield(t)
			})
		}
		return g.Wait(t)
	})
	fmt.Println(err)
	// Output:
	// working on 0
	// working on 1
	// working on 2
	// working on 3
	// 2 is broken
}

func ExampleTask_WithCancel() {
	err := run(func(t *async.Task) error {
		part, cancel := t.WithCancel()
		t.Go(func(*async.Task) error {
			cancel(errors.New("not needed any more"))
			return nil
		})
		_, err := async.Await(part, &Mailbox{})
		fmt.Println("the part:", err)
		return async.Yield(t) // the task itself goes on
	})
	fmt.Println("the task:", err)
	// Output:
	// the part: not needed any more
	// the task: <nil>
}

func ExampleTask_WithoutCancel() {
	err := run(func(t *async.Task) error {
		goodbye := func(t *async.Task) {
			t, stop := t.WithoutCancel().WithTimeout(time.Second)
			defer stop()
			async.Yield(t) // stands for a last write
			fmt.Println("said goodbye")
		}
		return t.Go(func(t *async.Task) error {
			defer goodbye(t)
			t.Core().CancelLocal(errors.New("shutting down"))
			_, err := async.Await(t, &Mailbox{})
			return err
		}).Await(t)
	})
	fmt.Println(err)
	// Output:
	// said goodbye
	// shutting down
}

func ExampleBlock() {
	box := &Mailbox{letter: "hello"}
	letter, err := async.Block(context.Background(), box)
	fmt.Println(letter, err)
	// Output: hello <nil>
}
