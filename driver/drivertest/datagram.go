package drivertest

import (
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"syscall"

	"rondo.dev/rondo/driver"
)

var datagramTests = []test{
	{name: "Datagram/addresses", run: datagramAddresses, needs: []Feature{Datagrams}},
	{name: "Datagram/connected", run: datagramConnected, needs: []Feature{Datagrams}},
	{name: "Datagram/refused", run: datagramRefused, needs: []Feature{Datagrams}},
	{name: "Datagram/too_long", run: datagramTooLong, needs: []Feature{Datagrams}},
	{name: "Datagram/short_reads_prove_nothing", run: datagramShort, needs: []Feature{Datagrams}},
	{name: "Datagram/address_in_use", run: datagramInUse, needs: []Feature{Datagrams}},
	{name: "Datagram/groups", run: datagramGroups, needs: []Feature{Datagrams}},
	{name: "Datagram/traffic_class", run: datagramClass, needs: []Feature{Datagrams}},
	{name: "Batch/in_order", run: batchOrder, needs: []Feature{Datagrams}},
	{name: "Batch/waits", run: batchWaits, needs: []Feature{Datagrams}},
	{name: "Batch/waits_for_room", run: batchRoom, needs: []Feature{Datagrams}},
	{name: "Batch/error_behind_the_first", run: batchError, needs: []Feature{Datagrams}},
	{name: "Batch/cancel_loses_none", run: batchCancel, needs: []Feature{Datagrams}},
	{name: "Batch/closing", run: batchClose, needs: []Feature{Datagrams}},
	{name: "Batch/descriptors", run: batchRights, needs: []Feature{Datagrams, Rights, Foreign}},
	{name: "SocketPair/types", run: pairTypes, needs: []Feature{Datagrams}},
	{name: "SeqPacket/listener", run: seqPacketListener, needs: []Feature{Datagrams, Paths}},
	{name: "Unlink/path", run: unlinkPath, needs: []Feature{Datagrams, Paths}},
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

// batchOf returns n messages, empty ones with room or those of pattern.
func batchOf(from, n int, full bool) *driver.Batch {
	b := &driver.Batch{Msgs: make([]driver.Msg, n)}
	for i := range b.Msgs {
		buf := make([]byte, 100)
		if full {
			buf = pattern(from+i, 1+(from+i)%90)
		}
		b.Msgs[i].Bufs = [][]byte{buf}
	}
	return b
}

// expectBatch checks that the first n messages of b are those that begin at from.
func (r *rig) expectBatch(b *driver.Batch, from, n int) {
	r.Helper()
	if n < 1 || n > len(b.Msgs) {
		r.Fatalf("a batch of %d messages has %d", len(b.Msgs), n)
	}
	for i := range n {
		m := &b.Msgs[i]
		want := pattern(from+i, 1+(from+i)%90)
		if string(m.Bufs[0][:m.N]) != string(want) {
			r.Fatalf("message %d is %s, want %s", from+i, excerpt(m.Bufs[0][:m.N]), excerpt(want))
		}
	}
}

func batchOrder(r *rig) {
	b, to := r.datagrams()
	a, from := r.connected(to)
	for sent, got := 0, 0; got < 100; {
		if sent < 100 {
			batch := batchOf(sent, 10, true)
			sent += r.must(func(c *call) { c.SendBatch(a, batch, c) })
		}
		batch := batchOf(0, 7, false)
		n := r.must(func(c *call) { c.RecvBatch(b, batch, c) })
		r.expectBatch(batch, got, n)
		if batch.Msgs[0].Addr != from {
			r.Errorf("a message of a batch from %v, want %v", batch.Msgs[0].Addr, from)
		}
		got += n
	}
}

func batchWaits(r *rig) {
	a, b := r.unixPair()
	for range 3 {
		batch := batchOf(0, 4, false)
		c := r.submit(func(c *call) { c.RecvBatch(b, batch, c) })
		r.stillWaiting(c)
		r.must(func(c *call) { c.Send(a, pattern(0, 1), c) })
		if res := r.await(c); res.Err != nil || res.N != 1 {
			r.Fatalf("a batch ended with %+v", res)
		}
		r.expectBatch(batch, 0, 1)
	}
}

func batchRoom(r *rig) {
	a, b := r.unixPair()
	const total = 1000 // more than a socket holds
	got := 0
	var sends []*call
	for got < total {
		if sent, busy := sentBy(r, sends); !busy && sent < total {
			batch := batchOf(sent, total-sent, true)
			sends = append(sends, r.submit(func(c *call) { c.SendBatch(a, batch, c) }))
		}
		batch := batchOf(0, 9, false)
		n := r.must(func(c *call) { c.RecvBatch(b, batch, c) })
		r.expectBatch(batch, got, n)
		got += n
	}
	if sent, _ := sentBy(r, sends); sent != total {
		r.Errorf("%d messages were sent, %d received", sent, got)
	}
}

// sentBy counts the messages of batches, of which the last may be in flight.
func sentBy(r *rig, sends []*call) (n int, busy bool) {
	r.Helper()
	for _, c := range sends {
		switch {
		case !c.ended:
			busy = true
		case c.last().Err != nil:
			r.Fatalf("a batch ended with %+v", c.last())
		default:
			n += c.last().N
		}
	}
	return n, busy
}

func batchError(r *rig) {
	a, _ := r.datagrams()
	_, to := r.datagrams()
	batch := batchOf(0, 3, true)
	for i := range batch.Msgs {
		batch.Msgs[i].Addr = to
	}
	batch.Msgs[2].Bufs = [][]byte{make([]byte, 65_536)}
	for done := 0; done < 2; {
		done += r.must(func(c *call) { c.SendBatch(a, batch, c) })
		batch.Msgs = batch.Msgs[min(done, len(batch.Msgs)):]
	}
	r.fails(syscall.EMSGSIZE, func(c *call) { c.SendBatch(a, batch, c) })
	r.fails(syscall.EBADF, func(c *call) { c.RecvBatch(1<<20, batchOf(0, 1, false), c) })
	if n := r.must(func(c *call) { c.RecvBatch(a, &driver.Batch{}, c) }); n != 0 {
		r.Errorf("a batch of nothing has %d", n)
	}
}

func batchCancel(r *rig) {
	a, b := r.unixPair()
	next, sent := 0, 0
	for round := 0; round < 200 || next < sent; round++ {
		batch := batchOf(0, 3, false)
		c := r.submit(func(c *call) { c.RecvBatch(b, batch, c) })
		if round < 200 {
			if r.rand.IntN(2) == 0 {
				r.wait(0)
			}
			out := batchOf(sent, 1+r.rand.IntN(2), true)
			sent += r.must(func(c *call) { c.SendBatch(a, out, c) })
			if r.rand.IntN(2) == 0 {
				r.wait(0)
			}
			r.d.Cancel(&c.Op)
		}
		switch res := r.await(c); {
		case errors.Is(res.Err, driver.ErrCanceled):
		case res.Err != nil:
			r.Fatalf("a batch ended with %+v", res)
		default:
			r.expectBatch(batch, next, res.N)
			next += res.N
		}
		for sent-next > 5 { // a socket does not hold many
			batch := batchOf(0, 5, false)
			n := r.must(func(c *call) { c.RecvBatch(b, batch, c) })
			r.expectBatch(batch, next, n)
			next += n
		}
	}
}

func batchClose(r *rig) {
	_, b := r.unixPair()
	c := r.submit(func(c *call) { c.RecvBatch(b, batchOf(0, 3, false), c) })
	r.stillWaiting(c)
	r.close(b)
	if res := r.await(c); !errors.Is(res.Err, driver.ErrCanceled) {
		r.Errorf("a batch on a closed descriptor ended with %+v", res)
	}
}

// batchRights passes descriptors by Ancillary, with room for some or none.
func batchRights(r *rig) {
	a, b := r.unixPair()
	rd, wr := r.pipe()
	for _, room := range []int{2, 1, 0} {
		out := batchOf(0, 1, true)
		out.Msgs[0].Ancillary = &driver.Ancillary{Rights: []int{rd, wr}}
		r.must(func(c *call) { c.SendBatch(a, out, c) })
		in := batchOf(0, 1, false)
		in.Msgs[0].Ancillary = &driver.Ancillary{MaxRights: room}
		r.must(func(c *call) { c.RecvBatch(b, in, c) })
		got := in.Msgs[0].Ancillary.Rights
		if len(got) != room {
			r.Errorf("with room for %d descriptors came %d", room, len(got))
		}
		if cut := in.Msgs[0].RecvFlags&msgControlTrunc != 0; cut != (room < 2) {
			r.Errorf("with room for %d descriptors the flags are %#x", room, in.Msgs[0].RecvFlags)
		}
		for _, fd := range got {
			r.own(fd)
			r.suite.World.Inspect(r.T, fd)
		}
	}
}

// msgControlTrunc is MSG_CTRUNC, in the one value it has where descriptors are passed.
const msgControlTrunc = 0x8

func pairTypes(r *rig) {
	for _, t := range []driver.SocketType{driver.Stream, driver.Datagram, driver.SeqPacket} {
		a, b, err := r.d.SocketPair(t)
		r.check(err)
		r.own(a)
		r.own(b)
		r.suite.World.Inspect(r.T, a)
		r.suite.World.Inspect(r.T, b)
		r.send(a, []byte("ab"))
		r.send(a, []byte("cd"))
		if t == driver.Stream {
			r.expect(b, []byte("abcd"))
		} else {
			r.expect(b, []byte("ab"))
			r.expect(b, []byte("cd"))
		}
		if cred, err := r.d.PeerCred(b); err != nil || cred.PID != os.Getpid() || cred.UID != os.Getuid() || cred.GID != os.Getgid() {
			r.Errorf("the other end is of %+v, %v", cred, err)
		}
	}
}

func seqPacketListener(r *rig) {
	at := driver.Addr{Path: filepath.Join(r.suite.World.Dir(r.T), "packets")}
	l, err := r.d.Listen(at, driver.ListenOptions{Type: driver.SeqPacket})
	r.check(err)
	r.own(l)
	a, err := r.d.Packet(at, driver.SeqPacket)
	r.check(err)
	r.own(a)
	r.fails(syscall.ENOTCONN, func(c *call) { c.Send(a, []byte("x"), c) })
	r.must(func(c *call) { c.Connect(a, &driver.ConnectArgs{Addr: at}, c) })
	b := r.accept(l)
	r.send(a, []byte("one"))
	r.send(a, []byte("two"))
	r.close(a)
	r.expect(b, []byte("one"))
	r.expect(b, []byte("two"))
	r.expectEnd(b)
	stream, err := r.d.Socket(at)
	r.check(err)
	r.own(stream)
	r.fails(syscall.EPROTOTYPE, func(c *call) { c.Connect(stream, &driver.ConnectArgs{Addr: at}, c) })
}

func unlinkPath(r *rig) {
	at := driver.Addr{Path: filepath.Join(r.suite.World.Dir(r.T), "name")}
	for range 2 {
		fd, err := r.d.Packet(at, driver.Datagram)
		r.check(err)
		r.check(r.d.Bind(fd, at))
		if got, err := r.d.LocalAddr(fd); err != nil || got != at {
			r.Errorf("bound to %v: %v, %v", at, got, err)
		}
		r.check(r.d.Unlink(at))
		r.own(fd)
		r.close(fd)
	}
	r.check(r.d.Unlink(driver.Addr{Path: "@abstract"}))
}
