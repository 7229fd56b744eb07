package wire

import "encoding/binary"

// An Opcode says what a frame is (RFC 6455, section 5.2).
type Opcode uint8

const (
	Continuation Opcode = 0x0
	Text         Opcode = 0x1
	Binary       Opcode = 0x2
	Close        Opcode = 0x8
	Ping         Opcode = 0x9
	Pong         Opcode = 0xa
)

// Control reports whether frames of this kind may come between those of a message.
func (o Opcode) Control() bool { return o&0x8 != 0 }

func (o Opcode) known() bool { return o <= Binary || o >= Close && o <= Pong }

const (
	// MaxHeader is how many bytes a header has at most.
	MaxHeader = 14
	// MaxControl is how many bytes of payload a control frame has at most.
	MaxControl = 125

	finBit  = 0x80
	rsv1Bit = 0x40
	rsv23   = 0x30
	maskBit = 0x80
)

// A Header is what a frame begins with.
type Header struct {
	Opcode Opcode
	Fin    bool
	RSV1   bool // the message is compressed
	Masked bool
	Key    [4]byte
	Length int64
}

// Append adds the header to b. The length has the shortest of its three forms.
func (h *Header) Append(b []byte) []byte {
	first, second := byte(h.Opcode), byte(0)
	if h.Fin {
		first |= finBit
	}
	if h.RSV1 {
		first |= rsv1Bit
	}
	if h.Masked {
		second = maskBit
	}
	switch {
	case h.Length <= MaxControl:
		b = append(b, first, second|byte(h.Length))
	case h.Length <= 0xffff:
		b = binary.BigEndian.AppendUint16(append(b, first, second|126), uint16(h.Length))
	default:
		b = binary.BigEndian.AppendUint64(append(b, first, second|127), uint64(h.Length))
	}
	if h.Masked {
		b = append(b, h.Key[:]...)
	}
	return b
}

// headerSize returns how many bytes the header has whose second byte this is.
func headerSize(second byte) int {
	n := 2
	switch second &^ maskBit {
	case 126:
		n += 2
	case 127:
		n += 8
	}
	if second&maskBit != 0 {
		n += 4
	}
	return n
}

// Parse reads the header that b begins with, and returns how many bytes it has; 0 if
// b is only a part of it. What the header alone makes wrong is an error: a
// reserved bit or opcode, a length that is too long for what it says, a control frame
// that is long or fragmented.
func (h *Header) Parse(b []byte) (n int, err error) {
	if len(b) < 2 {
		return 0, nil
	}
	if err := h.first(b); err != nil {
		return 0, err
	}
	return h.rest(b)
}

// first reads the first two bytes, all but the length.
func (h *Header) first(b []byte) error {
	first, second := b[0], b[1]
	*h = Header{Opcode: Opcode(first & 0x0f), Fin: first&finBit != 0, RSV1: first&rsv1Bit != 0, Masked: second&maskBit != 0}
	switch {
	case first&rsv23 != 0:
		return violation("a reserved bit is set")
	case !h.Opcode.known():
		return violation("the opcode is reserved")
	case h.Opcode.Control() && !h.Fin:
		return violation("a control frame is fragmented")
	case h.Opcode.Control() && second&^maskBit > MaxControl:
		return violation("a control frame is too long")
	}
	return nil
}

// rest reads the length and the key.
func (h *Header) rest(b []byte) (n int, err error) {
	n = headerSize(b[1])
	if len(b) < n {
		return 0, nil
	}
	switch short := b[1] &^ maskBit; short {
	case 126:
		h.Length = int64(binary.BigEndian.Uint16(b[2:]))
		if h.Length <= MaxControl {
			return 0, violation("a length is not in its shortest form")
		}
	case 127:
		h.Length = int64(binary.BigEndian.Uint64(b[2:]))
		switch {
		case h.Length < 0:
			return 0, violation("a length has its highest bit set")
		case h.Length <= 0xffff:
			return 0, violation("a length is not in its shortest form")
		}
	default:
		h.Length = int64(short)
	}
	if h.Masked {
		copy(h.Key[:], b[n-4:])
	}
	return n, nil
}
