package driver

// A memBuffer holds the bytes between a writer and a reader. Empty, it holds no
// memory: most connections are idle.
type memBuffer struct {
	data  []byte
	size  int  // the most it holds
	ended bool // nothing will be added
}

func (b *memBuffer) room() int { return max(0, b.size-len(b.data)) }

// put adds as much of p as there is room for.
func (b *memBuffer) put(p []byte) int {
	n := min(len(p), b.room())
	b.data = append(b.data, p[:n]...)
	return n
}

// take moves bytes to p.
func (b *memBuffer) take(p []byte) int {
	n := copy(p, b.data)
	if b.data = b.data[n:]; len(b.data) == 0 {
		b.data = nil
	}
	return n
}
