package channel_test

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/asynctest"
	"rondo.dev/rondo/channel"
	"rondo.dev/rondo/internal/interleave"
	"rondo.dev/rondo/internal/linetest"
)

// until makes a thread of an operation that is polled when it is woken, until it is
// done; with polls, it gives up when it was polled so often in vain.
func until(a *linetest.Actor, polls int) interleave.Thread {
	polled := 0
	return func(int) (more, blocked bool) {
		switch {
		case polled > 0 && polled == polls:
			a.Cancel(true)
			return false, false
		case polled > 0 && !a.Woken():
			return true, true
		}
		polled++
		return !a.Poll(), false
	}
}

// TestEveryInterleaving: senders, receivers, one who gives up and one who closes, in
// every order of their steps: a value that was sent is received once or is still
// there, and nobody waits for ever.
func TestEveryInterleaving(t *testing.T) {
	e := asynctest.New(t)
	for _, c := range []struct {
		name               string
		senders, receivers int
		givesUp            bool // a receiver who is polled once
		reserves           bool // the first sender has a permit
		closes             bool
	}{
		{name: "two and two", senders: 2, receivers: 2},
		{name: "two and one who gives up", senders: 2, receivers: 2, givesUp: true},
		{name: "closed", senders: 2, receivers: 1, closes: true},
		{name: "closed, and one gives up", senders: 1, receivers: 1, givesUp: true, closes: true},
		{name: "a permit, closed", senders: 1, receivers: 1, reserves: true, closes: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			interleave.Explore(t, func() (threads []interleave.Thread, check func() error) {
				ch := channel.New[int](1)
				sent, got := 0, 0
				sum := func(v *int, x int) func(struct{}, error) {
					return func(_ struct{}, err error) {
						if err == nil {
							*v += x
						} else if !c.closes || err != channel.ErrClosed {
							panic(err)
						}
					}
				}
				for i := range c.senders {
					if c.reserves && i == 0 {
						r := ch.Reserve()
						var permit *channel.Permit[int]
						a := linetest.New(e, &r, func(p channel.Permit[int], err error) {
							if err == nil {
								permit = &p
							}
						})
						reserve := until(a, 0)
						threads = append(threads, func(int) (more, blocked bool) {
							if !a.Done {
								_, blocked = reserve(0)
								return !a.Done || permit != nil, blocked
							}
							sent++
							permit.Send(1)
							return false, false
						})
						continue
					}
					s := ch.Send(1 << i)
					threads = append(threads, until(linetest.New(e, &s, sum(&sent, 1<<i)), 0))
				}
				for i := range c.receivers {
					r := ch.Recv()
					polls := 0
					if c.givesUp && i == 0 {
						polls = 1
					}
					threads = append(threads, until(linetest.New(e, &r, func(v int, err error) {
						if err == nil {
							got += v
						} else if !c.closes || err != io.EOF {
							panic(err)
						}
					}), polls))
				}
				if c.closes {
					threads = append(threads, func(int) (bool, bool) { ch.Close(); return false, false })
				}
				return threads, func() error {
					for {
						v, err := ch.TryRecv()
						if err != nil {
							break
						}
						got += v
					}
					if sent != got {
						return fmt.Errorf("sent %b, received %b", sent, got)
					}
					return nil
				}
			})
		})
	}
}

// TestLostWakeIsFound: the exploration finds it if a receiver that gives up keeps
// its turn.
func TestLostWakeIsFound(t *testing.T) {
	e := asynctest.New(t)
	_, failure := interleave.Find(func() ([]interleave.Thread, func() error) {
		ch := channel.New[int](1)
		send, lost, recv := ch.Send(1), ch.Recv(), ch.Recv()
		none := func(int, error) {}
		sender := until(linetest.New(e, &send, func(struct{}, error) {}), 0)
		keeps := linetest.New(e, &lost, none)
		receiver := until(linetest.New(e, &recv, none), 0)
		return []interleave.Thread{
			func(int) (bool, bool) { keeps.Poll(); return false, false }, // and is gone
			sender, receiver,
		}, nil
	})
	if !errors.Is(failure, interleave.ErrDeadlock) {
		t.Errorf("found %v", failure)
	}
}

var _ async.Canceler = (*channel.Sending[int])(nil)
