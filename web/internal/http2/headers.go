package http2

import "golang.org/x/net/http2/hpack"

// block is a block of fields that has not come whole.
type block struct {
	id     uint32
	ended  bool
	itself bool // the stream depends on itself
	pieces int
	data   []byte
}

// headers takes a HEADERS frame.
func (c *Conn) headers(f *frame) (ev Event, _ *fault) {
	if f.id == 0 {
		return ev, connFault(ProtocolError, "headers_stream")
	}
	if !f.unpad() {
		return ev, connFault(ProtocolError, "headers_padding")
	}
	if f.id&1 == 0 {
		return ev, connFault(ProtocolError, "stream_id_even")
	}
	itself := false
	if f.has(flagPriority) {
		if len(f.body) < 5 {
			return ev, connFault(FrameSizeError, "headers_size")
		}
		itself = c.dependsOnItself(f.id, f.body) != nil
		f.body = f.body[5:]
	}
	if !f.has(flagEndHeaders) {
		c.block = &block{id: f.id, ended: f.has(flagEndStream), itself: itself, data: append([]byte(nil), f.body...)}
		return ev, nil
	}
	return c.fields(&block{id: f.id, ended: f.has(flagEndStream), itself: itself, data: f.body})
}

// morePieces is how many pieces a block may be cut into beyond those that its size needs.
const morePieces = 16

// continuation takes the next piece of a block.
func (c *Conn) continuation(f *frame) (ev Event, _ *fault) {
	b := c.block
	b.pieces++
	// Compressed, it can't be larger than it will be, but for what is coded badly on purpose.
	if len(b.data)+len(f.body) > c.shared.MaxHead+minFrame || b.pieces > morePieces+len(b.data)/1024 {
		return ev, connFault(EnhanceYourCalm, "headers_too_large")
	}
	b.data = append(b.data, f.body...)
	if !f.has(flagEndHeaders) {
		return ev, nil
	}
	c.block = nil
	return c.fields(b)
}

// newDecoder makes the connection's own decoder. A client may use the RFC's table until it
// has heard of another size, and may be the first to have heard of it.
func (c *Conn) newDecoder() *hpack.Decoder {
	size := c.shared.DecoderTable
	if !c.acked {
		size = max(size, initialTable)
	}
	c.decoder = hpack.NewDecoder(min(size, initialTable), nil)
	c.decoder.SetAllowedMaxDynamicTableSize(size)
	return c.decoder
}

// decode decodes a block into c.shared.fields. That is done whatever becomes of the stream,
// for the table's sake.
func (c *Conn) decode(b []byte) *fault {
	sh := c.shared
	d := c.decoder
	if d == nil {
		if !c.acked || sh.DecoderTable > 0 {
			d = c.newDecoder()
		} else {
			if sh.decoder == nil {
				sh.decoder = hpack.NewDecoder(0, nil)
			}
			d = sh.decoder
		}
	}
	sh.fields.reset(sh.MaxHead)
	d.SetEmitFunc(func(f hpack.HeaderField) {
		if !sh.fields.add(f) {
			d.SetEmitEnabled(false)
		}
	})
	d.SetEmitEnabled(true)
	_, err := d.Write(b)
	if err == nil {
		err = d.Close()
	}
	d.SetEmitFunc(nil)
	switch {
	case err == nil:
		return nil
	case d == sh.decoder:
		sh.decoder = nil // it is in the middle of what others know nothing about
	}
	return connFault(CompressionError, "headers_coding")
}

// fields makes an event of a block: a request, or the trailers of one.
func (c *Conn) fields(b *block) (ev Event, _ *fault) {
	if fault := c.decode(b.data); fault != nil {
		return ev, fault
	}
	f := &frame{kind: frameHeaders, id: b.id}
	if b.id > c.last {
		c.last = b.id
		return c.request(b)
	}
	s := c.find(b.id)
	switch {
	case s == nil || s.Reset || s.Ended:
		return ev, c.late(s, f, "headers")
	case !b.ended, b.itself:
		return ev, streamFault(ProtocolError, "trailers")
	}
	h, ok := c.shared.fields.trailers()
	s.Ended = true
	switch {
	case !ok:
		return ev, streamFault(ProtocolError, "trailers")
	case s.declared > 0:
		return ev, streamFault(ProtocolError, "content_length")
	case c.shared.fields.truncated:
		return ev, streamFault(EnhanceYourCalm, "trailers_too_large")
	}
	return Event{Kind: Trailers, Stream: s, Ended: true, Trailers: h}, nil
}

// request makes an event of a block that begins with a stream.
func (c *Conn) request(b *block) (ev Event, _ *fault) {
	if b.id > c.limit {
		return ev, nil // after the last GOAWAY: the client asks somebody else
	}
	if len(c.streams) >= c.shared.MaxStreams {
		return ev, streamFault(RefusedStream, "too_many_streams")
	}
	r := &c.shared.request
	if b.itself || !c.shared.fields.request(r, b.ended) {
		return ev, streamFault(ProtocolError, "request_malformed")
	}
	ev = Event{Kind: Request, ID: b.id, Ended: b.ended, Request: r, TooLarge: c.shared.fields.truncated, Priority: unsaid}
	if v := r.Header["Priority"]; len(v) > 0 {
		ev.Priority = parsePriority(v[0])
	}
	if c.hint.id == b.id {
		ev.Priority = c.hint.p
	}
	return ev, nil
}
