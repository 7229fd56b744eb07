package tlsio

import (
	"errors"
	"os"
	"slices"

	"rondo.dev/rondo/async"
)

// writing is a write, or one that waits for its turn.
type writing struct {
	ticket uint32
	ends   bool   // CloseWrite
	buf    []byte // what is left
	from   int    // bytes of earlier attempts
	n      int    // bytes that were encrypted, with those
	waker  *async.Waker
	asked  bool // to give up
	done   bool
	err    error
}

// Write writes all of b, and returns len(b), or fewer with an error.
//
// What has been encrypted can't be taken back: the peer counts records. So when a
// Write is cancelled, it returns at once how many bytes it has made records of, up to
// 32 KiB ahead of what was sent, and those go on being sent. When its deadline
// passes it returns the same number, and what is left of the records waits for the
// next Write. A losing Write goes on with the rest when it is awaited again.
func (c *Conn) Write(b []byte) async.Op[int] { return async.NewOp((*connWrite)(c), b, 0) }

// CloseWrite sends close_notify after the writes that were started before it, and
// thereby tells the peer that nothing more will be written. The transport stays as
// it is.
func (c *Conn) CloseWrite() async.Act { return async.NewAct((*connCloseWrite)(c), 0) }

// connWrite is the source of Write.
type connWrite Conn

func (x *connWrite) Home() *async.Executor { return x.home.exec }

func (x *connWrite) Start(_ *async.Task, b []byte, already uint64) uint32 {
	return (*Conn)(x).startWrite(writing{buf: b, from: int(already), n: int(already)})
}

func (x *connWrite) PollOp(t *async.Task, ticket uint32, keep bool) (int, error) {
	return (*Conn)(x).pollWrite(t, ticket, keep)
}

func (x *connWrite) CancelOp(_ *async.Task, ticket uint32) bool {
	return (*Conn)(x).cancelWrite(ticket)
}

func (x *connWrite) Settle(ticket uint32, _ bool) (used int) {
	return (*Conn)(x).settleWrite(ticket)
}

// connCloseWrite is the source of CloseWrite.
type connCloseWrite Conn

func (x *connCloseWrite) Home() *async.Executor { return x.home.exec }

func (x *connCloseWrite) Start(*async.Task, []byte, uint64) uint32 {
	return (*Conn)(x).startWrite(writing{ends: true})
}

func (x *connCloseWrite) PollOp(t *async.Task, ticket uint32, keep bool) (struct{}, error) {
	_, err := (*Conn)(x).pollWrite(t, ticket, keep)
	return struct{}{}, err
}

func (x *connCloseWrite) CancelOp(_ *async.Task, ticket uint32) bool {
	return (*Conn)(x).cancelWrite(ticket)
}

func (x *connCloseWrite) Settle(ticket uint32, _ bool) int {
	(*Conn)(x).settleWrite(ticket)
	return 0
}

func (c *Conn) startWrite(w writing) (ticket uint32) {
	w.ticket = c.home.ticket()
	c.writes = append(c.writes, w)
	return w.ticket
}

func (c *Conn) pollWrite(t *async.Task, ticket uint32, keep bool) (int, error) {
	i := c.writing(ticket)
	w := &c.writes[i]
	switch {
	case w.done:
	case i == 0:
		c.write(t, w)
	case w.asked:
		w.end(cancelled(t))
	}
	if !w.done {
		w.waker = t.Waker()
		return 0, async.Pending
	}
	n, err := w.n, w.err
	if !keep {
		c.endWrite(i)
	}
	return n, err
}

// write takes the write whose turn it is as far as it goes: encrypt a piece, see it
// off, and so on.
func (c *Conn) write(t *async.Task, w *writing) {
	for !w.done {
		idle, err := false, error(nil)
		if c.closing == nil {
			idle, err = c.transmit(t)
		}
		switch {
		case c.closing != nil:
			w.end(c.closed("write"))
		case err != nil:
			w.end(err)
		case !idle && w.asked:
			c.leave(t)
			w.end(cancelled(t))
		case !idle:
			return
		case len(w.buf) > 0 && w.asked:
			w.end(cancelled(t))
		case len(w.buf) > 0 && !c.probe(t, w):
			return
		case w.done:
		case len(w.buf) > 0:
			n, err := c.layer.write(w.buf[:min(len(w.buf), maxPiece)])
			w.n += n
			if w.buf = w.buf[n:]; err != nil {
				w.end(err)
			}
		case w.ends:
			w.ends = false
			if err := c.layer.closeWrite(); err != nil {
				w.end(err)
			}
		default:
			w.end(nil)
		}
	}
}

// probe asks the transport whether it would take anything: after a deadline nothing
// may be encrypted, since that is as good as sent. It reports false if the task has
// to let others run first.
func (c *Conn) probe(t *async.Task, w *writing) bool {
	nothing := c.raw.Write(nil)
	_, err := nothing.Poll(t)
	switch {
	case async.IsPending(err):
		return false // it has not begun: nobody else is writing
	case err != nil:
		w.end(err)
	}
	return true
}

func (w *writing) end(err error) { w.done, w.err = true, err }

// transmit sends what the layer has written, and reports whether all of it has gone.
// What the transport was given goes on by itself; who stops waiting for that leaves.
func (c *Conn) transmit(t *async.Task) (idle bool, err error) {
	for {
		if c.broken != nil {
			return true, c.broken
		}
		var n int
		switch {
		case c.sending != nil:
			n, err = c.tx.Poll(t)
		case len(c.wire.out) > 0:
			c.sending, c.wire.out = c.wire.out, nil
			n, err = c.tx.Launch(t, c.raw.Write(c.sending))
		default:
			return true, nil
		}
		if async.IsPending(err) {
			return false, nil
		}
		c.sent(n, err)
		if err != nil {
			return false, err
		}
	}
}

// sent is the end of a write of the transport.
func (c *Conn) sent(n int, err error) {
	b := c.sending
	c.sending = nil
	switch {
	case err == nil:
		c.home.free(b)
	case errors.Is(err, os.ErrDeadlineExceeded):
		// The rest of the records comes before those that were made since.
		c.wire.out = append(b[n:], c.wire.out...)
	default:
		c.broken = err
	}
}

func (c *Conn) writing(ticket uint32) int {
	i := slices.IndexFunc(c.writes, func(w writing) bool { return w.ticket == ticket })
	if i < 0 {
		panic("rondo/tlsio: a write was polled that is not in flight: it has had its result, or is a copy of one that has")
	}
	return i
}

func (c *Conn) cancelWrite(ticket uint32) (idle bool) {
	i := c.writing(ticket)
	w := &c.writes[i]
	switch {
	case w.done:
		return false
	case i > 0 && w.n == 0:
		c.writes = slices.Delete(c.writes, i, i+1)
		return true
	}
	w.asked = true
	return false
}

// settleWrite ends a write whose result was kept, and returns how much of its buffer
// is used up.
func (c *Conn) settleWrite(ticket uint32) (used int) {
	i := c.writing(ticket)
	used = c.writes[i].n - c.writes[i].from
	c.endWrite(i)
	return used
}

// endWrite takes a write out, and gives the turn to the next if it had it.
func (c *Conn) endWrite(i int) {
	c.writes = slices.Delete(c.writes, i, i+1)
	if len(c.writes) == 0 {
		c.writes = nil
		return
	}
	if i == 0 {
		wake(&c.writes[0].waker)
	}
}
