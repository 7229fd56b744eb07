package fileio

import (
	"io"
	"io/fs"
	"os"
	"slices"
	"syscall"
	"time"

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
	return async.NewOp(&f.ops[readAt], b, uint64(off))
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

// Truncate makes the file size bytes long; what is added is zeroes. The position
// stays. Like all that follow, it is carried out in no particular order with
// others, and if it loses, it may have happened all the same.
func (f *File) Truncate(size int64) async.Act {
	return f.act("truncate", driver.FileArgs{Call: driver.FileTruncate, Size: size})
}

// Chmod sets the permissions of the file.
func (f *File) Chmod(mode fs.FileMode) async.Act {
	return f.act("chmod", driver.FileArgs{Call: driver.FileChmod, Mode: sysMode(mode)})
}

// Chown sets the owner and the group of the file by number; -1 leaves one alone.
func (f *File) Chown(uid, gid int) async.Act {
	return f.act("chown", driver.FileArgs{Call: driver.FileChown, UID: uid, GID: gid})
}

// Chtimes sets the times of the last access and of the last modification. A zero
// time is left alone.
func (f *File) Chtimes(atime, mtime time.Time) async.Act {
	return f.act("chtimes", driver.FileArgs{Call: driver.FileTimes, AccTime: atime, ModTime: mtime})
}

func (f *File) act(name string, args driver.FileArgs) async.Act {
	return async.NewAct(&act{request{source{f.home}, f, name, args}}, 0)
}

// Sync waits until all of the file that was written before is on its disk, its
// metadata too: fsync(2). Cancelled, it may still wait for the disk.
func (f *File) Sync() async.Act { return async.NewAct(&syncing{source{f.home}, f}, 0) }

// DataSync is Sync for the content, and what of the metadata is needed to read it:
// fdatasync(2).
func (f *File) DataSync() async.Act { return async.NewAct(&syncing{source{f.home}, f}, 1) }

// syncing is the source of Sync and DataSync.
type syncing struct {
	source
	file *File
}

func (x *syncing) Start(_ *async.Task, _ []byte, dataOnly uint64) uint32 {
	c := x.home.newCall(x.file, "sync")
	c.op.Fsync(int(x.file.fd), dataOnly != 0, c)
	c.submit()
	return c.ticket
}

func (x *syncing) PollOp(t *async.Task, ticket uint32, keep bool) (struct{}, error) {
	return struct{}{}, pollDone(x.home, t, ticket, keep)
}

// pollDone polls a call whose only result is that it is over.
func pollDone(p *place, t *async.Task, ticket uint32, keep bool) error {
	c := p.calls.at(ticket)
	err := c.result(t)
	if !keep && !async.IsPending(err) {
		c.finish()
	}
	return err
}

// Stat returns what is known of the file, as the function Stat does.
func (f *File) Stat() async.Op[fs.FileInfo] {
	return async.NewOp[fs.FileInfo](&stating{source: source{f.home}, file: f, op: "stat"}, nil, 0)
}

// Close closes the file. Operations in flight, and those that wait for their turn,
// end with os.ErrClosed, but for those that the kernel carries out already: they
// are waited for. A second Close returns os.ErrClosed. It is not cancelled with its
// task, so it can be deferred.
//
// It does not Sync. An error may be the last chance to learn that something could
// not be written (close(2)).
func (f *File) Close() async.Act {
	return async.NewAct(&closing{source{f.home}, f}, 0).Shielded()
}

// closing is the source of Close.
type closing struct {
	source
	file *File
}

func (x *closing) Start(*async.Task, []byte, uint64) uint32 {
	f := x.file
	c := x.home.newCall(f, "close")
	if f.closed {
		c.state = closed
		return c.ticket
	}
	f.closed, f.stash = true, nil
	c.op.Close(int(f.fd), c)
	c.home.drv.Submit(&c.op)
	return c.ticket
}

func (x *closing) PollOp(t *async.Task, ticket uint32, keep bool) (struct{}, error) {
	return struct{}{}, pollDone(x.home, t, ticket, keep)
}

func (x *closing) CancelOp(*async.Task, uint32) bool { return false }
