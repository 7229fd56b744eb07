package fileio

import (
	"io/fs"
	"time"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/driver"
)

// Truncate makes the file size bytes long; what is added is zeroes. The position
// stays. Like all that changes a file but for its position, it is carried out in no
// particular order with others, and if it loses, it may have happened all the same.
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

// Stat returns what is known of the file, as the function Stat does.
func (f *File) Stat() async.Op[fs.FileInfo] {
	return async.NewOp[fs.FileInfo](&stating{source: source{f.home}, file: f, op: "stat"}, nil, 0)
}
