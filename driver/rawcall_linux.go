package driver

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// The system calls of the epoll driver, made by RawSyscall: the Go runtime is not
// told that a call is under way, which saves a third of the CPU of an echo. So
// they must not block: the descriptors are non-blocking, or the flags say
// MSG_DONTWAIT, or the time-out is zero.
//
// All repeat a call that a signal interrupted (the runtime sends SIGURG to stop
// goroutines). Each pointer becomes a uintptr in the argument list of RawSyscall,
// as unsafe.Pointer's rules want it, and points to memory that outlives the call.

func rawRead(fd int32, p unsafe.Pointer, n uint32) (int, unix.Errno) {
	for {
		r, _, errno := unix.RawSyscall(unix.SYS_READ, uintptr(fd), uintptr(p), uintptr(n))
		if errno != unix.EINTR {
			return int(r), errno
		}
	}
}

func rawWrite(fd int32, p unsafe.Pointer, n uint32) (int, unix.Errno) {
	for {
		r, _, errno := unix.RawSyscall(unix.SYS_WRITE, uintptr(fd), uintptr(p), uintptr(n))
		if errno != unix.EINTR {
			return int(r), errno
		}
	}
}

// rawReadNoWait is rawRead for a blocking descriptor: it does not wait, or is
// unsupported there (RWF_NOWAIT, preadv2(2): pipes have it from Linux 6.4).
func rawReadNoWait(fd int32, p unsafe.Pointer, n uint32) (int, unix.Errno) {
	return rawNoWait(unix.SYS_PREADV2, fd, p, n)
}

// rawWriteNoWait is that for writing.
func rawWriteNoWait(fd int32, p unsafe.Pointer, n uint32) (int, unix.Errno) {
	return rawNoWait(unix.SYS_PWRITEV2, fd, p, n)
}

func rawNoWait(trap uintptr, fd int32, p unsafe.Pointer, n uint32) (int, unix.Errno) {
	iov := unix.Iovec{Base: (*byte)(p)}
	iov.SetLen(int(n))
	const position = ^uintptr(0) // the current one
	for {
		r, _, errno := unix.RawSyscall6(trap, uintptr(fd), uintptr(unsafe.Pointer(&iov)), 1, position, position, unix.RWF_NOWAIT)
		switch errno {
		case unix.EINTR:
			continue
		case unix.ENOSYS:
			errno = unix.EOPNOTSUPP
		}
		return int(r), errno
	}
}

func rawWritev(fd int32, iov []unix.Iovec) (int, unix.Errno) {
	for {
		r, _, errno := unix.RawSyscall(unix.SYS_WRITEV, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(iov))), uintptr(len(iov)))
		if errno != unix.EINTR {
			return int(r), errno
		}
	}
}

func rawRecv(fd int32, p unsafe.Pointer, n uint32) (int, unix.Errno) {
	for {
		r, _, errno := unix.RawSyscall6(unix.SYS_RECVFROM, uintptr(fd), uintptr(p), uintptr(n), unix.MSG_DONTWAIT, 0, 0)
		if errno != unix.EINTR {
			return int(r), errno
		}
	}
}

func rawSend(fd int32, p unsafe.Pointer, n uint32) (int, unix.Errno) {
	for {
		r, _, errno := unix.RawSyscall6(unix.SYS_SENDTO, uintptr(fd), uintptr(p), uintptr(n), unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, 0, 0)
		if errno != unix.EINTR {
			return int(r), errno
		}
	}
}

// rawRecvfrom returns how large the message was, which may be more than there is
// room for. It is for sockets of messages: TCP would throw bytes away.
func rawRecvfrom(fd int32, b []byte, flags int, from *rawAddr) (int, unix.Errno) {
	for {
		name, size := from.room()
		from.n = size
		r, _, errno := unix.RawSyscall6(unix.SYS_RECVFROM, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)),
			uintptr(flags|unix.MSG_DONTWAIT|unix.MSG_TRUNC), uintptr(unsafe.Pointer(name)), uintptr(unsafe.Pointer(&from.n)))
		if errno != unix.EINTR {
			return int(r), errno
		}
	}
}

// rawSendto sends to whom the socket is connected if to is nil: the kernel takes an
// address of no bytes for a bad one.
func rawSendto(fd int32, b []byte, flags int, to *rawAddr) (int, unix.Errno) {
	var name *byte
	var size uint32
	if to != nil {
		name, size = to.bytes(), to.n
	}
	for {
		r, _, errno := unix.RawSyscall6(unix.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)),
			uintptr(flags|unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL), uintptr(unsafe.Pointer(name)), uintptr(size))
		if errno != unix.EINTR {
			return int(r), errno
		}
	}
}

// rawRecvmsg receives descriptors as close-on-exec, like all that a driver makes.
func rawRecvmsg(fd int32, h *unix.Msghdr, flags int) (int, unix.Errno) {
	for {
		r, _, errno := unix.RawSyscall(unix.SYS_RECVMSG, uintptr(fd), uintptr(unsafe.Pointer(h)), uintptr(flags|unix.MSG_DONTWAIT|unix.MSG_CMSG_CLOEXEC))
		if errno != unix.EINTR {
			return int(r), errno
		}
	}
}

func rawSendmsg(fd int32, h *unix.Msghdr, flags int) (int, unix.Errno) {
	for {
		r, _, errno := unix.RawSyscall(unix.SYS_SENDMSG, uintptr(fd), uintptr(unsafe.Pointer(h)), uintptr(flags|unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL))
		if errno != unix.EINTR {
			return int(r), errno
		}
	}
}

// rawRecvmmsg asks for no time-out, so that what is there is taken and no more
// waited for.
func rawRecvmmsg(fd int32, hdrs []mmsghdr) (int, unix.Errno) {
	for {
		r, _, errno := unix.RawSyscall6(unix.SYS_RECVMMSG, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(hdrs))), uintptr(len(hdrs)),
			unix.MSG_DONTWAIT|unix.MSG_CMSG_CLOEXEC, 0, 0)
		if errno != unix.EINTR {
			return int(r), errno
		}
	}
}

func rawSendmmsg(fd int32, hdrs []mmsghdr) (int, unix.Errno) {
	for {
		r, _, errno := unix.RawSyscall6(unix.SYS_SENDMMSG, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(hdrs))), uintptr(len(hdrs)),
			unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, 0, 0)
		if errno != unix.EINTR {
			return int(r), errno
		}
	}
}

func rawAccept(fd int32) (int, unix.Errno) {
	for {
		r, _, errno := unix.RawSyscall6(unix.SYS_ACCEPT4, uintptr(fd), 0, 0, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0, 0)
		if errno != unix.EINTR {
			return int(r), errno
		}
	}
}

// rawSplice moves between streams, of which one is a pipe.
func rawSplice(from int32, a *SpliceArgs) (int, unix.Errno) {
	n := min(max(a.N, 0), maxBytes)
	for {
		r, _, errno := unix.RawSyscall6(unix.SYS_SPLICE, uintptr(from), 0, uintptr(a.To), 0, uintptr(n), unix.SPLICE_F_MOVE|unix.SPLICE_F_NONBLOCK)
		if errno != unix.EINTR {
			return int(r), errno
		}
	}
}

// rawConnect does not repeat: a connect that a signal interrupted goes on.
func rawConnect(fd int32, a *rawAddr) unix.Errno {
	_, _, errno := unix.RawSyscall(unix.SYS_CONNECT, uintptr(fd), uintptr(unsafe.Pointer(&a.sa)), uintptr(a.n))
	return errno
}

func rawShutdown(fd int32, how int) unix.Errno {
	_, _, errno := unix.RawSyscall(unix.SYS_SHUTDOWN, uintptr(fd), uintptr(how), 0)
	return errno
}

// rawClose does not repeat: see closeFD.
func rawClose(fd int32) unix.Errno {
	_, _, errno := unix.RawSyscall(unix.SYS_CLOSE, uintptr(fd), 0, 0)
	if errno == unix.EINTR {
		return 0
	}
	return errno
}

// rawStatus returns a descriptor's O_* status flags.
func rawStatus(fd int32) (int, unix.Errno) {
	r, _, errno := unix.RawSyscall(unix.SYS_FCNTL, uintptr(fd), unix.F_GETFL, 0)
	return int(r), errno
}

// rawPoll returns what of mask a descriptor is ready for now.
func rawPoll(fd int32, mask uint32) (uint32, unix.Errno) {
	if fd < 0 {
		return 0, unix.EBADF // which poll takes for a wish to ignore the entry
	}
	p := unix.PollFd{Fd: fd, Events: int16(mask)}
	var now unix.Timespec
	for {
		_, _, errno := unix.RawSyscall6(unix.SYS_PPOLL, uintptr(unsafe.Pointer(&p)), 1, uintptr(unsafe.Pointer(&now)), 0, 0, 0)
		if errno == unix.EINTR {
			continue
		}
		if errno == 0 && p.Revents&unix.POLLNVAL != 0 {
			errno = unix.EBADF
		}
		return uint32(uint16(p.Revents)), errno
	}
}

func rawEpollCtl(epfd, op int, fd int32, ev *unix.EpollEvent) unix.Errno {
	_, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_CTL, uintptr(epfd), uintptr(op), uintptr(fd), uintptr(unsafe.Pointer(ev)), 0, 0)
	return errno
}

// rawEpollPoll looks for events without waiting.
func rawEpollPoll(epfd int, events []unix.EpollEvent) (int, unix.Errno) {
	for {
		n, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(epfd), uintptr(unsafe.Pointer(unsafe.SliceData(events))),
			uintptr(len(events)), 0, 0, 0)
		if errno != unix.EINTR {
			return int(n), errno
		}
	}
}
