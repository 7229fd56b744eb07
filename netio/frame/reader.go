package frame

import (
	"io"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/netio"
	"rondo.dev/rondo/netio/buffered"
)

// A Reader reads frames. It is for one task at a time.
type Reader[T any] struct {
	src  *buffered.Reader
	dec  Decoder[T]
	used int  // of the frame that was returned last: taken with the next call
	end  bool // the source has ended
}

// NewReader returns a Reader of frames from src. If src is a *buffered.Reader it reads
// on there, and leaves what is behind its last frame to others.
func NewReader[T any](src netio.Reader, dec Decoder[T]) *Reader[T] {
	b, ok := src.(*buffered.Reader)
	if !ok {
		b = buffered.NewReader(src)
	}
	return &Reader[T]{src: b, dec: dec}
}

// Next returns the next frame, which is valid until the following call of any
// method. At the end of the stream it returns io.EOF, and io.ErrUnexpectedEOF if that
// came in the middle of a frame. An error of the decoder is returned as it is; a
// following Next goes on behind what the decoder has skipped.
//
// Cancelled, or interrupted by an error of the source, it loses nothing: the next call
// goes on.
func (r *Reader[T]) Next(t *async.Task) (frame T, err error) {
	r.take()
	for {
		data := r.src.Look()
		frame, used, err := r.dec.Decode(data, r.end)
		if err == nil {
			r.used = used
			return frame, nil
		}
		r.skip(used)
		switch {
		case err != ErrMore:
			return frame, err
		case r.end && used > 0 && r.src.Buffered() > 0:
			continue
		case r.end && r.src.Buffered() > 0:
			return frame, io.ErrUnexpectedEOF
		case r.end:
			return frame, io.EOF
		}
		switch err := r.src.Fill(t); err {
		case nil:
		case io.EOF:
			r.end = true
		default:
			return frame, err
		}
	}
}

// take ends the frame that was returned last.
func (r *Reader[T]) take() {
	r.skip(r.used)
	r.used = 0
}

func (r *Reader[T]) skip(n int) {
	if n > 0 {
		r.src.Skip(n)
	}
}

// Buffered returns the source with what is behind the last frame: for a protocol that
// changes, as after an HTTP upgrade.
func (r *Reader[T]) Buffered() *buffered.Reader {
	r.take()
	return r.src
}
