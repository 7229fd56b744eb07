package tlsio

import (
	"bytes"
	"errors"
	"os"
	"slices"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/driver"
)

// reading is a read, or one that waits for its turn.
type reading struct {
	ticket uint32
	lends  bool   // Recv
	buf    []byte // of a Read; of a Recv, what is lent
	waker  *async.Waker
	asked  bool // to give up
	done   bool
	n      int
	err    error
}

// Read reads up to len(b) bytes of plaintext into b, at least one; io.EOF says that
// the peer has sent close_notify or, as crypto/tls has it, ended the stream between
// two records; in the middle of one that is io.ErrUnexpectedEOF. What is wrong with a
// record is an error as crypto/tls makes it, and stays. So does the error of a peer
// that asks for new keys again and again, and takes no answer.
//
// Cancelled while it waits, it returns at once. What a losing Read has read goes back
// into the connection.
func (c *Conn) Read(b []byte) async.Op[int] { return async.NewOp((*connRead)(c), b, 0) }

// Recv reads into a buffer that the loop lends: the bytes are valid until the next
// Recv or Read is started, or until the same task closes the connection, and may be
// changed until then. While it waits there is no buffer. It is else like Read.
func (c *Conn) Recv() async.Op[[]byte] { return async.NewOp((*connRecv)(c), nil, 0) }

// LeaveLent leaves what Recv has lent to the task that has it, as netio.Conn's does.
func (c *Conn) LeaveLent() {
	c.layer.leave()
	c.wire.in = bytes.Clone(c.wire.in) // the chunk is not kept for this
	c.raw.LeaveLent()
}

// connRead is the source of Read.
type connRead Conn

func (x *connRead) Home() *async.Executor { return x.home.exec }

func (x *connRead) Start(_ *async.Task, b []byte, _ uint64) uint32 {
	return (*Conn)(x).startRead(reading{buf: b})
}

func (x *connRead) PollOp(t *async.Task, ticket uint32, keep bool) (int, error) {
	r, err := (*Conn)(x).pollRead(t, ticket, keep)
	return r.n, err
}

func (x *connRead) CancelOp(t *async.Task, ticket uint32) bool {
	return (*Conn)(x).cancelRead(t, ticket)
}

func (x *connRead) Settle(ticket uint32, back bool) int {
	(*Conn)(x).settleRead(ticket, back)
	return 0
}

// connRecv is the source of Recv.
type connRecv Conn

func (x *connRecv) Home() *async.Executor { return x.home.exec }

func (x *connRecv) Start(*async.Task, []byte, uint64) uint32 {
	return (*Conn)(x).startRead(reading{lends: true})
}

func (x *connRecv) PollOp(t *async.Task, ticket uint32, keep bool) ([]byte, error) {
	c := (*Conn)(x)
	r, err := c.pollRead(t, ticket, keep)
	if r.n == 0 || err != nil {
		return nil, err
	}
	b := r.buf[:r.n]
	if keep || len(c.reads) > 0 {
		// The buffer may be somebody else's before the reader has seen it.
		return bytes.Clone(b), nil
	}
	return b, nil
}

func (x *connRecv) CancelOp(t *async.Task, ticket uint32) bool {
	return (*Conn)(x).cancelRead(t, ticket)
}

func (x *connRecv) Settle(ticket uint32, back bool) int {
	(*Conn)(x).settleRead(ticket, back)
	return 0
}

func (c *Conn) startRead(r reading) (ticket uint32) {
	r.ticket = c.home.ticket()
	c.reads = append(c.reads, r)
	return r.ticket
}

// pollRead returns how a read stands. It is only ever taken further when the task
// that waits for it polls, so that there is one to wait for the transport.
func (c *Conn) pollRead(t *async.Task, ticket uint32, keep bool) (reading, error) {
	i := c.reading(ticket)
	r := &c.reads[i]
	if i == 0 && !r.done {
		c.read(t, r)
	}
	if !r.done {
		r.waker = t.Waker()
		return reading{}, async.Pending
	}
	result := *r
	if !keep {
		c.endRead()
	}
	return result, result.err
}

// read takes the read whose turn it is as far as it goes.
func (c *Conn) read(t *async.Task, r *reading) {
	c.layer.reclaim()
	for !r.done {
		switch {
		case c.closing != nil:
			r.end(0, c.closed("read"))
		case !r.lends && len(r.buf) == 0:
			r.end(0, nil)
		case len(c.stash) > 0:
			c.serveStash(r)
		case !c.drained:
			c.decrypt(t, r)
		case !c.receive(t, r):
			return
		}
	}
}

func (r *reading) end(n int, err error) { r.done, r.n, r.err = true, n, err }

// cancelled is the error of what was cancelled: why its task was. A loser, whose
// task was not, only has to have one.
func cancelled(t *async.Task) error {
	if cause := t.Cause(); cause != nil {
		return cause
	}
	return driver.ErrCanceled
}

func (c *Conn) serveStash(r *reading) {
	if r.lends {
		r.buf = c.stash // it is the reader's for good
		c.stash = nil
		r.end(len(r.buf), nil)
		return
	}
	n := copy(r.buf, c.stash)
	if c.stash = c.stash[n:]; len(c.stash) == 0 {
		c.stash = nil
	}
	r.end(n, nil)
}

// decrypt has the layer make plaintext of what has arrived.
func (c *Conn) decrypt(t *async.Task, r *reading) {
	if len(c.wire.out) > maxUnread {
		if c.broken == nil {
			c.broken = errUnread
		}
		r.end(0, c.broken)
		return
	}
	var n int
	var err error
	if r.lends {
		r.buf, err = c.layer.lend(t)
		n = len(r.buf)
	} else {
		n, err = c.layer.read(r.buf)
	}
	if len(c.wire.out) > 0 {
		c.answer(t)
	}
	c.drained = errors.Is(err, again{})
	switch {
	case n > 0:
		r.end(n, nil) // an error besides is there again next time
	case !c.drained:
		r.end(0, err)
	}
}

// maxUnread is more than a write and its alerts leave to be sent: so much comes
// together only where a peer asks for one KeyUpdate after the other, which crypto/tls
// answers at once, and takes no answer. Nothing more is read then, so that nothing
// more is answered.
const maxUnread = 2 * bufferSize

var errUnread = errors.New("rondo/tlsio: the peer asks for new keys and reads no answer")

// answer sees an alert or new keys off, which a read has made the layer write. With
// a write in progress they are that one's to send: it is woken when they have gone,
// and a transmission has one waker. Their failure is the next write's.
func (c *Conn) answer(t *async.Task) {
	if len(c.writes) > 0 {
		wake(&c.writes[0].waker)
	} else if idle, err := c.transmit(t); !idle && err == nil {
		c.leave(t)
	}
}

// receive waits for the transport, and reports whether there is something new.
func (c *Conn) receive(t *async.Task, r *reading) bool {
	if !c.receiving {
		c.rx, c.receiving = c.raw.Recv(), true
	}
	b, err := c.rx.Poll(t)
	if async.IsPending(err) {
		return false
	}
	c.receiving = false
	switch {
	case r.asked:
		r.end(0, cancelled(t))
	case err == nil:
		c.wire.in, c.wire.borrower, c.drained = b, t.Core(), false
	case errors.Is(err, os.ErrDeadlineExceeded):
		r.end(0, err)
	default:
		// The layer has to know, to tell the end of the stream from that of a record.
		c.wire.end, c.drained = err, false
	}
	return true
}

func (c *Conn) reading(ticket uint32) int {
	i := slices.IndexFunc(c.reads, func(r reading) bool { return r.ticket == ticket })
	if i < 0 {
		panic("rondo/tlsio: a read was polled that is not in flight: it has had its result, or is a copy of one that has")
	}
	return i
}

func (c *Conn) cancelRead(t *async.Task, ticket uint32) (idle bool) {
	i := c.reading(ticket)
	r := &c.reads[i]
	switch {
	case i > 0:
		c.reads = slices.Delete(c.reads, i, i+1)
		return true
	case r.done:
		return false
	case c.receiving && !c.rx.Cancel(t, true):
		// As a loser it leaves in the transport what has come: half a record is no
		// result, and an error is the next read's too.
		r.asked = true
		return false
	}
	c.receiving = false
	c.endRead()
	return true
}

// settleRead ends a read whose result was kept; with back, for nothing.
func (c *Conn) settleRead(ticket uint32, back bool) {
	if c.reading(ticket) != 0 {
		panic("rondo/tlsio: a read was settled that has no result")
	}
	if r := &c.reads[0]; back && r.err == nil && r.n > 0 && c.closing == nil {
		c.stash = append(bytes.Clone(r.buf[:r.n]), c.stash...)
	}
	c.endRead()
}

// endRead gives the turn to the next read.
func (c *Conn) endRead() {
	c.reads = slices.Delete(c.reads, 0, 1)
	if len(c.reads) == 0 {
		c.reads = nil
		return
	}
	wake(&c.reads[0].waker)
}

func wake(w **async.Waker) {
	if waker := *w; waker != nil {
		*w = nil // first: whoever is woken may start another read or write at once
		waker.WakeLocal()
	}
}
