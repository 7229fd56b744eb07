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

// TestModelOneshot: the state of a Oneshot that is sent to and received from, and of
// which somebody opens the line meanwhile; an atomic action a step, of which what
// happens under the line's mutex is one.
func TestModelOneshot(t *testing.T) {
	const (
		empty = iota
		storing
		stored
		waited
		answering
		promised
		asking
		taken
		lined
	)
	const ( // who is told
		nobody = iota
		receiver
		line
	)
	type mistake int
	const (
		none    mistake = iota
		missed          // the sender does not look whether the line was opened while it was storing
		left            // who waits without a line is not taken into it
		unheard         // nor does the line know whom the sender has to wake
	)
	setup := func(m mistake) interleave.Setup {
		return func() ([]interleave.Thread, func() error) {
			var (
				state, told, value, got int
				woken                   bool // the receiver
				alone                   bool // the line knows who waited before
				open                    bool
				units                   int  // in the line
				inLine, given, reached  bool // the receiver there, and whether its waker is known
			)
			install := func() {
				if told != line {
					alone, told = told == receiver && m != unheard, line
				}
			}
			put := func() {
				if inLine && !given {
					given, woken = true, woken || reached
				} else {
					units++
				}
			}
			begin := func() {
				if open {
					return
				}
				was := state
				open, state = true, lined
				if was >= waited && was <= promised && m != left {
					inLine, reached = true, alone
				}
				switch {
				case (was == stored || was == promised) && inLine:
					given = true // and the sender wakes
				case was == stored:
					units++
				}
			}
			sending := 0
			sender := func(int) (more, blocked bool) {
				const (
					start = iota
					store
					publish
					arrive
					wake
					goToLine
					sendInLine
				)
				switch sending {
				case start:
					switch state {
					case empty, waited:
						state += storing
						sending = store
					default:
						sending = goToLine
					}
				case store:
					value, sending = 42, publish
				case publish:
					switch state {
					case storing:
						state = stored
						return false, false
					case answering:
						state, sending = promised, wake
					default:
						if m == missed {
							return false, false
						}
						sending = arrive
					}
				case arrive:
					put()
					return false, false
				case wake:
					woken = woken || told == receiver || alone
					return false, false
				case goToLine:
					install()
					sending = sendInLine
				case sendInLine:
					begin()
					value = 42
					put()
					return false, false
				}
				return true, false
			}
			receiving := 0
			receive := func(int) (more, blocked bool) {
				const (
					try = iota
					ask
					leaveWaker
					wait
					poll
					goToLine
					startInLine
					pollInLine
					take
				)
				// next is another step if ok, else the line.
				next := func(ok bool, step int) {
					if receiving = goToLine; ok {
						receiving = step
					}
				}
				switch receiving {
				case try:
					if receiving = ask; state == stored {
						state, receiving = taken, take
					}
				case ask:
					if next(state == empty, leaveWaker); state == empty {
						state = asking
					}
				case leaveWaker:
					if next(told == nobody, wait); told == nobody {
						told = receiver
					}
				case wait:
					if next(state == asking, poll); state == asking {
						state = waited
					}
				case poll:
					switch {
					case !woken:
						return true, true
					case state == promised:
						state, receiving = taken, take
					default: // the line was opened
						receiving = pollInLine
					}
				case goToLine:
					install()
					receiving = startInLine
				case startInLine:
					begin()
					inLine, reached, receiving = true, true, pollInLine
					if units > 0 {
						units--
						given, woken = true, true
					}
				case pollInLine:
					if !woken {
						return true, true
					}
					begin()
					woken = false
					if reached = true; given {
						receiving = take
					}
				case take:
					got = value
					return false, false
				}
				return true, false
			}
			opening := 0
			opener := func(int) (more, blocked bool) {
				if opening++; opening == 1 {
					install()
					return true, false
				}
				begin()
				return false, false
			}
			return []interleave.Thread{sender, receive, opener}, func() error {
				if got != 42 || units != 0 {
					return fmt.Errorf("received %d, %d are left", got, units)
				}
				return nil
			}
		}
	}
	interleave.Explore(t, setup(none))
	for m := missed; m <= unheard; m++ {
		if _, failure := interleave.Find(setup(m)); failure == nil {
			t.Errorf("mistake %d was not found", m)
		}
	}
}
