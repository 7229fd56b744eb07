package driver

import (
	"bytes"
	"net/netip"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// TestEpollShortRead counts calls: after a short read from a TCP connection the
// next one waits without being tried, and the end of the stream is not missed.
func TestEpollShortRead(t *testing.T) {
	ep := testEpoll(t, Options{})
	a, b := tcpPair(t, ep)
	_, first := recv(ep, b, 100)
	write(t, a, "hello")
	await(t, ep, func() bool { return first.ends == 1 })
	calls := ep.stats.Direct
	_, second := recv(ep, b, 100)
	if ep.stats.Direct != calls {
		t.Errorf("%d calls for a read that can't have anything to read", ep.stats.Direct-calls)
	}
	write(t, a, "bye")
	if err := unix.Shutdown(a, unix.SHUT_WR); err != nil {
		t.Fatal(err)
	}
	await(t, ep, func() bool { return second.ends == 1 })
	_, third := recv(ep, b, 100)
	await(t, ep, func() bool { return third.ends == 1 })
	for i, want := range []int{5, 3, 0} {
		if r := []*outcomes{first, second, third}[i].last(t); r.Err != nil || r.N != want {
			t.Errorf("read %d: %+v, want %d bytes", i, r, want)
		}
	}
}

// TestEpollShortMessages reads messages, each of which is shorter than the
// buffer, and all of which have made one event.
func TestEpollShortMessages(t *testing.T) {
	p, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(p[0])
	defer unix.Close(p[1])
	ep := testEpoll(t, Options{})
	_, o := recv(ep, p[1], 100)
	for range 3 {
		write(t, p[0], "message")
	}
	for range 3 {
		await(t, ep, func() bool { return o.ends == 1 })
		if r := o.last(t); r.N != 7 {
			t.Fatalf("%+v", r)
		}
		_, o = recv(ep, p[1], 100)
	}
}

// TestEpollUrgent has the peer send urgent data, where a read stops short though
// there is more.
func TestEpollUrgent(t *testing.T) {
	ep := testEpoll(t, Options{})
	a, b := tcpPair(t, ep)
	var got []byte
	buf := make([]byte, 100)
	var op Op
	ended := false
	take := CompleterFunc(func(_ *Op, r Result) {
		if r.Err != nil {
			t.Fatal(r.Err)
		}
		got, ended = append(got, buf[:r.N]...), true
	})
	submit := func() {
		ended = false
		op.Recv(b, buf, take)
		ep.Submit(&op)
	}
	submit()
	write(t, a, "ab")
	if err := unix.Sendto(a, []byte("!"), unix.MSG_OOB, nil); err != nil {
		t.Fatal(err)
	}
	write(t, a, "cd")
	await(t, ep, func() bool { return ended })
	for len(got) < 4 {
		submit()
		await(t, ep, func() bool { return ended })
	}
	if string(got) != "abcd" {
		t.Errorf("%q", got)
	}
}

// TestEpollTurnIsBounded has a listener with many connections, and a connection
// with many bytes: neither gets all at once.
func TestEpollTurnIsBounded(t *testing.T) {
	t.Run("accept", func(t *testing.T) {
		const connections = 3 * maxAttempts
		ep := testEpoll(t, Options{})
		l, err := ep.Listen(Addr{AddrPort: netip.MustParseAddrPort("127.0.0.1:0")}, ListenOptions{})
		if err != nil {
			t.Fatal(err)
		}
		at, err := unix.Getsockname(l)
		if err != nil {
			t.Fatal(err)
		}
		for range connections {
			fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer unix.Close(fd)
			if err := unix.Connect(fd, at); err != nil {
				t.Fatal(err)
			}
		}
		var op Op
		var o outcomes
		op.AcceptMulti(l, &o)
		ep.Submit(&op)
		bounded(t, ep, &o, maxAttempts, connections)
		for _, r := range o.results {
			unix.Close(r.N)
		}
		ep.Cancel(&op)
		closeThrough(t, ep, l)
	})
	t.Run("lent", func(t *testing.T) {
		const buffers = 3 * maxAttempts
		ep := testEpoll(t, Options{Buffers: buffers, BufferSize: 16})
		a, b := tcpPair(t, ep)
		write(t, a, string(make([]byte, buffers*16)))
		var op Op
		var o outcomes
		op.RecvLent(b, &o)
		ep.Submit(&op)
		bounded(t, ep, &o, maxAttempts, buffers)
		ep.Cancel(&op)
	})
}

// bounded checks that results come in portions.
func bounded(t *testing.T, ep *epoll, o *outcomes, portion, all int) {
	t.Helper()
	for seen := 0; len(o.results) < all; {
		if n := len(o.results) - seen; n > portion {
			t.Fatalf("%d results in a turn", n)
		}
		seen = len(o.results)
		if err := ep.Wait(-1); err != nil {
			t.Fatal(err)
		}
	}
}

// TestEpollLentPutOff has fewer buffers than there are bytes to receive, and
// results that are put off: those hold buffers that nobody could release yet, so
// it is no time to say that there are none.
func TestEpollLentPutOff(t *testing.T) {
	ep := testEpoll(t, Options{Buffers: 2, BufferSize: 4})
	a, b := tcpPair(t, ep)
	const data = "0123456789abcdef"
	write(t, a, data)
	var got []byte
	var op Op
	nested(t, ep, func() {
		op.RecvLent(b, CompleterFunc(func(_ *Op, r Result) {
			if r.Err != nil && r.Err != ErrCanceled {
				t.Error(r.Err)
			}
			got = append(got, r.Lent.Bytes...)
			ep.Release(r.Lent)
		}))
		ep.Submit(&op)
	})
	await(t, ep, func() bool { return len(got) == len(data) || !op.InFlight() })
	if string(got) != data {
		t.Errorf("%q", got)
	}
	ep.Cancel(&op)
}

// TestEpollBlockingDescriptors waits on descriptors without O_NONBLOCK, which
// would stop the owner if it called them when they are not ready.
func TestEpollBlockingDescriptors(t *testing.T) {
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	defer unix.Close(p[0])
	defer unix.Close(p[1])
	ep := testEpoll(t, Options{})
	data := bytes.Repeat([]byte("0123456789"), 50_000)
	var rd, wr Op
	var got []byte
	sent, buf := 0, make([]byte, 10_000)
	var failure error
	var read, written CompleterFunc
	read = func(op *Op, r Result) {
		if failure = r.Err; failure == nil {
			got = append(got, buf[:r.N]...)
			op.Read(p[0], buf, read)
			ep.Submit(op)
		}
	}
	vectored := false
	send := func() {
		if vectored = !vectored; vectored {
			wr.Writev(p[1], &Vec{Bufs: [][]byte{nil, data[sent:], data}}, written)
		} else {
			wr.Write(p[1], data[sent:], written)
		}
		ep.Submit(&wr)
	}
	written = func(_ *Op, r Result) {
		if failure = r.Err; failure != nil {
			return
		}
		if r.N > maxBlocking {
			t.Errorf("%d bytes at once, for which the pipe need not have had room", r.N)
		}
		if sent += r.N; sent < len(data) {
			send()
		}
	}
	rd.Read(p[0], buf, read)
	ep.Submit(&rd) // there is nothing yet
	send()
	await(t, ep, func() bool { return failure != nil || len(got) == len(data) })
	if failure != nil || !bytes.Equal(got, data) {
		t.Errorf("%d bytes of %d, %v", len(got), len(data), failure)
	}
}

// What others have taken between the question and the call is not waited for.
func TestNoWait(t *testing.T) {
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	defer unix.Close(p[0])
	defer unix.Close(p[1])
	b := make([]byte, 4096)
	n, errno := rawReadNoWait(int32(p[0]), unsafe.Pointer(&b[0]), 10)
	if errno == unix.EOPNOTSUPP {
		t.Skip("the kernel has no RWF_NOWAIT for pipes")
	}
	if errno != unix.EAGAIN {
		t.Errorf("a read of nothing: %d, %v", n, errno)
	}
	for errno = 0; errno == 0; {
		_, errno = rawWriteNoWait(int32(p[1]), unsafe.Pointer(&b[0]), uint32(len(b)))
	}
	if errno != unix.EAGAIN {
		t.Errorf("a write to a full pipe: %v", errno)
	}
	if n, errno = rawReadNoWait(int32(p[0]), unsafe.Pointer(&b[0]), 10); n != 10 || errno != 0 {
		t.Errorf("a read of ten bytes: %d, %v", n, errno)
	}
}
