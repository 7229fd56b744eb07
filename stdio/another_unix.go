//go:build unix

package stdio

import (
	"os"

	"golang.org/x/sys/unix"
)

// another returns another file for what f stands for, to read it or to write it. f
// stays as it is, and the new one does not change what they share.
func another(f *os.File, flag int) (*os.File, error) {
	if _, err := f.Stat(); err != nil {
		return nil, err // it is closed
	}
	raw, err := f.SyscallConn()
	if err != nil {
		return nil, err
	}
	fd := -1
	var failed error
	err = raw.Control(func(old uintptr) {
		if fd = reopen(int(old), flag); fd < 0 {
			fd, failed = unix.FcntlInt(old, unix.F_DUPFD_CLOEXEC, 0)
		}
	})
	if err == nil {
		err = failed
	}
	if err != nil {
		return nil, &os.PathError{Op: "dup", Path: f.Name(), Err: err}
	}
	return os.NewFile(uintptr(fd), f.Name()), nil
}
