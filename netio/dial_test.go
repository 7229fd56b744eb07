package netio_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/driver"
	"rondo.dev/rondo/future"
	"rondo.dev/rondo/netio"
	"rondo.dev/rondo/timer"
)

func TestDialRefused(t *testing.T) {
	onEach(t, func(e *env) {
		ln := e.listen()
		e.close(ln)
		_, err := netio.Dial(e.task, "tcp", ln.Addr().String())
		e.is(err, syscall.ECONNREFUSED)
		var op *net.OpError
		if !errors.As(err, &op) || op.Op != "dial" || op.Addr.String() != ln.Addr().String() {
			e.Errorf("got %#v", err)
		}
	})
}

func TestDialBadAddresses(t *testing.T) {
	for _, c := range []struct{ network, address string }{
		{"tcp", "127.0.0.1"},
		{"tcp", "127.0.0.1:99999"},
		{"tcp", "127.0.0.1:-1"},
		{"udp", "127.0.0.1:1"},
		{"tcp6", "127.0.0.1:1"},
		{"tcp4", "[::1]:1"},
		{"tcp", "[::1:1"},
	} {
		t.Run(names(c.network, c.address), func(t *testing.T) {
			worlds()[0].run(t, func(e *env) {
				_, err := netio.Dial(e.task, c.network, c.address)
				var op *net.OpError
				if !errors.As(err, &op) || op.Op != "dial" {
					e.Errorf("Dial: %v", err)
				}
				_, err = netio.Listen(e.task, c.network, c.address)
				if !errors.As(err, &op) || op.Op != "listen" {
					e.Errorf("Listen: %v", err)
				}
			})
		})
	}
}

// A local address is dialled from, and decides which addresses are dialled.
func TestDialFrom(t *testing.T) {
	onEach(t, func(e *env) {
		ln := e.listen()
		from := netip.MustParseAddrPort("127.0.0.2:0")
		for _, address := range []string{ln.Addr().String(), net.JoinHostPort("localhost", strconv.Itoa(int(ln.AddrPort().Port())))} {
			c, err := (&netio.Dialer{LocalAddr: from}).Dial(e.task, "tcp", address)
			e.check(err)
			s := e.accept(ln)
			e.equal(s.RemoteAddr().String(), c.LocalAddr().String())
			if at := c.LocalAddr().(*net.TCPAddr).AddrPort(); at.Addr() != from.Addr() || at.Port() == 0 {
				e.Errorf("dialled from %v", at)
			}
			e.close(c, s)
		}
		var op *net.OpError
		_, err := (&netio.Dialer{LocalAddr: netip.MustParseAddrPort("[::1]:0")}).Dial(e.task, "tcp", ln.Addr().String())
		if !errors.As(err, &op) || !strings.Contains(err.Error(), "no suitable address") {
			e.Errorf("from another family: %v", err)
		}
		e.close(ln)
	})
}

// A name is resolved, and the first of its addresses that answers is taken.
func TestDialName(t *testing.T) {
	onKernel(t, func(e *env) {
		for _, addr := range []string{"127.0.0.1:0", "[::1]:0"} {
			ln, err := netio.Listen(e.task, "tcp", addr)
			if err != nil {
				e.Log(err) // a system without IPv6
				continue
			}
			port := strconv.Itoa(int(ln.AddrPort().Port()))
			a, err := netio.Dial(e.task, "tcp", net.JoinHostPort("localhost", port))
			if err != nil && addr != "127.0.0.1:0" {
				e.Log(err) // localhost is not ::1 everywhere
				e.close(ln)
				continue
			}
			e.check(err)
			e.equal(a.RemoteAddr().String(), ln.Addr().String())
			b := e.accept(ln)
			e.close(a, b, ln)
		}
		_, err := netio.Dial(e.task, "tcp", "no-such-host.invalid:1")
		var dns *net.DNSError
		if !errors.As(err, &dns) {
			e.Errorf("got %v, want a *net.DNSError", err)
		}
	})
}

func TestDialTimeout(t *testing.T) {
	w := &world{name: "memory", memory: &driver.MemoryOptions{Hook: func(op *driver.Op) (v driver.Verdict) {
		if op.Kind() == driver.OpConnect {
			v.Before = time.Hour
		}
		return v
	}}}
	w.run(t, func(e *env) {
		ln := e.listen()
		_, err := (&netio.Dialer{Timeout: time.Second}).Dial(e.task, "tcp", ln.Addr().String())
		wantTimeout(e, err)

		task, stop := e.task.WithTimeout(time.Second)
		_, err = netio.Dial(task, "tcp", ln.Addr().String())
		stop()
		wantTimeout(e, err)

		scope, cancel := e.task.WithCancel()
		child := e.with(scope).spawn(func(e *env) {
			_, err := netio.Dial(e.task, "tcp", ln.Addr().String())
			e.is(err, errTest)
		})
		cancel(errTest)
		e.check(child.Await(e.task))
		e.close(ln)
	})
}

// The resolver is asked off the loop, and no longer than the dial may take.
func TestDialTimeoutWhileResolving(t *testing.T) {
	onKernel(t, func(e *env) {
		d := netio.Dialer{Timeout: 10 * time.Millisecond, Resolver: &net.Resolver{PreferGo: true,
			Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			}}}
		_, err := d.Dial(e.task, "tcp", "a.name.to.be.asked.for.example:1")
		e.is(err, os.ErrDeadlineExceeded)
	})
}

// A resolver of one's own is asked for every name.
func TestResolver(t *testing.T) {
	onKernel(t, func(e *env) {
		asked := make(chan bool, 100)
		r := &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
			asked <- true
			return nil, errTest
		}}
		const name = "a.name.to.be.asked.for.example:1"
		for what, use := range map[string]func() error{
			"Dialer.Dial":         func() error { _, err := (&netio.Dialer{Resolver: r}).Dial(e.task, "tcp", name); return err },
			"PacketConfig.Dial":   func() error { _, err := (&netio.PacketConfig{Resolver: r}).Dial(e.task, "udp", name); return err },
			"PacketConfig.Listen": func() error { _, err := (&netio.PacketConfig{Resolver: r}).Listen(e.task, "udp", name); return err },
		} {
			if err := use(); err == nil || len(asked) == 0 {
				e.Errorf("%s: %v, and it was asked %d times", what, err, len(asked))
			}
			for len(asked) > 0 {
				<-asked
			}
		}
	})
}

// Of several addresses the first that connects wins. What each does is a script: a
// time until it connects, or fails. The clock is virtual.
func TestHappyEyeballs(t *testing.T) {
	const delay = 100 * time.Millisecond
	type script struct {
		after time.Duration
		err   error
	}
	ok := func(d time.Duration) script { return script{d, nil} }
	refused := func(d time.Duration) script { return script{d, syscall.ECONNREFUSED} }
	for _, c := range []struct {
		name   string
		addrs  []script
		winner int // -1: none
		took   time.Duration
		err    error
	}{
		{"first at once", []script{ok(0), ok(0)}, 0, 0, nil},
		{"first hangs", []script{ok(time.Hour), ok(0)}, 1, delay, nil},
		{"two hang", []script{ok(time.Hour), ok(time.Hour), ok(0)}, 2, 2 * delay, nil},
		{"first is refused", []script{refused(0), ok(0)}, 1, 0, nil},
		{"all but the last are refused", []script{refused(0), refused(0), ok(0)}, 2, 0, nil},
		{"refused late", []script{refused(delay / 2), ok(0)}, 1, delay / 2, nil},
		{"first wins late", []script{ok(delay + delay/2), ok(time.Hour)}, 0, delay + delay/2, nil},
		{"hanging, then refused", []script{ok(time.Hour), refused(0), ok(0)}, 2, delay, nil},
		{"both at once", []script{ok(delay), ok(0)}, -2, delay, nil},
		{"all are refused", []script{refused(0), refused(0)}, -1, 0, syscall.ECONNREFUSED},
		{"time is over", []script{ok(time.Hour), ok(time.Hour)}, -1, time.Minute, os.ErrDeadlineExceeded},
	} {
		t.Run(c.name, func(t *testing.T) {
			next := 0
			w := &world{name: "memory", memory: &driver.MemoryOptions{Hook: func(op *driver.Op) (v driver.Verdict) {
				if op.Kind() == driver.OpConnect {
					v.Before, v.Err = c.addrs[next].after, c.addrs[next].err
					if v.Err != nil {
						v.After, v.Before = v.Before, 0
					}
					next++
				}
				return v
			}}}
			w.run(t, func(e *env) {
				var lns []*netio.Listener
				var addrs []netip.AddrPort
				for range c.addrs {
					ln := e.listen()
					lns = append(lns, ln)
					addrs = append(addrs, ln.AddrPort())
				}
				began := e.now()
				d := netio.Dialer{FallbackDelay: delay}
				task, stop := e.task.WithTimeout(time.Minute)
				conn, err := netio.Race(&d, task, addrs)
				stop()
				took := e.now() - began
				e.is(err, c.err)
				if took < c.took || took > c.took+time.Millisecond {
					e.Errorf("took %v, want %v", took, c.took)
				}
				if (conn != nil) != (c.winner != -1) {
					e.Errorf("got %v, want the connection to %d", conn, c.winner)
				}
				if conn != nil {
					if c.winner >= 0 {
						e.equal(conn.RemoteAddr().String(), addrs[c.winner].String())
					}
					e.close(conn)
				}
				e.check(timer.Sleep(2 * time.Hour).Await(e.task)) // the losers
				for _, ln := range lns {
					e.close(ln)
				}
			})
		})
	}
}

// now is the time on the clock of the driver in memory.
func (e *env) now() time.Duration { return time.Duration(e.task.Executor().Now()) }

// A dial of several addresses that is cancelled leaves nothing behind, whenever
// that is.
func TestHappyEyeballsCancelled(t *testing.T) {
	for _, cancelled := range []driver.CancelOutcome{driver.CancelAtOnce, driver.CancelLate, driver.ResultAtOnce, driver.ResultLate} {
		w := &world{name: "memory", memory: &driver.MemoryOptions{Hook: func(op *driver.Op) (v driver.Verdict) {
			v.Cancel = cancelled
			if op.Kind() == driver.OpConnect {
				v.Before, v.After = 10*time.Millisecond, 3*time.Millisecond
			}
			return v
		}}}
		for at := range 40 {
			w.run(t, func(e *env) {
				ln := e.listen()
				addrs := []netip.AddrPort{ln.AddrPort(), ln.AddrPort(), ln.AddrPort()}
				scope, cancel := e.task.WithCancel()
				child := scope.Go(func(t *async.Task) error {
					c, err := netio.Race(&netio.Dialer{FallbackDelay: 4 * time.Millisecond}, t, addrs)
					if err == nil {
						e.with(t).close(c)
					} else {
						e.is(err, errTest)
					}
					return nil
				})
				e.check(timer.Sleep(time.Duration(at) * time.Millisecond / 2).Await(e.task))
				cancel(errTest)
				e.check(child.Await(e.task))
				e.close(ln)
			})
		}
	}
}

// A Dial that loses a Select after it has connected keeps the connection for whoever
// asks; one that has not, nothing.
func TestDialLoses(t *testing.T) {
	onEach(t, func(e *env) {
		ln := e.listen()
		for range 10 {
			dial := future.Go(func(t *async.Task) (*netio.Conn, error) {
				return netio.Dial(t, "tcp", ln.Addr().String())
			})
			first, err := async.Await(e.task, future.Select(dial, async.Future[int](&ready{})))
			e.check(err)
			c := first.A
			if first.Won == 1 {
				// The one that was made all the same, or a new one.
				c, err = async.Await(e.task, dial)
				e.check(err)
			}
			e.close(c)
		}
		e.close(ln)
	})
}
