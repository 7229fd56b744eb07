package frame

import (
	"io"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/internal/scratch"
	"rondo.dev/rondo/netio"
)

// DefaultBoundary is how many bytes a Writer collects before Feed waits.
const DefaultBoundary = 8 << 10

// A Writer writes frames. It collects them: they are written by Flush, by Send, and
// by Feed when there are many. With nothing collected it holds no buffer. It is for one
// task at a time.
type Writer[T any] struct {
	dst      netio.Writer
	enc      Encoder[T]
	boundary int
	buf      []byte
	from     int // the bytes of buf before were written
}

// NewWriter returns a Writer of frames to dst.
func NewWriter[T any](dst netio.Writer, enc Encoder[T]) *Writer[T] {
	return &Writer[T]{dst: dst, enc: enc, boundary: DefaultBoundary}
}

// SetBoundary sets how many bytes may be collected before Feed waits until they are
// written. 0 has it wait for each frame before the next.
func (w *Writer[T]) SetBoundary(bytes int) { w.boundary = max(bytes, 0) }

// Buffered returns how many bytes wait to be written.
func (w *Writer[T]) Buffered() int { return len(w.buf) - w.from }

// Feed takes a frame, which is the caller's again when it returns. If there is too
// much to be written it first writes that. With an error the frame was not taken.
func (w *Writer[T]) Feed(t *async.Task, frame T) error {
	if w.Buffered() > w.boundary {
		if err := w.Flush(t); err != nil {
			return err
		}
	}
	return w.append(t, frame)
}

// Send takes a frame, and writes it with those before it. An error of the encoder
// means that it was not taken. With any other error it was, and is not to be sent
// again: the next Flush or Send goes on with it.
func (w *Writer[T]) Send(t *async.Task, frame T) error {
	if err := w.append(t, frame); err != nil {
		return err
	}
	return w.Flush(t)
}

func (w *Writer[T]) append(t *async.Task, frame T) error {
	if w.buf == nil {
		w.buf = scratch.Borrow(t, scratch.Small)[:0]
	}
	if w.from > 0 {
		w.buf = w.buf[:copy(w.buf, w.buf[w.from:])]
		w.from = 0
	}
	n := len(w.buf)
	buf, err := w.enc.Append(w.buf, frame)
	if err != nil {
		w.buf = w.buf[:n]
		return err
	}
	w.buf = buf
	return nil
}

// Flush writes what was collected. Cancelled, or after another error, it can be
// called again, and goes on with the rest.
func (w *Writer[T]) Flush(t *async.Task) error {
	for w.Buffered() > 0 {
		n, err := w.dst.Write(w.buf[w.from:]).Await(t)
		w.from += n
		if err != nil {
			return err
		}
		if n == 0 {
			return io.ErrShortWrite
		}
	}
	if w.buf != nil {
		scratch.Return(t, w.buf[:cap(w.buf)])
		w.buf, w.from = nil, 0
	}
	return nil
}
