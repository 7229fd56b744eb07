package driver

import (
	"errors"
	"net/netip"
	"runtime"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// TestUringQueueFull submits much more than the ring has room for.
func TestUringQueueFull(t *testing.T) {
	eachMode(t, func(t *testing.T, locked bool) {
		u := testUring(t, Options{Locked: locked, Entries: 4})
		a, b := pair(t)
		const n = 1000
		var done [n]outcomes
		ops := make([]Op, n)
		for i := range ops {
			ops[i].Ready(b, Writable, &done[i])
			u.Submit(&ops[i])
		}
		if len(u.backlog) != n-len(u.ring.sqes) {
			t.Errorf("%d of %d requests are in the backlog of a ring of %d", len(u.backlog), n, len(u.ring.sqes))
		}
		var unsent outcomes
		var send Op
		send.Send(a, []byte("never"), &unsent)
		u.Submit(&send)
		u.Cancel(&send)
		// What the kernel has not been told of is cancelled at once.
		for i := n - 10; i < n; i++ {
			u.Cancel(&ops[i])
			if !done[i].cancelled() {
				t.Errorf("operation %d is in the backlog, and did not end with its cancel: %v", i, done[i])
			}
		}
		// Which leaves no trace of it when it is submitted again.
		var second outcomes
		ops[n-1].Ready(b, Writable, &second)
		u.Submit(&ops[n-1])
		await(t, u, func() bool { return u.stats.InFlight == 0 })
		for i := range n - 10 {
			if o := done[i]; o.ends != 1 || o.results[0].Err != nil {
				t.Fatalf("operation %d: %v", i, o)
			}
		}
		if second.ends != 1 || second.results[0].Err != nil || done[n-1].ends != 1 {
			t.Errorf("the one that was submitted again: %v, then %v", done[n-1], second)
		}
		// Nor is the kernel told of it later.
		if got, err := unix.Read(b, make([]byte, 8)); !unsent.cancelled() || err != unix.EAGAIN {
			t.Errorf("a cancelled send: %v, and its peer reads %d, %v", unsent, got, err)
		}
	})
}

// TestUringOverflow has more answers come in than there is room for, in a row of
// turns, some of them for multishot operations.
func TestUringOverflow(t *testing.T) {
	eachMode(t, func(t *testing.T, locked bool) {
		u := testUring(t, Options{Locked: locked, Entries: 1, Buffers: 64, BufferSize: 16})
		const n = 100
		if len(u.ring.cqes) >= n {
			t.Fatalf("%d answers have room", len(u.ring.cqes))
		}
		type conn struct {
			a, b           int
			ready          Op
			recv           Op
			bytes          int
			readied, ended outcomes
		}
		conns := make([]*conn, n)
		for i := range conns {
			c := &conn{}
			c.a, c.b = pair(t)
			conns[i] = c
			c.ready.Ready(c.b, Readable, &c.readied)
			u.Submit(&c.ready)
			c.recv.RecvLent(c.b, CompleterFunc(func(op *Op, r Result) {
				c.bytes += r.N
				if r.Lent.Bytes != nil {
					u.Release(r.Lent)
				}
				if !r.More {
					c.ended.Complete(op, r)
				}
			}))
			u.Submit(&c.recv)
		}
		for u.ring.unsubmitted() > 0 || len(u.backlog) > 0 {
			if err := u.Wait(0); err != nil {
				t.Fatal(err)
			}
		}
		for _, c := range conns {
			write(t, c.a, "hello")
		}
		// The kernel gets to post all answers before any is taken.
		if err := u.ring.enter(); err != nil {
			t.Fatal(err)
		}
		if !locked && !u.ring.wantsEnter() {
			t.Error("the queue of answers did not overflow")
		}
		await(t, u, func() bool {
			for _, c := range conns {
				if c.readied.ends != 1 || c.bytes != 5 {
					return false
				}
			}
			return true
		})
		for _, c := range conns {
			write(t, c.a, "world!")
			unix.Shutdown(c.a, unix.SHUT_WR)
		}
		await(t, u, func() bool {
			for _, c := range conns {
				if c.ended.ends == 0 {
					return false
				}
			}
			return true
		})
		for _, c := range conns {
			if r := c.ended.results[0]; r.Err != nil || r.N != 0 || c.bytes != 11 {
				t.Fatalf("%d bytes, then %+v", c.bytes, r)
			}
		}
	})
}

// TestUringThreadExit submits from a thread that then exits, which makes the
// kernel cancel its operations. Nobody asked for that: they go on.
func TestUringThreadExit(t *testing.T) {
	u := testUring(t, Options{})
	a, b := pair(t)
	c, d := pair(t)
	var read, lent outcomes
	var readOp, lentOp Op
	tids := make(chan int)
	onMortalThread(func() {
		readOp.Recv(b, make([]byte, 8), &read)
		u.Submit(&readOp)
		lentOp.RecvLent(d, &lent)
		u.Submit(&lentOp)
		if err := u.Wait(0); err != nil {
			t.Error(err)
		}
		tids <- unix.Gettid()
	})
	tid := <-tids
	for unix.Tgkill(unix.Getpid(), tid, 0) == nil {
		runtime.Gosched()
	}
	// The cancelled ones are answered; the driver keeps that to itself.
	for range 1000 {
		if err := u.Wait(0); err != nil {
			t.Fatal(err)
		}
	}
	if len(read.results) != 0 || len(lent.results) != 0 {
		t.Fatalf("ended by the exit of a thread: %v, %v", read, lent)
	}
	write(t, a, "one")
	write(t, c, "three")
	await(t, u, func() bool { return read.ends == 1 && len(lent.results) > 0 })
	if r := read.results[0]; r.Err != nil || r.N != 3 {
		t.Errorf("read: %+v", r)
	}
	if r := lent.results[0]; r.Err != nil || r.N != 5 || !r.More {
		t.Errorf("recvlent: %+v", r)
	}
	u.Release(lent.results[0].Lent)
}

// onMortalThread runs f on a thread that exits after it, as the main one of a
// process does not.
func onMortalThread(f func()) {
	go func() {
		runtime.LockOSThread() // and never unlock, but on the main thread
		if unix.Gettid() != unix.Getpid() {
			f()
			return
		}
		defer runtime.UnlockOSThread()
		done := make(chan struct{})
		onMortalThread(func() { defer close(done); f() })
		<-done // keeps the main thread from being used
	}()
}

// TestUringNonblockingTerminal reads from a non-blocking file that is no socket
// and cannot be tried without blocking.
func TestUringNonblockingTerminal(t *testing.T) {
	u := testUring(t, Options{})
	master, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Skip(err)
	}
	defer unix.Close(master)
	if err := unix.IoctlSetPointerInt(master, unix.TIOCSPTLCK, 0); err != nil {
		t.Skip(err)
	}
	const get = 0x5441 // TIOCGPTPEER
	slave, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(master), get, unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC)
	if errno != 0 {
		t.Skip(errno)
	}
	defer unix.Close(int(slave))

	for _, cancel := range []bool{false, true, false} {
		var o outcomes
		var op Op
		buf := make([]byte, 16)
		op.Read(int(slave), buf, &o)
		u.Submit(&op)
		for range 100 {
			if err := u.Wait(0); err != nil {
				t.Fatal(err)
			}
		}
		if o.ends != 0 {
			t.Fatalf("a read ended with %+v, though nothing was typed", o.results[0])
		}
		if cancel {
			u.Cancel(&op)
			await(t, u, func() bool { return o.ends == 1 })
			if !o.cancelled() {
				t.Errorf("cancelled read: %+v", o.results[0])
			}
			continue
		}
		write(t, master, "line\n")
		await(t, u, func() bool { return o.ends == 1 })
		if r := o.results[0]; r.Err != nil || string(buf[:r.N]) != "line\n" {
			t.Errorf("read %q, %+v", buf[:max(r.N, 0)], r)
		}
	}
}

// TestUringRetry plays a kernel that says of a non-blocking file what it has to
// say about a try, instead of waiting. Which files these are differs with kernels.
func TestUringRetry(t *testing.T) {
	u := testUring(t, Options{})
	// refused takes an operation over as Submit does, and has the kernel refuse it.
	refused := func(op *Op, errno unix.Errno) {
		u.begin(op)
		i := u.slots.take(op)
		if u.complete(cqe{userData: uint64(u.slots.token(i)), res: -int32(errno)}) && op.InFlight() {
			t.Errorf("%v was told to its Completer, and did not end", errno)
		}
	}
	settle := func() {
		for range 100 {
			if err := u.Wait(0); err != nil {
				t.Fatal(err)
			}
		}
	}
	a, b := pair(t)
	buf := make([]byte, 8)

	var read outcomes
	var op Op
	op.Read(b, buf, &read)
	refused(&op, unix.EAGAIN)
	settle()
	if read.ends != 0 {
		t.Fatalf("a read that has to wait ended with %+v", read.results[0])
	}
	write(t, a, "data")
	await(t, u, func() bool { return read.ends == 1 })
	if r := read.results[0]; r.Err != nil || string(buf[:r.N]) != "data" {
		t.Errorf("read: %+v", r)
	}

	var stopped outcomes
	op.Read(b, buf, &stopped)
	refused(&op, unix.EAGAIN)
	settle()
	u.Cancel(&op)
	await(t, u, func() bool { return stopped.ends == 1 })
	if !stopped.cancelled() {
		t.Errorf("a cancelled read: %+v", stopped.results[0])
	}

	// The poll has found something when the cancel comes: no second try.
	var late outcomes
	op.Read(b, buf, &late)
	refused(&op, unix.EAGAIN)
	u.Cancel(&op)
	u.complete(cqe{userData: uint64(u.slots.token(op.slot)), res: unix.POLLIN})
	if !late.cancelled() {
		t.Errorf("a read cancelled before its second try: %v", late)
	}

	var interrupted outcomes
	op.Send(a, []byte("x"), &interrupted)
	refused(&op, unix.EINTR)
	await(t, u, func() bool { return interrupted.ends == 1 })
	if r := interrupted.results[0]; r.Err != nil || r.N != 1 {
		t.Errorf("an interrupted send: %+v", r)
	}

	// A connect in progress goes on to its end.
	listener, err := u.Listen(Addr{AddrPort: netip.MustParseAddrPort("127.0.0.1:0")}, ListenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(listener)
	at, err := u.LocalAddr(listener)
	if err != nil {
		t.Fatal(err)
	}
	fd, err := u.Socket(at)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	args := &ConnectArgs{Addr: at}
	if err := args.raw.encode(at); err != nil {
		t.Fatal(err)
	}
	_, _, errno := unix.Syscall(unix.SYS_CONNECT, uintptr(fd), uintptr(unsafe.Pointer(&args.raw.sa)), uintptr(args.raw.n))
	if errno != unix.EINPROGRESS {
		t.Fatalf("connect: %v", errno)
	}
	var connected outcomes
	op.Connect(fd, args, &connected)
	refused(&op, errno)
	await(t, u, func() bool { return connected.ends == 1 })
	if r := connected.results[0]; r.Err != nil {
		t.Errorf("connect: %+v", r)
	}

	// These are results.
	for _, c := range []struct {
		name    string
		prepare func(c Completer)
		errno   unix.Errno
	}{
		{"full backlog", func(c Completer) { op.Connect(b, args, c) }, unix.EAGAIN},
		{"leased file", func(c Completer) { op.Open(&OpenArgs{}, c) }, unix.EAGAIN},
		{"no buffers for a send", func(c Completer) { op.Send(b, nil, c) }, unix.ENOBUFS},
	} {
		var o outcomes
		c.prepare(&o)
		refused(&op, c.errno)
		if o.ends != 1 || o.results[0].Err != c.errno {
			t.Errorf("%s: %+v", c.name, o.results)
		}
	}
}

// TestUringMessageNow asks for a message that is to be had at once or not at all.
func TestUringMessageNow(t *testing.T) {
	u := testUring(t, Options{})
	_, b := pair(t)
	var o outcomes
	var op Op
	op.RecvMsg(b, &Msg{Flags: unix.MSG_DONTWAIT}, &o)
	if u.Submit(&op); o.ends != 1 || o.results[0].Err != unix.EAGAIN {
		t.Errorf("it ended with %+v", o.results)
	}
}

// TestUringWrongThread uses a ring that belongs to a thread from another one.
func TestUringWrongThread(t *testing.T) {
	u := testUring(t, Options{Locked: true})
	if u.ring.flags&setupSingleIssuer == 0 {
		t.Skip("this kernel binds no ring to a thread")
	}
	_, b := pair(t)
	result := make(chan error)
	var o outcomes
	var op Op
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		op.Ready(b, Writable, &o)
		u.Submit(&op)
		result <- u.Wait(0)
	}()
	if err := <-result; err == nil {
		t.Error("Wait on another thread succeeded")
	} else if want := syscall.EEXIST; !errors.Is(err, want) {
		t.Errorf("Wait on another thread: %v, want %v", err, want)
	}
	await(t, u, func() bool { return o.ends == 1 })
}

// TestUringSubmitWhileClosing uses a descriptor whose close still waits.
func TestUringSubmitWhileClosing(t *testing.T) {
	u := testUring(t, Options{})
	p, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(p[0])
	var read, closed, late outcomes
	var readOp, closeOp, lateOp Op
	readOp.Recv(p[1], make([]byte, 1), &read)
	u.Submit(&readOp)
	closeOp.Close(p[1], &closed)
	u.Submit(&closeOp)
	u.Cancel(&closeOp) // does nothing
	lateOp.Recv(p[1], make([]byte, 1), &late)
	u.Submit(&lateOp)
	if late.ends != 1 || late.results[0].Err != unix.EBADF {
		t.Errorf("a read behind a close: %v", late)
	}
	await(t, u, func() bool { return closed.ends == 1 })
	if !read.cancelled() || closed.results[0].Err != nil || u.draining != 0 {
		t.Errorf("read %v, close %v, %d draining", read, closed, u.draining)
	}
}
