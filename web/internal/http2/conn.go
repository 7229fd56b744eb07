package http2

import (
	"bytes"
	"encoding/binary"
	"net/http"

	"golang.org/x/net/http2/hpack"
)

// Shared is what all connections of one loop have in common: what they are told to allow,
// and memory that is used by one at a time.
type Shared struct {
	Config

	decoder *hpack.Decoder // without a table
	encoder *hpack.Encoder // likewise
	block   bytes.Buffer   // that an encoder writes
	fields  fieldList
	request http.Request // of the last event
}

// NewShared returns one for this config, which Fill has been called on.
func NewShared(config Config) *Shared {
	sh := &Shared{Config: config}
	sh.encoder = hpack.NewEncoder(&sh.block)
	sh.encoder.SetMaxDynamicTableSizeLimit(0)
	// Each connection says for itself that there is no table: see appendFields.
	sh.encoder.WriteField(hpack.HeaderField{Name: ":status", Value: "200"})
	sh.block.Reset()
	return sh
}

// A Conn is a connection. While no stream is open it holds no memory but its own, and at
// most the beginning of a frame.
type Conn struct {
	shared  *Shared
	part    []byte         // of a frame that has not come whole
	block   *block         // of fields, in pieces
	answers []byte         // frames that are sent before those of streams
	streams []*Stream      // by ID
	ready   []*Stream      // that may send something
	decoder *hpack.Decoder // with a table: the client's, until it has heard that there is none
	encoder *hpack.Encoder // likewise
	window  int64          // how much the client takes on the connection
	recv    int32          // how much it may send
	owed    int32          // what was taken, and it has not been told
	last    uint32         // the highest ID that the client has used
	limit   uint32         // of those that are served, once a last GOAWAY is out
	past    [16]uint32     // see note
	hint    hint           // of a stream that has not begun

	peerWindow int32
	peerFrame  uint32
	peerTable  uint32

	useless   int32 // frames to no purpose since the last Calm
	prefaced  uint8 // bytes of the preface that have come
	begun     bool  // the client's settings have come
	acked     bool  // it knows the server's
	sized     bool  // the table of the encoder has been announced
	leaving   bool  // a last GOAWAY is out
	broken    bool  // nothing can follow
	pingWaits bool
	moved     bool // data was sent or received since the last ping
}

// NewConn returns a connection that has yet to receive the preface. The server's own is
// ready to be sent.
func NewConn(sh *Shared) *Conn {
	c := &Conn{shared: sh, window: initialWindow, recv: sh.ConnWindow, limit: maxID,
		peerWindow: initialWindow, peerFrame: minFrame, peerTable: initialTable}
	c.answers = sh.appendSettings(nil)
	return c
}

// Kind is what an Event is about.
type Kind uint8

// The kinds of events.
const (
	Nothing  Kind = iota // more has to come
	Request              // a new request, whose stream is to be opened, or refused by ignoring it
	Data                 // a part of a body, which may be empty
	Trailers             // the end of a body, with fields
	Reset                // the client has reset a stream, or made a mistake there that it was reset for
	Pong                 // the answer to Ping
)

// An Event is what has come.
type Event struct {
	Kind     Kind
	Stream   *Stream // of all but Request and Pong
	Ended    bool    // the request is complete with this
	Code     Code    // of Reset
	Data     []byte  // until the next call of Next
	Trailers http.Header

	// Of Request. The request is to be copied before the next call of Next.
	ID       uint32
	Request  *http.Request
	Priority Priority
	TooLarge bool // it has more fields than is allowed, and not all are there
}

// Next returns the next event of what has arrived, in, and takes off what it has used.
// Nothing says that all was used.
func (c *Conn) Next(in *[]byte) (Event, error) {
	for !c.broken {
		f, ok, fault := c.frame(in)
		if fault == nil && !ok {
			return Event{}, nil
		}
		var ev Event
		if fault == nil {
			ev, fault = c.handle(&f)
		}
		if fault != nil {
			if !fault.stream {
				return Event{}, c.fail(fault)
			}
			if ev, fault = c.offend(f.id, fault); fault != nil {
				return Event{}, c.fail(fault)
			}
		}
		if ev.Kind != Nothing {
			return ev, nil
		}
	}
	return Event{}, nil
}

// fail ends the connection.
func (c *Conn) fail(f *fault) error {
	c.GoAway(f.code)
	c.broken = true
	c.part, c.block = nil, nil
	return &Error{f.code, f.reason}
}

// offend resets the stream that a client has made a mistake on.
func (c *Conn) offend(id uint32, f *fault) (Event, *fault) {
	if fault := c.waste(); fault != nil {
		return Event{}, fault
	}
	s := c.find(id)
	if s == nil || s.Reset {
		c.answers = appendRst(c.answers, id, f.code)
		c.note(id, resetByUs)
		return Event{}, nil
	}
	c.Abort(s, f.code)
	return Event{Kind: Reset, Stream: s, Code: f.code}, nil
}

// frame returns the next frame, if it has come whole, and keeps what has come of it if not.
// A frame in pieces is put together in memory of its own.
func (c *Conn) frame(in *[]byte) (f frame, ok bool, _ *fault) {
	if int(c.prefaced) < len(Preface) {
		n := min(len(*in), len(Preface)-int(c.prefaced))
		if string((*in)[:n]) != Preface[c.prefaced:int(c.prefaced)+n] {
			return f, false, connFault(ProtocolError, "preface")
		}
		*in = (*in)[n:]
		if c.prefaced += uint8(n); int(c.prefaced) < len(Preface) {
			return f, false, nil
		}
	}
	if len(c.part) == 0 {
		b := *in
		if len(b) >= frameHeader {
			n := frameLength(b)
			if n > c.shared.MaxFrame {
				return f, false, connFault(FrameSizeError, "frame_too_large")
			}
			if len(b) >= frameHeader+n {
				*in = b[frameHeader+n:]
				return parseFrame(b[: frameHeader+n : frameHeader+n]), true, nil
			}
		}
	}
	for len(*in) > 0 {
		want := frameHeader
		if len(c.part) >= frameHeader {
			want += frameLength(c.part)
		}
		n := min(len(*in), want-len(c.part))
		c.part = append(c.part, (*in)[:n]...)
		*in = (*in)[n:]
		if len(c.part) < frameHeader {
			continue
		}
		if frameLength(c.part) > c.shared.MaxFrame {
			return f, false, connFault(FrameSizeError, "frame_too_large")
		}
		if len(c.part) == frameHeader+frameLength(c.part) {
			whole := c.part
			c.part = nil
			return parseFrame(whole), true, nil
		}
	}
	return f, false, nil
}

// handle makes an event of a frame, if it is one.
func (c *Conn) handle(f *frame) (ev Event, _ *fault) {
	if !c.begun {
		if f.kind != frameSettings || f.has(flagAck) {
			return ev, connFault(ProtocolError, "first_settings")
		}
		c.begun = true
	}
	if c.block != nil {
		if f.kind != frameContinuation || f.id != c.block.id {
			return ev, connFault(ProtocolError, "continuation_expected")
		}
		return c.continuation(f)
	}
	switch f.kind {
	case frameData:
		return c.data(f)
	case frameHeaders:
		return c.headers(f)
	case framePriority:
		return ev, c.priority(f)
	case frameRstStream:
		return c.rstStream(f)
	case frameSettings:
		if fault := c.waste(); fault != nil {
			return ev, fault
		}
		return ev, c.settings(f)
	case framePing:
		return c.ping(f)
	case frameGoAway:
		return ev, c.goAway(f)
	case frameWindowUpdate:
		return ev, c.windowUpdate(f)
	case framePriorityUpdate:
		return ev, c.priorityUpdate(f)
	case framePushPromise:
		return ev, connFault(ProtocolError, "push_promise")
	case frameContinuation:
		return ev, connFault(ProtocolError, "continuation_unexpected")
	}
	return ev, c.waste() // of a type that is not known
}

// The budget of frames that a client may send to no purpose between two calls of Calm:
// resets, pings, settings, empty data, and what is not known. A client with so many of them
// a second is at nothing good. One ping beside data is to a purpose: clients measure the round
// trip by it.
const budget = 1000

func (c *Conn) waste() *fault {
	if c.useless++; c.useless > budget {
		return connFault(EnhanceYourCalm, "flood")
	}
	return nil
}

// Calm gives the client its budget back.
func (c *Conn) Calm() { c.useless = 0 }

func (c *Conn) data(f *frame) (ev Event, _ *fault) {
	size := int32(len(f.body))
	if f.id == 0 {
		return ev, connFault(ProtocolError, "data_stream")
	}
	if !f.unpad() {
		return ev, connFault(ProtocolError, "data_padding")
	}
	if size > c.recv {
		return ev, connFault(FlowControlError, "data_window")
	}
	s := c.find(f.id)
	if s == nil && c.idle(f.id) {
		return ev, connFault(ProtocolError, "data_idle")
	}
	c.recv -= size
	if s == nil || s.Reset || s.Ended {
		c.give(size)
		return ev, c.late(s, f, "data")
	}
	if size > s.recv {
		c.give(size)
		return ev, streamFault(FlowControlError, "data_stream_window")
	}
	s.recv -= size
	n := int32(len(f.body))
	s.held += n
	if padding := size - n; padding > 0 {
		c.took(s, padding)
	}
	s.Ended = f.has(flagEndStream)
	if n == 0 && !s.Ended {
		return ev, c.waste()
	}
	c.moved = c.moved || n > 0
	if s.declared >= 0 {
		if s.declared -= int64(n); s.declared < 0 || s.Ended && s.declared > 0 {
			return ev, streamFault(ProtocolError, "content_length")
		}
	}
	if s.Unwanted {
		c.Discard(s)
		f.body = nil
	}
	return Event{Kind: Data, Stream: s, Data: f.body, Ended: s.Ended}, nil
}

// idle reports whether no stream of this ID has been yet. The server opens none.
func (c *Conn) idle(id uint32) bool { return id&1 == 0 || id > c.last }

// late judges a frame for a stream on which the client must not send any more. What was on
// its way when this side has reset it is no mistake.
func (c *Conn) late(s *Stream, f *frame, what string) *fault {
	if fault := c.waste(); fault != nil {
		return fault
	}
	how := c.remembered(f.id)
	switch {
	case how == resetByUs, f.id > c.limit:
		return nil
	case s != nil && s.Reset, how == resetByPeer:
		return streamFault(StreamClosed, what+"_after_reset")
	case s == nil && how == endedByPeer && f.kind == frameHeaders:
		return connFault(StreamClosed, what+"_after_end")
	case s == nil && f.kind == frameHeaders:
		return connFault(ProtocolError, "stream_id")
	}
	return streamFault(StreamClosed, what+"_after_end")
}

func (c *Conn) rstStream(f *frame) (ev Event, _ *fault) {
	switch {
	case f.id == 0:
		return ev, connFault(ProtocolError, "rst_stream")
	case len(f.body) != 4:
		return ev, connFault(FrameSizeError, "rst_size")
	case c.idle(f.id):
		return ev, connFault(ProtocolError, "rst_idle")
	}
	if fault := c.waste(); fault != nil {
		return ev, fault
	}
	c.note(f.id, resetByPeer)
	s := c.find(f.id)
	if s == nil || s.Reset {
		return ev, nil
	}
	c.drop(s)
	return Event{Kind: Reset, Stream: s, Code: Code(binary.BigEndian.Uint32(f.body))}, nil
}

func (c *Conn) ping(f *frame) (ev Event, _ *fault) {
	switch {
	case f.id != 0:
		return ev, connFault(ProtocolError, "ping_stream")
	case len(f.body) != 8:
		return ev, connFault(FrameSizeError, "ping_size")
	case f.has(flagAck):
		if !c.pingWaits || string(f.body) != pingData {
			return ev, c.waste()
		}
		c.pingWaits = false
		return Event{Kind: Pong}, nil
	}
	if !c.moved {
		if fault := c.waste(); fault != nil {
			return ev, fault
		}
	}
	c.moved = false
	c.answers = appendPing(c.answers, flagAck, f.body)
	return ev, nil
}

const pingData = "rondo.." + "\x00"

// Ping asks the client whether it is there; Pong is the answer.
func (c *Conn) Ping() {
	if !c.pingWaits {
		c.pingWaits = true
		c.answers = appendPing(c.answers, 0, []byte(pingData))
	}
}

func (c *Conn) goAway(f *frame) *fault {
	switch {
	case f.id != 0:
		return connFault(ProtocolError, "goaway_stream")
	case len(f.body) < 8:
		return connFault(FrameSizeError, "goaway_size")
	}
	return c.waste() // the client opens no more streams; those that there are go on
}

func (c *Conn) windowUpdate(f *frame) *fault {
	if len(f.body) != 4 {
		return connFault(FrameSizeError, "window_update_size")
	}
	n := int64(binary.BigEndian.Uint32(f.body) & maxWindow)
	if f.id == 0 {
		switch c.window += n; {
		case n == 0:
			return connFault(ProtocolError, "window_update_zero")
		case c.window > maxWindow:
			return connFault(FlowControlError, "window_overflow")
		}
		return nil
	}
	if c.idle(f.id) {
		return connFault(ProtocolError, "window_update_idle")
	}
	s := c.find(f.id)
	if s == nil || s.Reset {
		return c.waste() // it may have been on its way
	}
	switch s.window += n; {
	case n == 0:
		return streamFault(ProtocolError, "window_update_zero")
	case s.window > maxWindow:
		return streamFault(FlowControlError, "stream_window_overflow")
	}
	c.queue(s)
	return nil
}

// Drain tells the client to open no more streams; those that are on their way are served
// (RFC 9113, section 6.8). GoAway is to follow when they must have come.
func (c *Conn) Drain() { c.answers = appendGoAway(c.answers, maxID, NoError) }

// GoAway tells the client which streams were served, for good: no others are.
func (c *Conn) GoAway(code Code) {
	if c.broken || c.leaving && code == NoError {
		return
	}
	c.leaving = true
	c.limit = min(c.limit, c.last)
	c.answers = appendGoAway(c.answers, c.limit, code)
}

// Begun reports whether the client's preface is complete, and Partial whether a part of a
// frame has come, or of a block of fields.
func (c *Conn) Begun() bool   { return c.begun }
func (c *Conn) Partial() bool { return len(c.part) > 0 || c.block != nil }

// Used reports whether there has been a request.
func (c *Conn) Used() bool { return c.last > 0 }

// Rest gives up memory that a connection without streams can do without.
func (c *Conn) Rest() {
	if len(c.answers) == 0 {
		c.answers = nil
	}
	c.encoder, c.sized = nil, false
}
