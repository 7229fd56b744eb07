package fileio

import (
	"io"
	"syscall"

	"rondo.dev/rondo/async"
)

// SeekTo moves the file's position to offset, counted from whence: io.SeekStart,
// io.SeekCurrent or io.SeekEnd. It returns the new position, which may be behind the
// end of the file. A losing SeekTo has not moved it.
func (f *File) SeekTo(offset int64, whence int) async.Op[int64] {
	return async.NewOp[int64](&seeking{f.ops[seek], offset, whence}, nil, 0)
}

// seeking is the source of one SeekTo.
type seeking struct {
	transfers
	by     int64
	whence int
}

func (x *seeking) Start(*async.Task, []byte, uint64) uint32 {
	c := x.home.newCall(x.file, kindNames[seek])
	c.by, c.whence = x.by, x.whence
	if x.whence < io.SeekStart || x.whence > io.SeekEnd {
		c.state, c.err = failed, syscall.EINVAL
	}
	return x.start(c, 0)
}

func (x *seeking) PollOp(t *async.Task, ticket uint32, keep bool) (int64, error) {
	pos := x.file.pos // its own, while it has its turn
	_, err := x.transfers.PollOp(t, ticket, keep)
	if err != nil {
		pos = 0
	}
	return pos, err
}

func (x *seeking) Settle(ticket uint32, back bool) int {
	if c := x.home.calls.at(ticket); back && c.state == succeeded {
		x.file.pos = c.off
	}
	return x.source.Settle(ticket, back)
}

// seekFrom moves the position to where c wants it, counted from base.
func (f *File) seekFrom(c *call, base int64) {
	to := base + c.by
	switch {
	case f.stream:
		c.state, c.err = failed, syscall.ESPIPE
	case to < 0:
		c.state, c.err = failed, syscall.EINVAL
	default:
		c.off, f.pos = f.pos, to
		c.state = succeeded
	}
}
