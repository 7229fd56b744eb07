package loadgen

import (
	"bytes"
	"errors"
	"fmt"
)

var (
	errHead   = errors.New("what came back is no HTTP/1.1 response")
	errLength = errors.New("response tells no length")
	errBody   = errors.New("body differs from what is wanted")
)

// A reply is how far the response to one request has come. It knows as much of
// HTTP/1.1 as it takes to find where a response ends, by Content-Length or in chunks,
// and whether it is the one that is wanted: status 200 and a certain body. It keeps no
// bytes, so that a response may come in any parts and nothing is allocated.
type reply struct {
	state   replyState
	at      uint8 // bytes of a name or of a fixed text that have matched
	field   uint8 // header fields that the name may still be
	chunked bool
	length  bool   // there was a Content-Length
	number  uint32 // a status or length as far as read; then what is left of a body or chunk
	body    uint32 // bytes of the body that have come
}

type replyState uint8

const (
	inVersion replyState = iota
	inStatus
	inReason
	inName
	inLength
	inCoding
	inOther
	inBody
	inChunkSize
	inChunkNote // what may follow the size, up to the line's end
	inChunk
	afterChunk
	inTrailer
	whole
)

const (
	version  = "HTTP/1.1 "
	lengthOf = "content-length"
	codingOf = "transfer-encoding"
	chunked  = "chunked"

	fieldLength, fieldCoding = 1, 2
)

// take takes more bytes of a response whose body should be want. It returns the bytes
// behind the response, which there are only if it is whole.
func (r *reply) take(b []byte, want string) (rest []byte, err error) {
	for len(b) > 0 && r.state != whole {
		switch r.state {
		case inBody, inChunk:
			n := min(len(b), int(r.number))
			if int(r.body)+n > len(want) || string(b[:n]) != want[r.body:][:n] {
				return nil, errBody
			}
			b, r.number, r.body = b[n:], r.number-uint32(n), r.body+uint32(n)
			if r.number == 0 {
				if r.state == inChunk {
					r.state = afterChunk
				} else {
					r.state = whole
				}
			}
		case inReason, inOther, inChunkNote:
			// Nothing of interest before the line's end.
			i := bytes.IndexByte(b, '\n')
			if i < 0 {
				return nil, nil
			}
			b = b[i+1:]
			if err := r.line(); err != nil {
				return nil, err
			}
		default:
			if err := r.byte(b[0]); err != nil {
				return nil, err
			}
			b = b[1:]
		}
	}
	if r.state == whole && int(r.body) != len(want) {
		return nil, errBody
	}
	return b, nil
}

// byte takes one byte of a line.
func (r *reply) byte(c byte) error {
	switch r.state {
	case inVersion:
		if c != version[r.at] {
			return errHead
		}
		if r.at++; int(r.at) == len(version) {
			r.state, r.number = inStatus, 0
		}
	case inStatus:
		switch {
		case c >= '0' && c <= '9' && r.number < 100:
			r.number = r.number*10 + uint32(c-'0')
		case r.number != 200:
			return fmt.Errorf("status %d", r.number)
		case c == '\n':
			return r.line()
		case c == ' ', c == '\r':
			r.state = inReason
		default:
			return errHead
		}
	case inName:
		return r.name(c)
	case inLength:
		switch {
		case c >= '0' && c <= '9' && r.number < 1e8:
			r.number = r.number*10 + uint32(c-'0')
			r.length = true
		case c == '\n':
			return r.line()
		case c != ' ' && c != '\t' && c != '\r':
			return errHead
		}
	case inCoding:
		switch {
		case int(r.at) < len(chunked) && c|0x20 == chunked[r.at]:
			if r.at++; int(r.at) == len(chunked) {
				r.chunked, r.state = true, inOther
			}
		case c == '\n' || c != ' ' && c != '\t':
			return fmt.Errorf("%w: a transfer coding that is not chunked", errHead)
		}
	case inChunkSize:
		digit := hex(c)
		switch {
		case digit < 16 && r.number < 1<<24:
			r.number, r.at = r.number<<4|digit, 1
		case r.at == 0:
			return errHead
		case c == '\n':
			return r.line()
		case c == '\r', c == ';', c == ' ':
			r.state = inChunkNote
		default:
			return errHead
		}
	case afterChunk:
		if c != "\r\n"[r.at] {
			return errHead
		}
		if r.at++; r.at == 2 {
			r.state, r.number, r.at = inChunkSize, 0, 0
		}
	case inTrailer:
		// at is how many bytes its line has, up to one that is not for its end.
		switch c {
		case '\r':
		case '\n':
			if r.at == 0 {
				r.state = whole
			}
			r.at = 0
		default:
			r.at = 1
		}
	}
	return nil
}

// name takes one byte of a header field's name, or of the empty line after the last.
func (r *reply) name(c byte) error {
	if c == '\r' {
		return nil
	}
	if c == '\n' {
		return r.ended()
	}
	if c == ':' {
		switch {
		case r.field&fieldLength != 0 && int(r.at) == len(lengthOf):
			r.state, r.number = inLength, 0
		case r.field&fieldCoding != 0 && int(r.at) == len(codingOf):
			r.state, r.at = inCoding, 0
		default:
			r.state = inOther
		}
		return nil
	}
	if int(r.at) >= len(lengthOf) || c|0x20 != lengthOf[r.at] {
		r.field &^= fieldLength
	}
	if int(r.at) >= len(codingOf) || c|0x20 != codingOf[r.at] {
		r.field &^= fieldCoding
	}
	if r.at++; r.field == 0 {
		r.state = inOther
	}
	return nil
}

// line is at the end of a line.
func (r *reply) line() error {
	switch r.state {
	case inLength:
		if !r.length {
			return errHead
		}
		r.body = r.number // kept there until the head ends
		fallthrough
	case inReason, inStatus, inCoding, inOther:
		r.state, r.at, r.field = inName, 0, fieldLength|fieldCoding
	case inChunkSize, inChunkNote:
		r.state = inChunk
		if r.number == 0 {
			r.state = inTrailer
		}
		r.at = 0
	}
	return nil
}

// ended is at the end of the head.
func (r *reply) ended() error {
	r.number, r.body = r.body, 0
	switch {
	case r.at != 0:
		return errHead
	case r.chunked:
		r.state, r.number = inChunkSize, 0
	case !r.length:
		return errLength
	case r.number == 0:
		r.state = whole
	default:
		r.state = inBody
	}
	return nil
}

// hex is the value of a digit, or 16.
func hex(c byte) uint32 {
	switch {
	case c >= '0' && c <= '9':
		return uint32(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return uint32(c|0x20-'a') + 10
	}
	return 16
}
