package channel_test

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"rondo.dev/rondo/asynctest"
	"rondo.dev/rondo/channel"
	"rondo.dev/rondo/internal/interleave"
	"rondo.dev/rondo/internal/linetest"
)

// TestEveryInterleavingOfOneshot: senders, receivers, one who gives up, one who waits
// for the end and one who closes, in every order of their steps: the value that was
// sent is received once or is still there, and nobody waits for ever.
func TestEveryInterleavingOfOneshot(t *testing.T) {
	e := asynctest.New(t)
	for _, c := range []struct {
		name               string
		senders, receivers int
		fails              bool // the first sender
		givesUp            bool // a receiver who is polled once
		watches            bool // somebody awaits Done
		closes             bool
	}{
		{name: "one and one, watched", senders: 1, receivers: 1, watches: true},
		{name: "two and two", senders: 2, receivers: 2},
		{name: "one fails", senders: 2, receivers: 1, fails: true},
		{name: "one gives up", senders: 1, receivers: 2, givesUp: true},
		{name: "closed", senders: 1, receivers: 1, watches: true, closes: true},
		{name: "closed, and one gives up", senders: 1, receivers: 2, givesUp: true, closes: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			interleave.Explore(t, func() (threads []interleave.Thread, check func() error) {
				var o channel.Oneshot[int]
				failed := errors.New("failed")
				sent, got := 0, 0
				receive := func(v int, err error) {
					switch err {
					case nil:
						got += v
					case failed: // instead of 1
						got++
					case io.EOF:
					default:
						panic(err)
					}
				}
				for i := range c.senders {
					threads = append(threads, func(int) (bool, bool) {
						v := 1 << i
						send := func() error { return o.Send(v) }
						if c.fails && i == 0 {
							send = func() error { return o.Fail(failed) }
						}
						err := send()
						if err == nil {
							sent += v
						} else if err != channel.ErrClosed {
							panic(err)
						}
						return false, false
					})
				}
				for i := range c.receivers {
					r := o.Recv()
					polls := 0
					if c.givesUp && i == 0 {
						polls = 1
					}
					threads = append(threads, until(linetest.New(e, &r, receive), polls))
				}
				if c.watches {
					d := o.Done()
					threads = append(threads, until(linetest.New(e, &d, func(_ struct{}, err error) {
						if err != nil {
							panic(err)
						}
					}), 0))
				}
				if c.closes {
					threads = append(threads, func(int) (bool, bool) { o.Close(); return false, false })
				}
				return threads, func() error {
					if v, err := o.TryRecv(); err != channel.ErrEmpty {
						receive(v, err)
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

// TestModelOneshot: the state of a Oneshot that is sent to, and received from by one
// who waits in its line, an atomic action a step. The mistake is that the sender does
// not look whether the line was opened while it was storing.
func TestModelOneshot(t *testing.T) {
	const (
		empty = iota
		storing
		stored
		taken
		lined
	)
	setup := func(mistake bool) interleave.Setup {
		return func() ([]interleave.Thread, func() error) {
			state, value, units := empty, 0, 0
			got := 0
			begin := func() { // in the line, under its mutex
				if state == stored {
					units = 1
				}
				state = lined
			}
			step, arrives := 0, false
			sender := func(int) (more, blocked bool) {
				switch step++; step {
				case 1:
					if state != empty { // opened already: all in line
						value, units = 42, 1
						return false, false
					}
					state = storing
				case 2:
					value = 42
				case 3:
					if arrives = state != storing && !mistake; !arrives {
						if state == storing {
							state = stored
						}
						return false, false
					}
				case 4:
					units++
					return false, false
				}
				return true, false
			}
			at := 0
			receiver := func(int) (more, blocked bool) {
				switch at {
				case 0: // tryRecv
					if at = 1; state == stored {
						state, at = taken, 3
					}
				case 1: // Start
					if state != lined {
						begin()
					}
					at = 2
				case 2: // wait
					if units == 0 {
						return true, true
					}
					units--
					at = 3
				case 3:
					got = value
					return false, false
				}
				return true, false
			}
			return []interleave.Thread{sender, receiver}, func() error {
				if got != 42 {
					return fmt.Errorf("received %d", got)
				}
				return nil
			}
		}
	}
	interleave.Explore(t, setup(false))
	if _, failure := interleave.Find(setup(true)); failure == nil {
		t.Error("the mistake was not found")
	}
}
