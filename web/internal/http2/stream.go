package http2

import (
	"cmp"
	"net/http"
	"slices"

	"golang.org/x/net/http2/hpack"
)

// A Stream is one request and its response. It is a part of what its owner has for that, from
// the event that brings the request until Forget.
type Stream struct {
	ID    uint32
	Owner any

	// Ended says that the client has sent all of its request, and Reset that it, or this
	// side, has reset the stream: nothing more comes, or goes.
	Ended bool
	Reset bool

	// Unwanted says that nobody takes the rest of the body: see Discard.
	Unwanted bool

	Priority Priority

	declared int64 // bytes of the body that are still to come; -1 if that is not known
	recv     int32 // how much more the client may send
	held     int32 // what has come and was not taken
	owed     int32 // what was taken, and the client has not been told
	window   int64 // how much more it takes

	// What is to be sent, in this order. Memory of data is lent until it is empty.
	heads    [][]hpack.HeaderField
	data     [2][]byte
	trailers []hpack.HeaderField
	end      bool

	ready bool // it is in the connection's list of those that may send
	sent  bool // the end
}

// find is the stream of this ID, if there is one.
func (c *Conn) find(id uint32) *Stream {
	i, ok := slices.BinarySearchFunc(c.streams, id, func(s *Stream, id uint32) int { return cmp.Compare(s.ID, id) })
	if !ok {
		return nil
	}
	return c.streams[i]
}

// Streams are those that have not been forgotten, the oldest first. The caller must not
// change it, nor keep it.
func (c *Conn) Streams() []*Stream { return c.streams }

// Open makes s the stream of the request of this event, which must be the last one.
func (c *Conn) Open(s *Stream, ev *Event) {
	s.ID, s.Ended, s.Priority = ev.ID, ev.Ended, ev.Priority
	s.declared, s.recv, s.window = ev.Request.ContentLength, c.firstWindow(), int64(c.peerWindow)
	c.streams = append(c.streams, s)
}

// firstWindow is what a client may send on a new stream: the RFC's, until it has heard
// of another one.
func (c *Conn) firstWindow() int32 {
	if !c.acked {
		return max(initialWindow, c.shared.StreamWindow)
	}
	return c.shared.StreamWindow
}

// Head sends a head, informational or final, behind what was sent before. fields is taken over.
func (c *Conn) Head(s *Stream, fields []hpack.HeaderField) {
	if s.Reset {
		return
	}
	s.heads = append(s.heads, fields)
	c.queue(s)
}

// Data sends these bytes, a and then b, which are the connection's until Pending reports
// false, or the stream is reset.
func (c *Conn) Data(s *Stream, a, b []byte) {
	if s.Reset {
		return
	}
	s.data = [2][]byte{a, b}
	c.queue(s)
}

// End ends the response, with trailers or without.
func (c *Conn) End(s *Stream, trailers http.Header) {
	if s.Reset || s.end {
		return
	}
	s.end = true
	if len(trailers) > 0 {
		s.trailers = appendFields(nil, trailers)
	}
	c.queue(s)
}

// Pending reports whether something of what was to be sent has not been.
func (s *Stream) Pending() bool {
	return !s.Reset && (len(s.heads) > 0 || s.Unsent() > 0 || s.end && !s.sent)
}

// Blocked reports whether the client's window keeps s from sending.
func (s *Stream) Blocked() bool { return s.Unsent() > 0 && s.window <= 0 }

// Unsent is how many bytes of data have not been sent.
func (s *Stream) Unsent() int { return len(s.data[0]) + len(s.data[1]) }

// Abort resets the stream.
func (c *Conn) Abort(s *Stream, code Code) {
	if s.Reset {
		return
	}
	c.drop(s)
	if s.sent && s.Ended {
		return // both sides have ended it already
	}
	c.answers = appendRst(c.answers, s.ID, code)
	c.note(s.ID, resetByUs)
}

// drop lets nothing more of s be sent, nor taken.
func (c *Conn) drop(s *Stream) {
	s.Reset = true
	c.Discard(s)
	s.heads, s.data, s.trailers = nil, [2][]byte{}, nil
}

// Forget ends a stream whose owner is done with it: it no longer counts. A request that
// has not come whole is asked to stop (RFC 9113, section 8.1), and a response that was not
// ended is broken off.
func (c *Conn) Forget(s *Stream) {
	switch {
	case s.Reset:
	case !s.sent:
		c.Abort(s, InternalError)
	case !s.Ended:
		c.Abort(s, NoError)
	default:
		c.note(s.ID, endedByPeer)
	}
	c.drop(s)
	if i := slices.Index(c.ready, s); i >= 0 {
		c.ready = slices.Delete(c.ready, i, i+1)
	}
	if i, ok := slices.BinarySearchFunc(c.streams, s.ID, func(s *Stream, id uint32) int { return cmp.Compare(s.ID, id) }); ok {
		c.streams = slices.Delete(c.streams, i, i+1)
	}
	if len(c.streams) == 0 {
		c.streams, c.ready = nil, nil
	}
}

// Discard tells that nobody takes what is left of the body, even if it has come. It is room
// on the connection all the same, which other streams need for as long as this one lasts.
func (c *Conn) Discard(s *Stream) {
	s.Unwanted = true
	c.give(s.held)
	s.held = 0
}

// Took tells that n bytes of the body have been taken: the client may send as many more.
func (c *Conn) Took(s *Stream, n int) {
	if s.Unwanted {
		return // they were given back
	}
	s.held -= int32(n)
	c.took(s, int32(n))
}

func (c *Conn) took(s *Stream, n int32) {
	c.give(n)
	s.owed += n
	if s.Ended || s.Reset || s.owed < c.shared.StreamWindow/2 {
		return
	}
	c.answers = appendWindowUpdate(c.answers, s.ID, s.owed)
	s.recv += s.owed
	s.owed = 0
}

// give gives back room on the connection.
func (c *Conn) give(n int32) {
	if c.owed += n; c.owed < c.shared.ConnWindow/2 {
		return
	}
	c.answers = appendWindowUpdate(c.answers, 0, c.owed)
	c.recv += c.owed
	c.owed = 0
}

// How a stream has ended that is no more: what comes for it is judged by that.
const (
	endedByPeer = 1 + iota
	resetByPeer
	resetByUs
)

// note remembers how a stream has ended. Few are remembered: those for which something may
// still be on its way.
func (c *Conn) note(id uint32, how uint32) {
	for i, v := range c.past {
		if v>>2 == id>>1 {
			c.past[i] = id>>1<<2 | how
			return
		}
	}
	copy(c.past[1:], c.past[:])
	c.past[0] = id>>1<<2 | how
}

// remembered is how a stream has ended, 0 if that is not known.
func (c *Conn) remembered(id uint32) uint32 {
	for _, v := range c.past {
		if v != 0 && v>>2 == id>>1 {
			return v & 3
		}
	}
	return 0
}
