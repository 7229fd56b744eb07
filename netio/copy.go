package netio

import (
	"fmt"
	"io"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/internal/scratch"
)

// Copy writes to dst what it reads from src, until the end of that, and returns how
// many bytes dst has taken. The end of src is no error.
//
// Neither an error nor a cancellation loses bytes. Those that were read and that
// dst has not taken go back to src if it is an [Unreader], as a *Conn is; if not, a
// *CopyError has them. Either way src goes on exactly behind what dst has, unless the
// system does not give back what lies in a pipe of its own: then the error is a
// *os.SyscallError of that read, and src has a gap.
//
// While a src that is a [Receiver] has nothing, Copy holds no buffer; for another it
// borrows one of the loop. A src that is a [WriterTo] does the work itself. Between a
// [SpliceReader] and a [SpliceWriter] of one loop, such as two *Conn, a stream that
// keeps coming goes through a pipe of the kernel's, where the system has splice(2).
func Copy(t *async.Task, dst Writer, src Reader) (n int64, err error) {
	if w, ok := src.(WriterTo); ok {
		return w.WriteTo(t, dst)
	}
	c := copying{dst: dst, src: src, left: -1}
	err = c.run(t)
	return c.n, err
}

// CopyN is Copy of n bytes. If src ends before that it returns io.EOF, as
// [io.CopyN] does. What src has beyond them stays there.
func CopyN(t *async.Task, dst Writer, src Reader, n int64) (written int64, err error) {
	c := copying{dst: dst, src: src, left: max(n, 0)}
	err = c.run(t)
	if err == nil && c.n < n {
		err = io.EOF
	}
	return c.n, err
}

// A CopyError is an error of Copy with the bytes that were read and not written,
// where the source does not take them back.
type CopyError struct {
	Unwritten []byte
	Err       error
}

func (e *CopyError) Error() string {
	return fmt.Sprintf("%v (%d bytes were read and not written)", e.Err, len(e.Unwritten))
}

// Unwrap returns Err.
func (e *CopyError) Unwrap() error { return e.Err }

// copying is one Copy.
type copying struct {
	dst  Writer
	src  Reader
	left int64 // how many bytes to copy; negative: all
	n    int64 // how many dst has taken
	idle *idling
	way  spliceWay
}

func (c *copying) run(t *async.Task) error {
	src, lends := c.src.(Receiver)
	if _, ok := c.src.(Unreader); lends && (ok || c.left < 0) {
		return c.lent(t, src)
	}
	return c.buffered(t)
}

// lent copies what src lends. Of the last of CopyN's chunks the rest goes back.
func (c *copying) lent(t *async.Task, src Receiver) error {
	for c.left != 0 {
		data, err := src.Recv().Await(t)
		if err != nil {
			return notEOF(err)
		}
		now := data
		if c.left >= 0 && c.left < int64(len(data)) {
			now = data[:c.left]
		}
		m, err := c.write(t, now)
		if m < len(data) {
			return c.putBack(t, data[m:], err)
		}
		if c.way.pays(len(data)) {
			if ended, err := c.splice(t); ended {
				return err
			}
		}
	}
	return nil
}

func (c *copying) buffered(t *async.Task) error {
	if !c.way.never {
		if ended, err := c.splice(t); ended {
			return err
		}
	}
	b := scratch.Borrow(t, scratch.Large)
	defer scratch.Return(t, b)
	for c.left != 0 {
		now := b
		if c.left >= 0 && c.left < int64(len(b)) {
			now = b[:c.left]
		}
		n, err := c.src.Read(now).Await(t)
		if n > 0 {
			m, werr := c.write(t, now[:n])
			if m < n {
				return c.putBack(t, now[m:n], werr)
			}
		}
		if err != nil {
			return notEOF(err)
		}
	}
	return nil
}

func (c *copying) write(t *async.Task, b []byte) (int, error) {
	m, err := c.dst.Write(b).Await(t)
	c.wrote(m)
	if m < len(b) && err == nil {
		err = io.ErrShortWrite
	}
	return m, err
}

// wrote counts what dst has taken.
func (c *copying) wrote(m int) {
	c.n += int64(m)
	if c.left > 0 {
		c.left -= int64(m)
	}
	c.idle.moved()
}

// putBack sees to it that bytes that dst has not taken are not lost. err is why it
// has not; nil if it was not to.
func (c *copying) putBack(t *async.Task, b []byte, err error) error {
	if u, ok := c.src.(Unreader); ok {
		_, failed := u.Unread(b).Await(t.WithoutCancel())
		if failed == nil {
			return err
		}
		if err == nil {
			err = failed
		}
	}
	return &CopyError{Unwritten: append([]byte(nil), b...), Err: err}
}

func notEOF(err error) error {
	if err == io.EOF {
		return nil
	}
	return err
}
