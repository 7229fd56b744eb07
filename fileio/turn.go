package fileio

import (
	"bytes"
	"io"
)

// What uses the file's position has turns: one call is carried out, the others
// wait in a queue. The turn goes on only when the one that has it was told its
// result, not already when it has one: so a result can still be put back.

// enqueue lets c have its turn after those that wait.
func (f *File) enqueue(c *call) {
	p := &f.queue
	for *p != nil {
		p = &(*p).next
	}
	*p = c
	if f.queue == c {
		f.beginTurn(c)
	}
}

func (f *File) dequeue(c *call) {
	p := &f.queue
	for *p != c {
		p = &(*p).next
	}
	*p = c.next
	c.next = nil
	f.turning = f.turning && p != &f.queue
}

// proceed gives the first of the queue its turn, unless it has it already.
func (f *File) proceed() {
	c := f.queue
	if c == nil || f.turning {
		return
	}
	f.beginTurn(c)
	if c.state != waiting {
		c.wake()
	}
}

func (f *File) beginTurn(c *call) {
	f.turning = true
	switch {
	case c.state != waiting: // it was cancelled before
	case f.closed:
		c.state = closed
	case c.kind == seek && c.whence == io.SeekStart:
		f.seekFrom(c, 0)
	case c.kind == seek && c.whence == io.SeekCurrent:
		f.seekFrom(c, f.pos)
	default:
		c.off = f.pos
		c.begin()
	}
}

// unread puts b, which was read last, back into the file.
func (f *File) unread(b []byte) {
	switch {
	case len(b) == 0:
	case f.stream:
		f.stash = append(bytes.Clone(b), f.stash...)
	default:
		f.pos -= int64(len(b))
	}
}
