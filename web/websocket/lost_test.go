package websocket

import (
	"syscall"
	"testing"
	"time"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/asynctest"
	"rondo.dev/rondo/netio/netiotest"
)

// How the stream has ended, a Receive that gives up leaves to the next.
func TestGivingUpLosesNoReset(t *testing.T) {
	for name, loser := range map[string]bool{"a loser": true, "cancelled": false} {
		t.Run(name, func(t *testing.T) {
			e := asynctest.New(t)
			c := scripted(t, e, Options{}, func(s *netiotest.Script) {
				s.Waits(time.Second).ReadFails(syscall.ECONNRESET).WriteFails(syscall.EPIPE)
			})
			run(t, e, func(task *async.Task) error {
				op := c.Receive()
				if _, err := op.Poll(task); !async.IsPending(err) {
					t.Fatal(err)
				}
				if err := async.Sleep(time.Minute).Await(task); err != nil {
					return err
				}
				if !op.Cancel(task, loser) {
					_, err := op.Poll(task)
					is(t, err, syscall.ECONNRESET)
				}
				_, err := c.Receive().Await(task)
				is(t, err, syscall.ECONNRESET)
				is(t, c.Close().Await(task), syscall.ECONNRESET)
				return nil
			})
		})
	}
}
