package driver

import (
	"errors"
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// setupFunc is io_uring_setup. Tests replace it to stand for other kernels.
type setupFunc func(entries uint32, p *ringParams) (fd int, err error)

func uringSetup(entries uint32, p *ringParams) (int, error) {
	fd, _, errno := unix.Syscall(unix.SYS_IO_URING_SETUP, uintptr(entries), uintptr(unsafe.Pointer(p)), 0)
	if errno != 0 {
		return -1, errno
	}
	return int(fd), nil
}

// setupFlags lists the sets of flags to try, the best first. A kernel refuses
// those that it does not know with EINVAL.
//
//   - An owner that may move between threads takes COOP_TASKRUN: a completion
//     does not interrupt the thread that submitted the operation, but waits
//     until it enters the kernel the next time, for whatever reason.
//     TASKRUN_FLAG makes that visible. SINGLE_ISSUER would bind the ring to one
//     thread: entering from another is EEXIST. With Options.Interrupt it does
//     without.
//   - An owner that is locked to its thread takes that, and DEFER_TASKRUN, with
//     which completions wait until the ring is entered.
//   - SUBMIT_ALL: a bad request does not stop those behind it; without it, enter
//     is just called once more.
//   - NO_SQARRAY leaves out an indirection that the driver does not use.
func setupFlags(o Options) []uint32 {
	const coop = setupCoopTaskrun | setupTaskrunFlag
	const deferred = setupSingleIssuer | setupDeferTaskrun | setupTaskrunFlag
	var sets []uint32
	with := func(flags uint32) {
		sets = append(sets,
			flags|setupSubmitAll|setupNoSQArray,
			flags|setupSubmitAll) // before 6.6
	}
	if o.Locked {
		with(deferred)
	}
	if o.Locked || !o.Interrupt {
		with(coop) // for locked owners before 6.1
	}
	with(0)
	return append(sets, 0)
}

// cqFactor is how much longer the queue of answers is than that of requests. A
// request may be answered many times. What finds no room is kept by the kernel,
// but ends multishot operations, which then are submitted again.
const cqFactor = 8

// setupRing makes a ring with the best flags that the kernel takes.
func setupRing(o Options, setup setupFunc) (fd int, p *ringParams, err error) {
	const most = 1 << 15 // the kernel clamps at this too
	n := uint32(min(max(o.Entries, 1), most))
	for _, flags := range setupFlags(o) {
		p = &ringParams{flags: flags | setupClamp | setupCQSize, cqEntries: n * cqFactor}
		fd, err = setup(n, p)
		if !errors.Is(err, unix.EINVAL) {
			break
		}
	}
	if err != nil {
		return -1, nil, fmt.Errorf("io_uring_setup: %w", err)
	}
	return fd, p, nil
}

// requiredFeatures are those without which the driver would have to be another
// one. All are older than the opcodes it needs.
const requiredFeatures = featureSingleMmap | featureNoDrop | featureSubmitStable | featureCurPos |
	featureFastPoll | featureExtArg | featureCQESkip

var requiredOps = [...]uint8{uringReadv, uringWritev, uringFsync, uringPollAdd, uringAccept,
	uringAsyncCancel, uringConnect, uringOpenAt, uringClose, uringRead, uringWrite, uringSend, uringRecv,
	uringShutdown}

// checkKernel finds out what the kernel of a ring can do. It refuses those
// before 5.19, which lack multishot accepts and rings of buffers (the latter is
// found out by registering one).
func checkKernel(fd int, p *ringParams) (multishotRecv bool, err error) {
	if missing := requiredFeatures &^ p.features; missing != 0 {
		return false, fmt.Errorf("io_uring of this kernel lacks features %#x: %w", missing, errors.ErrUnsupported)
	}
	known := new(probe)
	if err := uringRegister(fd, registerProbe, unsafe.Pointer(known), len(known.ops)); err != nil {
		return false, fmt.Errorf("io_uring_register: %w", err)
	}
	supports := func(op uint8) bool { return known.ops[op].flags&probeSupported != 0 }
	for _, op := range requiredOps {
		if !supports(op) {
			return false, fmt.Errorf("io_uring of this kernel lacks opcode %d: %w", op, errors.ErrUnsupported)
		}
	}
	return supports(uringSendZC), nil
}
