package drivertest

import (
	"os"
	"strconv"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"rondo.dev/rondo/driver"
)

func kernelWorld() World { return kernel{} }

// kernel is the World of drivers whose descriptors are the kernel's.
type kernel struct{}

func (kernel) Pipe(driver.Driver) (r, w int, err error) {
	var p [2]int
	err = unix.Pipe2(p[:], unix.O_NONBLOCK|unix.O_CLOEXEC)
	return p[0], p[1], err
}

func (kernel) Messages(driver.Driver) (a, b int, err error) {
	p, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	return p[0], p[1], err
}

func (kernel) Dir(t *testing.T) string { return t.TempDir() }

// Exhaust lowers the limit of the process to nothing: what is open stays open.
func (kernel) Exhaust(t *testing.T, _ driver.Driver) (restore func()) {
	var old unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &old); err != nil {
		t.Fatal(err)
	}
	set := func(limit unix.Rlimit) {
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
			t.Fatal(err)
		}
	}
	set(unix.Rlimit{Cur: 0, Max: old.Max})
	return sync.OnceFunc(func() { set(old) })
}

// Interrupt sends SIGURG, which the Go runtime handles at any time, to every
// thread of the process, over and over.
func (kernel) Interrupt(t *testing.T) (stop func()) {
	quit, done := make(chan struct{}), make(chan struct{})
	pid := os.Getpid()
	go func() {
		defer close(done)
		for {
			select {
			case <-quit:
				return
			default:
			}
			threads, err := os.ReadDir("/proc/self/task")
			if err != nil {
				t.Errorf("list the threads: %v", err)
				return
			}
			for _, thread := range threads {
				if tid, err := strconv.Atoi(thread.Name()); err == nil {
					// A thread that has ended since is not an error.
					_ = unix.Tgkill(pid, tid, unix.SIGURG)
				}
			}
		}
	}()
	return func() { close(quit); <-done }
}

func (kernel) Rights(fds ...int) []byte { return unix.UnixRights(fds...) }

func (kernel) ParseRights(control []byte) ([]int, error) {
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil {
		return nil, err
	}
	var fds []int
	for i := range messages {
		got, err := unix.ParseUnixRights(&messages[i])
		if err != nil {
			return nil, err
		}
		fds = append(fds, got...)
	}
	return fds, nil
}

func (kernel) Inspect(t *testing.T, fd int) {
	t.Helper()
	if f, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0); err != nil {
		t.Errorf("descriptor %d: %v", fd, err)
	} else if f&unix.O_NONBLOCK == 0 {
		t.Errorf("descriptor %d blocks", fd)
	}
	if f, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil && f&unix.FD_CLOEXEC == 0 {
		t.Errorf("descriptor %d survives exec", fd)
	}
}

func (kernel) Abandon(fd int) { _ = unix.Close(fd) }
