package http2

import (
	"bytes"
	"net/http"
	"slices"
	"strings"

	"golang.org/x/net/http2/hpack"
)

// full is how many bytes of answers may wait to be sent before no more of the client is to be
// read.
const full = 16 << 10

// Full reports whether answers pile up that the client does not take.
func (c *Conn) Full() bool { return len(c.answers) >= full }

// Sendable reports whether Append has something.
func (c *Conn) Sendable() bool {
	return len(c.answers) > 0 || slices.ContainsFunc(c.ready, c.can)
}

// queue puts s in the list of those that may send.
func (c *Conn) queue(s *Stream) {
	if !s.ready && s.Pending() {
		s.ready = true
		c.ready = append(c.ready, s)
	}
}

// can reports whether s may send something now.
func (c *Conn) can(s *Stream) bool {
	if len(s.heads) > 0 {
		return true
	}
	if s.Unsent() > 0 {
		return s.window > 0 && c.window > 0
	}
	return s.end
}

// next is the stream that sends next. Those that are alike take turns: who has sent data goes
// to the end of the list; others come by their IDs.
func (c *Conn) next() *Stream {
	var best *Stream
	for _, s := range c.ready {
		if c.can(s) && (best == nil || s.before(best)) {
			best = s
		}
	}
	return best
}

// before reports whether s, which is behind o in the list, comes before it all the same.
func (s *Stream) before(o *Stream) bool {
	p, q := s.Priority, o.Priority
	switch {
	case p.Urgency != q.Urgency:
		return p.Urgency < q.Urgency
	case p.Incremental || q.Incremental:
		return false
	}
	return s.ID < o.ID
}

// Append appends what is to be sent next, about limit bytes of it if there is so much. moved
// is called for each stream of which something was taken.
func (c *Conn) Append(dst []byte, limit int, moved func(s *Stream)) []byte {
	dst = append(dst, c.answers...)
	if cap(c.answers) > full || len(c.streams) == 0 {
		c.answers = nil
	}
	c.answers = c.answers[:0]
	for len(dst) < limit {
		s := c.next()
		if s == nil {
			break
		}
		dst = c.appendStream(dst, s)
		i := slices.Index(c.ready, s)
		c.ready = slices.Delete(c.ready, i, i+1)
		s.ready = false
		c.queue(s)
		moved(s)
	}
	return dst
}

// appendStream appends the next frames of s: heads, or data, or the end.
func (c *Conn) appendStream(dst []byte, s *Stream) []byte {
	for len(s.heads) > 0 {
		h := s.heads[0]
		s.heads = s.heads[1:]
		var flags uint8
		if len(s.heads) == 0 && s.Unsent() == 0 && s.end && s.trailers == nil {
			flags = flagEndStream
			s.sent = true
		}
		dst = c.appendFields(dst, s.ID, flags, h)
	}
	s.heads = nil
	if s.sent {
		return dst
	}
	if n := min(s.Unsent(), int(c.peerFrame), int(max(min(s.window, c.window), 0)), minFrame); n > 0 {
		var flags uint8
		if n == s.Unsent() && s.end && s.trailers == nil {
			flags = flagEndStream
			s.sent = true
		}
		dst = appendHeader(dst, n, frameData, flags, s.ID)
		c.moved = true
		s.window -= int64(n)
		c.window -= int64(n)
		for i := range s.data {
			k := min(n, len(s.data[i]))
			dst = append(dst, s.data[i][:k]...)
			s.data[i] = s.data[i][k:]
			n -= k
		}
	}
	if s.end && !s.sent && s.Unsent() == 0 {
		s.sent = true
		if s.trailers == nil {
			return appendHeader(dst, 0, frameData, flagEndStream, s.ID)
		}
		dst = c.appendFields(dst, s.ID, flagEndStream, s.trailers)
		s.trailers = nil
	}
	return dst
}

// appendFields appends a block of fields as frames.
func (c *Conn) appendFields(dst []byte, id uint32, flags uint8, fields []hpack.HeaderField) []byte {
	sh := c.shared
	b := &sh.block
	b.Reset()
	e := sh.encoder
	switch {
	case sh.EncoderTable > 0 && c.peerTable > 0:
		if c.encoder == nil {
			// Its table is empty, whatever the client's has been.
			c.encoder = hpack.NewEncoder(b)
			c.encoder.SetMaxDynamicTableSizeLimit(c.peerTable)
			c.encoder.SetMaxDynamicTableSize(0)
			c.encoder.SetMaxDynamicTableSize(sh.EncoderTable)
		}
		e = c.encoder
	case !c.sized:
		b.WriteByte(0x20) // the table's size is 0 (RFC 7541, section 6.3)
		c.sized = true
	}
	for _, f := range fields {
		e.WriteField(f)
	}
	dst = appendBlock(dst, b.Bytes(), int(min(c.peerFrame, minFrame)), flags, id)
	if b.Cap() > full {
		sh.block = bytes.Buffer{}
	}
	return dst
}

// appendFields appends the fields of a header that can be sent (RFC 9113, section 8.2).
func appendFields(dst []hpack.HeaderField, h http.Header) []hpack.HeaderField {
	for name, values := range h {
		dst = AppendField(dst, name, values)
	}
	slices.SortStableFunc(dst, func(a, b hpack.HeaderField) int { return strings.Compare(a.Name, b.Name) })
	return dst
}

// AppendField appends the lines of a field, unless it is one that HTTP/2 does not have, or
// that can't be sent.
func AppendField(dst []hpack.HeaderField, name string, values []string) []hpack.HeaderField {
	lower := lowerName(name)
	switch lower {
	case "", "connection", "proxy-connection", "keep-alive", "upgrade", "transfer-encoding":
		return dst
	}
	for _, v := range values {
		if v = strings.Trim(v, " \t"); validValue(v) {
			dst = append(dst, hpack.HeaderField{Name: lower, Value: v})
		}
	}
	return dst
}

// lowerName is a name as HTTP/2 has it, or "" if it is none.
func lowerName(name string) string {
	if s, ok := lowered[name]; ok {
		return s
	}
	if !validToken(name) {
		return ""
	}
	return strings.ToLower(name)
}

// lowered has the names that are usual in responses.
var lowered = func() map[string]string {
	m := make(map[string]string)
	for _, s := range []string{"Accept-Ranges", "Access-Control-Allow-Origin", "Age", "Allow", "Alt-Svc", "Cache-Control", "Content-Disposition", "Content-Encoding", "Content-Language", "Content-Length", "Content-Location", "Content-Range", "Content-Security-Policy", "Content-Type", "Date", "Etag", "Expires", "Last-Modified", "Link", "Location", "Retry-After", "Server", "Set-Cookie", "Strict-Transport-Security", "Trailer", "Vary", "Www-Authenticate", "X-Content-Type-Options", "Grpc-Status", "Grpc-Message"} {
		m[s] = strings.ToLower(s)
	}
	return m
}()
