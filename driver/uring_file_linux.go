package driver

import "golang.org/x/sys/unix"

// What of a file's operations goes to the ring is decided by where the kernel can
// carry it out without a thread that blocks: direct I/O, and reads that miss the
// page cache. What hits the cache is done at once (nowait_linux.go). For the rest
// the kernel would wake a thread of its own, which took 16 to 40 us for an
// operation that is alone, where the pool took 7; so that is where it goes, but
// for what takes the disk's time anyway (Fsync), and opening and closing.

// uringFiles is what is remembered of descriptors on which operations with an
// offset were made. It is asked for once.
//
// A number that was closed behind the driver's back, without Forget, is remembered
// wrongly. If it is a stream's now, a misuse goes unnoticed, since the ring takes
// the offset of a read for one without for no offset at all; else operations only
// take another way than the best.
type uringFiles struct {
	seekable  fdSet // they have positions
	direct    fdSet // O_DIRECT
	slowRead  fdSet // tryNow is of no use
	slowWrite fdSet
}

// fdSet is a set of descriptors, one bit for each.
type fdSet []uint64

func (s fdSet) has(fd int32) bool {
	return uint32(fd)/64 < uint32(len(s)) && s[fd/64]&(1<<(fd%64)) != 0
}

// add adds fd, which is open: others might have any number.
func (s *fdSet) add(fd int32) {
	for int(fd/64) >= len(*s) {
		*s = append(*s, 0)
	}
	(*s)[fd/64] |= 1 << (fd % 64)
}

func (s fdSet) remove(fd int32) {
	if s.has(fd) {
		s[fd/64] &^= 1 << (fd % 64)
	}
}

// forget is called when fd is closed.
func (f *uringFiles) forget(fd int32) {
	for _, s := range [...]fdSet{f.seekable, f.direct, f.slowRead, f.slowWrite} {
		s.remove(fd)
	}
}

// acquaintance is what a descriptor is found to be.
type acquaintance uint8

const (
	isFile   acquaintance = iota // it has positions
	isStream                     // it has none, and pread(2) says ESPIPE
	isOther                      // what is wrong with it shows in the operation
)

// meet finds out what fd is.
func (u *uring) meet(fd int32) acquaintance {
	f := &u.files
	if f.seekable.has(fd) {
		return isFile
	}
	if fd < 0 {
		return isOther
	}
	u.stats.Direct++
	// It reads nothing, so it does not block. What can't be read at all, but has
	// positions, says EBADF.
	_, _, errno := unix.RawSyscall6(unix.SYS_PREAD64, uintptr(fd), 0, 0, 0, 0, 0)
	if errno == unix.ESPIPE {
		return isStream
	}
	status, bad := rawStatus(fd)
	if errno != 0 && errno != unix.EBADF || bad != 0 {
		return isOther
	}
	f.seekable.add(fd)
	if status&unix.O_DIRECT != 0 {
		f.direct.add(fd)
		f.slowRead.add(fd)
		f.slowWrite.add(fd)
	}
	return isFile
}

// tryNow ends op, a read or write at an offset, if it need not wait.
func (u *uring) tryNow(op *Op) bool {
	if u.meet(op.fd) != isFile {
		return false
	}
	slow := &u.files.slowRead
	if op.kind == OpWriteAt {
		slow = &u.files.slowWrite
	}
	if slow.has(op.fd) {
		return false
	}
	u.stats.Direct++
	n, errno := op.tryNow()
	switch errno {
	case 0:
		u.end(op, Result{N: n})
		return true
	case unix.EAGAIN:
	default:
		slow.add(op.fd)
	}
	return false
}

// blocks reports whether op is for the pool.
func (u *uring) blocks(op *Op) bool {
	switch op.kind {
	case OpStat, OpFile, OpSplice:
		return true
	case OpWriteAt, OpWritevAt:
		return op.off >= 0 && u.meet(op.fd) == isFile && !u.files.direct.has(op.fd)
	}
	return false
}

// toPool hands the operation in slot i to the pool.
func (u *uring) toPool(i uint32) {
	op := u.slots.at(i).op
	u.pooled[op] = u.pool.submit(op)
}

// opensFIFO hands the Open in slot i to the pool if the kernel has opened a FIFO, and
// may not have waited for its other end, or if it may have refused to wait: it waits
// only where it has to look at the disk for the name.
func (u *uring) opensFIFO(i uint32, res int32) bool {
	op := u.slots.at(i).op
	a := op.open()
	if op.state == opCancelled || !a.waits() {
		return false
	}
	var st unix.Stat_t
	switch {
	case res >= 0 && unix.Fstat(int(res), &st) == nil && isFIFO(&st):
		a.raw.fifo = fifo{int(res), true}
	case unix.Errno(-res) == unix.ENXIO:
	default:
		return false
	}
	u.toPool(i)
	return true
}

// leftPool ends an operation that the pool has given back.
func (u *uring) leftPool(op *Op, r Result) {
	delete(u.pooled, op)
	if op.kind == OpOpen {
		op.open().raw.fifo.close() // if it was withdrawn
	}
	u.finish(op.slot, r)
}

// collect ends what the pool has done, and returns how much that is.
func (u *uring) collect() int {
	if len(u.pooled) == 0 {
		return 0
	}
	done := u.pool.collect(u.ended)
	for _, d := range done {
		u.leftPool(d.op, d.r)
	}
	n := len(done)
	clear(done)
	u.ended = done
	return n
}
