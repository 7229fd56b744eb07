package fileio

import (
	"syscall"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/driver"
)

// What is here makes a File the source of a netio.Copy whose bytes the kernel moves:
// netio.SpliceReader and netio.Unreader.

// Home returns the loop that the file belongs to.
func (f *File) Home() *rondo.Loop { return f.home.loop }

// SpliceTo moves up to n bytes from the file's position on into a pipe, which is
// empty: a descriptor of the loop's driver (splice(2)). It is a Read in all else, and
// waits for its turn. It returns io.EOF at the end of the file, and 0 if Read is to be
// used now. syscall.EINVAL is for files that are no regular ones, and those opened
// with O_DIRECT. Cancelled, it has moved nothing, or has its result. It is not for a
// Select: what a loser has moved is in the pipe.
func (f *File) SpliceTo(pipe, n int) async.Op[int] {
	return async.NewOp[int](&spliceTransfer{f.ops[splice], driver.SpliceArgs{To: pipe, N: n}}, nil, 0)
}

// spliceTransfer is the source of one SpliceTo.
type spliceTransfer struct {
	transfers
	args driver.SpliceArgs
}

func (x *spliceTransfer) Start(*async.Task, []byte, uint64) uint32 {
	c := x.home.newCall(x.file, kindNames[splice])
	c.arg = &x.args
	return x.start(c, 0)
}

// splice is the turn of a SpliceTo.
func (c *call) splice() {
	f, args := c.file, c.arg.(*driver.SpliceArgs)
	switch {
	case len(f.stash) > 0 || args.N <= 0:
		c.state = succeeded // with nothing: a Read has what was put back
	case f.stream || f.direct:
		c.state, c.err = failed, syscall.EINVAL
	default:
		args.Offset = c.off
		c.op.Splice(int(f.fd), args, c)
		c.submit()
	}
}

// Unread puts a copy of b, the bytes that were read last, back before what would be
// read next, and returns len(b): it moves the position back, or keeps the bytes of
// what has none. It does not wait for a Read that is in flight, so that should not
// have been started after the one whose bytes these are.
func (f *File) Unread(b []byte) async.Op[int] {
	return async.NewOp[int](&unreading{source{f.home}, f}, b, 0)
}

// unreading is the source of one Unread, which is over at once.
type unreading struct {
	source
	file *File
}

func (x *unreading) Start(_ *async.Task, b []byte, _ uint64) uint32 {
	f := x.file
	c := x.home.newCall(f, "unread")
	if f.closed {
		c.state = closed
		return c.ticket
	}
	f.unread(b)
	c.n, c.state = len(b), succeeded
	return c.ticket
}

func (x *unreading) PollOp(t *async.Task, ticket uint32, keep bool) (int, error) {
	n := x.home.calls.at(ticket).n
	return n, pollDone(x.home, t, ticket, keep)
}
