package driver

import (
	"bytes"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// lentConn is the receiving end of a connection that lends.
type lentConn struct {
	a, b int
	op   Op
	got  []Result
	ends int
}

func lend(t *testing.T, u *uring) *lentConn {
	t.Helper()
	c := &lentConn{}
	c.a, c.b = pair(t)
	c.arm(u)
	return c
}

func (c *lentConn) arm(u *uring) {
	c.op.RecvLent(c.b, c)
	u.Submit(&c.op)
}

func (c *lentConn) Complete(_ *Op, r Result) {
	c.got = append(c.got, r)
	if !r.More {
		c.ends++
	}
}

// TestUringLentWindow checks that a connection which talks alone goes round in
// few of the buffers, so that the others never become resident.
func TestUringLentWindow(t *testing.T) {
	u := testUring(t, Options{Buffers: 256, BufferSize: 4096})
	c := lend(t, u)
	used := map[uint32]bool{}
	for i := range 1000 {
		write(t, c.a, "ping")
		await(t, u, func() bool { return len(c.got) > i })
		r := c.got[i]
		if string(r.Lent.Bytes) != "ping" || !r.More {
			t.Fatalf("received %+v", r)
		}
		used[r.Lent.id] = true
		u.Release(r.Lent)
	}
	if len(used) > firstWindow+1 {
		t.Errorf("%d buffers went round in a window of %d", len(used), firstWindow)
	}
	resident := make([]byte, len(u.lender.mem)/unix.Getpagesize())
	if err := mincore(u.lender.mem, resident); err != nil {
		t.Fatal(err)
	}
	pages := 0
	for _, r := range resident {
		pages += int(r & 1)
	}
	if pages > firstWindow+1 {
		t.Errorf("%d pages of buffers are resident", pages)
	}
}

// TestUringLentBurst has more connections talk in one turn than buffers are
// offered: the window grows, and nobody is told of it.
func TestUringLentBurst(t *testing.T) {
	eachMode(t, func(t *testing.T, locked bool) {
		u := testUring(t, Options{Locked: locked, Buffers: 100, BufferSize: 64})
		conns := make([]*lentConn, 100)
		for i := range conns {
			conns[i] = lend(t, u)
		}
		if err := u.Wait(0); err != nil {
			t.Fatal(err)
		}
		for _, c := range conns {
			write(t, c.a, "burst")
		}
		await(t, u, func() bool { return u.stats.Lent == 100 })
		for _, c := range conns {
			if len(c.got) != 1 || c.got[0].Err != nil || string(c.got[0].Lent.Bytes) != "burst" {
				t.Fatalf("received %+v", c.got)
			}
		}
		if u.lender.window < 100 {
			t.Errorf("the window is %d", u.lender.window)
		}
		// All are lent now: that is told.
		write(t, conns[0].a, "more")
		await(t, u, func() bool { return conns[0].ends == 1 })
		if err := conns[0].got[1].Err; err != unix.ENOBUFS {
			t.Errorf("received without a buffer: %v", err)
		}
		u.Release(conns[1].got[0].Lent)
		conns[0].arm(u)
		await(t, u, func() bool { return len(conns[0].got) == 3 })
		if r := conns[0].got[2]; string(r.Lent.Bytes) != "more" {
			t.Errorf("received %+v", r)
		}
		u.Release(conns[0].got[2].Lent)
		for i, c := range conns {
			if i != 1 {
				u.Release(c.got[0].Lent)
			}
		}
		if u.stats.Lent != 0 || u.lender.lent != 0 || u.lender.offered+len(u.lender.idle) != 100 {
			t.Errorf("%d lent; %d offered and %d idle of 100", u.stats.Lent, u.lender.offered, len(u.lender.idle))
		}
	})
}

// TestUringLentAfterClose reads lent memory, and gives it back, after Close.
func TestUringLentAfterClose(t *testing.T) {
	u := testUring(t, Options{})
	c := lend(t, u)
	write(t, c.a, "to be kept")
	await(t, u, func() bool { return len(c.got) == 1 })
	if err := u.Close(); err != nil {
		t.Fatal(err)
	}
	lent := c.got[0].Lent
	if !bytes.Equal(lent.Bytes, []byte("to be kept")) {
		t.Errorf("lent memory has %q", lent.Bytes)
	}
	u.Release(lent)
	if u.lender.mem != nil || u.stats.Lent != 0 {
		t.Error("the memory is still mapped, though nothing is lent")
	}
}

func TestUringReleaseTwice(t *testing.T) {
	u := testUring(t, Options{})
	c := lend(t, u)
	write(t, c.a, "x")
	await(t, u, func() bool { return len(c.got) == 1 })
	u.Release(c.got[0].Lent)
	defer func() {
		if r, _ := recover().(string); !strings.Contains(r, "released twice") {
			t.Errorf("the second Release: %q", r)
		}
	}()
	u.Release(c.got[0].Lent)
}

// TestUringSeekable checks that streams are told from files, and a descriptor
// from the next one with its number.
func TestUringSeekable(t *testing.T) {
	u := testUring(t, Options{})
	f, err := unix.Open(t.TempDir(), unix.O_TMPFILE|unix.O_RDWR|unix.O_CLOEXEC, 0o600)
	if err != nil {
		t.Skip(err)
	}
	write(t, f, "content")
	do := func(prepare func(op *Op, c Completer)) Result {
		var o outcomes
		var op Op
		prepare(&op, &o)
		u.Submit(&op)
		await(t, u, func() bool { return o.ends == 1 })
		return o.results[0]
	}
	buf := make([]byte, 16)
	for range 3 {
		if r := do(func(op *Op, c Completer) { op.ReadAt(f, buf, 3, c) }); r.Err != nil || string(buf[:r.N]) != "tent" {
			t.Errorf("read %q, %+v", buf[:max(r.N, 0)], r)
		}
	}
	// One question, and the reads themselves, which need not wait.
	if n := u.Stats().Direct; n != 1+3 {
		t.Errorf("%d system calls for single operations: asked more than once whether a file has positions", n)
	}
	do(func(op *Op, c Completer) { op.Close(f, c) })

	a, b := pair(t)
	if a != f {
		if err := unix.Dup3(a, f, unix.O_CLOEXEC); err != nil {
			t.Fatal(err)
		}
		defer unix.Close(f)
	}
	write(t, b, "stream")
	if r := do(func(op *Op, c Completer) { op.ReadAt(f, buf, 3, c) }); r.Err != unix.ESPIPE {
		t.Errorf("ReadAt of a stream: %+v", r)
	}
}
