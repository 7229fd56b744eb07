package driver

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// performFile carries out an operation on a worker of a pool. It blocks.
func performFile(op *Op, w *worker) Result {
	for {
		n, err := fileCall(op, w)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return Result{Err: err}
		}
		return Result{N: n}
	}
}

func fileCall(op *Op, w *worker) (int, error) {
	fd := int(op.fd)
	switch op.kind {
	case OpRead:
		return unix.Read(fd, op.bytes())
	case OpWrite:
		return unix.Write(fd, op.bytes())
	case OpReadAt:
		return unix.Pread(fd, op.bytes(), op.off)
	case OpWriteAt:
		return unix.Pwrite(fd, op.bytes(), op.off)
	case OpWritev:
		iov := op.vec().iovecs()
		n, _, errno := unix.Syscall(unix.SYS_WRITEV, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(iov))), uintptr(len(iov)))
		return result(n, errno)
	case OpReadvAt, OpWritevAt:
		iov, call := op.vec().iovecs(), uintptr(unix.SYS_PREADV)
		if op.kind == OpWritevAt {
			call = unix.SYS_PWRITEV
		}
		low, high := offsetHalves(op.off)
		n, _, errno := unix.Syscall6(call, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(iov))), uintptr(len(iov)), low, high, 0)
		return result(n, errno)
	case OpFsync:
		if op.flags != 0 {
			return 0, unix.Fdatasync(fd)
		}
		return 0, unix.Fsync(fd)
	case OpOpen:
		return openFile(op.open(), w)
	case OpStat:
		return 0, statFile(op.stat())
	case OpFile:
		return op.file().perform()
	case OpSplice:
		a, off := op.splice(), op.splice().Offset
		n, err := unix.Splice(fd, &off, a.To, nil, min(max(a.N, 0), maxBytes), unix.SPLICE_F_MOVE|unix.SPLICE_F_NONBLOCK)
		return int(n), err
	case OpClose:
		return 0, closeFD(fd)
	}
	return 0, unix.EINVAL
}

func openFile(a *OpenArgs, w *worker) (int, error) {
	path, err := a.cpath()
	if err != nil {
		return -1, err
	}
	if a.raw.fifo.open {
		return openFIFO(a, path, w)
	}
	var st unix.Stat_t
	if a.waits() && unix.Stat(a.Path, &st) == nil && isFIFO(&st) {
		return openFIFO(a, path, w)
	}
	return openAt(path, a.Flags, a.Perm)
}

func openAt(path *byte, flags int, perm uint32) (int, error) {
	dirfd := unix.AT_FDCWD
	fd, _, errno := unix.Syscall6(unix.SYS_OPENAT, uintptr(dirfd), uintptr(unsafe.Pointer(path)),
		uintptr(flags|unix.O_CLOEXEC|unix.O_LARGEFILE), uintptr(perm), 0, 0)
	return result(fd, errno)
}

func statFile(a *StatArgs) error {
	path, err := a.cpath()
	if err != nil {
		return err
	}
	dirfd, flags := a.target()
	_, _, errno := unix.Syscall6(unix.SYS_STATX, uintptr(dirfd), uintptr(unsafe.Pointer(path)), uintptr(flags),
		unix.STATX_BASIC_STATS, uintptr(unsafe.Pointer(&a.raw.stx)), 0)
	if errno != 0 {
		return errno
	}
	a.fill()
	return nil
}

func result(n uintptr, errno unix.Errno) (int, error) {
	if errno != 0 {
		return -1, errno
	}
	return int(n), nil
}
