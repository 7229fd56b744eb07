package rondo_test

import (
	"errors"
	"testing"
	"time"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
)

func TestRun(t *testing.T) {
	boom := errors.New("boom")
	for _, d := range []string{"io_uring", "epoll"} {
		t.Run(d, func(t *testing.T) {
			err := rondo.Run(func(t *async.Task) error {
				v, err := rondo.Blocking(t, func() (int, error) { time.Sleep(time.Millisecond); return 7, nil })
				if v != 7 || err != nil {
					return errors.New("blocking")
				}
				c := rondo.Spread(t, func(t *async.Task) error { return async.Yield(t) })
				if err := c.Await(t); err != nil {
					return err
				}
				rondo.Spread(t, func(t *async.Task) error { return boom })
				return nil
			}, rondo.Driver(d), rondo.Loops(2))
			if err != boom {
				t.Fatal(err)
			}
		})
	}
}
