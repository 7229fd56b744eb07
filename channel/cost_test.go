package channel_test

import (
	"testing"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/asynctest"
	"rondo.dev/rondo/channel"
)

// TestNoAllocations: passing a value allocates nothing, whether somebody waits for
// it or not.
func TestNoAllocations(t *testing.T) {
	c := channel.New[int](4)
	full, empty := channel.New[int](1), channel.New[int](1)
	full.TrySend(0)
	unbounded := channel.NewUnbounded[int]()
	watch, broadcast := channel.NewWatch(0), channel.NewBroadcast[int](4)
	observer, subscription := watch.Observe(), broadcast.Subscribe()
	cell := new(channel.Oneshot[int])
	for _, x := range []struct {
		name  string
		f     func(t *async.Task) error // is run again and again
		other func(t *async.Task) error // beside it
	}{
		{"send and receive", func(t *async.Task) error {
			c.Send(1).Await(t)
			_, err := c.Recv().Await(t)
			return err
		}, nil},
		{"unbounded", func(t *async.Task) error {
			unbounded.Send(1).Await(t)
			_, err := unbounded.Recv().Await(t)
			return err
		}, nil},
		{"reserve, send, receive", func(t *async.Task) error {
			p, err := c.Reserve().Await(t)
			if err != nil {
				return err
			}
			p.Send(1)
			_, err = c.TryRecv()
			return err
		}, nil},
		{"wait to receive", func(t *async.Task) error {
			_, err := empty.Recv().Await(t)
			return err
		}, func(*async.Task) error { empty.TrySend(1); return nil }},
		{"wait to send", func(t *async.Task) error { return full.Send(1).Await(t) },
			func(*async.Task) error { _, err := full.TryRecv(); return err }},
		{"watch", func(t *async.Task) error {
			_, err := observer.Next().Await(t)
			return err
		}, func(*async.Task) error { return watch.Set(1) }},
		{"broadcast", func(t *async.Task) error {
			_, err := subscription.Recv().Await(t)
			return err
		}, func(*async.Task) error { _, err := broadcast.Send(1); return err }},
		{"oneshot", func(t *async.Task) error {
			*cell = channel.Oneshot[int]{}
			cell.Send(1)
			_, err := cell.Recv().Await(t)
			return err
		}, nil},
		{"wait for a oneshot", func(t *async.Task) error {
			*cell = channel.Oneshot[int]{}
			_, err := cell.Recv().Await(t)
			return err
		}, func(*async.Task) error { cell.Send(1); return nil }},
	} {
		t.Run(x.name, func(t *testing.T) {
			e := asynctest.New(t)
			stop := false
			loop := func(f func(t *async.Task) error) *asynctest.Result[int] {
				return asynctest.Go(e, func(t *async.Task) (int, error) {
					for !stop {
						if err := f(t); err != nil {
							return 0, err
						}
						if err := async.Yield(t); err != nil {
							return 0, err
						}
					}
					return 0, nil
				})
			}
			r := loop(x.f)
			if x.other != nil {
				loop(x.other)
			}
			turn := func() {
				for range 10 {
					e.Step()
				}
			}
			turn()
			if n := testing.AllocsPerRun(100, turn); n != 0 {
				t.Errorf("%v allocations in ten steps", n)
			}
			if r.Done {
				t.Errorf("it has ended: %v", r.Err)
			}
			stop = true
			if x.other != nil { // who waits has to be let go
				r.Cancel(asynctest.ErrTest)
			}
			e.RunUntilIdle()
		})
	}
}

// TestNoAllocationsInLine: nor where Send and Recv stand in the task itself, so that they
// are a part of its frame if it was lowered.
func TestNoAllocationsInLine(t *testing.T) {
	e := asynctest.New(t)
	c, stop := channel.New[int](4), false
	asynctest.Go(e, func(t *async.Task) (int, error) {
		child := t.Go(func(t *async.Task) error {
			for !stop {
				c.Send(1).Await(t)
				c.Recv().Await(t)
				async.Yield(t)
			}
			return nil
		})
		return 0, child.Await(t)
	})
	turn := func() {
		for range 10 {
			e.Step()
		}
	}
	turn()
	if n := testing.AllocsPerRun(100, turn); n != 0 {
		t.Errorf("%v allocations in ten steps", n)
	}
	stop = true
	e.RunUntilIdle()
}
