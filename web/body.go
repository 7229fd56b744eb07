package web

import (
	"io"
	"net/http"
	"sync"
	"sync/atomic"

	"rondo.dev/rondo/web/internal/http1"
)

// body is the body of a request.
type body struct {
	mu     sync.Mutex
	x      *exchange // nil once the request is over
	wire   http1.Body
	data   []byte // has come, and not been read; a part of what was in x.in
	err    error  // what reads get when data is read: io.EOF, or why there is no more
	closed bool

	// expects says that the client waits for a 100 before it sends. It is cleared under
	// the response's lock, and never set again: settle, which has that lock, need not
	// wait then for a Read that waits for it.
	expects atomic.Bool
	dropped int // how many bytes were dropped
}

// maxDrain is how much of a body that its handler has not read is read for the sake of
// the next request: as much as net/http does. A connection with more is closed.
const maxDrain = 256 << 10

func (b *body) begin(x *exchange, r *http.Request) {
	b.x = x
	b.wire.Init(r, 0)
}

// Read reads what the client has sent, and waits for it if need be.
func (b *body) Read(p []byte) (n int, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed || b.x == nil && b.err != io.EOF {
		return 0, http.ErrBodyReadAfterClose
	}
	return b.read(p)
}

func (b *body) read(p []byte) (n int, err error) {
	if len(p) == 0 && b.err == nil {
		return 0, nil
	}
	if err := b.fill(); len(b.data) == 0 {
		b.taken()
		return 0, err
	}
	n = copy(p, b.data)
	b.data = b.data[n:]
	if len(b.data) == 0 {
		b.taken()
		return n, b.err
	}
	return n, nil
}

// taken lets the task receive what follows the body, when there is nothing left of it:
// the connection takes back what it has lent then.
func (b *body) taken() {
	if b.ended() && !b.x.watching.Load() {
		b.x.bodyRead()
	}
}

// fill sees to it that there is data, or an error.
func (b *body) fill() error {
	for b.next() {
		if b.expects.Load() {
			if err := b.x.rq.resp.writeContinue(); err != nil {
				b.err = err
				break
			}
		}
		b.received(b.x.receive())
	}
	return b.err
}

// next looks for data in what has come, and reports whether more has to come.
func (b *body) next() (lacks bool) {
	x := b.x
	if x.lane != nil {
		return b.nextOf(x.lane)
	}
	for len(b.data) == 0 && b.err == nil {
		data, used, err := b.wire.Next(x.in)
		x.in = x.in[used:]
		b.data, b.err = data, err
		if err == nil && len(data) == 0 {
			return true
		}
	}
	return false
}

// received takes note of how it went to receive more. Nothing can follow on the
// connection after a body that did not come to its end.
func (b *body) received(err error) {
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	if b.err == nil {
		b.err = err
	}
}

// lacks is next for a task that waits by itself.
func (b *body) lacks() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return !b.closed && b.x != nil && b.next()
}

// continues writes a 100 for such a task, if the client waits for one, and reports
// whether it has.
func (b *body) continues() bool {
	return b.expects.Load() && b.x.rq.resp.writeContinue() == nil
}

// drops is lacks for what is only to be dropped, as drain does.
func (b *body) drops() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed || b.x == nil || b.x.lane != nil || b.expects.Load() || b.wire.Remaining() >= maxDrain {
		return false
	}
	for b.err == nil && b.dropped <= maxDrain {
		if b.next() {
			return true
		}
		b.dropped += len(b.data)
		b.data = nil
	}
	b.taken()
	return false
}

// Close reads what is left of the body, unless that is too much.
func (b *body) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed || b.x == nil {
		b.closed = true
		return nil
	}
	b.closed = true
	if b.x.lane != nil && !b.x.watching.Load() {
		b.data = nil
		b.x.bodyRead() // what is left of it is in the way of other streams
	}
	if b.drain(); b.err != io.EOF {
		return b.err
	}
	return nil
}

// drain reads what is left of the body, unless that is too much, and reports whether
// the body has been read to its end.
func (b *body) drain() bool {
	if b.x.lane != nil || b.expects.Load() || b.wire.Remaining() >= maxDrain {
		return false // nothing has to wait for the end of a stream's body
	}
	b.dropped += len(b.data)
	for b.data = nil; b.dropped <= maxDrain && b.err == nil; b.data = nil {
		b.fill()
		b.dropped += len(b.data)
	}
	b.taken()
	return b.err == io.EOF
}

// settle is called before the head of the response is written: what is not read now
// won't be, and the connection ends then. It reports whether the body has been read to
// its end.
func (b *body) settle() bool {
	if b.expects.Load() {
		return false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.x == nil || b.ended() {
		b.closed = true // what it had must not be taken for more
		return true
	}
	if b.closed {
		return false
	}
	b.closed = true
	return b.drain()
}

// ended reports whether the body has been read to its end.
func (b *body) ended() bool { return b.err == io.EOF && len(b.data) == 0 }

// end takes the body from the handler.
func (b *body) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.x == nil {
		return
	}
	if b.err != io.EOF {
		b.x.last, b.x.unread = true, true
	}
	b.x, b.data = nil, nil // which was lent
}
