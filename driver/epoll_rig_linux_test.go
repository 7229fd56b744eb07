package driver

import (
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"
)

// testEpoll opens a driver that the test looks into.
func testEpoll(t *testing.T, o Options) *epoll {
	t.Helper()
	d, err := newEpoll(o)
	if err != nil {
		t.Fatal(err)
	}
	ep := d.(*epoll)
	t.Cleanup(func() {
		if err := ep.Close(); err != nil && err != ErrClosed {
			t.Error(err)
		}
	})
	return ep
}

// last returns the result that ended an operation; it fails the test if there is
// none yet.
func (o *outcomes) last(t *testing.T) Result {
	t.Helper()
	if o.ends != 1 {
		t.Fatalf("%d ends, results %+v", o.ends, o.results)
	}
	return o.results[len(o.results)-1]
}

// recv submits a read of up to n bytes.
func recv(d Driver, fd, n int) (*Op, *outcomes) {
	op, o := &Op{}, &outcomes{}
	op.Recv(fd, make([]byte, n), o)
	d.Submit(op)
	return op, o
}

// closeThrough closes a descriptor as its user should.
func closeThrough(t *testing.T, d Driver, fd int) {
	t.Helper()
	var op Op
	var o outcomes
	op.Close(fd, &o)
	d.Submit(&op)
	await(t, d, func() bool { return o.ends == 1 })
	if err := o.last(t).Err; err != nil {
		t.Fatal(err)
	}
}

// tcpPair returns the two ends of a connection over loopback, of which b was
// accepted by d.
func tcpPair(t *testing.T, d Driver) (a, b int) {
	t.Helper()
	l, err := d.Listen(Addr{AddrPort: netip.MustParseAddrPort("127.0.0.1:0")}, ListenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	at, err := d.LocalAddr(l)
	if err != nil {
		t.Fatal(err)
	}
	if a, err = d.Socket(at); err != nil {
		t.Fatal(err)
	}
	var connect, accept Op
	var connected, accepted outcomes
	accept.Accept(l, &accepted)
	d.Submit(&accept)
	connect.Connect(a, &ConnectArgs{Addr: at}, &connected)
	d.Submit(&connect)
	await(t, d, func() bool { return connected.ends+accepted.ends == 2 })
	if err := connected.last(t).Err; err != nil {
		t.Fatal(err)
	}
	r := accepted.last(t)
	if r.Err != nil {
		t.Fatal(r.Err)
	}
	closeThrough(t, d, l)
	t.Cleanup(func() { unix.Close(a); unix.Close(r.N) })
	return a, r.N
}

// nested calls f where completions are nested so deep that what f completes is
// put off.
func nested(t *testing.T, d Driver, f func()) {
	t.Helper()
	_, fd := pair(t)
	var op Op
	var nest CompleterFunc
	depth := 0
	nest = func(op *Op, _ Result) {
		if depth++; depth == maxNesting {
			f()
			return
		}
		op.Ready(fd, Writable, nest)
		d.Submit(op)
	}
	op.Ready(fd, Writable, nest)
	d.Submit(&op)
	if depth != maxNesting {
		t.Fatalf("nested to %d", depth)
	}
}
