package netio

import (
	"bytes"
	"net"

	"rondo.dev/rondo/async"
)

// Unread puts a copy of b, bytes that were read from c, back before what would be
// read next, and returns len(b). It does not wait for a read that is in flight, so
// that should not have been started after the one whose bytes these are. What Recv
// has lent goes back, also if b is a part of it.
func (c *Conn) Unread(b []byte) async.Op[int] { return async.NewOp((*connUnread)(c), b, 0) }

// Unread is [Conn.Unread].
func (r *PipeReader) Unread(b []byte) async.Op[int] { return (*Conn)(r).Unread(b) }

// connUnread is the source of Unread, which is over at once. The ticket tells how it
// went.
type connUnread Conn

// unreadClosed is the ticket of an Unread that came too late. Others are the
// number of bytes, and 2.
const unreadClosed = 1

func (x *connUnread) Home() *async.Executor { return x.home.exec }

func (x *connUnread) Start(_ *async.Task, b []byte, _ uint64) uint32 {
	c := (*Conn)(x)
	if c.flags&connClosed != 0 {
		return unreadClosed
	}
	n := len(b)
	if n > 0 {
		b = bytes.Clone(b) // before the chunk goes back that it may be in
		c.takeBack()
		k := c.rare()
		k.stash = append(b, k.stash...)
		if r := &c.reading; r.ticket != 0 && r.outcome == waiting && (r.kind == readInto || r.kind == readLent) && !c.ownOp() && c.serve() {
			c.wakeReader()
		}
	}
	return uint32(n) + unreadClosed + 1
}

func (x *connUnread) PollOp(_ *async.Task, ticket uint32, _ bool) (int, error) {
	if ticket == unreadClosed {
		return 0, (*Conn)(x).opError("unread", net.ErrClosed)
	}
	return int(ticket - unreadClosed - 1), nil
}

func (x *connUnread) CancelOp(*async.Task, uint32) bool { return false }
func (x *connUnread) Settle(uint32, bool) int           { return 0 }
