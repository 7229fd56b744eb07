package fileio

import (
	"bytes"
	"errors"
	"io"
	"syscall"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/driver"
)

// transfer is the part of a call that moves bytes, or the position.
type transfer struct {
	kind kind
	buf  []byte      // what is left of it
	vec  *driver.Vec // instead of buf
	off  int64       // where in the file; for a seek, where the position was
	from int         // bytes written by earlier attempts
	n    int         // bytes moved, with those

	by     int64 // of a seek
	whence int
}

type kind uint8

const (
	noTransfer kind = iota
	readAt          // all of the buffer, at an offset
	writeAt
	read // in turn, at the file's position: at least one byte
	write
	splice // in turn, at the file's position: into a pipe
	seek
	numKinds
)

var kindNames = [numKinds]string{readAt: "read", writeAt: "write", read: "read", write: "write", splice: "splice", seek: "seek"}

// turns reports whether calls of this kind are carried out one after the other.
func (k kind) turns() bool { return k >= read }

// once reports whether a call of this kind is over with the first bytes it moves.
func (k kind) once() bool { return k == read || k == splice }

func (k kind) reads() bool { return k == readAt || k.once() }

// transfers is the source of a file's operations of one kind. It is a part of the
// file, so that starting one allocates nothing.
type transfers struct {
	source
	file *File
	kind kind
}

// Start begins a transfer. arg is the offset, or for a Write the bytes that it has
// written before.
func (x *transfers) Start(_ *async.Task, b []byte, arg uint64) (ticket uint32) {
	c := x.home.newCall(x.file, kindNames[x.kind])
	c.buf = b
	return x.start(c, arg)
}

func (x *transfers) start(c *call, arg uint64) (ticket uint32) {
	c.kind = x.kind
	ticket = c.ticket
	if x.kind.turns() {
		c.from, c.n = int(arg), int(arg)
		x.file.enqueue(c)
		return ticket
	}
	if c.off = int64(arg); c.off < 0 {
		c.state, c.err = failed, errNegative
		return ticket
	}
	if c.kind == writeAt && x.file.append {
		c.state, c.err = failed, errAppends
		return ticket
	}
	c.begin()
	return ticket
}

var (
	errNegative = errors.New("negative offset")
	errAppends  = errors.New("invalid use of WriteAt on file opened with O_APPEND")
)

// PollOp is described at async.Source.
func (x *transfers) PollOp(t *async.Task, ticket uint32, keep bool) (int, error) {
	c := x.home.calls.at(ticket)
	err := c.result(t)
	n := c.n
	if !keep && !async.IsPending(err) {
		c.finish()
	}
	return n, err
}

// Settle puts back what a loser has read at the position. What was read at an
// offset needs that not, and a WriteAt is simply repeated.
func (x *transfers) Settle(ticket uint32, back bool) (used int) {
	c := x.home.calls.at(ticket)
	if back {
		switch c.kind {
		case read:
			c.file.unread(c.got())
		case write:
			used = c.n - c.from
		}
	}
	c.finish()
	return used
}

// begin asks the driver for what is left of the transfer.
func (c *call) begin() {
	f := c.file
	fd := int(f.fd)
	b := c.left()
	switch {
	case c.kind == seek:
		arg := &driver.StatArgs{FD: fd}
		c.arg = arg
		c.op.Stat(arg, c)
	case c.kind == splice:
		c.splice()
		return
	case len(b) == 0:
		c.state = succeeded
		if f.closed {
			c.state = closed
		}
		return
	case c.kind == read && len(f.stash) > 0:
		c.n = copy(b, f.stash)
		f.stash = f.stash[c.n:]
		c.state = succeeded
		return
	case c.kind == read && f.stream:
		c.op.Read(fd, b, c)
	case c.kind == write && (f.stream || f.append):
		if c.vec != nil {
			c.op.Writev(fd, c.vec, c)
		} else {
			c.op.Write(fd, b, c)
		}
	case c.kind.reads() && c.vec != nil:
		c.op.ReadvAt(fd, c.vec, c.off, c)
	case c.kind.reads():
		c.op.ReadAt(fd, b, c.off, c)
	case c.vec != nil:
		c.op.WritevAt(fd, c.vec, c.off, c)
	default:
		c.op.WriteAt(fd, b, c.off, c)
	}
	c.submit()
}

// got is what a call has read that is over with the first bytes.
func (c *call) got() []byte {
	if c.vec == nil {
		return c.buf[:c.n]
	}
	return bytes.Join(c.vec.Bufs, nil)[:c.n]
}

// left is what is left of the buffer, or of the first one with anything left.
func (c *call) left() []byte {
	if c.vec == nil {
		return c.buf
	}
	for len(c.vec.Bufs) > 0 && len(c.vec.Bufs[0]) == 0 {
		c.vec.Bufs = c.vec.Bufs[1:]
	}
	if len(c.vec.Bufs) == 0 {
		return nil
	}
	return c.vec.Bufs[0]
}

// moved takes note of n bytes, or of a seek's answer, and goes on if something is
// left to be done.
func (c *call) moved(n int) {
	f := c.file
	if c.kind == seek {
		f.seekFrom(c, c.arg.(*driver.StatArgs).Info.Size)
		return
	}
	c.n += n
	c.off += int64(n)
	if c.kind.turns() && !(c.kind == write && f.append) {
		f.pos += int64(n)
	}
	if !c.kind.once() {
		c.skip(n)
	}
	switch {
	case n == 0 && c.kind.reads():
		c.state = atEnd
	case n == 0:
		c.state, c.err = failed, io.ErrUnexpectedEOF // there is no reason to expect better
	case c.kind.once() || len(c.left()) == 0:
		c.state = succeeded
	case c.kind == readAt && f.direct && n%minSector != 0:
		c.state = atEnd // the disk has more to give of everything else, by the sector
	case c.asked || f.closed:
		c.state = c.ended()
	default:
		c.begin()
	}
}

// minSector is the smallest unit that disks have.
const minSector = 512

// skip takes n bytes off what is left.
func (c *call) skip(n int) {
	if c.vec == nil {
		c.buf = c.buf[n:]
		return
	}
	b := c.vec.Bufs
	for len(b) > 0 && n >= len(b[0]) {
		n -= len(b[0])
		b = b[1:]
	}
	if n > 0 {
		b[0] = b[0][n:]
	}
	c.vec.Bufs = b
}

// isStream reports whether err says that the file has no positions, for the first
// time: then what was asked for at the position is asked for without one.
func (c *call) isStream(err error) bool {
	if !c.kind.turns() || c.kind == seek || c.file.stream || err != syscall.ESPIPE {
		return false
	}
	c.file.stream = true
	return true
}
