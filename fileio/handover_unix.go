//go:build unix

package fileio

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"

	"rondo.dev/rondo/async"
)

// FromOS takes over a file of package os, with its position and its locks. It is at
// home on t's loop, and f is closed. On an error f stays as it is. Nothing may use f
// at the same time.
func FromOS(t *async.Task, f *os.File) (*File, error) {
	p := here(t)
	if p.virtual() {
		return nil, p.noDescriptors()
	}
	raw, err := f.SyscallConn()
	if err != nil {
		return nil, err
	}
	fd, flag, pos := -1, 0, int64(0)
	var fdErr error
	err = raw.Control(func(old uintptr) {
		if flag, fdErr = unix.FcntlInt(old, unix.F_GETFL, 0); fdErr != nil {
			return
		}
		if pos, fdErr = unix.Seek(int(old), 0, io.SeekCurrent); fdErr != nil {
			pos, fdErr = 0, nil // a stream has none
		}
		fd, fdErr = unix.FcntlInt(old, unix.F_DUPFD_CLOEXEC, 0)
	})
	if err == nil {
		err = os.NewSyscallError("fcntl", fdErr)
	}
	if err != nil {
		return nil, err
	}
	p.drv.Forget(fd)
	g := newFile(p, fd, f.Name(), flag)
	g.pos = pos
	f.Close()
	return g, nil
}

// OSFile hands the file over to package os, with its position and its locks; f is
// closed then. It is an error if operations are in flight; on an error f stays as it
// is. t has to be a task of the file's loop.
func (f *File) OSFile(t *async.Task) (*os.File, error) {
	g, err := f.osFile(t)
	if err != nil {
		return nil, &fs.PathError{Op: "handover", Path: f.name, Err: err}
	}
	f.Close().Await(t)
	return g, nil
}

func (f *File) osFile(t *async.Task) (*os.File, error) {
	switch {
	case t.Executor() != f.home.exec:
		return nil, errNotHome
	case f.closed:
		return nil, os.ErrClosed
	case f.calls > 0:
		return nil, errInUse
	case len(f.stash) > 0:
		return nil, errUnread
	case f.home.virtual():
		return nil, f.home.noDescriptors()
	}
	if !f.stream {
		if _, err := unix.Seek(int(f.fd), f.pos, io.SeekStart); err != nil && err != unix.ESPIPE {
			return nil, os.NewSyscallError("lseek", err)
		}
	}
	fd, err := unix.FcntlInt(uintptr(f.fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("fcntl", err)
	}
	return os.NewFile(uintptr(fd), f.name), nil
}

var (
	errNotHome = errors.New("this needs a task of the file's own loop")
	errInUse   = errors.New("operations are in flight")
	errUnread  = errors.New("bytes that were put back have not been read")
)

func (p *place) noDescriptors() error {
	return fmt.Errorf("rondo/fileio: the driver %q has no descriptors of the system: %w", p.drv.Name(), errors.ErrUnsupported)
}
