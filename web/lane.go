package web

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"

	"golang.org/x/net/http2/hpack"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/web/internal/http1"
	"rondo.dev/rondo/web/internal/http2"
)

// lane is one request of a connection of HTTP/2, and the task that serves it: a child of the
// connection's, which alone reads and writes. What a request and its response are besides is
// in an exchange, as in HTTP/1, whose bytes the lane takes from its stream and gives to it.
//
// It is on the connection's loop, like the session, and either calls the other. Only head
// and finish are for the handler's side, whose time for them is that for writing to the
// exchange.
type lane struct {
	core   async.Core
	s      *session
	x      *exchange
	stream http2.Stream

	heads    [][]hpack.HeaderField // the handler's side has written them
	trailers http.Header
	finished bool // there is nothing more to be written

	chunks   [][]byte // of the body, that have come
	lent     []byte   // the chunk that the handler's side has
	complete bool     // the body has come
	fields   http.Header
	whole    bool // the handler's side has the last of it

	sending bool  // the stream has what is to be sent
	ending  bool  // and the end
	left    int   // what it had of that when it was last seen
	seen    int64 // when s.moved is more than that, others were served since
	reader  *async.Waker
	writer  *async.Waker
	lost    error // why there is nothing to wait for any more

	tooLarge bool // the request has too many fields
	closes   bool // the handler wants the connection to end
}

// chunkSize is how large a piece of a body is that handlers get at once.
const chunkSize = 16 << 10

// lane begins with a request.
func (s *session) lane(t *async.Task, ev *http2.Event) {
	c := s.c
	l := &lane{s: s, x: c.shard.exchange(c), complete: ev.Ended, tooLarge: ev.TooLarge}
	l.x.lane = l
	l.x.belong(c, &l.core)
	l.stream.Owner = l
	s.h2.Open(&l.stream, ev)
	l.core.Start(t, l)
	l.x.begin(t, ev.Request, nil)
}

// Step makes it a frame.
func (l *lane) Step(t *async.Task) (done bool) {
	x := l.x
	if x.worker != nil {
		done = x.pump(t)
	} else {
		done = x.resume(t)
	}
	if done {
		x.release()
		l.leave()
	}
	return done
}

// Outcome makes it an Ender.
func (l *lane) Outcome() error { return nil }

// Ended gives up the stream after a panic, which can only be a bug.
func (l *lane) Ended(err error) {
	l.core.Taken()
	if l.x == nil {
		return
	}
	if l.x.rq != nil {
		l.s.c.shard.requests.Add(-1)
	}
	l.s.c.shard.logger().Error("web: a stream was given up", "remote", l.s.c.remote, "err", err)
	l.x.reads.stop()
	l.x.writes.stop()
	l.x.failed = true
	l.x = nil
	l.s.forget(l)
}

// leave ends the request.
func (l *lane) leave() {
	x := l.x
	l.x = nil
	if x.failed {
		l.s.h2.Abort(&l.stream, http2.InternalError)
	}
	l.s.c.shard.recycle(x)
	l.s.forget(l)
}

// head is a head that the handler's side sends.
func (l *lane) head(status int, fields http1.Fields, extra *http1.Extra) {
	block := make([]hpack.HeaderField, 1, 4+len(fields))
	block[0] = hpack.HeaderField{Name: ":status", Value: statusCode(status)}
	for _, f := range fields {
		switch {
		case f.Name == "Content-Length": // see extra
		case extra.Omit&http1.OmitContentType != 0 && f.Name == "Content-Type":
		default:
			block = http2.AppendField(block, f.Name, f.Values)
		}
	}
	if extra.ContentType != "" {
		block = append(block, hpack.HeaderField{Name: "content-type", Value: extra.ContentType})
	}
	if extra.ContentLength >= 0 {
		block = append(block, hpack.HeaderField{Name: "content-length", Value: strconv.FormatInt(extra.ContentLength, 10)})
	}
	if extra.Date != nil {
		block = append(block, hpack.HeaderField{Name: "date", Value: string(extra.Date)})
	}
	l.heads = append(l.heads, block)
}

func statusCode(status int) string {
	if status == http.StatusOK {
		return "200"
	}
	return strconv.Itoa(status)
}

// finish is the end of what the handler's side sends.
func (l *lane) finish(trailers http.Header) { l.trailers, l.finished = trailers, true }

// pollWrite has the stream send what the handler's side has written.
func (l *lane) pollWrite(t *async.Task) error {
	x, h2 := l.x, l.s.h2
	if l.lost != nil {
		return x.drop(l.lost)
	}
	for _, h := range l.heads {
		h2.Head(&l.stream, h)
	}
	l.heads = nil
	if !l.sending && len(x.out)+len(x.more) > 0 {
		l.sending, l.left, l.seen = true, len(x.out)+len(x.more), l.s.moved
		h2.Data(&l.stream, x.out, x.more)
	}
	if l.finished && !l.ending {
		l.ending = true
		h2.End(&l.stream, l.trailers)
	}
	if !l.stream.Pending() {
		x.writes.stop()
		x.out, x.more, l.sending = x.out[:0], nil, false
		return nil
	}
	for x.writes.passed || !x.writes.wait() {
		if !l.waitsItsTurn() {
			x.giveUp()
			return x.drop(os.ErrDeadlineExceeded)
		}
	}
	l.writer = t.Waker()
	l.s.wake()
	return async.Pending
}

// waitsItsTurn reports whether it is others of the connection that the client takes its time
// for, which is not held against it.
func (l *lane) waitsItsTurn() bool {
	d := &l.x.writes
	if l.stream.Blocked() || l.s.moved <= l.seen || d.until != 0 && d.shard.exec.Now() >= d.until {
		return false
	}
	l.seen = l.s.moved
	d.stop()
	d.credit = d.shard.stall
	return true
}

// sent is told that something of the stream was sent.
func (l *lane) sent() {
	if l.x != nil && l.x.writes.timer.Active() {
		n := l.left - l.stream.Unsent()
		l.left -= n
		l.seen = l.s.moved + maxAtOnce // the write that it is a part of is none of others'
		l.x.writes.moved(n)
	}
	wakeUp(&l.writer)
}

// poll returns the next part of the body.
func (l *lane) poll(t *async.Task) ([]byte, error) {
	l.took()
	if len(l.chunks) > 0 {
		l.lent = l.chunks[0]
		l.chunks[0] = nil
		l.chunks = l.chunks[1:]
		l.whole = l.complete && len(l.chunks) == 0
		return l.lent, nil
	}
	switch {
	case l.complete:
		l.whole = true
		return nil, nil
	case l.lost != nil:
		return nil, l.lost
	}
	l.reader = t.Waker()
	return nil, async.Pending
}

// took takes back what the handler's side has read, so that the client may send as much again.
func (l *lane) took() {
	if n := len(l.lent); n > 0 {
		l.s.c.shard.multi.free(l.lent)
		l.lent = nil
		l.s.h2.Took(&l.stream, n)
		l.s.wake()
	}
}

// readNoMore is took when the handler's side has read the body, or closed it. What is left of
// it, and still comes, is dropped.
func (l *lane) readNoMore() {
	l.took()
	if l.stream.Unwanted || l.complete && len(l.chunks) == 0 {
		return
	}
	l.discard()
	l.s.h2.Discard(&l.stream)
	l.s.wake()
}

// discard frees what has come of the body and was not read. There is no end behind it then.
func (l *lane) discard() {
	l.complete = l.complete && len(l.chunks) == 0
	for _, b := range l.chunks {
		l.s.c.shard.multi.free(b)
	}
	l.chunks = nil
}

// received takes a part of the body, or its end.
func (l *lane) received(data []byte, ended bool) {
	for len(data) > 0 {
		last := len(l.chunks) - 1
		if last < 0 || len(l.chunks[last]) == cap(l.chunks[last]) {
			l.chunks = append(l.chunks, l.s.c.shard.multi.chunk(len(data)))
			last++
		}
		c := l.chunks[last]
		n := min(cap(c)-len(c), len(data))
		l.chunks[last] = append(c, data[:n]...)
		data = data[n:]
	}
	l.complete = l.complete || ended
	wakeUp(&l.reader)
}

// reset gives up the stream.
func (l *lane) reset() {
	l.s.h2.Abort(&l.stream, http2.InternalError)
	l.discard()
	l.lose(context.Canceled)
	l.s.wake()
}

// lose tells the handler that the client is gone, or has no use for the response.
func (l *lane) lose(err error) {
	if l.lost != nil || l.x == nil {
		return
	}
	l.lost = err
	l.x.broken = true
	l.x.gone()
	wakeUp(&l.reader)
	wakeUp(&l.writer)
	l.core.WakeLocal()
}

func wakeUp(w **async.Waker) {
	if *w != nil {
		(*w).WakeLocal()
		*w = nil
	}
}

// errReset is why a request is not gone on with.
type errReset struct{ code http2.Code }

func (e errReset) Error() string { return fmt.Sprintf("web: the stream was reset: %v", e.code) }

// nextOf is next for a stream.
func (b *body) nextOf(l *lane) (lacks bool) {
	if len(b.data) > 0 || b.err != nil {
		return false
	}
	b.data, l.x.in = l.x.in, nil
	if !l.whole {
		return len(b.data) == 0
	}
	b.err = io.EOF
	for name := range l.x.rq.resp.req.Trailer { // those that were announced
		if v := l.fields[name]; v != nil {
			l.x.rq.resp.req.Trailer[name] = v
		}
	}
	return false
}

// writeStreamHead is writeHead for HTTP/2, where the framing needs no decision.
func (w *response) writeStreamHead(body []byte) {
	x := w.x
	extra := http1.Extra{ContentLength: -1}
	head := w.req.Method == http.MethodHead
	var coded, typed, dated, sized bool
	for _, f := range x.fields {
		switch f.Name {
		case "Content-Encoding":
			coded = first(f.Values) != ""
		case "Content-Type":
			typed = true
		case "Date":
			dated = true
		case "Content-Length":
			sized = true
		case "Trailer":
			w.announce(f.Values)
		case "Connection":
			x.lane.closes = first(f.Values) == "close"
		}
	}
	if w.ending && !sized && bodyAllowed(w.status) && (!head || len(body) > 0) {
		w.length = int64(len(body))
	}
	if bodyAllowed(w.status) {
		extra.ContentLength = w.length
	}
	if !bodyAllowed(w.status) {
		extra.Omit |= suppressed(w.status)
	} else if !coded && !typed && len(body) > 0 {
		extra.ContentType = http.DetectContentType(body)
	}
	if !dated {
		extra.Date = x.shard.date.now()
	}
	w.appendHead(w.status, &extra)
}
