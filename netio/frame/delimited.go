package frame

import (
	"bytes"
	"errors"
)

// errSplits is the error of an encoder for a frame that would be read as several.
var errSplits = errors.New("rondo/frame: the frame has a delimiter in it")

// Delimited is the codec of frames between delimiters, without them. The last frame
// needs none. A frame that is too long is an error, once, and those behind it can be
// read.
type Delimited struct {
	// Delimiter ends a frame: one byte or more.
	Delimiter string
	// Max is how long a frame may be, in bytes; 0 is DefaultMax.
	Max int

	skipping bool
}

// NewDelimited returns the codec of frames of at most max bytes that end with
// delimiter. It panics if that is empty.
func NewDelimited(delimiter string, max int) *Delimited {
	if delimiter == "" {
		panic("rondo/frame: the delimiter is empty")
	}
	return &Delimited{Delimiter: delimiter, Max: max}
}

// Decode makes it a Decoder.
func (d *Delimited) Decode(data []byte, end bool) (frame []byte, used int, err error) {
	frame, used, err = cut(data, end, d.Delimiter, maxOr(d.Max), &d.skipping)
	if err == ErrTooLong {
		err = &TooLongError{Max: maxOr(d.Max)}
	}
	return frame, used, err
}

// Append makes it an Encoder. A frame that would be read as several is an error.
func (d *Delimited) Append(dst, frame []byte) ([]byte, error) {
	if len(frame) > maxOr(d.Max) {
		return dst, &TooLongError{Max: maxOr(d.Max), Length: uint64(len(frame))}
	}
	n := len(dst)
	dst = append(append(dst, frame...), d.Delimiter...)
	if bytes.Index(dst[n:], []byte(d.Delimiter)) != len(frame) {
		return dst[:n], errSplits
	}
	return dst, nil
}

// cut finds the frame before a delimiter. While it is skipping one that is too long,
// nothing of that is kept but what may be the beginning of the delimiter. The error of
// one is ErrTooLong as it is.
func cut(data []byte, end bool, delimiter string, max int, skipping *bool) (frame []byte, used int, err error) {
	i := bytes.Index(data, []byte(delimiter))
	switch {
	case *skipping && i >= 0:
		*skipping = false
		frame, used, err = cut(data[i+len(delimiter):], end, delimiter, max, skipping)
		return frame, used + i + len(delimiter), err
	case *skipping && end:
		return nil, len(data), ErrMore
	case *skipping:
		return nil, past(data, delimiter), ErrMore
	case i > max:
		return nil, i + len(delimiter), ErrTooLong
	case i >= 0:
		return data[:i], i + len(delimiter), nil
	case end && len(data) > max:
		return nil, len(data), ErrTooLong
	case end && len(data) > 0:
		return data, len(data), nil
	case past(data, delimiter) > max:
		*skipping = true
		return nil, past(data, delimiter), ErrTooLong
	}
	return nil, 0, ErrMore
}

// past is how many bytes of data, which has no delimiter, are surely none of one that
// begins in it.
func past(data []byte, delimiter string) int {
	for n := max(len(data)-len(delimiter)+1, 0); ; n++ {
		if bytes.HasPrefix([]byte(delimiter), data[n:]) {
			return n
		}
	}
}
