package driver

import "golang.org/x/sys/unix"

// Dup makes another descriptor for the same socket.
func (kernelSockets) Dup(fd int) (int, error) {
	return unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
}
