package driver

import (
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A ring is the pair of queues that is shared with the kernel: requests go in at
// the tail of the one, answers come out at the head of the other. It belongs to
// the owner of the driver, and knows nothing of operations.
//
// Its pointers lead into memory that the kernel maps, outside of Go's heap. What
// the kernel writes is loaded, and what it reads is published, atomically; the
// entries themselves are plain memory, whose turn the heads and tails settle.
type ring struct {
	fd    int
	flags uint32 // setup*

	// Requests. filled is the tail as the owner sees it; what is published to
	// the kernel may lag behind it until the next enter.
	sqHead, sqTail, sqFlags *uint32
	sqes                    []sqe // of a power of two
	filled                  uint32

	// Answers. taken is the head as the owner sees it, and runs ahead of what is
	// published: an answer is never taken twice, whatever its Completer does.
	cqHead, cqTail *uint32
	cqes           []cqe // of a power of two
	taken          uint32

	queues, entries []byte // the mappings

	wait   waitArg // for enterWait; not on the stack, as it holds an address
	until  waitTime
	enters int64
}

// mapRing maps the queues of a ring that setup has made.
func mapRing(fd int, p *ringParams) (r ring, err error) {
	size := p.cq.cqes + p.cqEntries*uint32(unsafe.Sizeof(cqe{}))
	if p.flags&setupNoSQArray == 0 {
		size = max(size, p.sq.array+p.sqEntries*4)
	}
	const access, shared = unix.PROT_READ | unix.PROT_WRITE, unix.MAP_SHARED | unix.MAP_POPULATE
	queues, err := unix.Mmap(fd, offsetRings, int(size), access, shared)
	if err != nil {
		return ring{}, err
	}
	entries, err := unix.Mmap(fd, offsetSQEs, int(p.sqEntries)*int(unsafe.Sizeof(sqe{})), access, shared)
	if err != nil {
		unix.Munmap(queues)
		return ring{}, err
	}

	// The kernel gave the offsets of these words; they are aligned, and indexing
	// checks that they are within the mapping.
	word := func(off uint32) *uint32 { return (*uint32)(unsafe.Pointer(&queues[off])) }
	r = ring{
		fd: fd, flags: p.flags,
		sqHead: word(p.sq.head), sqTail: word(p.sq.tail), sqFlags: word(p.sq.flags),
		cqHead: word(p.cq.head), cqTail: word(p.cq.tail),
		// The mappings were made long enough for these above.
		sqes:   unsafe.Slice((*sqe)(unsafe.Pointer(&entries[0])), p.sqEntries),
		cqes:   unsafe.Slice((*cqe)(unsafe.Pointer(&queues[p.cq.cqes])), p.cqEntries),
		queues: queues, entries: entries,
	}
	if p.flags&setupNoSQArray == 0 {
		// The indirection that this array allows is never used.
		for i := range p.sqEntries {
			*word(p.sq.array + 4*i) = i
		}
	}
	return r, nil
}

func (r *ring) unmap() {
	unix.Munmap(r.queues)
	unix.Munmap(r.entries)
	*r = ring{fd: -1, enters: r.enters}
}

// next returns a request to fill in, zeroed, or nil if the queue is full.
func (r *ring) next() *sqe {
	if r.filled-atomic.LoadUint32(r.sqHead) == uint32(len(r.sqes)) {
		return nil
	}
	e := &r.sqes[r.filled&uint32(len(r.sqes)-1)]
	*e = sqe{}
	r.filled++
	return e
}

// unsubmitted returns how many requests the kernel has not taken.
func (r *ring) unsubmitted() uint32 { return r.filled - atomic.LoadUint32(r.sqHead) }

// wantsEnter reports whether the kernel has something to do before all that
// happened can be seen: it set a flag for work that is left until the thread
// enters, or holds answers for which the queue had no room.
func (r *ring) wantsEnter() bool {
	return atomic.LoadUint32(r.sqFlags)&(sqTaskrun|sqOverflow) != 0
}

// answered reports whether there is an answer to take, perhaps one for which
// the queue had no room.
func (r *ring) answered() bool {
	return atomic.LoadUint32(r.cqTail) != r.taken || atomic.LoadUint32(r.sqFlags)&sqOverflow != 0
}

// available returns how many answers can be taken.
func (r *ring) available() uint32 { return atomic.LoadUint32(r.cqTail) - r.taken }

// take returns the next of the available answers.
func (r *ring) take() cqe {
	c := r.cqes[r.taken&uint32(len(r.cqes)-1)]
	r.taken++
	return c
}

// publishTaken gives the room of the answers taken back to the kernel.
func (r *ring) publishTaken() { atomic.StoreUint32(r.cqHead, r.taken) }

// enter hands over the requests and lets the kernel do what it put off. It does
// not wait for an answer, so it goes past the scheduler: that saves a third of
// all the time a busy loop takes. EINTR is Go's own preemption.
func (r *ring) enter() error {
	for {
		n := r.publishFilled()
		r.enters++
		_, _, errno := unix.RawSyscall6(unix.SYS_IO_URING_ENTER, uintptr(r.fd), uintptr(n), 0, enterGetEvents, 0, 0)
		switch errno {
		case 0:
			return nil
		case unix.EINTR:
		default:
			return errno
		}
	}
}

// enterWait waits in the kernel for an answer, with ns < 0 for as long as it
// takes. The error is ETIME when the time has passed, and EINTR after a signal.
func (r *ring) enterWait(ns int64) error {
	n := r.publishFilled()
	r.wait = waitArg{}
	if ns >= 0 {
		r.until = waitTime{sec: ns / 1e9, nsec: ns % 1e9}
		// An address in r, which is on the heap, stays alive during the call
		// as r does, and never moves.
		r.wait.timeout = uint64(uintptr(unsafe.Pointer(&r.until)))
	}
	r.enters++
	_, _, errno := unix.Syscall6(unix.SYS_IO_URING_ENTER, uintptr(r.fd), uintptr(n), 1, enterGetEvents|enterExtArg,
		uintptr(unsafe.Pointer(&r.wait)), unsafe.Sizeof(r.wait))
	if errno != 0 {
		return errno
	}
	return nil
}

func (r *ring) publishFilled() uint32 {
	atomic.StoreUint32(r.sqTail, r.filled)
	return r.unsubmitted()
}
