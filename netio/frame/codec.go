package frame

import (
	"errors"
	"fmt"
)

// A Decoder finds frames in bytes. It may have a state; then it is for one Reader.
type Decoder[T any] interface {
	// Decode looks at the bytes that come next. It returns
	//   - the frame that they begin with, and how many bytes that took, which may
	//     be less or more than the frame has;
	//   - or ErrMore if they are only a part of a frame, and how many bytes at
	//     their beginning it does not need again (usually 0);
	//   - or another error, and how many bytes to skip before Decode is asked
	//     again, should somebody call Next once more.
	//
	// end tells that no more bytes come. Decode is then asked until it has an error;
	// ErrMore with nothing left over is the end of the stream, and ErrMore with
	// bytes left over makes that io.ErrUnexpectedEOF.
	//
	// The frame may be a part of data. It is then valid until the next Next.
	Decode(data []byte, end bool) (frame T, used int, err error)
}

// An Encoder writes frames as bytes.
type Encoder[T any] interface {
	// Append adds the bytes of a frame to dst, and returns that. With an error, what
	// it has added is dropped.
	Append(dst []byte, frame T) ([]byte, error)
}

// A Codec is both.
type Codec[T any] interface {
	Decoder[T]
	Encoder[T]
}

// ErrMore is what a Decoder returns when it needs more bytes. It is a sentinel like
// io.EOF, and no user of a Reader sees it.
var ErrMore = errors.New("rondo/frame: the frame is not complete")

// ErrTooLong is found by errors.Is in the error for a frame that is longer than
// allowed.
var ErrTooLong = errors.New("rondo/frame: frame too long")

// A TooLongError says how long a frame may be.
type TooLongError struct {
	Max int
	// Length is how long the frame says it is; 0 if it does not say.
	Length uint64
}

func (e *TooLongError) Error() string {
	if e.Length > 0 {
		return fmt.Sprintf("%v: it has %d bytes, and %d are allowed", ErrTooLong, e.Length, e.Max)
	}
	return fmt.Sprintf("%v: %d bytes are allowed", ErrTooLong, e.Max)
}

// Is makes it an ErrTooLong.
func (e *TooLongError) Is(target error) bool { return target == ErrTooLong }

// DefaultMax is the longest frame, in bytes, of a codec that does not say: 64 KiB.
const DefaultMax = 64 << 10

func maxOr(n int) int {
	if n <= 0 {
		return DefaultMax
	}
	return n
}
