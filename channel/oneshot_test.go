package channel_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"testing"
	"time"
	"weak"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
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
			sending, seen := 0, nobody
			sender := func(int) (more, blocked bool) {
				const (
					start = iota
					store
					look
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
					value, sending = 42, look
				case look:
					seen, sending = told, publish
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
					woken = woken || seen == receiver || seen == line && alone
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

// TestOneshotWaited: somebody waits without a line, and then the line is opened.
func TestOneshotWaited(t *testing.T) {
	type oneshot = channel.Oneshot[int]
	for _, c := range []struct {
		name string
		do   func(o *oneshot, first *asynctest.Poller[int])
		want int
		err  error
	}{
		{"sent", func(o *oneshot, _ *asynctest.Poller[int]) { o.Send(42) }, 42, nil},
		{"polled for nothing", func(o *oneshot, p *asynctest.Poller[int]) { p.Poll(); o.Send(42) }, 42, nil},
		{"failed", func(o *oneshot, _ *asynctest.Poller[int]) { o.Fail(asynctest.ErrTest) }, 0, asynctest.ErrTest},
		{"closed", func(o *oneshot, _ *asynctest.Poller[int]) { o.Close() }, 0, io.EOF},
		{"closed, when it was sent", func(o *oneshot, _ *asynctest.Poller[int]) { o.Send(42); o.Close() }, 42, nil},
		{"asked in vain", func(o *oneshot, _ *asynctest.Poller[int]) {
			if _, err := o.TryRecv(); err != channel.ErrEmpty {
				panic(err)
			}
			o.Send(42)
			if _, err := o.TryRecv(); err != channel.ErrEmpty {
				panic(err) // it is promised
			}
			if err := o.Send(43); err != channel.ErrClosed {
				panic(err)
			}
		}, 42, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := asynctest.New(t)
			var o oneshot
			op := o.Recv()
			p := asynctest.NewPoller(e, &op)
			p.Poll()
			if p.Woken() {
				t.Error("woken for nothing")
			}
			c.do(&o, p)
			if !p.Woken() {
				t.Fatal("not woken")
			}
			if v, err, ready := p.Poll(); !ready || v != c.want || err != c.err {
				t.Errorf("%d, %v, ready: %v", v, err, ready)
			}
			if _, err := o.TryRecv(); err != io.EOF {
				t.Errorf("in the end %v", err)
			}
		})
	}
}

// TestOneshotMoved: who waits is polled by another, who is woken then.
func TestOneshotMoved(t *testing.T) {
	for _, sent := range []bool{false, true} {
		e := asynctest.New(t)
		var o channel.Oneshot[int]
		op := o.Recv()
		before, after := asynctest.NewPoller(e, &op), asynctest.NewPoller(e, &op)
		before.Poll()
		if sent {
			o.Send(42)
		}
		if v, err, ready := after.Poll(); ready != sent || sent && v != 42 {
			t.Errorf("%d, %v, ready: %v", v, err, ready)
		}
		if sent {
			continue
		}
		o.Send(42)
		if before.Woken() || !after.Woken() {
			t.Error("the wrong one was woken")
		}
		if v, err, ready := after.Poll(); !ready || v != 42 || err != nil {
			t.Errorf("%d, %v, ready: %v", v, err, ready)
		}
	}
}

// TestOneshotUsedAgain: who has received the value can use the Oneshot again, at once.
// The race detector sees it if the sender still looks at it.
func TestOneshotUsedAgain(t *testing.T) {
	err := rondo.Run(func(t *async.Task) error {
		type request struct{ answer channel.Oneshot[int] }
		requests := make(chan *request, 1)
		done := make(chan struct{})
		go func() {
			defer close(done)
			for r := range requests {
				r.answer.Send(1)
			}
		}()
		r := new(request)
		for range 5000 {
			op := r.answer.Recv()
			op.Poll(t)
			requests <- r
			for { // woken or not
				if _, err := op.Poll(t); !async.IsPending(err) {
					break
				}
				async.Yield(t)
			}
			*r = request{}
		}
		close(requests)
		<-done
		return nil
	}, rondo.Loops(1))
	if err != nil {
		t.Error(err)
	}
}

// TestOneshotKeepsNobody: who has waited for a Oneshot is not kept by it.
func TestOneshotKeepsNobody(t *testing.T) {
	for _, c := range []struct {
		name string
		end  func(o *channel.Oneshot[int], cancel func())
	}{
		{"received", func(o *channel.Oneshot[int], _ func()) { o.Send(1) }},
		{"failed", func(o *channel.Oneshot[int], _ func()) { o.Fail(io.ErrNoProgress) }},
		{"gave up", func(_ *channel.Oneshot[int], cancel func()) { cancel() }},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := new(channel.Oneshot[int])
			kept := func() weak.Pointer[[1 << 16]byte] {
				type key struct{}
				big := new([1 << 16]byte)
				ctx, cancel := context.WithCancel(context.WithValue(context.Background(), key{}, big))
				defer cancel()
				end := time.AfterFunc(time.Millisecond, func() { c.end(o, cancel) })
				defer end.Stop()
				o.Recv().Wait(ctx)
				return weak.Make(big)
			}()
			for range 10 {
				if runtime.GC(); kept.Value() == nil {
					return
				}
				time.Sleep(time.Millisecond) // whoever has ended it has its own stack
			}
			t.Error("it keeps what who waited had")
			runtime.KeepAlive(o)
		})
	}
}

// TestOneshotPromised: what was promised to somebody who gives up is the next one's, who
// may have come meanwhile.
func TestOneshotPromised(t *testing.T) {
	for _, meanwhile := range []bool{false, true} {
		e := asynctest.New(t)
		var o channel.Oneshot[int]
		first, second := o.Recv(), o.Recv()
		p, next := asynctest.NewPoller(e, &first), asynctest.NewPoller(e, &second)
		p.Poll()
		o.Send(42)
		if meanwhile {
			if _, _, ready := next.Poll(); ready {
				t.Error("it is promised to another")
			}
		}
		p.Cancel(true)
		if meanwhile && !next.Woken() {
			t.Error("not woken")
		}
		if v, err, ready := next.Poll(); !ready || v != 42 || err != nil {
			t.Errorf("%d, %v, ready: %v", v, err, ready)
		}
	}
}
