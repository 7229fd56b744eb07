package drivertest

import (
	"bytes"
	"net/netip"
	"strconv"
	"time"

	"rondo.dev/rondo/driver"
)

var loopback = driver.Addr{AddrPort: netip.MustParseAddrPort("127.0.0.1:0")}

// listen returns a listener on addr and the address it got.
func (r *rig) listen(addr driver.Addr, o driver.ListenOptions) (fd int, at driver.Addr) {
	r.Helper()
	fd, err := r.d.Listen(addr, o)
	r.check(err)
	r.own(fd)
	r.suite.World.Inspect(r.T, fd)
	at, err = r.d.LocalAddr(fd)
	r.check(err)
	return fd, at
}

// socket returns an unconnected socket fit for addr.
func (r *rig) socket(addr driver.Addr) int {
	r.Helper()
	fd, err := r.d.Socket(addr)
	r.check(err)
	r.suite.World.Inspect(r.T, fd)
	return r.own(fd)
}

// dial connects to addr.
func (r *rig) dial(addr driver.Addr) int {
	r.Helper()
	fd := r.socket(addr)
	r.must(func(c *call) { c.Connect(fd, &driver.ConnectArgs{Addr: addr}, c) })
	return fd
}

// accept accepts one connection.
func (r *rig) accept(listener int) int {
	r.Helper()
	fd := r.own(r.must(func(c *call) { c.Accept(listener, c) }))
	r.suite.World.Inspect(r.T, fd)
	return fd
}

// pair returns the ends of a stream connection.
func (r *rig) pair() (a, b int) {
	r.Helper()
	l, at := r.listen(loopback, driver.ListenOptions{})
	a, b = r.join(l, at)
	r.close(l)
	return a, b
}

// join returns the ends of a new connection through a listener.
func (r *rig) join(listener int, at driver.Addr) (a, b int) {
	r.Helper()
	a = r.socket(at)
	connecting := r.submit(func(c *call) { c.Connect(a, &driver.ConnectArgs{Addr: at}, c) })
	b = r.accept(listener)
	if res := r.await(connecting); res.Err != nil {
		r.Fatalf("connect: %v", res.Err)
	}
	return a, b
}

// pipe returns the ends of a pipe.
func (r *rig) pipe() (rd, wr int) {
	r.Helper()
	rd, wr, err := r.suite.World.Pipe(r.d)
	r.check(err)
	return r.own(rd), r.own(wr)
}

// messages returns a pair of sockets that keep the boundaries of messages.
func (r *rig) messages() (a, b int) {
	r.Helper()
	a, b, err := r.suite.World.Messages(r.d)
	r.check(err)
	return r.own(a), r.own(b)
}

// send writes all of b.
func (r *rig) send(fd int, b []byte) {
	r.Helper()
	for len(b) > 0 {
		n := r.must(func(c *call) { c.Send(fd, b, c) })
		if n <= 0 || n > len(b) {
			r.Fatalf("send of %d bytes returned %d", len(b), n)
		}
		b = b[n:]
	}
}

// receive reads exactly n bytes.
func (r *rig) receive(fd, n int) []byte {
	r.Helper()
	b := make([]byte, n)
	for got := 0; got < n; {
		k := r.must(func(c *call) { c.Recv(fd, b[got:], c) })
		if k == 0 {
			r.Fatalf("the stream ended after %d of %d bytes", got, n)
		}
		got += k
	}
	return b
}

// expect reads len(want) bytes and compares them.
func (r *rig) expect(fd int, want []byte) {
	r.Helper()
	if got := r.receive(fd, len(want)); !bytes.Equal(got, want) {
		r.Fatalf("received %s, want %s", excerpt(got), excerpt(want))
	}
}

// expectEnd checks that the stream has ended.
func (r *rig) expectEnd(fd int) {
	r.Helper()
	if n := r.must(func(c *call) { c.Recv(fd, make([]byte, 16), c) }); n != 0 {
		r.Fatalf("received %d bytes, want the end of the stream", n)
	}
}

// fill writes to fd until a write has to wait, and returns that write with what
// was written before it.
func (r *rig) fill(fd int, prepare func(c *call, b []byte)) (waiting *call, written int) {
	r.Helper()
	for written < 1<<30 {
		c := r.submit(func(c *call) { prepare(c, pattern(written, 256<<10)) })
		for range 20 {
			if r.wait(time.Millisecond); c.ended {
				break
			}
		}
		if !c.ended {
			return c, written
		}
		if res := c.last(); res.Err != nil {
			r.Fatalf("%v: %v", c.Kind(), res.Err)
		}
		written += c.last().N
	}
	r.Fatal("a peer that does not read never stops the writer")
	return nil, 0
}

// pattern returns n bytes of an endless stream in which every place can be told
// from its neighbours, from the position at.
func pattern(at, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		x := uint32(at + i)
		b[i] = byte((x*2654435761 + x>>8) >> 16)
	}
	return b
}

// excerpt shortens b for a message.
func excerpt(b []byte) string {
	const most = 32
	s := string(b[:min(len(b), most)])
	if len(b) > most {
		return strconv.Quote(s) + "..."
	}
	return strconv.Quote(s)
}
