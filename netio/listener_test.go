package netio_test

import (
	"net"
	"net/netip"
	"syscall"
	"testing"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/driver"
	"rondo.dev/rondo/netio"
)

func TestAddresses(t *testing.T) {
	onEach(t, func(e *env) {
		ln := e.listen()
		if ln.AddrPort().Port() == 0 || ln.Addr().Network() != "tcp" {
			e.Errorf("listening on %v", ln.Addr())
		}
		a := e.dial(ln)
		b := e.accept(ln)
		e.equal(a.RemoteAddrPort(), ln.AddrPort())
		e.equal(b.LocalAddrPort(), ln.AddrPort())
		e.equal(a.LocalAddrPort(), b.RemoteAddrPort())
		e.equal(a.LocalAddr().String(), b.RemoteAddr().String())
		if _, ok := b.RemoteAddr().(*net.TCPAddr); !ok {
			e.Errorf("RemoteAddr is a %T", b.RemoteAddr())
		}
		peer := a.LocalAddr().String()
		e.close(a, b, ln)
		e.equal(b.RemoteAddr().String(), peer) // still known
		_, err := b.Read(nil).Await(e.task)
		var op *net.OpError
		if e.is(err, net.ErrClosed); !asOpError(err, &op) || op.Addr.String() != peer {
			e.Errorf("got %#v", err)
		}
	})
}

// Without an address to listen on, it is all of them.
func TestListenEverywhere(t *testing.T) {
	onEach(t, func(e *env) {
		for _, network := range []string{"tcp", "tcp4"} {
			ln, err := netio.Listen(e.task, network, ":0")
			e.check(err)
			a, err := netio.DialAddrPort(e.task, netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), ln.AddrPort().Port()))
			e.check(err)
			b := e.accept(ln)
			e.close(a, b, ln)
		}
	})
}

// An address of IPv6 alone does not hear those of IPv4; the names of networks are
// package net's.
func TestListenNetworks(t *testing.T) {
	onEach(t, func(e *env) {
		four := func(ln *netio.Listener) (*netio.Conn, error) {
			return netio.DialAddrPort(e.task, netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), ln.AddrPort().Port()))
		}
		for _, address := range []string{":0", "[::]:0"} {
			ln, err := netio.Listen(e.task, "tcp6", address)
			e.check(err)
			_, err = four(ln)
			e.is(err, syscall.ECONNREFUSED)
			six, err := netio.DialAddrPort(e.task, netip.AddrPortFrom(netip.IPv6Loopback(), ln.AddrPort().Port()))
			e.check(err)
			e.close(six, ln)
		}
		for _, network := range []string{"tcp", "tcp4", "tcp6", "tcp5", "tcpx", "udp", "", "ip", "TCP"} {
			ln, err := netio.Listen(e.task, network, "127.0.0.1:0")
			std, stdErr := net.Listen(network, "127.0.0.1:0")
			if (err == nil) != (stdErr == nil) {
				e.Errorf("network %q: %v, package net: %v", network, err, stdErr)
			}
			if err == nil {
				e.close(ln)
				std.Close()
			}
		}
	})
}

func TestListenErrors(t *testing.T) {
	onEach(t, func(e *env) {
		ln := e.listen()
		_, err := netio.Listen(e.task, "tcp", ln.Addr().String())
		e.is(err, syscall.EADDRINUSE)
		var op *net.OpError
		if !asOpError(err, &op) || op.Op != "listen" {
			e.Errorf("got %#v", err)
		}
		e.close(ln)

		lc := netio.ListenConfig{ReusePort: true, Backlog: 1}
		first, err := lc.ListenAddrPort(e.task, netip.MustParseAddrPort("127.0.0.1:0"))
		e.check(err)
		second, err := lc.Listen(e.task, "tcp", first.Addr().String())
		e.check(err)
		e.equal(second.AddrPort(), first.AddrPort())
		e.close(first, second)
	})
}

func TestOptions(t *testing.T) {
	onEach(t, func(e *env) {
		a, b := e.pair()
		for _, act := range []async.Act{
			a.SetNoDelay(false), a.SetKeepAlive(false), a.SetLinger(-1), a.SetLinger(3),
			a.SetReadBuffer(1 << 16), a.SetWriteBuffer(1 << 16),
		} {
			e.check(act.Await(e.task))
		}
		get := func(c *netio.Conn, o driver.Option) int {
			v, err := netio.GetOption(c, o)
			e.check(err)
			return v
		}
		e.equal(get(a, driver.NoDelay), 0)
		e.equal(get(a, driver.KeepAlive), 0)
		e.equal(get(a, driver.Linger), 3)
		if e.kernel() { // accepted connections inherit what the listener has set
			for o, want := range map[driver.Option]int{driver.NoDelay: 1, driver.KeepAlive: 1, driver.KeepAliveIdle: 15,
				driver.KeepAlivePeriod: 15, driver.KeepAliveCount: 9, driver.Linger: -1} {
				if got := get(b, o); got != want {
					e.Errorf("option %d of an accepted connection is %d, want %d", o, got, want)
				}
			}
		}
		e.check(a.SetLinger(-1).Await(e.task))
		e.close(a, b)
	})
}

// The errors of two settings at once are each one's own.
func TestOptionErrors(t *testing.T) {
	onEach(t, func(e *env) {
		a, b := e.pair()
		good, bad := b.SetNoDelay(true), a.SetNoDelay(true)
		e.close(a)
		_, badErr := bad.Poll(e.task)
		_, goodErr := good.Poll(e.task)
		e.is(badErr, net.ErrClosed)
		e.check(goodErr)
		e.close(b)
	})
}

// Accepting stays armed between Accepts, but not for ever: at a limit the rest
// waits in the kernel, and nobody is lost.
func TestListenerBacklog(t *testing.T) {
	onEach(t, func(e *env) {
		ln := e.listen()
		first := e.dial(ln)
		e.close(first, e.accept(ln))
		const n, burst = 3 * netio.MaxReady, 50
		seen := map[string]bool{}
		var clients []*netio.Conn
		for range n {
			c := e.dial(ln)
			clients = append(clients, c)
			seen[c.LocalAddr().String()] = true
			if len(clients)%burst == 0 {
				e.settle()
			}
		}
		e.settle()
		// What has arrived together with the one that reached the limit is there too.
		if waiting := netio.Ready(ln); waiting > netio.MaxReady+burst {
			e.Errorf("%d connections wait at the listener, want at most about %d", waiting, netio.MaxReady)
		}
		for range n {
			c := e.accept(ln)
			peer := c.RemoteAddr().String()
			if !seen[peer] {
				e.Errorf("%s was accepted, which has not connected or twice", peer)
			}
			delete(seen, peer)
			e.close(c)
		}
		for _, c := range clients {
			e.close(c)
		}
		e.close(ln)
	})
}

// Accepts that wait are served in their order.
func TestAcceptsQueue(t *testing.T) {
	onEach(t, func(e *env) {
		ln := e.listen()
		var got [4]*netio.Conn
		var tasks []*async.Child
		for i := range got {
			tasks = append(tasks, e.spawn(func(e *env) { got[i] = e.accept(ln) }))
		}
		var clients []*netio.Conn
		for range got {
			clients = append(clients, e.dial(ln))
		}
		for i, c := range clients {
			e.check(tasks[i].Await(e.task))
			e.equal(got[i].RemoteAddr().String(), c.LocalAddr().String())
			e.close(c, got[i])
		}
		e.close(ln)
	})
}

func TestInterleave(t *testing.T) {
	parse := func(ss ...string) (out []netip.AddrPort) {
		for _, s := range ss {
			out = append(out, netip.AddrPortFrom(netip.MustParseAddr(s), 1))
		}
		return out
	}
	for _, c := range []struct{ in, want []netip.AddrPort }{
		{parse("::1"), parse("::1")},
		{parse("::1", "::2", "1.1.1.1"), parse("::1", "1.1.1.1", "::2")},
		{parse("1.1.1.1", "::1", "::2", "::3"), parse("1.1.1.1", "::1", "::2", "::3")},
		{parse("1.1.1.1", "1.1.1.2", "::1", "::2"), parse("1.1.1.1", "::1", "1.1.1.2", "::2")},
	} {
		got := netio.Interleave(c.in)
		if len(got) != len(c.want) {
			t.Fatalf("%v: got %v", c.in, got)
		}
		for i := range got {
			if got[i] != c.want[i] {
				t.Errorf("%v: got %v, want %v", c.in, got, c.want)
				break
			}
		}
	}
}

// Whoever waits for an Accept may take its result at the moment when it is woken, and
// so change the queue while it is being served.
func TestAcceptTakenWhileServing(t *testing.T) {
	onEach(t, func(e *env) {
		ln := e.listen()
		var takers [3]*taker
		for i := range takers {
			takers[i] = &taker{op: ln.Accept()}
			takers[i].begin(e.task)
		}
		a, b := e.dial(ln), e.dial(ln)
		e.until(func() bool { return takers[0].done && takers[1].done })
		e.close(ln)
		for i, x := range takers {
			switch {
			case !x.done:
				e.Errorf("Accept %d was not woken", i)
			case i < 2:
				e.check(x.err)
				e.close(x.conn)
			default:
				e.is(x.err, net.ErrClosed)
			}
		}
		e.close(a, b)

		// All at once.
		ln = e.listen()
		for i := range takers {
			takers[i] = &taker{op: ln.Accept()}
			takers[i].begin(e.task)
		}
		e.close(ln)
		for _, x := range takers {
			e.equal(x.done, true)
			e.is(x.err, net.ErrClosed)
		}
	})
}

// A taker takes the result of an Accept when it is woken, without a task.
type taker struct {
	op    async.Op[*netio.Conn]
	waker async.Waker
	view  async.Task
	done  bool
	conn  *netio.Conn
	err   error
}

func (x *taker) begin(t *async.Task) {
	x.waker = async.WakerFor(x)
	x.view = t.WithWaker(&x.waker)
	x.WakeLocal()
}

func (x *taker) WakeLocal() {
	conn, err := x.op.Poll(&x.view)
	if x.done = !async.IsPending(err); x.done {
		x.conn, x.err = conn, err
	}
}

func (x *taker) Wake() { x.WakeLocal() }
