package buffered

import (
	"bufio"
	"bytes"
	"errors"
	"io"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/internal/scratch"
	"rondo.dev/rondo/netio"
)

// DefaultSize is the size of the buffers of NewReader and NewWriter, in bytes.
const DefaultSize = scratch.Small

// A Reader reads a stream in pieces of the caller's choice, and looks ahead in it.
//
// Slices that its methods return are valid until the next use of the Reader. No
// method loses anything when it is cancelled or fails: what has been read and not
// returned is there for the next.
//
// While it waits and nothing is left over, a Reader of a source that lends, such as
// a *netio.Conn, holds no buffer. What lies in one piece in what the source has lent
// is returned from there, without being copied.
//
// It is for one task at a time, and so is its source while the Reader is in use.
type Reader struct {
	src   netio.Reader
	lends netio.Receiver // src, if it lends
	size  int

	// What has been read and not returned is data, and then more. data is a part of
	// own (held), or of what the source has lent. more is the rest of a lent chunk
	// whose beginning did not fit behind data; it is empty unless data is held.
	own  []byte
	data []byte
	held bool
	more []byte

	op reading
}

// NewReader returns a Reader with a buffer of DefaultSize, while it needs one.
func NewReader(src netio.Reader) *Reader { return NewReaderSize(src, DefaultSize) }

// minSize is the smallest buffer, as in package bufio.
const minSize = 16

// NewReaderSize returns a Reader with a buffer of another size. It bounds what Peek,
// ReadSlice and ReadLine return.
func NewReaderSize(src netio.Reader, size int) *Reader {
	r := &Reader{size: max(size, minSize)}
	r.Reset(src)
	return r
}

// Reset drops what is buffered, and makes r read from src.
func (r *Reader) Reset(src netio.Reader) {
	lends, _ := src.(netio.Receiver)
	*r = Reader{src: src, lends: lends, size: r.size, own: r.own}
}

// Size returns the size of the buffer.
func (r *Reader) Size() int { return r.size }

// Buffered returns how many bytes have been read from the source and not from r.
func (r *Reader) Buffered() int { return len(r.data) + len(r.more) }

// take ends the first n bytes of data.
func (r *Reader) take(n int) {
	r.data = r.data[n:]
	if len(r.data) == 0 {
		r.data, r.more, r.held = r.more, nil, false
	}
}

// release gives the buffer back, which has nothing in it.
func (r *Reader) release(t *async.Task) {
	if r.own != nil {
		scratch.Return(t, r.own)
		r.own, r.data = nil, nil
	}
}

// hold sees to it that data is in own, with room for at least n bytes behind it. It
// returns bufio.ErrBufferFull if there is none; with grow, the buffer becomes larger.
func (r *Reader) hold(t *async.Task, n int, grow bool) error {
	if r.held && cap(r.data)-len(r.data) >= n {
		return nil
	}
	if r.own == nil {
		r.own = scratch.Borrow(t, r.size)
	}
	if need := len(r.data) + n; need > len(r.own) {
		if !grow {
			return bufio.ErrBufferFull
		}
		larger := make([]byte, max(need, 2*len(r.own)))
		copy(larger, r.data)
		scratch.Return(t, r.own)
		r.own, r.data, r.held = larger, larger[:len(r.data)], true
		return nil
	}
	r.data, r.held = r.own[:copy(r.own, r.data)], true
	return nil
}

// fill adds at least one byte to data, from the source. It returns
// bufio.ErrBufferFull if there is no room; with grow, there always is.
func (r *Reader) fill(t *async.Task, grow bool) error {
	if len(r.data) == 0 && (r.lends != nil || len(r.own) > r.size) {
		r.release(t) // nothing is left over: wait without a buffer, or not with a large one
	}
	if len(r.data) == 0 && r.lends != nil {
		chunk, err := r.lends.Recv().Await(t)
		r.data, r.held = chunk, false
		return err
	}
	if err := r.hold(t, 1, grow); err != nil {
		return err
	}
	if len(r.more) == 0 && r.lends != nil {
		chunk, err := r.lends.Recv().Await(t)
		if err != nil {
			return err
		}
		r.more = chunk
	}
	free := r.data[len(r.data):cap(r.data)]
	if r.lends != nil {
		n := copy(free, r.more)
		r.data, r.more = r.data[:len(r.data)+n], r.more[n:]
		return nil
	}
	n, err := r.src.Read(free).Await(t)
	r.data = r.data[:len(r.data)+n]
	if n > 0 {
		err = nil // the next fill gets it again
	}
	return err
}

// Peek returns the next n bytes without taking them. If there are fewer it returns
// those, with the reason: io.EOF, or bufio.ErrBufferFull if n is more than fits.
func (r *Reader) Peek(t *async.Task, n int) ([]byte, error) {
	if n < 0 {
		return nil, bufio.ErrNegativeCount
	}
	for len(r.data) < n {
		if err := r.fill(t, false); err != nil {
			return r.data, err
		}
	}
	return r.data[:n], nil
}

// Next takes what there is, at least one byte, and returns it.
func (r *Reader) Next(t *async.Task) ([]byte, error) {
	if _, err := r.Peek(t, 1); err != nil {
		return nil, err
	}
	b := r.data
	r.take(len(b))
	return b, nil
}

// Discard takes the next n bytes, and returns how many it has taken, with the reason
// if there were fewer.
func (r *Reader) Discard(t *async.Task, n int) (discarded int, err error) {
	if n < 0 {
		return 0, bufio.ErrNegativeCount
	}
	for discarded < n {
		if len(r.data) == 0 {
			if err := r.fill(t, false); err != nil {
				return discarded, err
			}
		}
		m := min(len(r.data), n-discarded)
		r.take(m)
		discarded += m
	}
	return discarded, nil
}

// ReadUint8 takes one byte.
func (r *Reader) ReadUint8(t *async.Task) (byte, error) {
	b, err := r.Peek(t, 1)
	if err != nil {
		return 0, err
	}
	c := b[0]
	r.take(1)
	return c, nil
}

// ReadSlice takes the bytes up to the next delim, and returns them with it. If the
// source ends or fails before, they stay, but for io.EOF, with which it returns what
// was left. If there is no delim in a full buffer it returns that, with
// bufio.ErrBufferFull, and takes it.
func (r *Reader) ReadSlice(t *async.Task, delim byte) ([]byte, error) {
	n, err := r.find(t, delim, false)
	if err != nil && err != io.EOF && err != bufio.ErrBufferFull {
		return nil, err
	}
	b := r.data[:n]
	r.take(n)
	return b, err
}

// find returns how many bytes there are to the next delim, with it, or in all if it
// returns an error.
func (r *Reader) find(t *async.Task, delim byte, grow bool) (n int, err error) {
	seen := 0
	for {
		if i := bytes.IndexByte(r.data[seen:], delim); i >= 0 {
			return seen + i + 1, nil
		}
		seen = len(r.data)
		if err := r.fill(t, grow); err != nil {
			return len(r.data), err
		}
	}
}

// ReadLine takes a line, and returns it without its end, "\n" or "\r\n". The last line
// needs no end. A line that is longer than the buffer is returned in pieces, all but
// the last with bufio.ErrBufferFull.
func (r *Reader) ReadLine(t *async.Task) ([]byte, error) {
	b, err := r.ReadSlice(t, '\n')
	switch {
	case err == nil:
		return bytes.TrimSuffix(b[:len(b)-1], []byte("\r")), nil
	case err == io.EOF && len(b) > 0:
		return b, nil
	}
	return b, err
}

// ReadBytes is ReadSlice without a limit; what it returns is the caller's. Package
// frame has a limit of the caller's choice.
func (r *Reader) ReadBytes(t *async.Task, delim byte) ([]byte, error) {
	n, err := r.find(t, delim, true)
	if err != nil && err != io.EOF {
		return nil, err
	}
	b := bytes.Clone(r.data[:n])
	r.take(n)
	return b, err
}

// ReadString is ReadBytes for a string.
func (r *Reader) ReadString(t *async.Task, delim byte) (string, error) {
	n, err := r.find(t, delim, true)
	if err != nil && err != io.EOF {
		return "", err
	}
	s := string(r.data[:n])
	r.take(n)
	return s, err
}

// WriteTo writes what is buffered, and then the rest of the source, to w, with Copy.
// What w has not taken stays in r.
func (r *Reader) WriteTo(t *async.Task, w netio.Writer) (n int64, err error) {
	for len(r.data) > 0 {
		m, err := w.Write(r.data).Await(t)
		r.take(m)
		n += int64(m)
		if err != nil {
			return n, err
		}
	}
	r.release(t)
	m, err := netio.Copy(t, w, r.src)
	var left *netio.CopyError
	if errors.As(err, &left) {
		r.unread(left.Unwritten)
		err = left.Err
	}
	return n + m, err
}

// unread puts b before data.
func (r *Reader) unread(b []byte) {
	if len(b) == 0 {
		return
	}
	all := make([]byte, max(len(b)+len(r.data), r.size))
	n := copy(all, b)
	n += copy(all[n:], r.data)
	r.own, r.data, r.held = all, all[:n], true
}

// Look, Fill and Skip are for decoders, who say themselves how much they need.

// Look returns what is buffered in one piece, without taking it.
func (r *Reader) Look() []byte { return r.data }

// Fill reads at least one byte more, behind what Look returns. It has no limit: the
// buffer grows.
func (r *Reader) Fill(t *async.Task) error { return r.fill(t, true) }

// Skip takes n bytes of what Look returns.
func (r *Reader) Skip(n int) { r.take(n) }
