package driver

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// toPool hands op, an operation on e's descriptor if e is not nil, to the pool.
func (ep *epoll) toPool(e *entry, op *Op) {
	if e != nil {
		e.more().pooled++
	}
	ep.pooled++
	ep.stats.Direct++
	ep.pool.submit(op)
}

// leftPool ends an operation that the pool has given back.
func (ep *epoll) leftPool(op *Op, r Result) {
	ep.pooled--
	fd, counted := op.fd, op.kind != OpClose // a close is the last of its descriptor
	if op.kind == OpOpen && r.Err == nil {
		ep.fresh(r.N, 0)
	}
	ep.finish(op, r)
	if e := ep.fds.at(fd); counted && e != nil && e.rest != nil {
		e.rest.pooled--
		if closer := e.rest.closer; closer != nil && e.rest.pooled == 0 {
			e.rest.closer = nil
			ep.closeWhenTold(closer)
		}
	}
}

// collect ends what the pool has done.
func (ep *epoll) collect() {
	if ep.pooled == 0 {
		return
	}
	done := ep.pool.collect(ep.ended)
	for _, d := range done {
		ep.leftPool(d.op, d.r)
	}
	clear(done)
	ep.ended = done
}

// performFile carries out an operation, on a goroutine of the pool. It blocks.
func performFile(op *Op) Result {
	for {
		n, err := fileCall(op)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return Result{Err: err}
		}
		return Result{N: n}
	}
}

func fileCall(op *Op) (int, error) {
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
	case OpFsync:
		if op.flags != 0 {
			return 0, unix.Fdatasync(fd)
		}
		return 0, unix.Fsync(fd)
	case OpOpen:
		return openFile(op.open())
	case OpStat:
		return 0, statFile(op.stat())
	case OpSplice:
		a, off := op.splice(), op.splice().Offset
		n, err := unix.Splice(fd, &off, a.To, nil, min(max(a.N, 0), maxBytes), unix.SPLICE_F_MOVE|unix.SPLICE_F_NONBLOCK)
		return int(n), err
	case OpClose:
		return 0, closeFD(fd)
	}
	return 0, unix.EINVAL
}

func openFile(a *OpenArgs) (int, error) {
	path, err := a.cpath()
	if err != nil {
		return -1, err
	}
	dirfd := unix.AT_FDCWD
	fd, _, errno := unix.Syscall6(unix.SYS_OPENAT, uintptr(dirfd), uintptr(unsafe.Pointer(path)),
		uintptr(a.Flags|unix.O_CLOEXEC|unix.O_LARGEFILE), uintptr(a.Perm), 0, 0)
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
