package driver

import (
	"errors"
	"slices"
	"syscall"
)

// perform carries out x as far as it can now.
func (m *Memory) perform(x *memOp) (Result, step) {
	op := x.op
	switch {
	case op.kind == OpClose && x.fd != nil:
		// A descriptor is gone after its close, whatever the close says.
		r, s := m.tryClose(x)
		if s == stepEnd {
			r.Err = x.verdict.Err
		}
		return r, s
	case x.verdict.Err != nil:
		return Result{Err: x.verdict.Err}, stepEnd
	case op.kind == OpOpen:
		return ended(m.openFile(op.open()))
	case op.kind == OpStat:
		return ended(0, m.statFile(x, op.stat()))
	case op.kind == OpFile:
		return m.performCall(x, op.file())
	case x.fd == nil:
		return Result{Err: syscall.EBADF}, stepEnd
	}
	o := x.fd.object
	switch op.kind {
	case OpRead:
		return ended(o.read(m, x.cut(op.bytes())))
	case OpWrite:
		return ended(o.write(m, x.cut(op.bytes())))
	case OpWritev:
		return ended(o.write(m, x.cut(slices.Concat(op.vec().Bufs...))))
	case OpReadAt, OpWriteAt, OpReadvAt, OpWritevAt, OpFsync:
		return m.performFile(x, o)
	case OpSplice:
		return m.splice(x, o, op.splice())
	case OpReady:
		want := Events(op.flags)
		if got := o.ready(m); got&want != 0 {
			return Result{N: int(got & (want | Hangup))}, stepEnd
		}
		return Result{}, stepWait
	}
	s, ok := o.(memSocket)
	if !ok {
		return Result{Err: syscall.ENOTSOCK}, stepEnd
	}
	return m.performSocket(x, s)
}

func (m *Memory) performFile(x *memOp, o memObject) (Result, step) {
	f, ok := o.(*memFile)
	op := x.op
	switch {
	case !ok && op.kind == OpFsync:
		return Result{Err: syscall.EINVAL}, stepEnd
	case !ok:
		return Result{Err: syscall.ESPIPE}, stepEnd
	case op.kind == OpFsync:
		return Result{}, stepEnd // memory is as durable as it gets
	}
	var b []byte
	switch op.kind {
	case OpReadAt, OpWriteAt:
		b = op.bytes()
	case OpWritevAt:
		b = slices.Concat(op.vec().Bufs...)
	case OpReadvAt:
		b = make([]byte, total(op.vec().Bufs))
	}
	if f.misaligned(len(b), op.off) {
		return Result{Err: syscall.EINVAL}, stepEnd
	}
	b = x.cut(b)
	if op.kind == OpWriteAt || op.kind == OpWritevAt {
		return ended(f.writeAt(m, b, op.off))
	}
	n, err := f.readAt(b, op.off)
	if op.kind == OpReadvAt && err == nil {
		scatter(op.vec().Bufs, b[:n])
	}
	return ended(n, err)
}

func total(bufs [][]byte) (n int) {
	for _, b := range bufs {
		n += len(b)
	}
	return n
}

// scatter fills bufs, one after the other, with b.
func scatter(bufs [][]byte, b []byte) {
	for i := 0; len(b) > 0; i++ {
		b = b[copy(bufs[i], b):]
	}
}

func (m *Memory) performSocket(x *memOp, s memSocket) (Result, step) {
	op := x.op
	switch op.kind {
	case OpRecv:
		return ended(s.read(m, x.cut(op.bytes())))
	case OpSend:
		return ended(s.write(m, x.cut(op.bytes())))
	case OpRecvLent:
		return m.performLent(x, s)
	case OpRecvMsg:
		return ended(m.receive(x, s, op.msg()))
	case OpSendMsg:
		return ended(m.sendMsg(x, s, op.msg()))
	case OpRecvBatch:
		return ended(m.batch(x, func(msg *Msg) (int, error) { return m.receive(x, s, msg) }))
	case OpSendBatch:
		return ended(m.batch(x, func(msg *Msg) (int, error) { return m.sendMsg(x, s, msg) }))
	case OpShutdown:
		return ended(0, s.shutdown(m, int(op.flags)))
	case OpConnect:
		switch s := s.(type) {
		case memEnd:
			return ended(0, m.connect(s, x.fd, op.connect().Addr))
		case *memDatagram:
			return ended(0, s.connect(m, op.connect().Addr))
		}
		return Result{Err: syscall.EISCONN}, stepEnd
	}
	// What is left is to accept.
	l, ok := s.(*memListener)
	if !ok {
		return Result{Err: syscall.EINVAL}, stepEnd
	}
	r, next := ended(l.accept(m))
	if next == stepEnd && r.Err == nil && op.kind == OpAcceptMulti {
		next = stepMore
	}
	return r, next
}

// sendMsg sends what a Msg describes.
func (m *Memory) sendMsg(x *memOp, s memSocket, msg *Msg) (n int, err error) {
	message := memMessage{body: slices.Concat(msg.Bufs...), control: slices.Clone(msg.Control)}
	if a := msg.Ancillary; a != nil {
		if len(a.Rights) > 0 {
			return 0, errors.ErrUnsupported
		}
		message.class, message.segment = a.TrafficClass, a.SegmentSize
	}
	switch s := s.(type) {
	case *memPacket:
		n, err = s.send(m, message)
	case *memDatagram:
		n, err = s.sendTo(m, message, msg.Addr)
	default:
		n, err = s.write(m, x.cut(message.body))
	}
	msg.N = n
	return n, err
}

// batch moves as many messages as it can, and as the verdict allows.
func (m *Memory) batch(x *memOp, move func(*Msg) (int, error)) (n int, err error) {
	msgs := x.op.batch().Msgs
	if limit := x.verdict.Limit; limit > 0 {
		msgs = msgs[:min(len(msgs), limit)]
	}
	for i := range msgs {
		if d, ok := x.fd.object.(*memDatagram); ok && i > 0 && d.err != nil {
			return i, nil // the error is for the next operation to tell
		}
		if _, err := move(&msgs[i]); err != nil {
			if i > 0 {
				return i, nil
			}
			return 0, err
		}
	}
	return len(msgs), nil
}

// receive fills the buffers of msg, one after the other.
func (m *Memory) receive(x *memOp, s memSocket, msg *Msg) (n int, err error) {
	b := x.cut(make([]byte, total(msg.Bufs)))
	msg.Addr, msg.N, msg.ControlN, msg.RecvFlags = Addr{}, 0, 0, 0
	switch s := s.(type) {
	case *memPacket:
		n, err = s.receive(m, b, msg)
	case *memDatagram:
		n, err = s.receive(m, b, msg)
	default:
		n, err = s.read(m, b)
		msg.N = n
	}
	scatter(msg.Bufs, b[:n])
	return n, err
}

// performLent receives into a lent buffer, which it takes only when there is
// something to receive.
func (m *Memory) performLent(x *memOp, s memSocket) (Result, step) {
	if s.ready(m)&Readable == 0 {
		return ended(s.read(m, make([]byte, 1))) // to wait, or for an error
	}
	lent, ok := m.lent.take()
	if !ok {
		return Result{Err: syscall.ENOBUFS}, stepEnd
	}
	n, err := s.read(m, x.cut(lent.Bytes))
	if n == 0 || err != nil {
		m.Release(lent)
		return ended(n, err)
	}
	lent.Bytes = lent.Bytes[:n]
	return Result{N: n, Lent: lent}, stepMore
}

// cut shortens b to the limit of the verdict. Messages are never cut, and direct
// I/O is by the sector.
func (x *memOp) cut(b []byte) []byte {
	limit := x.verdict.Limit
	if limit <= 0 {
		return b
	}
	switch o := x.fd.object.(type) {
	case *memPacket, *memDatagram:
		return b
	case *memFile:
		if o.direct {
			limit = (limit + memSector - 1) / memSector * memSector
		}
	}
	return b[:min(len(b), limit)]
}

// ended makes a last result, or a wait, of what a call returned.
func ended(n int, err error) (Result, step) {
	if err == syscall.EAGAIN {
		return Result{}, stepWait
	}
	if err != nil {
		n = 0
	}
	return Result{N: n, Err: err}, stepEnd
}
