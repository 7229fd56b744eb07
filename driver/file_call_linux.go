package driver

import (
	"errors"
	"os"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// perform makes the call, which may block. A signal may interrupt it; then it is
// made again.
func (a *FileArgs) perform() (int, error) {
	switch a.Call {
	case FileMkdir:
		return 0, unix.Mkdir(a.Path, a.Mode)
	case FileUnlink:
		return 0, unix.Unlink(a.Path)
	case FileRmdir:
		return 0, unix.Rmdir(a.Path)
	case FileRemoveAll:
		return 0, plainErrno(os.RemoveAll(a.Path))
	case FileRename:
		return 0, unix.Rename(a.Path, a.To)
	case FileLink:
		return 0, unix.Link(a.Path, a.To)
	case FileSymlink:
		return 0, unix.Symlink(a.Path, a.To)
	case FileReadlink:
		return 0, a.readlink()
	case FileReadDir:
		return 0, a.readDir()
	case FileTruncate:
		if a.Path == "" {
			return 0, unix.Ftruncate(a.FD, a.Size)
		}
		return 0, unix.Truncate(a.Path, a.Size)
	case FileChmod:
		if a.Path == "" {
			return 0, unix.Fchmod(a.FD, a.Mode)
		}
		return 0, unix.Chmod(a.Path, a.Mode)
	case FileChown:
		if a.Path == "" {
			return 0, unix.Fchown(a.FD, a.UID, a.GID)
		}
		return 0, unix.Fchownat(unix.AT_FDCWD, a.Path, a.UID, a.GID, a.atFlags())
	case FileTimes:
		return 0, a.times()
	case FileLock:
		if a.Shared {
			return 0, unix.Flock(a.FD, unix.LOCK_SH|unix.LOCK_NB)
		}
		return 0, unix.Flock(a.FD, unix.LOCK_EX|unix.LOCK_NB)
	case FileUnlock:
		return 0, unix.Flock(a.FD, unix.LOCK_UN)
	case FileCopy:
		from, to := a.Offset, a.Offset
		return unix.CopyFileRange(a.From, &from, a.FD, &to, int(min(a.Size, maxBytes)), 0)
	}
	return 0, unix.EINVAL
}

func (a *FileArgs) atFlags() int {
	if a.NoFollow {
		return unix.AT_SYMLINK_NOFOLLOW
	}
	return 0
}

func (a *FileArgs) readlink() error {
	for size := 256; ; size *= 2 {
		b := make([]byte, size)
		n, err := unix.Readlink(a.Path, b)
		if err != nil {
			return err
		}
		if n < size { // else there may be more
			a.To = string(b[:n])
			return nil
		}
	}
}

// readDir leaves reading the directory, and asking for types where the file system
// does not tell them, to package os.
func (a *FileArgs) readDir() error {
	list, err := os.ReadDir(a.Path)
	if err != nil {
		return plainErrno(err)
	}
	a.Entries = make([]DirEntry, len(list))
	for i, e := range list {
		a.Entries[i] = DirEntry{Name: e.Name(), Type: e.Type()}
	}
	return nil
}

// plainErrno is the errno in an error of package os.
func plainErrno(err error) error {
	var errno unix.Errno
	if errors.As(err, &errno) {
		return errno
	}
	return err
}

func (a *FileArgs) times() error {
	ts := [2]unix.Timespec{timespec(a.AccTime), timespec(a.ModTime)}
	var path *byte // nil stands for the descriptor
	dirfd := a.FD
	if a.Path != "" {
		var err error
		if path, err = unix.BytePtrFromString(a.Path); err != nil {
			return err
		}
		dirfd = unix.AT_FDCWD
	}
	_, _, errno := unix.Syscall6(unix.SYS_UTIMENSAT, uintptr(dirfd), uintptr(unsafe.Pointer(path)),
		uintptr(unsafe.Pointer(&ts)), uintptr(a.atFlags()), 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

// timespec is a time for utimensat(2), which has a sign for one to leave alone.
func timespec(t time.Time) unix.Timespec {
	if t.IsZero() {
		return unix.Timespec{Nsec: utimeOmit}
	}
	return unix.NsecToTimespec(t.UnixNano())
}

// utimeOmit is UTIME_OMIT.
const utimeOmit = 1<<30 - 2
