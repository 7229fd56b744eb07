package driver

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// Reading what is in the page cache, and writing to it, is a copy: it takes the
// time of handing the operation to somebody else. So both drivers first try it
// with RWF_NOWAIT (preadv2(2), Linux 4.14), which tells when it would have to wait
// for a disk. Only what does is handed on. With O_DIRECT it always does.

// nowaitMost bounds what is copied within Submit: the copy holds the loop.
const nowaitMost = 64 << 10

// takesNow reports whether op is one that can be tried so.
func (o *Op) takesNow() bool {
	return (o.kind == OpReadAt || o.kind == OpWriteAt) && o.n <= nowaitMost && o.off >= 0
}

// tryNow tries op. EAGAIN says that it would have to wait; any other error, that
// trying is of no use with this descriptor, and that another way has to find out
// what is wrong, if anything.
func (o *Op) tryNow() (int, unix.Errno) {
	call := uintptr(unix.SYS_PREADV2)
	if o.kind == OpWriteAt {
		call = unix.SYS_PWRITEV2
	}
	iov := unix.Iovec{Base: (*byte)(o.ptr)}
	iov.SetLen(int(o.n))
	low, high := offsetHalves(o.off)
	for {
		n, _, errno := unix.RawSyscall6(call, uintptr(o.fd), uintptr(unsafe.Pointer(&iov)), 1, low, high, unix.RWF_NOWAIT)
		if errno != unix.EINTR {
			return int(n), errno
		}
	}
}

// offsetHalves is an offset as preadv(2) and its kin want it: as two words, the
// second of which is ignored where the first one holds it all.
func offsetHalves(off int64) (low, high uintptr) { return uintptr(off), uintptr(uint64(off) >> 32) }
