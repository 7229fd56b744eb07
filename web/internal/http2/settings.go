package http2

import "encoding/binary"

// The settings (RFC 9113, section 6.5.2, and RFC 9218, section 2.1).
const (
	settingTableSize     = 0x1
	settingEnablePush    = 0x2
	settingMaxStreams    = 0x3
	settingInitialWindow = 0x4
	settingMaxFrame      = 0x5
	settingMaxHeadSize   = 0x6
	settingNoPriorities  = 0x9
)

// What holds until a setting says otherwise.
const (
	initialWindow = 65535
	initialTable  = 4096
)

// A Config is what a server allows its clients. Its zero value is not valid: see Fill.
type Config struct {
	MaxStreams   int    // of one connection
	MaxHead      int    // the size of the fields of a request, as RFC 9113, section 10.5.1, counts
	MaxFrame     int    // the payload of a frame
	ConnWindow   int32  // bytes of bodies that may be on their way on a connection
	StreamWindow int32  // and of one
	DecoderTable uint32 // the client's table of fields; 0 is none
	EncoderTable uint32 // ours
}

// The limits of a Config that sets none.
const (
	DefaultMaxStreams   = 250
	DefaultConnWindow   = 1 << 20
	DefaultStreamWindow = 256 << 10
	largestTable        = 4 << 20
	largestWindow       = 4 << 20
	largestFrame        = 16<<20 - 1
)

// Fill puts defaults in the place of what is not set or not valid.
func (c *Config) Fill() {
	if c.MaxStreams <= 0 {
		c.MaxStreams = DefaultMaxStreams
	}
	if c.MaxFrame < minFrame || c.MaxFrame > largestFrame {
		c.MaxFrame = minFrame
	}
	if c.ConnWindow < initialWindow || c.ConnWindow > largestWindow {
		c.ConnWindow = DefaultConnWindow
	}
	if c.StreamWindow <= 0 || c.StreamWindow > largestWindow {
		c.StreamWindow = DefaultStreamWindow
	}
	if c.DecoderTable > largestTable {
		c.DecoderTable = 0
	}
	if c.EncoderTable > largestTable {
		c.EncoderTable = 0
	}
}

// appendSettings appends the server's part of the preface: its settings, and a larger window
// for the connection.
func (c *Config) appendSettings(dst []byte) []byte {
	settings := [...]struct {
		id    uint16
		value uint32
	}{
		{settingTableSize, c.DecoderTable},
		{settingMaxStreams, uint32(c.MaxStreams)},
		{settingInitialWindow, uint32(c.StreamWindow)},
		{settingMaxFrame, uint32(c.MaxFrame)},
		{settingMaxHeadSize, uint32(c.MaxHead)},
		{settingNoPriorities, 1},
	}
	dst = appendHeader(dst, 6*len(settings), frameSettings, 0, 0)
	for _, s := range settings {
		dst = binary.BigEndian.AppendUint16(dst, s.id)
		dst = binary.BigEndian.AppendUint32(dst, s.value)
	}
	if more := c.ConnWindow - initialWindow; more > 0 {
		dst = appendWindowUpdate(dst, 0, more)
	}
	return dst
}

// settings takes the client's settings.
func (c *Conn) settings(f *frame) *fault {
	switch {
	case f.id != 0:
		return connFault(ProtocolError, "settings_stream")
	case f.has(flagAck):
		if len(f.body) > 0 {
			return connFault(FrameSizeError, "settings_ack_size")
		}
		c.settled()
		return nil
	case len(f.body)%6 != 0:
		return connFault(FrameSizeError, "settings_size")
	}
	before := c.peerWindow
	for b := f.body; len(b) > 0; b = b[6:] {
		if fault := c.setting(binary.BigEndian.Uint16(b), binary.BigEndian.Uint32(b[2:])); fault != nil {
			return fault
		}
	}
	if fault := c.moveWindows(int64(c.peerWindow) - int64(before)); fault != nil {
		return fault
	}
	c.answers = appendHeader(c.answers, 0, frameSettings, flagAck, 0)
	return nil
}

func (c *Conn) setting(id uint16, v uint32) *fault {
	switch id {
	case settingTableSize:
		c.peerTable = v
		if c.encoder != nil {
			c.encoder.SetMaxDynamicTableSizeLimit(v)
		}
		if v == 0 {
			c.encoder, c.sized = nil, false
		}
	case settingEnablePush:
		if v > 1 {
			return connFault(ProtocolError, "setting_enable_push")
		}
	case settingInitialWindow:
		if v > maxWindow {
			return connFault(FlowControlError, "setting_initial_window")
		}
		c.peerWindow = int32(v)
	case settingMaxFrame:
		if v < minFrame || v > maxFrame {
			return connFault(ProtocolError, "setting_max_frame")
		}
		c.peerFrame = v
	case settingNoPriorities:
		if v > 1 {
			return connFault(ProtocolError, "setting_no_priorities")
		}
	}
	return nil
}

// moveWindows gives all streams so much more, or less, to send. A frame does so once, however
// often it says how much: otherwise each of its settings would cost a walk over all streams.
func (c *Conn) moveWindows(delta int64) *fault {
	if delta == 0 {
		return nil
	}
	for _, s := range c.streams {
		if s.Reset {
			continue
		}
		if s.window+delta > maxWindow {
			return connFault(FlowControlError, "setting_window_overflow")
		}
		s.window += delta
		c.queue(s)
	}
	return nil
}

// settled is called when the client has heard of the server's settings.
func (c *Conn) settled() {
	if c.acked {
		return
	}
	c.acked = true
	if less := initialWindow - c.shared.StreamWindow; less > 0 {
		for _, s := range c.streams {
			s.recv -= less
		}
	}
	switch size := c.shared.DecoderTable; {
	case size == 0:
		c.decoder = nil // the next block begins with an update that empties its table
	case c.decoder != nil && size < initialTable:
		c.decoder.SetMaxDynamicTableSize(size)
		c.decoder.SetAllowedMaxDynamicTableSize(size)
	}
}
