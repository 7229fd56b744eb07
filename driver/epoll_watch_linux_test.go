package driver

import (
	"os"
	"path/filepath"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

func TestEpollEntrySize(t *testing.T) {
	if size := unsafe.Sizeof(entry{}); unsafe.Sizeof(uintptr(0)) == 8 && size != 32 {
		t.Errorf("an entry has %d bytes, want 32", size)
	}
}

// TestEpollStaleEvent hands out events of a descriptor that was closed: what now
// has its number learns nothing from them.
func TestEpollStaleEvent(t *testing.T) {
	ep := testEpoll(t, Options{})
	_, b := tcpPair(t, ep)
	_, c := pair(t)
	_, old := recv(ep, b, 8)
	e := ep.fds.at(int32(b))
	stale := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLOUT | unix.EPOLLHUP, Fd: int32(b), Pad: int32(e.gen)}
	closeThrough(t, ep, b)
	if !old.cancelled() {
		t.Fatalf("%+v", old.results)
	}
	// The number comes back.
	if err := unix.Dup3(c, b, unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	op, o := recv(ep, b, 8)
	before, calls := e.is, ep.stats.Direct
	if before&(fdDrained|fdRegistered) != fdDrained|fdRegistered {
		t.Fatalf("aspects %#x of a descriptor on which a read waits", before)
	}
	ep.events[0] = stale
	ep.dispatch(1)
	if e.is != before || ep.stats.Direct != calls || o.ends != 0 {
		t.Errorf("a stale event: aspects %#x became %#x, %d calls, %+v", before, e.is, ep.stats.Direct-calls, o.results)
	}
	stale.Pad = int32(e.gen)
	ep.events[0] = stale
	ep.dispatch(1)
	if ep.stats.Direct == calls {
		t.Error("an event of the right generation was dropped too")
	}
	ep.Cancel(op)
}

// TestEpollForeignClose has somebody else close a descriptor under an operation.
// The driver finds out when it makes a descriptor of the same number.
func TestEpollForeignClose(t *testing.T) {
	ep := testEpoll(t, Options{})
	_, b := tcpPair(t, ep)
	_, orphan := recv(ep, b, 8)
	var ready Op
	var notified outcomes
	ready.Ready(b, Readable, &notified)
	ep.Submit(&ready)
	unix.Close(b)
	fd := -1
	for fd != b { // descriptors are given out from the lowest that is free
		var err error
		if fd, err = ep.Socket(Addr{Path: "@nobody"}); err != nil || fd > b {
			t.Fatalf("descriptor %d instead of %d, %v", fd, b, err)
		}
		defer unix.Close(fd)
	}
	if orphan.ends != 0 {
		t.Error("an operation ended inside Socket")
	}
	await(t, ep, func() bool { return orphan.ends == 1 && notified.ends == 1 })
	for _, o := range []*outcomes{orphan, &notified} {
		if err := o.last(t).Err; err != unix.EBADF {
			t.Errorf("an operation on a descriptor closed by others ended with %v", err)
		}
	}
	if e := ep.fds.at(int32(fd)); e.busy() || e.is != fdKnown|fdSocket {
		t.Errorf("the new descriptor begins as %+v", e)
	}
}

// TestEpollForeignCloseThenOpen opens a file that gets the number of a socket.
func TestEpollForeignCloseThenOpen(t *testing.T) {
	ep := testEpoll(t, Options{})
	name := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(name, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	fd, err := ep.Socket(Addr{Path: "@nobody"})
	if err != nil {
		t.Fatal(err)
	}
	unix.Close(fd)
	var op Op
	var o outcomes
	op.Open(&OpenArgs{Path: name}, &o)
	ep.Submit(&op)
	await(t, ep, func() bool { return o.ends == 1 })
	if r := o.last(t); r.Err != nil || r.N != fd {
		t.Fatalf("opened as %+v, want descriptor %d", r, fd)
	}
	o = outcomes{}
	op.Read(fd, make([]byte, 8), &o)
	ep.Submit(&op)
	await(t, ep, func() bool { return o.ends == 1 })
	if r := o.last(t); r.Err != nil || r.N != 1 {
		t.Errorf("%+v", r)
	}
	closeThrough(t, ep, fd)
}

// TestEpollCloseDuplicated closes a descriptor whose open file lives on: it must
// not keep making events.
func TestEpollCloseDuplicated(t *testing.T) {
	ep := testEpoll(t, Options{})
	a, b := tcpPair(t, ep)
	_, o := recv(ep, b, 8)
	other, err := ep.Dup(b)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(other)
	closeThrough(t, ep, b)
	if !o.cancelled() {
		t.Errorf("%+v", o.results)
	}
	write(t, a, "x")
	// The loopback has delivered it when write returns.
	if n, _ := rawEpollPoll(ep.fd, ep.events); n != 0 {
		t.Errorf("%d events of closed descriptors", n)
	}
}

// TestEpollReadyIsForeign checks that after an OpReady what its owner does with a
// descriptor is no business of this driver's any more.
func TestEpollReadyIsForeign(t *testing.T) {
	ep := testEpoll(t, Options{})
	a, b := pair(t)
	for range 3 {
		var op Op
		var o outcomes
		op.Ready(b, Readable, &o)
		ep.Submit(&op)
		if o.ends != 0 {
			t.Fatalf("ready at once: %+v", o.results)
		}
		write(t, a, "x")
		await(t, ep, func() bool { return o.ends == 1 })
		if ev := Events(o.last(t).N); ev != Readable {
			t.Errorf("events %#x", ev)
		}
		if _, err := unix.Read(b, make([]byte, 8)); err != nil {
			t.Fatal(err)
		}
		write(t, a, "x")
		if n, _ := rawEpollPoll(ep.fd, ep.events); n != 0 {
			t.Errorf("%d events nobody waits for", n)
		}
		if _, err := unix.Read(b, make([]byte, 8)); err != nil {
			t.Fatal(err)
		}
	}
	// A new descriptor of that number is waited for like the old one.
	c, d := pair(t)
	if err := unix.Dup3(d, b, unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	var op Op
	var o outcomes
	op.Ready(b, Readable, &o)
	ep.Submit(&op)
	write(t, c, "x")
	await(t, ep, func() bool { return o.ends == 1 })
	if err := o.last(t).Err; err != nil {
		t.Error(err)
	}
}

// TestEpollRegisteredUnknown has the kernel know of a registration that the driver
// has forgotten: the number went to something else and back.
func TestEpollRegisteredUnknown(t *testing.T) {
	ep := testEpoll(t, Options{})
	a, b := pair(t)
	_, orphan := recv(ep, b, 8)
	ep.fresh(b, fdKnown|fdSocket)
	await(t, ep, func() bool { return orphan.ends == 1 })
	_, o := recv(ep, b, 8)
	write(t, a, "x")
	await(t, ep, func() bool { return o.ends == 1 })
	if r := o.last(t); r.Err != nil || r.N != 1 {
		t.Errorf("%+v", r)
	}
}

// TestEpollReadyThenRead goes from waiting for one event to registering for all.
func TestEpollReadyThenRead(t *testing.T) {
	ep := testEpoll(t, Options{})
	a, b := pair(t)
	var ready Op
	var notified outcomes
	ready.Ready(b, Readable, &notified)
	ep.Submit(&ready)
	_, o := recv(ep, b, 8)
	write(t, a, "x")
	await(t, ep, func() bool { return o.ends == 1 && notified.ends == 1 })
	if err := notified.last(t).Err; err != nil || o.last(t).N != 1 {
		t.Errorf("%+v, %+v", notified.results, o.results)
	}
}

// TestEpollForget gives a connection to somebody else, who goes on with it and
// closes it, and takes over a pipe whose end has its number then.
func TestEpollForget(t *testing.T) {
	ep := testEpoll(t, Options{})
	a, b := tcpPair(t, ep)
	op, o := recv(ep, b, 8)
	ep.Cancel(op)
	o.last(t)
	ep.Forget(b)
	var event [1]unix.EpollEvent
	if _, err := unix.Write(a, []byte("x")); err != nil {
		t.Fatal(err)
	}
	if n, errno := rawEpollPoll(ep.fd, event[:]); n != 0 || errno != 0 {
		t.Errorf("%d events of a descriptor that was forgotten, %v", n, errno)
	}
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_NONBLOCK|unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	if err := unix.Dup3(p[0], b, unix.O_CLOEXEC); err != nil { // closes the connection
		t.Fatal(err)
	}
	unix.Close(p[0])
	ep.Forget(b)
	if _, err := unix.Write(p[1], []byte("x")); err != nil {
		t.Fatal(err)
	}
	unix.Close(p[1])
	var read Op
	var got outcomes
	read.Read(b, make([]byte, 8), &got)
	ep.Submit(&read)
	if r := got.last(t); r.Err != nil || r.N != 1 {
		t.Errorf("%+v", r)
	}
	closeThrough(t, ep, b)
}
