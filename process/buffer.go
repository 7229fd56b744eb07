package process

// bounded is a writer that keeps everything, up to a limit.
type bounded struct {
	b    []byte
	most int
}

func (w *bounded) Write(b []byte) (int, error) {
	n := min(len(b), w.most-len(w.b))
	w.b = append(w.b, b[:n]...)
	if n < len(b) {
		return n, ErrTooMuchOutput
	}
	return n, nil
}

// tail is a writer that keeps the last bytes: tailSize of them, and until they are
// cut off now and then as many again.
type tail struct{ b []byte }

const tailSize = 32 << 10

func (w *tail) Write(b []byte) (int, error) {
	w.b = append(w.b, b...)
	if len(w.b) > 2*tailSize {
		w.b = append(w.b[:0], w.bytes()...)
	}
	return len(b), nil
}

func (w *tail) bytes() []byte { return w.b[max(0, len(w.b)-tailSize):] }
