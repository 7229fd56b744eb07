package netio_test

import (
	"context"
	"errors"
	"net"
	"os"
	"testing"
	"time"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/netio"
	"rondo.dev/rondo/timer"
)

func soon() time.Time { return time.Now().Add(5 * time.Millisecond) }

var never time.Time

func wantTimeout(e *env, err error) {
	e.Helper()
	e.is(err, os.ErrDeadlineExceeded)
	var ne net.Error
	if !errors.As(err, &ne) || !ne.Timeout() {
		e.Errorf("%#v is not a net.Error with Timeout", err)
	}
}

// readers are the ways to read that a deadline ends.
var readers = map[string]func(t *async.Task, c *netio.Conn) (string, error){
	"Read": func(t *async.Task, c *netio.Conn) (string, error) {
		b := make([]byte, 100)
		n, err := c.Read(b).Await(t)
		return string(b[:n]), err
	},
	"Recv": func(t *async.Task, c *netio.Conn) (string, error) {
		b, err := c.Recv().Await(t)
		return string(b), err
	},
	"ReadArmed": func(t *async.Task, c *netio.Conn) (string, error) {
		v, cancel := t.WithCancel()
		recv := c.Recv() // leaves a lent receive behind
		if b, err := recv.Poll(v); !async.IsPending(err) {
			return string(b), err
		}
		cancel(nil)
		if !recv.Cancel(v, false) {
			b, err := recv.Poll(v)
			return string(b), err
		}
		b := make([]byte, 100)
		n, err := c.Read(b).Await(t)
		return string(b[:n]), err
	},
}

func TestReadDeadline(t *testing.T) {
	for name, read := range readers {
		t.Run(name, func(t *testing.T) {
			onEach(t, func(e *env) {
				a, b := e.pair()
				set := func(at time.Time) { e.Helper(); e.check(b.SetReadDeadline(at).Await(e.task)) }
				want := func(s string) {
					e.Helper()
					got, err := read(e.task, b)
					e.check(err)
					e.equal(got, s)
				}
				timesOut := func() {
					e.Helper()
					s, err := read(e.task, b)
					wantTimeout(e, err)
					e.equal(s, "")
				}

				set(soon())
				timesOut()
				timesOut() // it stays
				e.write(a, "1")
				e.settle()
				timesOut() // even if there is something to be read
				set(time.Time{})
				want("1")

				set(time.Now().Add(-time.Hour))
				timesOut()
				set(time.Unix(1, 0).AddDate(-500, 0, 0)) // where nanoseconds overflow
				timesOut()
				set(time.Now().AddDate(1000, 0, 0))
				e.write(a, "2")
				want("2")

				// Set in flight, by another task; the queued read has it too.
				set(time.Time{})
				var children []*async.Child
				for range 2 {
					children = append(children, e.spawn(func(e *env) {
						_, err := read(e.task, b)
						wantTimeout(e, err)
					}))
				}
				set(soon())
				for _, c := range children {
					e.check(c.Await(e.task))
				}

				// Extended, and cleared, in flight: before it has passed, however busy the
				// machine is.
				before := 20 * time.Millisecond
				if e.kernel() {
					before = 200 * time.Millisecond
				}
				set(time.Now().Add(before))
				child := e.spawn(func(e *env) {
					s, err := read(e.task, b)
					e.check(err)
					e.equal(s, "3")
				})
				set(time.Now().Add(time.Hour))
				e.check(timer.Sleep(before * 3 / 2).Await(e.task))
				set(time.Now().Add(before))
				set(time.Time{})
				e.check(timer.Sleep(before * 3 / 2).Await(e.task))
				e.write(a, "3")
				e.check(child.Await(e.task))
				e.close(a, b)
			})
		})
	}
}

// A deadline that passes, and is cleared before the driver has let go of the
// operation, has passed all the same; the driver's own error is never seen.
func TestDeadlineClearedAtOnce(t *testing.T) {
	onEach(t, func(e *env) {
		a, b := e.pair()
		n := e.fill(a)
		r := e.spawn(func(e *env) {
			_, err := a.Read(make([]byte, 1)).Await(e.task)
			wantTimeout(e, err)
		})
		w := e.spawn(func(e *env) {
			m, err := a.Write(pattern(n, e.tooMuch())).Await(e.task)
			wantTimeout(e, err)
			n += m
		})
		e.check(a.SetDeadline(time.Now().Add(-time.Second)).Await(e.task))
		e.check(a.SetDeadline(time.Time{}).Await(e.task))
		e.check(r.Await(e.task))
		e.check(w.Await(e.task))
		e.close(a)
		e.drain(b, n)
		e.close(b)
	})
}

func TestWriteDeadline(t *testing.T) {
	onEach(t, func(e *env) {
		a, b := e.pair()
		big := e.tooMuch()
		e.check(a.SetWriteDeadline(soon()).Await(e.task))
		n, err := a.Write(pattern(0, big)).Await(e.task)
		wantTimeout(e, err)
		if n <= 0 || n >= big {
			e.Errorf("wrote %d bytes", n)
		}
		// It stays, for queued ones as well; reads have their own.
		var children []*async.Child
		for range 3 {
			children = append(children, e.spawn(func(e *env) {
				m, err := a.Write([]byte("x")).Await(e.task)
				wantTimeout(e, err)
				e.equal(m, 0)
			}))
		}
		for _, c := range children {
			e.check(c.Await(e.task))
		}
		e.write(b, "y")
		e.equal(e.read(a, 1), "y")

		e.check(a.SetWriteDeadline(time.Time{}).Await(e.task))
		w := e.spawn(func(e *env) {
			m, err := a.Write(pattern(n, 1000)).Await(e.task)
			e.check(err)
			e.equal(m, 1000)
			e.close(a)
		})
		e.drain(b, n+1000)
		e.check(w.Await(e.task))
		e.close(b)
	})
}

// What is written in part and then set a deadline returns how much that was.
func TestWriteDeadlineInFlight(t *testing.T) {
	onEach(t, func(e *env) {
		a, b := e.pair()
		n := e.fill(a)
		var more int
		w := e.spawn(func(e *env) {
			var err error
			more, err = a.Write(pattern(n, e.tooMuch())).Await(e.task)
			wantTimeout(e, err)
		})
		got := 0
		for got < n/2 {
			got += len(e.recv(b))
		}
		e.settle()
		e.check(a.SetWriteDeadline(time.Now().Add(-1)).Await(e.task))
		e.check(w.Await(e.task))
		e.close(a)
		for {
			p, err := b.Recv().Await(e.task)
			if err != nil {
				break
			}
			got += len(p)
		}
		e.equal(got, n+more)
		e.close(b)
	})
}

func TestDeadlineFromGoroutine(t *testing.T) {
	onEach(t, func(e *env) {
		a, b := e.pair()
		r := e.spawn(func(e *env) {
			_, err := b.Recv().Await(e.task)
			wantTimeout(e, err)
		})
		e.check(e.elsewhere(func() error { return b.SetDeadline(time.Now().Add(-1)).Wait(context.Background()) }))
		e.check(r.Await(e.task))
		e.close(a, b)
	})
}
