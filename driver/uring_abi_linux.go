package driver

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// The part of <linux/io_uring.h> that the driver uses. The layouts are the
// kernel's, and a test holds their sizes.

// An sqe is a request to the kernel. Its unions are named after their commonest
// use.
type sqe struct {
	opcode   uint8
	flags    uint8  // sqe*
	ioprio   uint16 // flags of accept and recv
	fd       int32
	off      uint64 // also a second address
	addr     uint64
	len      uint32
	opFlags  uint32 // flags of the system call that the opcode stands for
	userData uint64
	bufGroup uint16
	_        uint16
	_        int32
	_        [2]uint64
}

// A cqe is the kernel's answer to a request.
type cqe struct {
	userData uint64
	res      int32
	flags    uint32 // cqe*
}

// ringParams is what io_uring_setup takes and fills in.
type ringParams struct {
	sqEntries    uint32
	cqEntries    uint32
	flags        uint32 // setup*
	sqThreadCPU  uint32
	sqThreadIdle uint32
	features     uint32 // feature*
	wqFD         uint32
	_            [3]uint32
	sq           sqOffsets
	cq           cqOffsets
}

type sqOffsets struct {
	head, tail, mask, entries, flags, dropped, array, _ uint32
	_                                                   uint64
}

type cqOffsets struct {
	head, tail, mask, entries, overflow, cqes, flags, _ uint32
	_                                                   uint64
}

// waitArg is the extended argument of io_uring_enter.
type waitArg struct {
	sigmask   uint64
	sigmaskSz uint32
	_         uint32
	timeout   uint64 // address of a waitTime
}

// waitTime is the kernel's timespec, of 64 bits everywhere.
type waitTime struct {
	sec, nsec int64
}

// bufEntry is a place in a ring of provided buffers. In the first one, tail is
// the ring's; in the others it means nothing.
type bufEntry struct {
	addr uint64
	len  uint32
	id   uint16
	tail uint16
}

// bufRegister registers such a ring.
type bufRegister struct {
	addr    uint64
	entries uint32
	group   uint16
	_       uint16
	_       [3]uint64
}

// probe is the kernel's list of the opcodes that it has.
type probe struct {
	lastOp uint8
	opsLen uint8
	_      uint16
	_      [3]uint32
	ops    [256]probeOp
}

type probeOp struct {
	op    uint8
	_     uint8
	flags uint16
	_     uint32
}

const probeSupported = 1 << 0

// Opcodes.
const (
	uringReadv       = 1
	uringWritev      = 2
	uringFsync       = 3
	uringPollAdd     = 6
	uringAccept      = 13
	uringAsyncCancel = 14
	uringConnect     = 16
	uringOpenAt      = 18
	uringClose       = 19
	uringRead        = 22
	uringWrite       = 23
	uringSend        = 26
	uringRecv        = 27
	uringShutdown    = 34
	uringSendZC      = 47 // never sent: it came with multishot receives, which have no sign of their own
)

// Flags of an sqe, and of single opcodes.
const (
	sqeAsync         = 1 << 4 // by a worker thread of the kernel, which may block
	sqeBufferSelect  = 1 << 5
	sqeSkipOnSuccess = 1 << 6

	acceptMultishot = 1 << 0 // in ioprio
	recvMultishot   = 1 << 1 // in ioprio
	pollMultishot   = 1 << 0 // in len
	fsyncDataOnly   = 1 << 0
)

// Flags of a cqe.
const (
	cqeBuffer      = 1 << 0 // the upper half of the flags is the number of a buffer
	cqeMore        = 1 << 1
	cqeBufferShift = 16
)

// Flags of a ring.
const (
	setupCQSize       = 1 << 3
	setupClamp        = 1 << 4
	setupSubmitAll    = 1 << 7
	setupCoopTaskrun  = 1 << 8
	setupTaskrunFlag  = 1 << 9
	setupSingleIssuer = 1 << 12
	setupDeferTaskrun = 1 << 13
	setupNoSQArray    = 1 << 16

	featureSingleMmap   = 1 << 0
	featureNoDrop       = 1 << 1
	featureSubmitStable = 1 << 2
	featureCurPos       = 1 << 3
	featureFastPoll     = 1 << 5
	featureExtArg       = 1 << 8
	featureCQESkip      = 1 << 11

	sqOverflow = 1 << 1 // completions wait in the kernel for room
	sqTaskrun  = 1 << 2 // the kernel has something to do that ends in completions

	enterGetEvents = 1 << 0
	enterExtArg    = 1 << 3

	offsetRings = 0
	offsetSQEs  = 0x10000000

	registerProbe   = 8
	registerPbuf    = 22
	maxRingBuffers  = 1 << 15
	currentPosition = ^uint64(0)
)

// uringRegister makes one of the many calls behind io_uring_register. The kernel
// keeps the memory at arg only where the caller says so.
func uringRegister(fd int, op uintptr, arg unsafe.Pointer, n int) error {
	_, _, errno := unix.Syscall6(unix.SYS_IO_URING_REGISTER, uintptr(fd), op, uintptr(arg), uintptr(n), 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}
