package driver

import (
	"errors"
	"os"
	"runtime"
	"slices"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// requireUring skips the test where there is no io_uring.
func requireUring(t *testing.T) {
	t.Helper()
	d, err := newUring(Options{})
	if err != nil {
		t.Skip(err)
	}
	d.Close()
}

// testUring opens a driver for the test.
func testUring(t *testing.T, o Options) *uring {
	t.Helper()
	requireUring(t)
	if o.Locked {
		runtime.LockOSThread() // for good: the thread ends with the test
	}
	u, err := buildUring(o, uringSetup)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if u.closed {
			return
		}
		if err := u.Close(); err != nil {
			t.Error(err)
		}
	})
	return u
}

// eachMode runs a test with both kinds of owner.
func eachMode(t *testing.T, f func(t *testing.T, locked bool)) {
	t.Run("unlocked", func(t *testing.T) { f(t, false) })
	t.Run("locked", func(t *testing.T) { f(t, true) })
}

// await runs the driver until what has come true. It looks at the clock only to
// end a test that hangs.
func await(t *testing.T, d Driver, what func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !what(); {
		if time.Now().After(end) {
			t.Fatal("waited in vain")
		}
		if err := d.Wait(time.Until(end)); err != nil {
			t.Fatal(err)
		}
	}
}

// pair returns two connected sockets.
func pair(t *testing.T) (a, b int) {
	t.Helper()
	p, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(p[0]); unix.Close(p[1]) })
	return p[0], p[1]
}

func write(t *testing.T, fd int, s string) {
	t.Helper()
	if n, err := unix.Write(fd, []byte(s)); n != len(s) {
		t.Fatalf("write: %d, %v", n, err)
	}
}

// outcomes is a Completer that keeps what it is told.
type outcomes struct {
	ends    int
	results []Result
}

func (o *outcomes) Complete(_ *Op, r Result) {
	if !r.More {
		o.ends++
	}
	o.results = append(o.results, r)
}

func (o *outcomes) cancelled() bool {
	return o.ends == 1 && errors.Is(o.results[len(o.results)-1].Err, ErrCanceled)
}

// openDescriptors lists the descriptors of the process.
func openDescriptors(t *testing.T) []string {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	var fds []string
	for _, e := range list {
		fds = append(fds, e.Name())
	}
	slices.Sort(fds)
	return fds
}

// mincore tells which pages of a mapping are resident.
func mincore(mem, resident []byte) error {
	_, _, errno := unix.Syscall(unix.SYS_MINCORE, uintptr(unsafe.Pointer(&mem[0])), uintptr(len(mem)),
		uintptr(unsafe.Pointer(&resident[0])))
	if errno != 0 {
		return errno
	}
	return nil
}
