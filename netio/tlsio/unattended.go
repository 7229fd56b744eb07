package tlsio

import "rondo.dev/rondo/async"

// unattended sees to the end of a transmission that nobody waits for any more: the
// buffer goes back to the loop then, or what a deadline has left in it to the next Write.
// It is no task: there is only the transport's write to poll once it has woken.
type unattended struct {
	c     *Conn
	waker async.Waker
	view  async.Task // of who has left, and may have ended since
}

// leave takes the place of t, which does not wait for the end of the transmission in
// progress, until somebody else waits for it.
func (c *Conn) leave(t *async.Task) {
	x := &unattended{c: c}
	x.waker = async.WakerFor(x)
	x.view = t.WithWaker(&x.waker)
	c.transmit(&x.view)
}

// WakeLocal is called when the transport's write has ended, on its loop.
func (x *unattended) WakeLocal() { x.c.transmit(&x.view) }

// Wake makes it Wakeable. Nobody but the transport has the waker.
func (x *unattended) Wake() { x.WakeLocal() }
