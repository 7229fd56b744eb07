package driver

import (
	"slices"
	"syscall"
)

// A memObject is what a descriptor of a Memory stands for. Its methods return
// EAGAIN where an operation has to wait, and call Memory.changed for what they
// make possible elsewhere.
type memObject interface {
	read(m *Memory, b []byte) (int, error)
	write(m *Memory, b []byte) (int, error)
	ready(m *Memory) Events
	close(m *Memory)
	mode() uint32 // the type bits of stat(2)
}

// A memSocket is an object that the operations on sockets take.
type memSocket interface {
	memObject
	names() (local, peer Addr, err error) // err goes with peer
	shutdown(m *Memory, how int) error
	options() *memOptions
}

// A memFD is an open descriptor and the operations in flight on it.
type memFD struct {
	object  memObject
	in, out memLane
	others  []*memOp // those with a lane of their own
	closing bool     // a close is among the others; what comes after it gets EBADF
}

// openFD returns the descriptor fd, or nil.
func (m *Memory) openFD(fd int) *memFD {
	if fd < 0 || fd >= len(m.fds) || m.fds[fd] == nil || m.fds[fd].closing {
		return nil
	}
	return m.fds[fd]
}

// install gives an object a descriptor, the one freed last.
func (m *Memory) install(o memObject) (fd int, d *memFD, err error) {
	if m.exhausted() {
		return -1, nil, syscall.EMFILE
	}
	m.fdsOpen++
	d = &memFD{object: o}
	if n := len(m.fdsFree); n > 0 {
		fd = m.fdsFree[n-1]
		m.fdsFree = m.fdsFree[:n-1]
		m.fds[fd] = d
		return fd, d, nil
	}
	m.fds = append(m.fds, d)
	return len(m.fds) - 1, d, nil
}

func (m *Memory) exhausted() bool { return m.o.MaxFDs != 0 && m.fdsOpen >= m.o.MaxFDs }

// SetMaxFDs changes MemoryOptions.MaxFDs. What is open stays open.
func (m *Memory) SetMaxFDs(n int) { m.o.MaxFDs = n }

// OpenFDs returns how many descriptors are open, for tests that look for leaks.
func (m *Memory) OpenFDs() int { return m.fdsOpen }

// remove closes the descriptor fd, on which nothing is in flight.
func (m *Memory) remove(fd int) {
	d := m.fds[fd]
	m.fds[fd] = nil
	m.fdsFree = append(m.fdsFree, fd)
	m.fdsOpen--
	d.object.close(m)
}

// laneFor returns the lane that x queues on, and notes x where it has one of its
// own. d may be nil.
func (d *memFD) laneFor(x *memOp) *memLane {
	if d == nil {
		return &memLane{}
	}
	switch x.op.kind {
	case OpRead, OpRecv, OpRecvLent, OpRecvMsg, OpRecvBatch, OpAccept, OpAcceptMulti:
		return &d.in
	case OpWrite, OpSend, OpWritev, OpSendMsg, OpSendBatch, OpConnect:
		return &d.out
	}
	d.others = append(d.others, x)
	return &memLane{}
}

// leave forgets x, which has ended.
func (d *memFD) leave(m *Memory, x *memOp) {
	if i := slices.Index(d.others, x); i >= 0 {
		d.others = slices.Delete(d.others, i, i+1)
	}
	if d.closing {
		m.changed(d)
	}
}

// changed has everything tried that waits on d. d may be nil: a connection that
// nobody has accepted.
func (m *Memory) changed(d *memFD) {
	if d == nil {
		return
	}
	m.kick(&d.in)
	m.kick(&d.out)
	for _, x := range d.others {
		m.kick(x.lane)
	}
}

// closing cancels what is in flight on the descriptor of x, a close.
func (m *Memory) closing(x *memOp) {
	d := x.fd
	d.closing = true
	for _, other := range slices.Concat(d.in.queue, d.out.queue, d.others) {
		m.Cancel(other.op)
	}
}

// tryClose closes the descriptor of x when x is the last operation on it.
func (m *Memory) tryClose(x *memOp) (Result, step) {
	if len(x.fd.in.queue) > 0 || len(x.fd.out.queue) > 0 || len(x.fd.others) > 1 {
		return Result{}, stepWait
	}
	m.remove(int(x.op.fd))
	return Result{}, stepEnd
}

// CloseNow closes a descriptor on which no operation is in flight.
func (m *Memory) CloseNow(fd int) error {
	d := m.openFD(fd)
	if d == nil {
		return syscall.EBADF
	}
	if len(d.in.queue) > 0 || len(d.out.queue) > 0 || len(d.others) > 0 {
		panic("rondo/driver: CloseNow of a descriptor with operations in flight")
	}
	m.remove(fd)
	return nil
}
