package fileio

import (
	"os"
	"slices"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/driver"
)

// A File is an open file.
//
// It is at home on the loop of the task that opened it. Its operations are values,
// which do nothing until they are awaited: by a task with Await, by a plain
// goroutine with Wait. From tasks of other loops and from goroutines they go to
// the home loop and back.
//
// ReadAt, WriteAt and what is not about bytes may be in flight in any number at
// once, in no particular order. Read, Write, their vectored forms and SeekTo share
// the file's position, and are carried out one after the other, in the order in
// which they were started.
//
// Errors are *fs.PathError, in which errors.Is finds fs.ErrNotExist and its like,
// os.ErrClosed, or a syscall.Errno; but for io.EOF and the cause of a cancelled
// task, which are as they are.
type File struct {
	ops   [numKinds]transfers
	home  *place
	name  string
	queue *call // what uses the position: the first, if turning, is carried out
	calls int   // operations whose result was not taken
	pos   int64
	stash []byte // of a stream: read and put back, for the next Read
	fd    int32

	turning bool
	append  bool // os.O_APPEND: the kernel says where writes go
	direct  bool // O_DIRECT
	stream  bool // a pipe or terminal, found out by using the position
	closed  bool
}

func newFile(p *place, fd int, name string, flag int) *File {
	f := &File{home: p, fd: int32(fd), name: name}
	f.append = flag&os.O_APPEND != 0
	f.direct = flag&O_DIRECT != 0
	for k := range f.ops {
		f.ops[k] = transfers{source{p}, f, kind(k)}
	}
	return f
}

// Name returns the name that the file was opened with.
func (f *File) Name() string { return f.name }

// ReadAt reads len(b) bytes from the offset off on into b. At the end of the file
// it returns those that there are, with io.EOF. b is the file's from the await's
// beginning to its end.
//
// Cancelled, it suspends until the kernel has given b back, and returns how much
// was read with the cause. One that has lost a Select can be awaited again, and
// reads everything again.
func (f *File) ReadAt(b []byte, off int64) async.Op[int] {
	return async.NewLightOp(&f.ops[readAt], b, uint64(off))
}

// WriteAt writes all of b at the offset off, or returns how much it wrote and why
// not more. It is an error on a file that was opened with os.O_APPEND. Cancelling
// and losing are as with ReadAt; what was written is written.
func (f *File) WriteAt(b []byte, off int64) async.Op[int] {
	return async.NewOp(&f.ops[writeAt], b, uint64(off))
}

// Read reads up to len(b) bytes at the file's position, at least one, and moves it
// behind them. At the end of the file it returns io.EOF. With an empty b it returns
// 0. b is the file's from the await's beginning to its end.
//
// Cancelled, it suspends until the kernel has given b back. When it loses, the
// position is back where it was.
func (f *File) Read(b []byte) async.Op[int] { return async.NewOp(&f.ops[read], b, 0) }

// Write writes all of b at the file's position, and moves it behind; or returns how
// much it wrote, and why not more. On a file that was opened with os.O_APPEND it
// writes at the end, and leaves the position, which then is for Read only.
//
// Cancelled, it returns how much it has written, with the cause. A losing Write that
// has written a part goes on with the rest when it is awaited again, and then
// returns the sum.
func (f *File) Write(b []byte) async.Op[int] { return async.NewOp(&f.ops[write], b, 0) }

// ReadvAt is ReadAt into bufs, one after the other.
func (f *File) ReadvAt(off int64, bufs ...[]byte) async.Op[int] { return f.vec(readAt, off, bufs) }

// WritevAt is WriteAt of all of bufs, one after the other.
func (f *File) WritevAt(off int64, bufs ...[]byte) async.Op[int] { return f.vec(writeAt, off, bufs) }

// Readv is Read into bufs, one after the other.
func (f *File) Readv(bufs ...[]byte) async.Op[int] { return f.vec(read, 0, bufs) }

// Writev is Write of all of bufs, one after the other. It does not change bufs.
func (f *File) Writev(bufs ...[]byte) async.Op[int] { return f.vec(write, 0, bufs) }

func (f *File) vec(k kind, arg int64, bufs [][]byte) async.Op[int] {
	return async.NewOp[int](&vecTransfer{f.ops[k], bufs}, nil, uint64(arg))
}

// vecTransfer is the source of one transfer of several buffers.
type vecTransfer struct {
	transfers
	bufs [][]byte
}

func (x *vecTransfer) Start(_ *async.Task, _ []byte, arg uint64) uint32 {
	c := x.home.newCall(x.file, kindNames[x.kind])
	c.vec = &driver.Vec{Bufs: slices.Clone(x.bufs)}
	if x.kind == write {
		c.skip(int(arg))
	}
	return x.start(c, arg)
}
