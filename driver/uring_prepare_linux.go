package driver

import (
	"encoding/binary"
	"math/bits"
	"unsafe"

	"golang.org/x/sys/unix"
)

// prepare fills in the request for op. The addresses in it are of memory that op
// refers to and the slot keeps alive; Go's heap does not move. An error means
// that op cannot be asked for at all.
//
// Descriptors may be non-blocking, and those of Sockets are. That makes no
// difference to the kernel wherever it can poll: it tries, and arms a poll by
// itself. Where it cannot, the answer is EAGAIN: see uring.retryWhenReady.
func (u *uring) prepare(e *sqe, op *Op) error {
	e.fd = op.fd
	if op.kind.hasBytes() {
		e.addr, e.len = address(op.ptr), op.n
	}
	switch op.kind {
	case OpRead:
		e.opcode, e.off = uringRead, currentPosition
	case OpWrite:
		e.opcode, e.off = uringWrite, currentPosition
	case OpReadAt, OpWriteAt:
		if op.off < 0 { // which could be taken for currentPosition
			return unix.EINVAL
		}
		if u.meet(op.fd) == isStream {
			return unix.ESPIPE
		}
		e.opcode, e.off = uringRead, uint64(op.off)
		if op.kind == OpWriteAt {
			e.opcode = uringWrite
		}
	case OpRecv:
		e.opcode = uringRecv
		if op.n == 0 { // a receive would wait for data first
			e.opcode = uringRead
		}
	case OpSend:
		e.opcode, e.opFlags = uringSend, unix.MSG_NOSIGNAL
	case OpRecvLent:
		e.opcode, e.flags, e.bufGroup = uringRecv, sqeBufferSelect, bufGroup
		if u.multishotRecv {
			e.ioprio = recvMultishot
		}
	case OpWritev:
		iov := op.vec().iovecs()
		e.opcode, e.off = uringWritev, currentPosition
		e.addr, e.len = address(unsafe.Pointer(unsafe.SliceData(iov))), uint32(len(iov))
	case OpReadvAt, OpWritevAt:
		if op.off < 0 {
			return unix.EINVAL
		}
		if u.meet(op.fd) == isStream {
			return unix.ESPIPE
		}
		iov := op.vec().iovecs()
		e.opcode, e.off = uringReadv, uint64(op.off)
		if op.kind == OpWritevAt {
			e.opcode = uringWritev
		}
		e.addr, e.len = address(unsafe.Pointer(unsafe.SliceData(iov))), uint32(len(iov))
	case OpAccept, OpAcceptMulti:
		e.opcode, e.opFlags = uringAccept, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC
		if op.kind == OpAcceptMulti {
			e.ioprio = acceptMultishot
		}
	case OpConnect:
		a := op.connect()
		if err := a.raw.encode(a.Addr); err != nil {
			return err
		}
		e.opcode, e.addr, e.off = uringConnect, address(unsafe.Pointer(&a.raw.sa)), uint64(a.raw.n)
	case OpReady:
		pollFor(e, pollMask(Events(op.flags)))
	case OpShutdown:
		e.opcode, e.len = uringShutdown, uint32(op.flags)
	case OpClose:
		u.files.forget(op.fd)
		e.opcode = uringClose
	case OpFsync:
		e.opcode = uringFsync
		if op.flags != 0 {
			e.opFlags = fsyncDataOnly
		}
	case OpOpen:
		a := op.open()
		path, err := a.cpath()
		if err != nil {
			return err
		}
		e.opcode, e.fd, e.addr, e.len = uringOpenAt, unix.AT_FDCWD, address(unsafe.Pointer(path)), a.Perm
		e.opFlags = uint32(a.Flags) | unix.O_CLOEXEC | unix.O_LARGEFILE
	default:
		return unix.EINVAL
	}
	return nil
}

// address is a pointer as the kernel is told it.
func address(p unsafe.Pointer) uint64 { return uint64(uintptr(p)) }

// pollFor makes e a poll.
func pollFor(e *sqe, mask uint32) {
	if binary.NativeEndian.Uint16([]byte{0, 1}) == 1 {
		mask = bits.RotateLeft32(mask, 16) // the kernel wants the halves of a word swapped then
	}
	e.opcode, e.opFlags = uringPollAdd, mask
}

// pollMask is what to poll for; POLLHUP and POLLERR are always told.
func pollMask(ev Events) (mask uint32) {
	if ev&Readable != 0 {
		mask |= unix.POLLIN | unix.POLLRDHUP
	}
	if ev&Writable != 0 {
		mask |= unix.POLLOUT
	}
	return mask
}

// pollEvents is what a poll for some events has found.
func pollEvents(mask uint32, asked Events) (ev Events) {
	if mask&(unix.POLLIN|unix.POLLRDHUP|unix.POLLHUP|unix.POLLERR) != 0 {
		ev |= Readable & asked
	}
	if mask&(unix.POLLOUT|unix.POLLHUP|unix.POLLERR) != 0 {
		ev |= Writable & asked
	}
	if mask&(unix.POLLHUP|unix.POLLRDHUP) != 0 {
		ev |= Hangup
	}
	return ev
}

// waitsFor is the readiness that an operation needs before it is tried again, 0
// for those that are tried only once.
func (op *Op) waitsFor() Events {
	switch op.kind {
	case OpRead, OpReadAt, OpReadvAt, OpRecv, OpRecvLent, OpRecvMsg, OpRecvBatch, OpAccept, OpAcceptMulti:
		return Readable
	case OpWrite, OpWriteAt, OpWritevAt, OpSend, OpWritev, OpSendMsg, OpSendBatch, OpConnect:
		return Writable
	}
	return 0
}
