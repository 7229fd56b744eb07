package http2

import "encoding/binary"

// Preface is what a client begins with (RFC 9113, section 3.4).
const Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

// The types of frames.
const (
	frameData           = 0x0
	frameHeaders        = 0x1
	framePriority       = 0x2
	frameRstStream      = 0x3
	frameSettings       = 0x4
	framePushPromise    = 0x5
	framePing           = 0x6
	frameGoAway         = 0x7
	frameWindowUpdate   = 0x8
	frameContinuation   = 0x9
	framePriorityUpdate = 0x10 // RFC 9218
)

const (
	flagAck        = 0x1 // of SETTINGS and PING
	flagEndStream  = 0x1
	flagEndHeaders = 0x4
	flagPadded     = 0x8
	flagPriority   = 0x20
)

const (
	frameHeader = 9
	minFrame    = 16 << 10  // what SETTINGS_MAX_FRAME_SIZE may not be below
	maxFrame    = 1<<24 - 1 // and above
	maxWindow   = 1<<31 - 1
	maxID       = 1<<31 - 1
)

// frame is one that has come whole.
type frame struct {
	kind  uint8
	flags uint8
	id    uint32
	body  []byte
}

func (f *frame) has(flag uint8) bool { return f.flags&flag != 0 }

// frameLength is the length of the payload that follows this header.
func frameLength(b []byte) int { return int(b[0])<<16 | int(b[1])<<8 | int(b[2]) }

// parseFrame is the frame that b is, whole.
func parseFrame(b []byte) frame {
	return frame{b[3], b[4], binary.BigEndian.Uint32(b[5:]) & maxID, b[frameHeader:]}
}

// unpad takes the padding off, and returns false if there is more of it than frame.
func (f *frame) unpad() bool {
	if !f.has(flagPadded) {
		return true
	}
	if len(f.body) < 1 || int(f.body[0]) > len(f.body)-1 {
		return false
	}
	f.body = f.body[1 : len(f.body)-int(f.body[0])]
	return true
}

func appendHeader(dst []byte, n int, kind, flags uint8, id uint32) []byte {
	dst = append(dst, byte(n>>16), byte(n>>8), byte(n), kind, flags)
	return binary.BigEndian.AppendUint32(dst, id)
}

func appendRst(dst []byte, id uint32, code Code) []byte {
	dst = appendHeader(dst, 4, frameRstStream, 0, id)
	return binary.BigEndian.AppendUint32(dst, uint32(code))
}

func appendWindowUpdate(dst []byte, id uint32, n int32) []byte {
	dst = appendHeader(dst, 4, frameWindowUpdate, 0, id)
	return binary.BigEndian.AppendUint32(dst, uint32(n))
}

func appendGoAway(dst []byte, last uint32, code Code) []byte {
	dst = appendHeader(dst, 8, frameGoAway, 0, 0)
	dst = binary.BigEndian.AppendUint32(dst, last)
	return binary.BigEndian.AppendUint32(dst, uint32(code))
}

func appendPing(dst []byte, flags uint8, data []byte) []byte {
	dst = appendHeader(dst, 8, framePing, flags, 0)
	return append(dst, data...)
}

// appendBlock appends a block of fields, in as many frames as it needs.
func appendBlock(dst, block []byte, limit int, flags uint8, id uint32) []byte {
	kind := uint8(frameHeaders)
	for {
		n := min(len(block), limit)
		if n == len(block) {
			flags |= flagEndHeaders
		}
		dst = appendHeader(dst, n, kind, flags, id)
		dst = append(dst, block[:n]...)
		if block = block[n:]; len(block) == 0 {
			return dst
		}
		kind, flags = frameContinuation, 0
	}
}
