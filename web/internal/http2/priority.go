package http2

import (
	"encoding/binary"
	"strings"
)

// A Priority says who comes first (RFC 9218): the lowest urgency, and within it one response
// after the other, unless they are incremental, and share what there is.
type Priority struct {
	Urgency     uint8 // 0 to 7
	Incremental bool
}

// unsaid is what holds for those whose client has not said anything: they share. The RFC
// would have them wait for each other, which suits pages, and not calls that last.
var unsaid = Priority{3, true}

// hint is a priority that was told before its stream has begun.
type hint struct {
	id uint32
	p  Priority
}

// parsePriority reads the value of a priority field, a dictionary of structured fields
// (RFC 9651): the parameters u and i, and nothing else that is known. What is not
// understood is as if it was not there.
func parsePriority(v string) Priority {
	p := Priority{Urgency: 3}
	for member := range strings.SplitSeq(v, ",") {
		member, _, _ = strings.Cut(member, ";")
		key, value, has := strings.Cut(strings.Trim(member, " \t"), "=")
		switch {
		case key == "u" && len(value) == 1 && value[0] >= '0' && value[0] <= '7':
			p.Urgency = value[0] - '0'
		case key == "i" && (!has || value == "?1"):
			p.Incremental = true
		case key == "i" && value == "?0":
			p.Incremental = false
		}
	}
	return p
}

// priorityUpdate takes a PRIORITY_UPDATE (RFC 9218, section 7.1).
func (c *Conn) priorityUpdate(f *frame) *fault {
	switch {
	case f.id != 0:
		return connFault(ProtocolError, "priority_update_stream")
	case len(f.body) < 4:
		return connFault(FrameSizeError, "priority_update_size")
	}
	id := binary.BigEndian.Uint32(f.body) & maxID
	if id == 0 {
		return connFault(ProtocolError, "priority_update_zero")
	}
	if fault := c.waste(); fault != nil {
		return fault
	}
	p := parsePriority(string(f.body[4:min(len(f.body), 4+64)]))
	if s := c.find(id); s != nil {
		s.Priority = p
	} else if c.idle(id) {
		c.hint = hint{id, p}
	}
	return nil
}

// priority takes a PRIORITY of RFC 7540, which says nothing any more, but has to be one.
func (c *Conn) priority(f *frame) *fault {
	switch {
	case f.id == 0:
		return connFault(ProtocolError, "priority_stream")
	case len(f.body) != 5:
		if c.idle(f.id) {
			return connFault(FrameSizeError, "priority_size") // there is nothing to reset
		}
		return streamFault(FrameSizeError, "priority_size")
	}
	if fault := c.waste(); fault != nil {
		return fault
	}
	return c.dependsOnItself(f.id, f.body)
}

func (c *Conn) dependsOnItself(id uint32, b []byte) *fault {
	switch {
	case binary.BigEndian.Uint32(b)&maxID != id:
		return nil
	case c.idle(id):
		return connFault(ProtocolError, "priority_self")
	}
	return streamFault(ProtocolError, "priority_self")
}
