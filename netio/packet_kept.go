package netio

import (
	"bytes"
	"os"
	"slices"

	"rondo.dev/rondo/driver"
)

// A datagram is a message that was received and put back. Where the losers' messages
// are lined up, their order is that in which they came.
type datagram struct {
	data         []byte
	from         driver.Addr
	truncated    bool
	trafficClass uint8
	segmentSize  int
	files        []*os.File
}

// putBack keeps what x has received for the next receive.
func (c *PacketConn) putBack(x *transfer) {
	switch {
	case x.outcome == failed && c.failed == nil:
		c.failed = x.err
		return
	case x.outcome != gotBytes:
		return // the end of a connection stays where it is
	}
	var back []datagram
	switch {
	case x.batched:
		for i := range x.n {
			back = append(back, x.many[i].giveBack())
		}
	case x.one != nil:
		back = append(back, x.one.giveBack())
	default:
		back = append(back, datagram{
			data:      bytes.Clone(x.buf[:x.n]),
			from:      x.msg.Addr,
			truncated: x.msg.RecvFlags&msgTrunc != 0,
		})
	}
	c.kept = slices.Concat(back, c.kept)
	if c.closing != nil {
		c.dropKept() // nobody can receive it any more
	}
}

// giveBack takes out of m what it has received.
func (m *Message) giveBack() datagram {
	d := datagram{
		data:         bytes.Clone(m.Buf[:m.N]),
		from:         driver.Addr{AddrPort: m.Addr, Path: m.Path},
		truncated:    m.Truncated,
		trafficClass: m.TrafficClass,
		segmentSize:  m.SegmentSize,
		files:        m.Files,
	}
	m.Files = nil
	return d
}

// serve ends the receive whose turn it is with what was put back, if anything.
func (c *PacketConn) serve(x *transfer) bool {
	switch {
	case c.failed != nil && len(c.kept) == 0:
		x.fail(c.failed)
		c.failed = nil
		return true
	case len(c.kept) == 0:
		return false
	case x.batched:
		for x.n < len(x.many) && len(c.kept) > 0 {
			d := c.takeKept()
			d.fill(&x.many[x.n])
			x.n++
		}
	case x.one != nil:
		d := c.takeKept()
		d.fill(x.one)
		x.n = x.one.N
	default:
		d := c.takeKept()
		var m Message
		m.Buf = x.buf
		d.fill(&m)
		x.n, x.msg.Addr, x.msg.RecvFlags = m.N, d.from, 0
		if m.Truncated {
			x.msg.RecvFlags = msgTrunc
		}
	}
	x.outcome = gotBytes
	return true
}

func (c *PacketConn) takeKept() datagram {
	d := c.kept[0]
	c.kept[0] = datagram{}
	if c.kept = c.kept[1:]; len(c.kept) == 0 {
		c.kept = nil
	}
	return d
}

// fill is what receiving d into m would have done.
func (d *datagram) fill(m *Message) {
	m.N = copy(m.Buf, d.data)
	m.Addr, m.Path = d.from.AddrPort, d.from.Path
	m.TrafficClass, m.SegmentSize = d.trafficClass, d.segmentSize
	tooMany := m.fitFiles(d.files)
	m.Truncated = d.truncated || m.N < len(d.data) || tooMany
}

// dropKept forgets what was put back.
func (c *PacketConn) dropKept() {
	for i := range c.kept {
		closeFiles(c.kept[i].files)
	}
	c.kept, c.failed = nil, nil
}
