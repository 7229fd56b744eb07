package stdio

import (
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// reopen opens what fd stands for once more, without blocking, where that is the same
// to all others; -1 if it is not, or can't be done. It can't without /proc, or if
// another user has opened it, as after su(1).
//
// A terminal is the same however often it is open, and so is a pipe that is written.
// A pipe that is read is not: if its writers have gone already, poll(2) does not tell
// a new reader. A file has a position, which its openers don't share.
func reopen(fd, flag int) int {
	var stat unix.Stat_t
	if err := unix.Fstat(fd, &stat); err != nil {
		return -1
	}
	pipe := stat.Mode&unix.S_IFMT == unix.S_IFIFO
	if !(pipe && flag == os.O_WRONLY || isTerminal(fd)) {
		return -1
	}
	n, err := unix.Open("/proc/self/fd/"+strconv.Itoa(fd), flag|unix.O_NONBLOCK|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1
	}
	return n
}

func isTerminal(fd int) bool {
	_, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	return err == nil
}
