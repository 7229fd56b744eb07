package frame

import (
	"encoding/binary"
	"fmt"
	"math"
)

// Lengths is the codec of frames that begin with their length. The zero value is for
// a length of four bytes, big-endian, of what follows it.
//
// A frame on the wire is
//
//	Offset bytes | the length, Size bytes | the rest
//
// and the rest has as many bytes as the length says, plus Adjust. What a frame is to
// the program begins at Skip: with the length field itself if Skip is 0 and KeepHeader
// is set, else behind the header.
//
// A frame that is too long is an error, again and again: who is wrong about a length
// is not believed about the next.
type Lengths struct {
	// Offset is where the length field begins.
	Offset int
	// Size is how many bytes it has, from 1 to 8; 0 means 4.
	Size int
	// Order is the order of its bytes; nil means big-endian.
	Order binary.ByteOrder
	// Adjust is added to the length to get the number of bytes behind the field:
	// negative if the length counts the header too.
	Adjust int
	// KeepHeader makes the header, all before the rest, a part of the frame. An
	// encoder then expects it there, and fills in the length.
	KeepHeader bool
	// Skip is how many bytes of the frame, with KeepHeader from the very beginning,
	// are dropped.
	Skip int
	// Max is how long the rest may be, in bytes; 0 is DefaultMax.
	Max int
}

func (l *Lengths) size() int {
	if l.Size <= 0 {
		return 4
	}
	return min(l.Size, 8)
}

func (l *Lengths) header() int { return l.Offset + l.size() }

// Decode makes it a Decoder.
func (l *Lengths) Decode(data []byte, _ bool) (frame []byte, used int, err error) {
	header := l.header()
	if len(data) < header {
		return nil, 0, ErrMore
	}
	length := l.get(data[l.Offset:header])
	rest, ok := add(length, l.Adjust)
	switch {
	case !ok:
		return nil, 0, fmt.Errorf("rondo/frame: a length of %d, adjusted by %d, is impossible", length, l.Adjust)
	case rest > uint64(maxOr(l.Max)):
		return nil, 0, &TooLongError{Max: maxOr(l.Max), Length: rest}
	case uint64(len(data)-header) < rest:
		return nil, 0, ErrMore
	}
	used = header + int(rest)
	from := header
	if l.KeepHeader {
		from = 0
	}
	return data[min(from+max(l.Skip, 0), used):used], used, nil
}

// Append makes it an Encoder. Without KeepHeader, the bytes before the length field are
// zero. It can't make up for what Skip drops, and does not look at it.
func (l *Lengths) Append(dst, frame []byte) ([]byte, error) {
	header := l.header()
	n := len(dst)
	if !l.KeepHeader {
		dst = append(dst, make([]byte, header)...)
	} else if len(frame) < header {
		return dst, fmt.Errorf("rondo/frame: a frame of %d bytes has no room for the header of %d", len(frame), header)
	}
	dst = append(dst, frame...)
	rest := len(dst) - n - header
	if rest > maxOr(l.Max) {
		return dst[:n], &TooLongError{Max: maxOr(l.Max), Length: uint64(rest)}
	}
	length, ok := add(uint64(rest), -l.Adjust)
	if !ok || l.size() < 8 && length>>(8*l.size()) != 0 {
		return dst[:n], fmt.Errorf("rondo/frame: a length of %d, adjusted by %d, does not fit into %d bytes", rest, -l.Adjust, l.size())
	}
	l.put(dst[n+l.Offset:n+header], length)
	return dst, nil
}

// add returns n + d, unless that is negative or too large for an int.
func add(n uint64, d int) (uint64, bool) {
	if n > math.MaxInt64 {
		return 0, false
	}
	sum := int64(n) + int64(d)
	if d > 0 && sum < int64(n) {
		return 0, false
	}
	return uint64(sum), sum >= 0
}

func (l *Lengths) little() bool {
	return l.Order != nil && l.Order.Uint16([]byte{1, 0}) == 1
}

// get reads a field of any size.
func (l *Lengths) get(field []byte) (v uint64) {
	for i := range field {
		if l.little() {
			i = len(field) - 1 - i
		}
		v = v<<8 | uint64(field[i])
	}
	return v
}

func (l *Lengths) put(field []byte, v uint64) {
	for i := range field {
		if !l.little() {
			i = len(field) - 1 - i
		}
		field[i] = byte(v)
		v >>= 8
	}
}
