package driver

import "golang.org/x/sys/unix"

// maxAttempts bounds what a descriptor gets done in one direction before others
// have their turn: connections accepted, buffers filled.
const maxAttempts = 32

// direction returns what an operation waits for.
func (o *Op) direction() direction {
	switch o.kind {
	case OpWrite, OpSend, OpWritev, OpSendMsg, OpSendBatch, OpConnect:
		return outward
	}
	return inward
}

// drive carries out the operations that wait in one direction, in order, for as
// long as the descriptor is ready.
//
// A Completer may do anything, also to this descriptor: submit what is carried
// out by a nested drive, cancel what waits, close it, and get its number back for
// another. So each step starts from what the entry says now.
func (ep *epoll) drive(fd int32, e *entry, w direction) {
	for i := range maxAttempts {
		op := e.first[w]
		if op == nil {
			return
		}
		if e.is&w.dry() != 0 {
			ep.watch(fd, e)
			return
		}
		if ep.pending() && ep.pausing(op, i) {
			break
		}
		switch r, s := ep.attempt(e, op); s {
		case stepWait:
			e.is |= w.dry()
		case stepMore:
			ep.tell(op, r)
		case stepEnd:
			e.pop(w)
			ep.finish(op, r)
		}
	}
	if e.is&fdResumed == 0 {
		e.is |= fdResumed
		ep.resume = append(ep.resume, fd)
	}
}

// pausing reports whether op, after so many results in this turn, should wait for
// completions that are put off: its further results would only join them, and the
// buffers that it lacks may be among them.
func (ep *epoll) pausing(op *Op, results int) bool {
	switch op.kind {
	case OpAcceptMulti:
		return results > 0
	case OpRecvLent:
		return results > 0 || ep.lent.exhausted()
	}
	return false
}

// attempt makes the system call of an operation. It calls no Completer.
func (ep *epoll) attempt(e *entry, op *Op) (Result, step) {
	ep.stats.Direct++
	if e.is&fdBlocking != 0 && !ep.asked(op) {
		return Result{}, stepWait
	}
	switch op.kind {
	case OpRead, OpRecv:
		n, errno := readNow(e, op)
		e.noteShort(n, int(op.n))
		return stepOf(n, errno)
	case OpWrite, OpSend:
		return stepOf(writeNow(e, op))
	case OpWritev:
		return stepOf(writevNow(e, op))
	case OpRecvLent:
		return ep.lend(e, op)
	case OpRecvMsg, OpSendMsg:
		if e.is&fdUdp != 0 && op.msg().plain() {
			return datagram(op)
		}
		return message(op)
	case OpRecvBatch, OpSendBatch:
		return batch(op)
	case OpAccept, OpAcceptMulti:
		return ep.accept(e, op)
	case OpConnect:
		return ep.connect(op)
	}
	return Result{Err: unix.EINVAL}, stepEnd
}

// outcome is the result of a call.
func outcome(n int, errno unix.Errno) Result {
	if errno != 0 {
		return Result{Err: errno}
	}
	return Result{N: n}
}

// stepOf is what a call means for an operation that has one result.
func stepOf(n int, errno unix.Errno) (Result, step) {
	if errno == unix.EAGAIN {
		return Result{}, stepWait
	}
	return outcome(n, errno), stepEnd
}

// noteShort learns from a read of n bytes where there was room for more: nothing
// is left, which saves the call that would say so, unless the end of the stream
// is near, which is no byte and has had its event. That holds for TCP; elsewhere
// a read may stop short at the end of a message, or before descriptors.
func (e *entry) noteShort(n, room int) {
	if 0 < n && n < room && e.is&(fdTcp|fdSticky) == fdTcp {
		e.is |= fdDrained
	}
}

// asked reports whether a call on a blocking descriptor would not block.
func (ep *epoll) asked(op *Op) bool {
	mask := uint32(unix.POLLIN)
	if op.direction() == outward {
		mask = unix.POLLOUT
	}
	ready, errno := rawPoll(op.fd, mask)
	return ready != 0 || errno != 0
}

// maxBlocking is what can be written to a blocking pipe that polls as writable,
// without blocking: PIPE_BUF. It is so if nobody else writes to it, or takes what was
// to be read, between the question and the call; where the kernel lets the call say
// that it is not to wait, it is so in any case.
const maxBlocking = 4096

func readNow(e *entry, op *Op) (int, unix.Errno) {
	if op.kind == OpRecv || e.is&fdSocket != 0 {
		return rawRecv(op.fd, op.ptr, op.n)
	}
	if e.is&fdBlocking != 0 {
		if n, errno := rawReadNoWait(op.fd, op.ptr, op.n); errno != unix.EOPNOTSUPP {
			return n, errno
		}
	}
	return rawRead(op.fd, op.ptr, op.n)
}

func writeNow(e *entry, op *Op) (int, unix.Errno) {
	switch {
	case op.kind == OpSend || e.is&fdSocket != 0:
		return rawSend(op.fd, op.ptr, op.n)
	case e.is&fdBlocking != 0:
		n, errno := rawWriteNoWait(op.fd, op.ptr, min(op.n, maxBlocking))
		if errno == unix.EOPNOTSUPP {
			n, errno = rawWrite(op.fd, op.ptr, min(op.n, maxBlocking))
		}
		return n, errno
	}
	return rawWrite(op.fd, op.ptr, op.n)
}

func writevNow(e *entry, op *Op) (int, unix.Errno) {
	if e.is&fdSocket != 0 {
		return rawSendmsg(op.fd, op.vec().header(), 0)
	}
	iov := op.vec().iovecs()
	if e.is&fdBlocking != 0 && len(iov) > 0 {
		iov = iov[:1]
		iov[0].SetLen(min(int(iov[0].Len), maxBlocking))
	}
	return rawWritev(op.fd, iov)
}

// message sends or receives one.
func message(op *Op) (Result, step) {
	m := op.msg()
	h, err := m.header(op.kind == OpSendMsg)
	if err != nil {
		return Result{Err: err}, stepEnd
	}
	var n int
	var errno unix.Errno
	if op.kind == OpSendMsg {
		n, errno = rawSendmsg(op.fd, h, m.Flags)
		if m.noRoom(errno) {
			return Result{Err: errno}, stepEnd
		}
	} else if n, errno = rawRecvmsg(op.fd, h, m.Flags); errno == 0 {
		m.received(n)
	}
	return m.untilReady(n, errno)
}

// datagram is message for a plain one of UDP, with less for the kernel to read and
// write: there is no header.
func datagram(op *Op) (Result, step) {
	m := op.msg()
	if op.kind == OpRecvMsg {
		return m.untilReady(m.receivePlain(op.fd))
	}
	var to *rawAddr
	if m.addressed() {
		to = &m.raw.name
		if err := to.encode(m.Addr); err != nil {
			return Result{Err: err}, stepEnd
		}
	}
	return m.untilReady(rawSendto(op.fd, m.Bufs[0], m.Flags, to))
}

// noRoom reports whether sending m has failed because the receiver, which it names by
// its path, has no room. When there is some the sender has no event of it; and it
// has one of each attempt, whose memory is given back.
func (m *Msg) noRoom(errno unix.Errno) bool { return errno == unix.EAGAIN && m.Addr.Path != "" }

// untilReady is stepOf, but that with the caller's MSG_DONTWAIT a message does not
// wait.
func (m *Msg) untilReady(n int, errno unix.Errno) (Result, step) {
	if errno == unix.EAGAIN && m.Flags&unix.MSG_DONTWAIT != 0 {
		return Result{Err: errno}, stepEnd
	}
	return stepOf(n, errno)
}

// batch sends or receives several messages, as many as can be without waiting.
func batch(op *Op) (Result, step) {
	b, send := op.batch(), op.kind == OpSendBatch
	hdrs, err := b.headers(send)
	if err != nil || len(hdrs) == 0 {
		return Result{Err: err}, stepEnd
	}
	call := rawRecvmmsg
	if send {
		call = rawSendmmsg
	}
	n, errno := call(op.fd, hdrs)
	if errno == 0 {
		b.moved(n, send)
	}
	if send && b.Msgs[0].noRoom(errno) {
		return Result{Err: errno}, stepEnd
	}
	return stepOf(n, errno)
}

func (ep *epoll) lend(e *entry, op *Op) (Result, step) {
	id, b, ok := ep.lent.take()
	if !ok {
		return Result{Err: unix.ENOBUFS}, stepEnd
	}
	n, errno := rawRecv(op.fd, b.pointer(), uint32(len(b)))
	if errno != 0 || n == 0 {
		ep.lent.untake(id)
		return stepOf(n, errno)
	}
	e.noteShort(n, len(b))
	return Result{N: n, Lent: Lent{Bytes: b[:n], id: id}}, stepMore
}

// accept takes one connection. It is like its listener in what is known of it.
func (ep *epoll) accept(listener *entry, op *Op) (Result, step) {
	fd, errno := rawAccept(op.fd)
	r, s := stepOf(fd, errno)
	if errno != 0 {
		return r, s
	}
	ep.fresh(fd, fdKnown|fdSocket|listener.is&(fdTcp|fdLingering))
	if op.kind == OpAcceptMulti {
		s = stepMore
	}
	return r, s
}

// connect starts connecting, and when called again tells how that went: it is
// then that the kernel takes the socket for connected.
func (ep *epoll) connect(op *Op) (Result, step) {
	a := op.connect()
	if err := a.raw.encode(a.Addr); err != nil {
		return Result{Err: err}, stepEnd
	}
	switch errno := rawConnect(op.fd, &a.raw); errno {
	case unix.EINPROGRESS, unix.EALREADY, unix.EINTR:
		return Result{}, stepWait
	default:
		// EAGAIN is a full queue at the other end of a path, and has no event.
		return outcome(0, errno), stepEnd
	}
}
