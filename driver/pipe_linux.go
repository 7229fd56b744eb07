package driver

import "golang.org/x/sys/unix"

// Pipe makes a pipe. Its ends are non-blocking and close-on-exec, and are closed with
// Op.Close or CloseNow.
func (kernelSockets) Pipe() (r, w int, err error) {
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_NONBLOCK|unix.O_CLOEXEC); err != nil {
		return -1, -1, err
	}
	return p[0], p[1], nil
}
