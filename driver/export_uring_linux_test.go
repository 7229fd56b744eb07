package driver

import "golang.org/x/sys/unix"

// OpenOldUring opens a driver as on the oldest kernel that is supported: flags
// that are newer are refused, and receives are not multishot.
func OpenOldUring(o Options) (Driver, error) {
	u, err := buildUring(o, kernelWith(setupClamp|setupCQSize|setupSubmitAll))
	if err != nil {
		return nil, err
	}
	u.multishotRecv = false
	return u, nil
}

// kernelWith is io_uring_setup of a kernel that knows only these flags.
func kernelWith(flags uint32) setupFunc {
	return func(entries uint32, p *ringParams) (int, error) {
		if p.flags&^flags != 0 {
			return -1, unix.EINVAL
		}
		return uringSetup(entries, p)
	}
}
