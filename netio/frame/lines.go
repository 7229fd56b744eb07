package frame

import "bytes"

// Lines is the codec of lines, without their ends: "\n" or "\r\n" where they are read,
// "\n" where they are written. The last line needs no end.
//
// A line that is too long is an error, once, and the lines behind it can be read.
type Lines struct {
	// Max is how long a line may be, in bytes, without its end; 0 is DefaultMax.
	Max int
	// CRLF writes "\r\n".
	CRLF bool

	skipping bool // in a line that is too long
}

// NewLines returns the codec of lines of at most max bytes.
func NewLines(max int) *Lines { return &Lines{Max: max} }

// Decode makes it a Decoder.
func (l *Lines) Decode(data []byte, end bool) (line []byte, used int, err error) {
	line, used, err = cut(data, end, "\n", maxOr(l.Max)+1, &l.skipping) // a "\r" may come on top
	line = bytes.TrimSuffix(line, []byte("\r"))
	if err == ErrTooLong || len(line) > maxOr(l.Max) {
		return nil, used, &TooLongError{Max: maxOr(l.Max)}
	}
	return line, used, err
}

// Append makes it an Encoder. A line that has an end in it, or a part of one at its
// own, would be read as another, and is an error.
func (l *Lines) Append(dst, line []byte) ([]byte, error) {
	switch {
	case bytes.IndexByte(line, '\n') >= 0, !l.CRLF && bytes.HasSuffix(line, []byte("\r")):
		return dst, errSplits
	case len(line) > maxOr(l.Max):
		return dst, &TooLongError{Max: maxOr(l.Max), Length: uint64(len(line))}
	}
	dst = append(dst, line...)
	if l.CRLF {
		dst = append(dst, '\r')
	}
	return append(dst, '\n'), nil
}
