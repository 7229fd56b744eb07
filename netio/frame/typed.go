package frame

// Typed returns a codec of values, each in one frame of another codec: decode makes a
// value of a frame, and append adds one, as bytes, to dst. The bytes that decode gets
// are valid until the next Next: what the value keeps of them it copies.
//
//	messages := frame.Typed(&frame.Lengths{}, decodeMessage, appendMessage)
func Typed[T any](inner Codec[[]byte], decode func(frame []byte) (T, error), append func(dst []byte, v T) ([]byte, error)) Codec[T] {
	return &typed[T]{inner: inner, decode: decode, append: append}
}

type typed[T any] struct {
	inner  Codec[[]byte]
	decode func([]byte) (T, error)
	append func([]byte, T) ([]byte, error)
	buf    []byte // of the value that is being encoded
}

// Decode makes it a Decoder. A frame that is no value is skipped, with the error.
func (c *typed[T]) Decode(data []byte, end bool) (v T, used int, err error) {
	frame, used, err := c.inner.Decode(data, end)
	if err == nil {
		v, err = c.decode(frame)
	}
	return v, used, err
}

// maxScratch is the largest buffer that is kept from one value to the next.
const maxScratch = 4 << 10

// Append makes it an Encoder.
func (c *typed[T]) Append(dst []byte, v T) ([]byte, error) {
	b, err := c.append(c.buf[:0], v)
	if err != nil {
		return dst, err
	}
	if cap(b) <= maxScratch {
		c.buf = b[:0]
	}
	return c.inner.Append(dst, b)
}
