package netio

import "golang.org/x/sys/unix"

// queued returns how many connections wait in the kernel to be accepted from a listener.
func queued(fd int) int {
	info, err := unix.GetsockoptTCPInfo(fd, unix.IPPROTO_TCP, unix.TCP_INFO)
	if err != nil {
		return 0
	}
	return int(info.Unacked) // which is this for a socket that listens
}
