package drivertest

import (
	"os"
	"path/filepath"
	"syscall"

	"rondo.dev/rondo/driver"
)

var localTests = []test{
	{name: "SocketPair/types", run: pairTypes, needs: []Feature{Datagrams}},
	{name: "SeqPacket/listener", run: seqPacketListener, needs: []Feature{Datagrams, Paths}},
	{name: "Unlink/path", run: unlinkPath, needs: []Feature{Datagrams, Paths}},
}

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
