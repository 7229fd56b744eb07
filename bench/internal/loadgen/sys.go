package loadgen

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// Calls that cannot block go past Go's scheduler: announcing each one to it
// would cost the generator a third of its time. In all three, the pointer is
// into memory that the call's own arguments keep alive, and the kernel is done
// with it when the call returns.

func read(fd int, b []byte) (int, unix.Errno) {
	n, _, errno := unix.RawSyscall(unix.SYS_READ, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)))
	return int(n), errno
}

func write(fd int, b []byte) (int, unix.Errno) {
	n, _, errno := unix.RawSyscall(unix.SYS_WRITE, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)))
	return int(n), errno
}

// wait waits for events; it blocks, and so lets the scheduler know, only when
// a first look has found none and there is time.
func wait(epoll int, events []unix.EpollEvent, millis int) (int, error) {
	n, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(epoll),
		uintptr(unsafe.Pointer(unsafe.SliceData(events))), uintptr(len(events)), 0, 0, 0)
	if errno == 0 && (n > 0 || millis == 0) {
		return int(n), nil
	}
	got, err := unix.EpollWait(epoll, events, millis)
	if err == unix.EINTR {
		return 0, nil
	}
	return got, err
}
