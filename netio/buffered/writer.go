package buffered

import (
	"io"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/internal/scratch"
	"rondo.dev/rondo/netio"
)

// A Writer collects small writes into large ones. What it has collected is written
// when the buffer is full, and by Flush; without Flush, the rest is never written.
//
// It does not lose anything when it is cancelled or fails: what the destination has
// not taken stays in the buffer, for the next Flush. With an empty buffer it holds no
// memory. It is for one task at a time.
type Writer struct {
	dst  netio.Writer
	size int
	own  []byte // the buffer; nil while it is empty
	data []byte // a part of own: what is to be written, with room behind it

	op writing
}

// NewWriter returns a Writer with a buffer of DefaultSize, while it needs one.
func NewWriter(dst netio.Writer) *Writer { return NewWriterSize(dst, DefaultSize) }

// NewWriterSize returns a Writer with a buffer of another size.
func NewWriterSize(dst netio.Writer, size int) *Writer {
	return &Writer{dst: dst, size: max(size, minSize)}
}

// Reset drops what is buffered, and makes w write to dst.
func (w *Writer) Reset(dst netio.Writer) {
	*w = Writer{dst: dst, size: w.size, own: w.own, data: w.own[:0]}
}

// Size returns the size of the buffer.
func (w *Writer) Size() int { return w.size }

// Buffered returns how many bytes wait in the buffer.
func (w *Writer) Buffered() int { return len(w.data) }

// Available returns how many bytes fit into the buffer behind those.
func (w *Writer) Available() int { return w.size - len(w.data) }

// Flush writes what is buffered. Called again after an error, it goes on with the rest.
func (w *Writer) Flush(t *async.Task) error {
	for len(w.data) > 0 {
		n, err := w.dst.Write(w.data).Await(t)
		w.wrote(n)
		if err != nil {
			return err
		}
		if n == 0 {
			return io.ErrShortWrite
		}
	}
	w.release(t)
	return nil
}

// wrote takes n bytes off the front.
func (w *Writer) wrote(n int) { w.data = w.data[n:] }

func (w *Writer) release(t *async.Task) {
	if w.own != nil {
		scratch.Return(t, w.own)
		w.own, w.data = nil, nil
	}
}

// reserve makes room for n bytes, which are not more than size.
func (w *Writer) reserve(t *async.Task, n int) error {
	if len(w.data)+n > w.size {
		if err := w.Flush(t); err != nil {
			return err
		}
	}
	w.room(t, n)
	return nil
}

// room makes room for n bytes that fit.
func (w *Writer) room(t *async.Task, n int) {
	if w.own == nil {
		w.own = scratch.Borrow(t, w.size)
		w.data = w.own[:0]
	}
	if cap(w.data)-len(w.data) < n {
		w.data = w.own[:copy(w.own, w.data)]
	}
}

// extend adds n bytes, for which there is room, and returns them.
func (w *Writer) extend(n int) []byte {
	w.data = w.data[:len(w.data)+n]
	return w.data[len(w.data)-n:]
}

// WriteUint8 writes one byte.
func (w *Writer) WriteUint8(t *async.Task, c byte) error {
	if err := w.reserve(t, 1); err != nil {
		return err
	}
	w.extend(1)[0] = c
	return nil
}

// WriteString writes s, and returns how many bytes of it are written or buffered.
func (w *Writer) WriteString(t *async.Task, s string) (n int, err error) {
	for n < len(s) {
		if err := w.reserve(t, 1); err != nil {
			return n, err
		}
		n += copy(w.extend(min(len(s)-n, w.Available(), cap(w.data)-len(w.data))), s[n:])
	}
	return n, nil
}

// ReadFrom flushes, and then copies all that src has straight to the destination. It
// returns how many bytes it has copied.
func (w *Writer) ReadFrom(t *async.Task, src netio.Reader) (n int64, err error) {
	if err := w.Flush(t); err != nil {
		return 0, err
	}
	return netio.Copy(t, w.dst, src)
}
