//go:build unix

package process

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// withGroup returns attr with a process group of the program's own.
func withGroup(attr *syscall.SysProcAttr) (*syscall.SysProcAttr, error) {
	var with syscall.SysProcAttr
	if attr != nil {
		with = *attr
	}
	with.Setpgid = true
	return &with, nil
}

// signalGroup signals the processes of a group, whose leader was not waited for.
func signalGroup(pid int, sig os.Signal) error {
	s, ok := sig.(syscall.Signal)
	if !ok {
		return fmt.Errorf("rondo/process: signal %v: %w", sig, errors.ErrUnsupported)
	}
	err := syscall.Kill(-pid, s)
	if err == syscall.ESRCH {
		return os.ErrProcessDone
	}
	return os.NewSyscallError("kill", err)
}
