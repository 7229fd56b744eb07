package netio

import (
	"slices"

	"rondo.dev/rondo/async"
)

// A chunk that is lent out when somebody else closes the connection is not given
// back then: its borrower knows nothing of the close, and may be in the middle of
// passing the bytes on, which would become another connection's under its hands. It
// comes back when the borrower reads or closes, and learns of it, or has ended. So it is
// with one that is left to its borrower, but that only the end brings that back.

// borrower is the task that has the first chunk, nil if none has.
func (c *Conn) borrower() *async.Core {
	if c.flags&connLentOut == 0 || c.chunks == nil {
		return nil
	}
	return c.chunks.to
}

// keepLent gives all chunks back but the one that is lent out.
func (c *Conn) keepLent() {
	for k := c.chunks; k.next != nil; {
		unread := k.next
		k.next = unread.next
		c.home.release(unread)
	}
	c.home.overdue = append(c.home.overdue, c)
}

// LeaveLent leaves what Recv has lent to the task that has it until that has ended: who
// reads on, as to close in order, does not take it from another. Like all that is not an
// operation it is for tasks of the home loop.
func (c *Conn) LeaveLent() {
	if c.borrower() == nil {
		return
	}
	k, p := c.chunks, c.home
	c.flags &^= connLentOut
	c.chunks, k.next, p.left = k.next, p.left, k
}

// collect takes back what borrowers have who have ended since.
func (p *place) collect() {
	for at := &p.left; *at != nil; {
		k := *at
		if !k.to.Ended() {
			at = &k.next
			continue
		}
		*at = k.next
		p.release(k)
	}
	p.overdue = slices.DeleteFunc(p.overdue, func(c *Conn) bool {
		b := c.borrower()
		if b != nil && b.Ended() {
			c.takeBack()
			b = nil
		}
		return b == nil
	})
}
