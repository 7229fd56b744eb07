package websocket

import (
	"fmt"
	"unicode/utf8"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/web/websocket/internal/wire"
)

// sending is a send, or one that waits for its turn; or the close that CloseWith sends.
type sending struct {
	ticket uint32
	kind   Kind   // 0: a close
	buf    []byte // the message, until it has begun
	left   []byte // the payload that is not ready yet
	n      int    // the message's length
	begun  bool
	asked  bool // to give up
	done   bool
	from   []byte // the buffer of the connection's that left is in, if it is
	pos    int    // of the mask
	key    [4]byte
	err    error
	closes *closing
	waker  *async.Waker
	next   *sending // behind this one; or in the free list
}

// maxPiece is how much of a message is made ready at a time.
const maxPiece = 32 << 10

// Send sends a message, and returns len(data) when the transport has all of it. data is
// the connection's from the await's beginning to its end. Sends of several tasks go
// one after the other, each as a whole. A Text that is not UTF-8 is an error.
//
// Cancelled before its turn, it sends nothing. Cancelled later, it succeeds at once: the
// connection keeps what is left of the message, which goes as the connection is used.
// The same goes for a loser, which is not sent again when it is awaited again; and for
// one in whose midst a deadline of the transport's passes.
//
// After the peer has closed the connection it returns the *CloseError, and after
// CloseWith a net.ErrClosed.
func (c *Conn) Send(kind Kind, data []byte) async.Op[int] {
	return async.NewOp((*sender)(c), data, uint64(kind)<<kindShift)
}

// kindShift is where the kind is in the argument of a send. Below it is 0, or, if it was
// begun before it lost, one more than the bytes that it has.
const kindShift = 60

// sender is the source of Send.
type sender Conn

func (x *sender) Home() *async.Executor { return x.home.exec }

func (x *sender) Start(_ *async.Task, data []byte, arg uint64) (ticket uint32) {
	c := (*Conn)(x)
	kind, already := Kind(arg>>kindShift), int(arg&^(15<<kindShift))
	w := c.enqueue()
	w.kind, w.buf, w.n = kind, data, len(data)
	switch {
	case already > 0: // it has gone, or goes by itself
		w.n = already - 1
		w.done = true
	case kind != Text && kind != Binary:
		w.end(fmt.Errorf("rondo/websocket: Send of %v", kind))
	case kind == Text && !utf8.Valid(data):
		w.end(errNotUTF8)
	}
	return w.ticket
}

var errNotUTF8 = fmt.Errorf("rondo/websocket: Send of a text that is not UTF-8")

func (x *sender) PollOp(t *async.Task, ticket uint32, keep bool) (int, error) {
	c := (*Conn)(x)
	w := c.sending(ticket)
	if !w.done {
		c.send(t, w)
	}
	if !w.done {
		w.waker = t.Waker()
		return 0, async.Pending
	}
	n, err := w.n, w.err
	if err != nil {
		n = 0
	}
	if !keep {
		c.endSend(w)
	}
	return n, err
}

func (x *sender) CancelOp(_ *async.Task, ticket uint32) (idle bool) {
	c := (*Conn)(x)
	w := c.sending(ticket)
	switch {
	case w.done:
		return false
	case !w.begun:
		c.endSend(w)
		return true
	}
	w.asked = true
	return false
}

func (x *sender) Settle(ticket uint32, back bool) (used int) {
	c := (*Conn)(x)
	w := c.sending(ticket)
	if w.begun && w.err == nil {
		used = w.n + 1
	}
	c.endSend(w)
	return used
}

// enqueue puts a send behind those that are there.
func (c *Conn) enqueue() *sending {
	w := c.home.newSending()
	w.ticket = c.home.ticket()
	p := &c.outbox().first
	for *p != nil {
		p = &(*p).next
	}
	*p = w
	return w
}

func (c *Conn) sending(ticket uint32) *sending {
	if c.out != nil {
		for w := c.out.first; w != nil; w = w.next {
			if w.ticket == ticket {
				return w
			}
		}
	}
	panic("rondo/websocket: a send was polled that is not in flight: it has had its result, or is a copy of one that has")
}

// send takes a send as far as it goes: one that has its turn sees off what is there, then
// makes a piece ready, and so on.
func (c *Conn) send(t *async.Task, w *sending) {
	if w != c.out.first {
		return
	}
	for !w.done {
		if c.flags&isClosed != 0 {
			w.end(closedError("write"))
			return
		}
		idle, err := c.transmit(t)
		switch {
		case err != nil && w.begun && c.broken() == nil:
			c.keepRest(w) // a deadline: the rest of the frame comes before all else
		case err != nil:
			w.end(err)
		case !idle && w.asked:
			c.keepRest(w)
		case !idle:
			return
		case !w.begun:
			if err := c.open(); err != nil {
				w.end(err)
			} else {
				c.begin(w)
			}
		case len(w.left) > 0:
			c.piece(w, maxPiece)
		default:
			w.end(nil)
		}
	}
}

// open returns why nothing can be sent any more, if so.
func (c *Conn) open() error {
	switch {
	case c.flags&sentClose == 0:
		return nil
	case c.failed() != nil:
		return c.failed()
	}
	return closedError("write")
}

// begin makes the beginning of a message ready: from here on all of it has to go.
func (c *Conn) begin(w *sending) {
	w.begun = true
	if w.kind == 0 {
		c.sayClose(w.closes.code, w.closes.reason)
		return
	}
	h := wire.Header{Opcode: wire.Opcode(w.kind), Fin: true}
	w.left, w.buf = w.buf, nil
	if c.flags&deflates != 0 && w.n >= minCompress && (c.window == 0 || w.n <= int(c.window)) {
		d := deflaters.Get().(*wire.Deflater)
		z := d.Compress(c.home.buffer(), w.left)
		deflaters.Put(d)
		if h.RSV1 = len(z) < w.n; h.RSV1 {
			w.from, w.left = z, z
		} else {
			c.home.free(z) // it goes as it is: no other message is compressed with its help
		}
	}
	h.Length = int64(len(w.left))
	if c.flags&isClient != 0 {
		w.key = newKey()
		h.Masked, h.Key = true, w.key
	}
	b := h.Append(c.room())
	c.out.ready = b
	c.piece(w, maxPiece)
}

// piece makes up to max bytes of the payload ready.
func (c *Conn) piece(w *sending, max int) {
	n := min(len(w.left), max)
	b := append(c.room(), w.left[:n]...)
	if c.flags&isClient != 0 {
		w.pos = wire.Mask(b[len(b)-n:], w.key, w.pos)
	}
	c.out.ready = b
	if w.left = w.left[n:]; len(w.left) == 0 {
		w.left = nil
		c.home.free(w.from)
		w.from = nil
	}
}

// keepRest makes all the rest ready, so that whoever has the message can have it back.
func (c *Conn) keepRest(w *sending) {
	c.piece(w, len(w.left))
	w.end(nil)
}

func (w *sending) end(err error) { w.done, w.err = true, err }

// endSend takes a send out, and gives the turn to the next if it had it.
func (c *Conn) endSend(w *sending) {
	p := &c.out.first
	for *p != w {
		p = &(*p).next
	}
	first := p == &c.out.first
	*p = w.next
	c.home.freeSending(w)
	switch next := c.out.first; {
	case !first:
	case next != nil:
		wake(&next.waker)
	default:
		if c.tidy(); c.out != nil || c.failed() != nil || c.closing() != nil {
			c.nudge()
		}
	}
}
