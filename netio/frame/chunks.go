package frame

// Chunks is the codec without frames: whatever has come is one.
type Chunks struct{}

// Decode makes it a Decoder.
func (Chunks) Decode(data []byte, _ bool) ([]byte, int, error) {
	if len(data) == 0 {
		return nil, 0, ErrMore
	}
	return data, len(data), nil
}

// Append makes it an Encoder.
func (Chunks) Append(dst, frame []byte) ([]byte, error) { return append(dst, frame...), nil }
