package web

import (
	"errors"
	"io"
	"net/http"
	"os"
	"sync"
	"sync/atomic"

	"rondo.dev/rondo/web/internal/http1"
)

// body is the body of a request.
//
// Who reads has the turn, also while it waits for the client; mu is for what is looked at
// and changed without waiting. Who has the turn may be interrupted, so that nobody else
// waits for the client in its place. The order of the locks of a request is: response.mu,
// turn, mu; response.asks comes last, and no other is taken with it.
type body struct {
	turn       sync.Mutex
	interrupts atomic.Int32 // how many want the turn at once: waits are ended then
	dropped    int32        // how many bytes were dropped

	mu     sync.Mutex
	x      *exchange // nil once the request is over
	wire   http1.Body
	data   []byte // has come, and not been read; a part of what was in x.in
	err    error  // what reads get when data is read: io.EOF, or why there is no more
	closed bool

	expects atomic.Bool // the client waits for a 100 before it sends; cleared with response.mu
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
	if err := b.invite(); err != nil {
		return 0, err
	}
	b.turn.Lock()
	defer b.turn.Unlock()
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.closed, b.x == nil && !b.ended():
		return 0, http.ErrBodyReadAfterClose
	case b.ended():
		return 0, io.EOF
	case len(p) == 0 && b.err == nil:
		return 0, nil
	}
	return b.read(p)
}

func (b *body) read(p []byte) (n int, err error) {
	if err := b.fill(); len(b.data) == 0 {
		b.taken()
		if err == os.ErrDeadlineExceeded || err == errNoStack {
			b.err = nil // another Read may have more time, or what it needs
		}
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

// invite has a client send that waits for a word to do so. It comes before the turn, since
// the word is a part of the response.
func (b *body) invite() error {
	if !b.expects.Load() {
		return nil
	}
	if w := b.lacking(); w != nil {
		return w.writeContinue()
	}
	return nil
}

// taken lets the task receive what follows the body, when there is nothing left of it:
// the connection takes back what it has lent then.
func (b *body) taken() {
	if b.x != nil && b.ended() && !b.x.watching.Load() {
		b.x.bodyRead()
	}
}

// fill sees to it that there is data, or an error.
func (b *body) fill() error {
	for b.next() {
		if err := b.wait(); err != nil {
			return err
		}
	}
	return b.err
}

// wait waits for the client, without mu, unless somebody wants the turn.
func (b *body) wait() error {
	x := b.x
	b.mu.Unlock()
	err := x.receive()
	b.mu.Lock()
	if b.x == nil || err == errInterrupted {
		return http.ErrBodyReadAfterClose
	}
	b.received(err)
	return b.err
}

// errInterrupted ends a wait for the client, and says nothing about the body.
var errInterrupted = errors.New("web: somebody else wants the body")

// interrupt gets the turn from who waits for the client with it. It has none to wait for if
// that is a child of the task that calls, or the request is over.
func (b *body) interrupt() (got bool) {
	if b.turn.TryLock() {
		return true
	}
	b.interrupts.Add(1)
	defer b.interrupts.Add(-1)
	b.mu.Lock()
	x := b.x
	if got = x != nil && x.worker != nil; got {
		x.core.Wake()
	}
	b.mu.Unlock()
	if got {
		b.turn.Lock()
	}
	return got
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

// lacking returns the response to a request of whose body more has to come before there is
// something to be read, nil if there is something.
func (b *body) lacking() *response {
	b.turn.Lock()
	defer b.turn.Unlock()
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed || b.x == nil || !b.next() {
		return nil
	}
	return &b.x.rq.resp
}

// drops is drain for a task that waits by itself: it reports whether more has to come.
func (b *body) drops() (lacks bool) {
	if !b.turn.TryLock() {
		return false // a child of the task reads
	}
	defer b.turn.Unlock()
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed || !b.droppable() {
		return false
	}
	for b.err == nil && b.dropped <= maxDrain {
		if b.next() {
			return true
		}
		b.drop()
	}
	b.taken()
	return false
}

// droppable reports whether what is left is to be read for the sake of the next request.
func (b *body) droppable() bool {
	return b.x != nil && b.x.lane == nil && !b.expects.Load() && b.wire.Remaining() < maxDrain
}

func (b *body) drop() {
	b.dropped += int32(len(b.data))
	b.data = nil
}

// Close reads what is left of the body, unless that is too much. A Read that waits ends.
func (b *body) Close() error {
	b.mu.Lock()
	closed := b.closed || b.x == nil
	b.closed = true
	b.mu.Unlock()
	if closed || !b.interrupt() {
		return nil
	}
	defer b.turn.Unlock()
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.x != nil && b.x.lane != nil && !b.x.watching.Load() {
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
	if !b.droppable() {
		return false
	}
	b.drop()
	for b.err == nil && b.dropped <= maxDrain {
		if b.fill() == http.ErrBodyReadAfterClose {
			return false // interrupted
		}
		b.drop()
	}
	b.taken()
	return b.err == io.EOF
}

// settle is called before the head of the response is written: what is not read now
// won't be, and the connection ends then. It reports whether the body has been read to
// its end.
func (b *body) settle() bool {
	b.mu.Lock()
	settled := b.x == nil || b.ended()
	unasked := !settled && b.expects.Load() // it may come with the response, and be read then
	b.closed = b.closed || !unasked
	b.mu.Unlock()
	if settled || unasked || !b.interrupt() {
		return settled
	}
	defer b.turn.Unlock()
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.ended() || b.drain()
}

// settled reports whether nothing of the body is in the way of the next request.
func (b *body) settled() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.x == nil || b.ended()
}

// ended reports whether the body has been read to its end.
func (b *body) ended() bool { return b.err == io.EOF && len(b.data) == 0 }

// giveBack makes what has come and was not read the connection's again, which is about to
// be taken over: with the framing behind it, as it came. x.in follows in the same memory.
func (b *body) giveBack() {
	if !b.interrupt() {
		return
	}
	defer b.turn.Unlock()
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed = true; len(b.data) > 0 {
		b.x.in = b.data[:cap(b.data)-cap(b.x.in)+len(b.x.in)]
		b.data = nil
	}
}

// end takes the body from the handler.
func (b *body) end() {
	if b.interrupt() {
		defer b.turn.Unlock()
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.x == nil {
		return
	}
	if b.err != io.EOF {
		b.x.last, b.x.unread = true, true
	}
	if b.x.lane == nil || !b.ended() {
		b.closed = true // in HTTP/2 the end may still be read, as in net/http
	}
	b.x, b.data = nil, nil // which was lent
}
