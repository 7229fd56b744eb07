package drivertest

import (
	"errors"
	"net/netip"
	"path/filepath"
	"syscall"

	"rondo.dev/rondo/driver"
)

var acceptTests = []test{
	{name: "Accept/one", run: acceptOne},
	{name: "Accept/waits", run: acceptWaits},
	{name: "Accept/multi", run: acceptMulti},
	{name: "Accept/cancel_loses_no_connection", run: acceptCancel},
	{name: "Accept/not_a_listener", run: acceptNotListening},
	{name: "Accept/duplicate_listener", run: acceptDup, needs: []Feature{Sharing}},
	{name: "Accept/closing_the_listener_ends_connections", run: acceptListenerCloses},
}

var connectTests = []test{
	{name: "Connect/addresses", run: connectAddresses},
	{name: "Connect/refused", run: connectRefused},
	{name: "Connect/twice", run: connectTwice},
	{name: "Connect/unconnected_socket", run: connectNot},
	{name: "Connect/path", run: connectPath, needs: []Feature{Paths}},
	{name: "Connect/path_abstract", run: connectAbstract, needs: []Feature{Paths}},
	{name: "Connect/IPv6", run: connectIPv6, needs: []Feature{IPv6}},
	{name: "Listen/address_in_use", run: listenInUse},
	{name: "Listen/shared_port", run: listenShared, needs: []Feature{ReusePort}},
}

func acceptOne(r *rig) {
	l, at := r.listen(loopback, driver.ListenOptions{})
	a, b := r.join(l, at)
	r.send(a, []byte("hello"))
	r.expect(b, []byte("hello"))
}

func acceptWaits(r *rig) {
	l, at := r.listen(loopback, driver.ListenOptions{})
	c := r.submit(func(c *call) { c.Accept(l, c) })
	r.stillWaiting(c)
	a := r.dial(at)
	res := r.await(c)
	if res.Err != nil {
		r.Fatalf("accept: %v", res.Err)
	}
	b := r.own(res.N)
	r.suite.World.Inspect(r.T, b)
	r.send(b, []byte("hello"))
	r.expect(a, []byte("hello"))
}

// acceptMulti has one operation accept what comes, before and after it was
// submitted, and end when it is cancelled.
func acceptMulti(r *rig) {
	const n = 50
	l, at := r.listen(loopback, driver.ListenOptions{})
	for range 3 {
		r.dial(at)
	}
	accepted := 0
	multi := &call{r: r}
	r.calls = append(r.calls, multi)
	rearm := func(c *call) { c.AcceptMulti(l, c) }
	multi.each = func(res driver.Result) {
		if errors.Is(res.Err, driver.ErrCanceled) {
			return
		}
		if res.Err != nil {
			r.Errorf("accept: %v", res.Err)
			return
		}
		accepted++
		r.own(res.N)
		r.suite.World.Inspect(r.T, res.N)
		if !res.More {
			r.again(multi, rearm)
		}
	}
	r.again(multi, rearm)
	for range n - 3 {
		r.dial(at)
	}
	r.until(func() bool { return accepted == n }, "all connections")
	r.stillWaiting(multi)
	r.d.Cancel(&multi.Op)
	if res := r.await(multi); !errors.Is(res.Err, driver.ErrCanceled) {
		r.Errorf("accept ended with %+v", res)
	}
	if accepted != n {
		r.Errorf("%d connections made, %d accepted", n, accepted)
	}
}

func acceptCancel(r *rig) {
	const n = 200
	l, at := r.listen(loopback, driver.ListenOptions{})
	accepted := 0
	take := func(res driver.Result) {
		switch {
		case res.Err == nil:
			r.own(res.N)
			accepted++
		case !errors.Is(res.Err, driver.ErrCanceled):
			r.Errorf("accept: %v", res.Err)
		}
	}
	for i := range n {
		c := &call{r: r, each: take}
		r.calls = append(r.calls, c)
		r.again(c, func(c *call) {
			if i%2 == 0 {
				c.Accept(l, c)
			} else {
				c.AcceptMulti(l, c)
			}
		})
		connecting := r.submit(func(c *call) { c.Connect(r.socket(at), &driver.ConnectArgs{Addr: at}, c) })
		for range r.rand.IntN(3) {
			r.wait(0)
		}
		r.d.Cancel(&c.Op)
		r.await(c)
		if res := r.await(connecting); res.Err != nil {
			r.Fatalf("connect: %v", res.Err)
		}
	}
	for accepted < n {
		c := &call{r: r, each: take}
		r.calls = append(r.calls, c)
		r.again(c, func(c *call) { c.Accept(l, c) })
		r.await(c)
	}
	if accepted != n {
		r.Errorf("%d connections made, %d accepted", n, accepted)
	}
}

func acceptNotListening(r *rig) {
	a, _ := r.pair()
	r.fails(syscall.EINVAL, func(c *call) { c.Accept(a, c) })
	r.fails(syscall.EINVAL, func(c *call) { c.AcceptMulti(a, c) })
}

// acceptDup accepts through a second descriptor of a listener, which outlives
// the first.
func acceptDup(r *rig) {
	l, at := r.listen(loopback, driver.ListenOptions{})
	dup, err := r.d.Dup(l)
	r.check(err)
	r.own(dup)
	r.suite.World.Inspect(r.T, dup)
	waiting := r.submit(func(c *call) { c.Accept(dup, c) })
	r.close(l)
	r.stillWaiting(waiting)
	a := r.dial(at)
	res := r.await(waiting)
	r.check(res.Err)
	r.send(a, []byte("through the copy"))
	r.expect(r.own(res.N), []byte("through the copy"))
	if fd, err := r.d.Dup(-1); !errors.Is(err, syscall.EBADF) {
		r.Errorf("a duplicate of no descriptor: %d, %v", fd, err)
	}
}

func acceptListenerCloses(r *rig) {
	l, at := r.listen(loopback, driver.ListenOptions{})
	a := r.dial(at)
	c := r.submit(func(c *call) { c.Recv(a, make([]byte, 1), c) })
	r.stillWaiting(c)
	r.close(l)
	if res := r.await(c); !errors.Is(res.Err, syscall.ECONNRESET) && (res.Err != nil || res.N != 0) {
		r.Errorf("a connection that was never accepted ended with %+v", res)
	}
	fd := r.socket(at)
	r.fails(syscall.ECONNREFUSED, func(c *call) { c.Connect(fd, &driver.ConnectArgs{Addr: at}, c) })
}

func connectAddresses(r *rig) {
	l, at := r.listen(loopback, driver.ListenOptions{})
	if at.Port() == 0 || at.Addr() != loopback.Addr() {
		r.Fatalf("the listener is at %v", at)
	}
	a, b := r.join(l, at)
	addr := func(name string, f func(int) (driver.Addr, error), fd int) driver.Addr {
		got, err := f(fd)
		if err != nil {
			r.Errorf("%s: %v", name, err)
		}
		return got
	}
	client := addr("client's own", r.d.LocalAddr, a)
	if got := addr("client's peer", r.d.PeerAddr, a); got != at {
		r.Errorf("the client is connected to %v, want %v", got, at)
	}
	if got := addr("server's own", r.d.LocalAddr, b); got != at {
		r.Errorf("the server's end is at %v, want %v", got, at)
	}
	if got := addr("server's peer", r.d.PeerAddr, b); got != client || client.Port() == 0 {
		r.Errorf("the server is connected to %v, the client is at %v", got, client)
	}
	if _, err := r.d.PeerAddr(l); !errors.Is(err, syscall.ENOTCONN) {
		r.Errorf("the peer of a listener: %v", err)
	}
}

func connectRefused(r *rig) {
	l, at := r.listen(loopback, driver.ListenOptions{})
	r.close(l)
	fd := r.socket(at)
	r.fails(syscall.ECONNREFUSED, func(c *call) { c.Connect(fd, &driver.ConnectArgs{Addr: at}, c) })
}

func connectTwice(r *rig) {
	l, at := r.listen(loopback, driver.ListenOptions{})
	a, _ := r.join(l, at)
	r.fails(syscall.EISCONN, func(c *call) { c.Connect(a, &driver.ConnectArgs{Addr: at}, c) })
}

func connectNot(r *rig) {
	fd := r.socket(loopback)
	r.fails(syscall.ENOTCONN, func(c *call) { c.Recv(fd, make([]byte, 1), c) })
	r.fails(syscall.EPIPE, func(c *call) { c.Send(fd, make([]byte, 1), c) })
}

func connectPath(r *rig) {
	path := filepath.Join(r.suite.World.Dir(r.T), "s")
	connectBy(r, driver.Addr{Path: path})
	missing := driver.Addr{Path: path + "-missing"}
	fd := r.socket(missing)
	r.fails(syscall.ENOENT, func(c *call) { c.Connect(fd, &driver.ConnectArgs{Addr: missing}, c) })
}

func connectAbstract(r *rig) {
	// The directory makes the name one of its own.
	connectBy(r, driver.Addr{Path: "@" + r.suite.World.Dir(r.T)})
}

func connectIPv6(r *rig) {
	connectBy(r, driver.Addr{AddrPort: netip.MustParseAddrPort("[::1]:0")})
}

func connectBy(r *rig, addr driver.Addr) {
	l, at := r.listen(addr, driver.ListenOptions{})
	if at.Path != addr.Path || at.Addr() != addr.Addr() {
		r.Errorf("listening on %v, which is said to be %v", addr, at)
	}
	a, b := r.join(l, at)
	r.send(a, []byte("by "+at.String()))
	r.expect(b, []byte("by "+at.String()))
	if peer, err := r.d.PeerAddr(a); err != nil || peer != at {
		r.Errorf("connected to %v, %v, want %v", peer, err, at)
	}
}

func listenInUse(r *rig) {
	_, at := r.listen(loopback, driver.ListenOptions{})
	if fd, err := r.d.Listen(at, driver.ListenOptions{}); !errors.Is(err, syscall.EADDRINUSE) {
		r.Errorf("a second listener on %v: %d, %v", at, fd, err)
	}
}

func listenShared(r *rig) {
	shared := driver.ListenOptions{ReusePort: true}
	l1, at := r.listen(loopback, shared)
	l2, _ := r.listen(at, shared)
	// Each connection goes to one of the two.
	const n = 20
	accepted := 0
	for _, l := range []int{l1, l2} {
		r.submit(func(c *call) {
			c.each = func(res driver.Result) {
				if res.Err == nil {
					r.own(res.N)
					accepted++
				}
			}
			c.AcceptMulti(l, c)
		})
	}
	for range n {
		r.dial(at)
	}
	r.until(func() bool { return accepted == n }, "all connections")
}
