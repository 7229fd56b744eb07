package drivertest

import (
	"errors"
	"net/netip"
	"syscall"

	"rondo.dev/rondo/driver"
)

var datagramTests = []test{
	{name: "Datagram/addresses", run: datagramAddresses, needs: []Feature{Datagrams}},
	{name: "Datagram/connected", run: datagramConnected, needs: []Feature{Datagrams}},
	{name: "Datagram/plain", run: datagramPlain, needs: []Feature{Datagrams}},
	{name: "Datagram/refused", run: datagramRefused, needs: []Feature{Datagrams}},
	{name: "Datagram/too_long", run: datagramTooLong, needs: []Feature{Datagrams}},
	{name: "Datagram/short_reads_prove_nothing", run: datagramShort, needs: []Feature{Datagrams}},
	{name: "Datagram/address_in_use", run: datagramInUse, needs: []Feature{Datagrams}},
	{name: "Datagram/groups", run: datagramGroups, needs: []Feature{Datagrams}},
	{name: "Datagram/traffic_class", run: datagramClass, needs: []Feature{Datagrams}},
}

// datagrams returns a socket bound to loopback, and its address.
func (r *rig) datagrams() (fd int, at driver.Addr) {
	r.Helper()
	fd, err := r.d.Packet(loopback, driver.Datagram)
	r.check(err)
	r.own(fd)
	r.suite.World.Inspect(r.T, fd)
	r.check(r.d.Bind(fd, loopback))
	at, err = r.d.LocalAddr(fd)
	r.check(err)
	return fd, at
}

// connected returns a socket that is connected to at, and its address.
func (r *rig) connected(at driver.Addr) (fd int, from driver.Addr) {
	r.Helper()
	fd, err := r.d.Packet(at, driver.Datagram)
	r.check(err)
	r.own(fd)
	r.must(func(c *call) { c.Connect(fd, &driver.ConnectArgs{Addr: at}, c) })
	from, err = r.d.LocalAddr(fd)
	r.check(err)
	return fd, from
}

// unixPair returns connected Unix sockets of datagrams, which lose nothing.
func (r *rig) unixPair() (a, b int) {
	r.Helper()
	a, b, err := r.d.SocketPair(driver.Datagram)
	r.check(err)
	return r.own(a), r.own(b)
}

// recvMsg receives a message of up to 4000 bytes.
func (r *rig) recvMsg(fd int) (string, *driver.Msg) {
	r.Helper()
	m := &driver.Msg{Bufs: [][]byte{make([]byte, 4000)}, Ancillary: &driver.Ancillary{}}
	n := r.must(func(c *call) { c.RecvMsg(fd, m, c) })
	if m.N != n {
		r.Errorf("a message of %d bytes has N %d", n, m.N)
	}
	return string(m.Bufs[0][:n]), m
}

func one(s string, to driver.Addr) *driver.Msg {
	return &driver.Msg{Bufs: [][]byte{[]byte(s)}, Addr: to}
}

func datagramAddresses(r *rig) {
	a, from := r.datagrams()
	b, to := r.datagrams()
	for range 3 {
		r.sendMsg(a, one("there", to))
		got, m := r.recvMsg(b)
		if got != "there" || m.Addr != from {
			r.Fatalf("received %q from %v, want it from %v", got, m.Addr, from)
		}
		r.sendMsg(b, one("and back", m.Addr))
		if got, m := r.recvMsg(a); got != "and back" || m.Addr != to {
			r.Fatalf("received %q from %v, want it from %v", got, m.Addr, to)
		}
	}
	if _, err := r.d.PeerAddr(a); !errors.Is(err, syscall.ENOTCONN) {
		r.Errorf("the peer of an unconnected socket: %v", err)
	}
	r.fails(syscall.EDESTADDRREQ, func(c *call) { c.Send(a, []byte("x"), c) })
}

func datagramConnected(r *rig) {
	b, to := r.datagrams()
	a, from := r.connected(to)
	other, _ := r.datagrams()
	if at, err := r.d.PeerAddr(a); err != nil || at != to {
		r.Errorf("the peer is %v, %v, want %v", at, err, to)
	}
	r.sendMsg(other, one("not for you", from))
	r.must(func(c *call) { c.Send(a, nil, c) })
	r.send(a, []byte("hello"))
	for _, want := range []string{"", "hello"} {
		if got, m := r.recvMsg(b); got != want || m.Addr != from {
			r.Errorf("received %q from %v, want %q from %v", got, m.Addr, want, from)
		}
	}
	r.sendMsg(b, one("back", from))
	buf := make([]byte, 20)
	if n := r.must(func(c *call) { c.Recv(a, buf, c) }); string(buf[:n]) != "back" {
		r.Errorf("received %q", buf[:n])
	}
}

// datagramPlain is messages of one buffer without anything beside it, which a driver
// may move in a simpler way: from a connected socket, which needs no address.
func datagramPlain(r *rig) {
	b, to := r.datagrams()
	a, from := r.connected(to)
	for _, want := range []string{"hello", "", "too long"} {
		r.sendMsg(a, one(want, driver.Addr{}))
		m := &driver.Msg{Bufs: [][]byte{make([]byte, 5)}}
		n := r.must(func(c *call) { c.RecvMsg(b, m, c) })
		cut := len(want) > 5
		if got := string(m.Bufs[0][:n]); got != want[:min(5, len(want))] || m.N != n || m.Addr != from || (m.RecvFlags&msgTrunc != 0) != cut {
			r.Errorf("received %q (N %d) from %v with flags %#x, want %q from %v", got, m.N, m.Addr, m.RecvFlags, want, from)
		}
	}
	r.sendMsg(b, one("back", from))
	m := &driver.Msg{Bufs: [][]byte{make([]byte, 5)}}
	if n := r.must(func(c *call) { c.RecvMsg(a, m, c) }); n != 4 || m.Addr != to {
		r.Errorf("received %d bytes from %v, want 4 from %v", n, m.Addr, to)
	}
}

func datagramRefused(r *rig) {
	b, to := r.datagrams()
	a, _ := r.connected(to)
	r.close(b)
	r.send(a, []byte("anybody?"))
	r.fails(syscall.ECONNREFUSED, func(c *call) { c.Recv(a, make([]byte, 1), c) })
	c := r.submit(func(c *call) { c.Recv(a, make([]byte, 1), c) })
	r.stillWaiting(c) // it is told once
}

func datagramTooLong(r *rig) {
	a, _ := r.datagrams()
	_, to := r.datagrams()
	m := &driver.Msg{Bufs: [][]byte{make([]byte, 65_536)}, Addr: to}
	r.fails(syscall.EMSGSIZE, func(c *call) { c.SendMsg(a, m, c) })
}

// datagramShort has a receive that does not fill its buffer followed by others.
func datagramShort(r *rig) {
	b, to := r.datagrams()
	a, _ := r.connected(to)
	for i := range 10 {
		r.send(a, pattern(i, 1+i))
	}
	for i := range 10 {
		buf := make([]byte, 100)
		if n := r.must(func(c *call) { c.Recv(b, buf, c) }); n != 1+i {
			r.Fatalf("datagram %d has %d bytes", i, n)
		}
	}
}

func datagramInUse(r *rig) {
	_, at := r.datagrams()
	fd, err := r.d.Packet(at, driver.Datagram)
	r.check(err)
	r.own(fd)
	if err := r.d.Bind(fd, at); !errors.Is(err, syscall.EADDRINUSE) {
		r.Errorf("binding to an address in use: %v", err)
	}
}

func datagramGroups(r *rig) {
	a, _ := r.datagrams()
	group := netip.MustParseAddr("239.9.8.7")
	if err := r.d.Group(a, group, 0, true); errors.Is(err, syscall.ENODEV) {
		r.Skip("no route for multicast: ", err)
	} else {
		r.check(err)
	}
	if err := r.d.Group(a, group, 0, true); !errors.Is(err, syscall.EADDRINUSE) {
		r.Errorf("joining a group twice: %v", err)
	}
	r.check(r.d.Group(a, group, 0, false))
	if err := r.d.Group(a, group, 0, false); !errors.Is(err, syscall.EADDRNOTAVAIL) {
		r.Errorf("leaving a group twice: %v", err)
	}
	if err := r.d.Group(a, netip.MustParseAddr("127.0.0.1"), 0, true); !errors.Is(err, syscall.EINVAL) {
		r.Errorf("joining what is no group: %v", err)
	}
}

func datagramClass(r *rig) {
	b, to := r.datagrams()
	a, _ := r.connected(to)
	send := func(class int) {
		r.sendMsg(a, &driver.Msg{Bufs: [][]byte{[]byte("x")}, Ancillary: &driver.Ancillary{TrafficClass: class}})
	}
	receive := func(want int) {
		if _, m := r.recvMsg(b); m.Ancillary.TrafficClass != want || m.RecvFlags&(msgTrunc|msgControlTrunc) != 0 {
			r.Errorf("traffic class %#x, flags %#x, want %#x", m.Ancillary.TrafficClass, m.RecvFlags, want)
		}
	}
	send(0x28)
	receive(0) // nobody has asked for it
	r.check(r.d.SetOption(b, driver.RecvTrafficClass, 1))
	r.check(r.d.SetOption(a, driver.TrafficClass, 0x48))
	send(0x28)
	receive(0x28)
	send(0)
	receive(0x48)
}
