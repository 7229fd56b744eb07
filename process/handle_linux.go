package process

import (
	"os"

	"golang.org/x/sys/unix"
)

// openHandle returns a descriptor that can be read when the process has ended, its
// pidfd; -1 if the system has none, or no descriptor left.
func openHandle(p *os.Process) int {
	fd := -1
	if err := p.WithHandle(func(h uintptr) {
		if n, err := unix.FcntlInt(h, unix.F_DUPFD_CLOEXEC, 0); err == nil {
			fd = n
		}
	}); err != nil {
		return -1
	}
	return fd
}

func closeHandle(fd int) { unix.Close(fd) }
