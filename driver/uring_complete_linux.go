package driver

import "golang.org/x/sys/unix"

// complete deals with an answer of the kernel. It reports whether a Completer
// was, or will be, called.
func (u *uring) complete(c cqe) (told bool) {
	k := token(c.userData)
	if k.index() == 0 {
		if k == tokenWake && c.flags&cqeMore == 0 {
			u.watchWakes()
		}
		return false
	}
	i := u.slots.find(k)
	if i == 0 {
		return false
	}
	s := u.slots.at(i)
	if s.polling {
		return u.polled(i, c)
	}
	if s.op.kind == OpOpen && u.opensFIFO(i, c.res) {
		return false
	}
	if c.res < 0 {
		return u.failed(i, unix.Errno(-c.res), c)
	}
	s.reissued = 0
	switch s.op.kind {
	case OpRecvLent:
		u.lend(i, c)
	case OpAcceptMulti:
		u.result(i, Result{N: int(c.res)}, c)
	default:
		u.finish(i, u.outcome(s.op, c.res))
	}
	return true
}

// outcome is the Result of an operation that went well and has no other.
func (u *uring) outcome(op *Op, res int32) Result {
	switch op.kind {
	case OpReady:
		return Result{N: int(pollEvents(uint32(res), Events(op.flags)))}
	}
	return Result{N: int(res)}
}

// lend hands out what a RecvLent has received.
func (u *uring) lend(i uint32, c cqe) {
	if c.res == 0 { // the end of the stream
		u.reclaim(c)
		u.finish(i, Result{})
		return
	}
	u.stats.Lent++
	u.result(i, Result{N: int(c.res), Lent: u.lender.take(uint16(c.flags>>cqeBufferShift), int(c.res))}, c)
}

// reclaim takes back the buffer of an answer that has no bytes in it.
func (u *uring) reclaim(c cqe) {
	if c.flags&cqeBuffer != 0 {
		u.lender.untake(uint16(c.flags >> cqeBufferShift))
	}
}

// result hands out one of several results. The kernel ends a multishot request
// when it likes, and knows none for some operations; then it is asked again,
// before the Completer has its say, so that a cancel comes behind that.
func (u *uring) result(i uint32, r Result, c cqe) {
	op := u.slots.at(i).op
	if c.flags&cqeMore == 0 {
		if op.state == opCancelled {
			u.finish(i, r)
			return
		}
		u.start(i, 0)
	}
	u.more(op, r)
}

// failed deals with an error.
func (u *uring) failed(i uint32, errno unix.Errno, c cqe) (told bool) {
	u.reclaim(c)
	op := u.slots.at(i).op
	switch {
	case !transient(op, errno):
		u.finish(i, Result{Err: errno})
	case op.kind == OpClose:
		u.finish(i, Result{}) // the descriptor is gone all the same: close(2)
	case op.state == opCancelled:
		u.finish(i, Result{Err: ErrCanceled})
	case u.again(i, errno):
		return false
	default:
		u.finish(i, Result{Err: errno})
	}
	return true
}

// transient reports whether an error says that the operation has not happened
// yet, rather than how it went.
func transient(op *Op, errno unix.Errno) bool {
	switch errno {
	case unix.ECANCELED, unix.EINTR:
		return true
	case unix.EAGAIN:
		return op.waitsFor() != 0 && op.kind != OpConnect // a full backlog of a path
	case unix.EINPROGRESS, unix.EALREADY:
		return op.kind == OpConnect
	case unix.ENOBUFS:
		return op.kind == OpRecvLent
	}
	return false
}

// again asks for an operation that has not happened once more, if that makes
// sense.
func (u *uring) again(i uint32, errno unix.Errno) bool {
	s := u.slots.at(i)
	switch errno {
	case unix.ECANCELED, unix.EINTR:
		// Nobody has cancelled it but the kernel, which does that to whatever a
		// thread has submitted when the thread exits; an owner that is a goroutine
		// has been on many. EINTR is a signal to a worker of the kernel. The bound
		// is for files that say nothing else: it counts from the last result.
		if s.reissued == maxReissues {
			return false
		}
		s.reissued++
		if s.op.kind.hasMessages() {
			u.retryWhenReady(i)
		} else {
			u.start(i, 0)
		}
	case unix.ENOBUFS:
		if !u.lender.grow() {
			return false
		}
		u.start(i, 0)
	default:
		u.retryWhenReady(i)
	}
	return true
}

const maxReissues = 100

// retryWhenReady polls for a descriptor on which the kernel would not wait: a
// non-blocking one of a kind that it cannot try without blocking.
func (u *uring) retryWhenReady(i uint32) {
	s := u.slots.at(i)
	s.polling = true
	e := u.request(i)
	e.fd = s.op.fd
	pollFor(e, pollMask(s.op.waitsFor()))
}

// polled follows such a poll. The operation is tried from a worker of the
// kernel: there even a file that is always ready, and never to be had at once,
// makes progress.
func (u *uring) polled(i uint32, c cqe) (told bool) {
	s := u.slots.at(i)
	s.polling = false
	if c.res < 0 {
		return u.failed(i, unix.Errno(-c.res), c)
	}
	if s.op.state == opCancelled {
		u.finish(i, Result{Err: ErrCanceled})
		return true
	}
	if s.op.kind.hasMessages() {
		return u.tryMessages(i)
	}
	u.start(i, sqeAsync)
	return false
}
