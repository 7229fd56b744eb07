package driver

import (
	"errors"
	"os"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A sleeper waits for events: until there are some, the deadline has passed
// (unless it is zero), or for no reason. It owns the epoll descriptor.
type sleeper interface {
	sleep(events []unix.EpollEvent, deadline time.Time) (int, error)
	close() error
}

// longestSleep keeps deadlines and time-outs far from what their types can hold.
const longestSleep = 100 * 365 * 24 * time.Hour

func newSleeper(epfd int, locked bool) (sleeper, error) {
	if locked {
		return &threadSleeper{fd: epfd}, nil
	}
	return newGoroutineSleeper(epfd)
}

// A goroutineSleeper parks the goroutine and no thread: the runtime's own poller
// watches the epoll descriptor, which is readable when it has events.
type goroutineSleeper struct {
	fd      int
	file    *os.File
	conn    syscall.RawConn
	look    func(uintptr) bool // a method value, made once
	limited bool               // file has a deadline

	// Of the call of look that is under way.
	events []unix.EpollEvent
	n      int
	errno  unix.Errno
}

// newGoroutineSleeper takes over epfd, and closes it if it fails.
func newGoroutineSleeper(epfd int) (*goroutineSleeper, error) {
	// Non-blocking is how os.NewFile knows that it is fit for the runtime's poller.
	if err := unix.SetNonblock(epfd, true); err != nil {
		unix.Close(epfd)
		return nil, err
	}
	s := &goroutineSleeper{fd: epfd, file: os.NewFile(uintptr(epfd), "epoll")}
	s.look = s.lookNow
	var err error
	if s.conn, err = s.file.SyscallConn(); err == nil {
		err = s.file.SetReadDeadline(time.Time{}) // fails if the poller has refused
	}
	if err != nil {
		s.file.Close()
		return nil, err
	}
	return s, nil
}

// sleep loses no event: the runtime forgets what it knew of the descriptor before
// it calls look, so what arrives after look has seen nothing ends the park.
func (s *goroutineSleeper) sleep(events []unix.EpollEvent, deadline time.Time) (int, error) {
	if limited := !deadline.IsZero(); limited || s.limited {
		if err := s.file.SetReadDeadline(deadline); err != nil {
			return 0, err
		}
		s.limited = limited
	}
	s.events, s.n = events, 0
	err := s.conn.Read(s.look)
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return 0, nil
	case err != nil:
		return 0, err
	case s.errno != 0:
		return 0, s.errno
	}
	return s.n, nil
}

func (s *goroutineSleeper) lookNow(uintptr) (done bool) {
	s.n, s.errno = rawEpollPoll(s.fd, s.events)
	return s.n > 0 || s.errno != 0
}

func (s *goroutineSleeper) close() error { return s.file.Close() }

// A threadSleeper blocks the thread, for an owner that has one for itself.
type threadSleeper struct {
	fd     int
	coarse bool // the kernel has no epoll_pwait2, older than 5.11
}

func (s *threadSleeper) sleep(events []unix.EpollEvent, deadline time.Time) (int, error) {
	left := time.Duration(-1)
	if !deadline.IsZero() {
		left = max(time.Until(deadline), 0)
	}
	n, errno := s.wait(events, left)
	if errno == unix.ENOSYS && !s.coarse {
		s.coarse = true
		n, errno = s.wait(events, left)
	}
	switch errno {
	case 0:
		return n, nil
	case unix.EINTR:
		return 0, nil
	}
	return 0, errno
}

func (s *threadSleeper) wait(events []unix.EpollEvent, left time.Duration) (int, unix.Errno) {
	at, room := unsafe.Pointer(unsafe.SliceData(events)), uintptr(len(events))
	if s.coarse {
		n, _, errno := unix.Syscall6(unix.SYS_EPOLL_PWAIT, uintptr(s.fd), uintptr(at), room, uintptr(milliseconds(left)), 0, 0)
		return int(n), errno
	}
	// The kernel's struct __kernel_timespec, which has 64 bits everywhere.
	var limit *[2]int64
	if left >= 0 {
		limit = &[2]int64{int64(left / time.Second), int64(left % time.Second)}
	}
	n, _, errno := unix.Syscall6(unix.SYS_EPOLL_PWAIT2, uintptr(s.fd), uintptr(at), room, uintptr(unsafe.Pointer(limit)), 0, 0)
	return int(n), errno
}

// milliseconds rounds up, and a time that is too long down: sleeps may be short.
func milliseconds(d time.Duration) int32 {
	if d < 0 {
		return -1
	}
	const most = 1<<31 - 1
	return int32(min((d+time.Millisecond-1)/time.Millisecond, most))
}

func (s *threadSleeper) close() error { return unix.Close(s.fd) }
