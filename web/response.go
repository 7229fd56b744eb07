package web

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"rondo.dev/rondo/web/internal/http1"
)

// response is the http.ResponseWriter of a request, by the rules of package net/http.
type response struct {
	mu     sync.Mutex // held while the response is sent, too; see body for what comes after it
	asks   sync.Mutex // held by who asks for a job of the connection's task
	x      *exchange  // nil once the request is over; changed with both locks
	req    *http.Request
	header http.Header

	status   int   // 0: not yet
	length   int64 // as declared by the handler; -1: not
	written  int64
	trailers []string // announced

	keep10   bool // a client of HTTP/1.0 asks to keep the connection
	ending   bool // the handler has returned
	headed   bool // the head has been written
	chunked  bool
	hijacked bool // changed with both locks
	duplex   bool // see EnableFullDuplex
}

const (
	// holding is how much of a body is held back: a shorter one is sent with its
	// length, and a longer one in chunks of this size. Both are as in net/http.
	holding = 2048

	// holdingStream is the same for HTTP/2.
	holdingStream = 4096

	// sendAt is how much is collected before it is sent without having been flushed.
	sendAt = 16 << 10

	// apart is from what size on the bytes of a handler are sent from where they are.
	apart = 8 << 10
)

func (w *response) begin(x *exchange, r *http.Request) {
	w.x, w.req, w.length = x, r, -1
	if x.lane != nil {
		w.duplex, x.last = true, true // other requests wait for nothing here
	}
	w.keep10 = r.ProtoMajor == 1 && r.ProtoMinor == 0 && hasToken(r.Header["Connection"], "keep-alive")
}

// Header returns the header that WriteHeader sends.
func (w *response) Header() http.Header {
	if w.header == nil {
		w.header = make(http.Header)
	}
	return w.header
}

// errOver is the error of those who use a response after its handler has returned.
var errOver = errors.New("web: the response was used after its handler had returned")

// WriteHeader sends an informational response, or begins with the final one.
func (w *response) WriteHeader(status int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.writeHeader(status)
}

func (w *response) writeHeader(status int) {
	switch {
	case w.x == nil:
		return
	case w.hijacked:
		w.complain("WriteHeader on a connection that was taken over")
		return
	case w.status != 0:
		w.complain("superfluous WriteHeader")
		return
	case status < 100 || status > 999:
		panic(fmt.Sprintf("invalid WriteHeader code %v", status))
	case status == http.StatusSwitchingProtocols && w.x.lane != nil:
		w.complain("a switch of protocols, which HTTP/2 does not have (RFC 9113, section 8.6)")
		status = http.StatusInternalServerError
	case status < 200 && status != http.StatusSwitchingProtocols:
		w.inform(status)
		return
	}
	w.status = status
	x := w.x
	x.fields = x.fields[:0].Append(w.header)
	if v := first(w.header["Content-Length"]); v != "" {
		n, err := strconv.ParseInt(v, 10, 64)
		if err == nil && n >= 0 {
			w.length = n
		} else {
			w.complain("invalid Content-Length " + strconv.Quote(v))
			w.header.Del("Content-Length")
			x.fields = x.fields[:0].Append(w.header)
		}
	}
	x.values = x.fields.Keep(x.values[:0])
}

// inform sends an informational response. It has no body, and so no framing.
func (w *response) inform(status int) {
	if status == http.StatusContinue {
		w.x.rq.body.expects.Store(false)
	}
	x := w.x
	x.fields = x.fields[:0].Append(w.header)
	w.appendHead(status, &http1.Extra{ContentLength: -1, Omit: http1.OmitContentLength | http1.OmitTransferEncoding})
	x.send()
}

// writeContinue has the client send the body that it waits with.
func (w *response) writeContinue() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.hijacked || w.over() || w.status != 0 || !w.x.rq.body.expects.Swap(false) {
		return nil // the final response says it all; settle must still know who waits for it
	}
	if w.x.lane != nil {
		w.x.lane.head(http.StatusContinue, nil, &http1.Extra{ContentLength: -1})
	} else {
		w.x.out = append(w.x.out, "HTTP/1.1 100 Continue\r\n\r\n"...)
	}
	return w.x.send()
}

// appendHead writes a head in the protocol of the connection.
func (w *response) appendHead(status int, extra *http1.Extra) {
	x := w.x
	if x.lane != nil {
		x.lane.head(status, x.fields, extra)
		return
	}
	x.out = http1.AppendHead(x.out, w.minor(), status, x.fields, extra)
}

// complain tells the log of a handler's mistake, with its place.
func (w *response) complain(what string) {
	place := "unknown"
	if f, ok := caller(); ok {
		place = fmt.Sprintf("%s (%s:%d)", f.Function, f.File, f.Line)
	}
	w.x.shard.logger().Error("web: "+what, "by", place)
}

// caller is the first function on the stack that is not of this package.
func caller() (frame runtime.Frame, ok bool) {
	var pc [16]uintptr
	frames := runtime.CallersFrames(pc[:runtime.Callers(2, pc[:])])
	for more := true; more; {
		frame, more = frames.Next()
		if !strings.HasPrefix(frame.Function, "rondo.dev/rondo/web.") {
			return frame, true
		}
	}
	return frame, false
}

// Write writes a part of the body. Errors are those of package net/http: a body where
// there must be none, more of it than was declared, a connection that was taken over;
// or why it can't be sent.
func (w *response) Write(p []byte) (n int, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.hijacked:
		if len(p) > 0 && w.x != nil {
			w.complain("Write on a connection that was taken over")
		}
		return 0, http.ErrHijacked
	case w.over():
		return 0, errOver
	case w.status == 0:
		w.writeHeader(http.StatusOK)
	}
	switch {
	case len(p) == 0:
		return 0, nil
	case !bodyAllowed(w.status):
		return 0, http.ErrBodyNotAllowed
	}
	w.written += int64(len(p))
	if w.length >= 0 && w.written > w.length {
		return 0, http.ErrContentLength
	}
	return w.hold(p)
}

// WriteString is Write.
func (w *response) WriteString(s string) (n int, err error) { return w.Write([]byte(s)) }

// hold collects small pieces of the body.
func (w *response) hold(p []byte) (n int, err error) {
	x := w.x
	holding := holding
	if x.lane != nil {
		holding = holdingStream
	}
	for len(p) > holding-len(x.held) {
		if len(x.held) == 0 {
			if err := w.put(p); err != nil {
				return n, err
			}
			return n + len(p), nil
		}
		m := holding - len(x.held)
		x.held = append(x.held, p[:m]...)
		if err := w.release(); err != nil {
			return n, err
		}
		n += m
		p = p[m:]
	}
	x.held = append(x.held, p...)
	return n + len(p), nil
}

// release puts what was held.
func (w *response) release() error {
	if len(w.x.held) == 0 {
		return nil
	}
	err := w.put(w.x.held)
	w.x.held = w.x.held[:0]
	return err
}

// put frames a part of the body, and sends it if there is enough.
func (w *response) put(p []byte) error {
	x := w.x
	if !w.headed {
		w.writeHead(p)
	}
	if w.req.Method == http.MethodHead {
		return nil
	}
	if w.chunked {
		x.out = http1.AppendChunkSize(x.out, len(p))
	}
	if len(p) >= apart && x.canWait() {
		x.more = p
		if err := x.send(); err != nil {
			return err
		}
	} else {
		x.out = append(x.out, p...)
	}
	if w.chunked {
		x.out = append(x.out, "\r\n"...)
	}
	if len(x.out) >= sendAt && x.canWait() {
		return x.send()
	}
	return nil
}

// Flush sends what was written.
func (w *response) Flush() { w.FlushError() }

// FlushError is Flush that says what went wrong.
func (w *response) FlushError() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.flush(); err != nil || !w.x.canWait() {
		return err
	}
	return w.x.send()
}

// flush makes everything that was written ready to be sent.
func (w *response) flush() error {
	switch {
	case w.hijacked:
		return http.ErrHijacked
	case w.over():
		return errOver
	case w.status == 0:
		w.writeHeader(http.StatusOK)
	}
	if err := w.release(); err != nil {
		return err
	}
	if !w.headed {
		w.writeHead(nil)
	}
	return nil
}

// finish completes the response when its handler has returned. It reports whether the body
// of the request is to be drained, and has sent all then: the client may wait for that
// before it sends the rest.
func (w *response) finish() (drains bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.hijacked {
		return false
	}
	w.ending = true
	if w.status == 0 {
		w.writeHeader(http.StatusOK)
	}
	x := w.x
	x.failed = w.release() != nil || x.failed
	if !w.headed {
		w.writeHead(nil)
	}
	if w.chunked && w.req.Method != http.MethodHead {
		x.out = http1.AppendLastChunk(x.out, w.trailer())
	}
	if x.lane != nil {
		x.lane.finish(w.trailer())
	}
	if w.length >= 0 && w.length != w.written && bodyAllowed(w.status) && w.req.Method != http.MethodHead {
		x.last = true // the client still waits for the rest
	}
	if w.req.MultipartForm != nil {
		w.req.MultipartForm.RemoveAll()
	}
	return !x.last && !x.failed && !x.rq.body.settled() && x.send() == nil
}

// end takes the response from the handler.
func (w *response) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asks.Lock()
	defer w.asks.Unlock()
	if w.x != nil && w.x.lane != nil {
		w.x.notice.give()
	}
	w.x = nil
}

// over reports whether the handler has returned.
func (w *response) over() bool { return w.x == nil || w.ending }

// trailer returns the fields that follow the body: those that were announced, and those
// whose names begin with http.TrailerPrefix.
func (w *response) trailer() http.Header {
	var t http.Header
	for name, values := range w.header {
		if name, ok := strings.CutPrefix(name, http.TrailerPrefix); ok {
			if t == nil {
				t = make(http.Header)
			}
			t[name] = append(t[name], values...)
		}
	}
	for _, name := range w.trailers {
		if t == nil {
			t = make(http.Header)
		}
		for _, v := range w.header[name] {
			t.Add(name, v)
		}
	}
	return t
}

// Hijack takes the connection over from the server: see http.Hijacker. What has been
// received and not read is in the reader's buffer.
func (w *response) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.hijack(); err != nil {
		return nil, nil, err
	}
	defer w.x.detach()
	return w.x.netConn()
}

// HijackAsync takes the connection over as it is, a *netio.Conn or a *tlsio.Conn: for
// those who go on on its loop, as package websocket does. received is what has been
// received and not read.
func (w *response) HijackAsync() (conn any, received []byte, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.hijack(); err != nil {
		return nil, nil, err
	}
	defer w.x.detach()
	conn, received = w.x.handOver()
	return conn, received, nil
}

// hijack ends the response: the connection has another owner from now on.
func (w *response) hijack() error {
	switch {
	case w.hijacked:
		return http.ErrHijacked
	case w.over():
		return errOver
	case w.x.lane != nil:
		return http.ErrNotSupported // the connection is not the request's alone
	}
	if w.status != 0 {
		if err := w.flush(); err != nil {
			return err
		}
		if err := w.x.send(); err != nil {
			return err
		}
	}
	w.take()
	return nil
}

// take makes the connection somebody else's.
func (w *response) take() {
	w.asks.Lock()
	defer w.asks.Unlock()
	w.hijacked = true
}

// SetReadDeadline limits reads of the body, also one that waits, as of http.ResponseController.
func (w *response) SetReadDeadline(at time.Time) error { return w.setDeadline(at, true) }

// SetWriteDeadline limits writes of the response, also one that waits.
func (w *response) SetWriteDeadline(at time.Time) error { return w.setDeadline(at, false) }

// setDeadline does without the lock of those who wait: it is to end that.
func (w *response) setDeadline(at time.Time, reads bool) error {
	w.asks.Lock()
	defer w.asks.Unlock()
	switch {
	case w.hijacked:
		return http.ErrHijacked
	case w.x == nil:
		return errOver
	}
	w.x.setDeadline(at, reads)
	return nil
}

// EnableFullDuplex is there for http.ResponseController. Reading the body while the
// response is written is always possible; but what the handler has not read when the
// response begins is read then, to be out of the way of the next request.
func (w *response) EnableFullDuplex() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.duplex = true
	return nil
}
