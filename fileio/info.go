package fileio

import (
	"io/fs"
	"path"
	"syscall"
	"time"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/driver"
)

// info is a fs.FileInfo.
type info struct {
	name string
	stat driver.Stat
}

func (i *info) Name() string       { return i.name }
func (i *info) Size() int64        { return i.stat.Size }
func (i *info) Mode() fs.FileMode  { return goMode(i.stat.Mode) }
func (i *info) ModTime() time.Time { return i.stat.ModTime }
func (i *info) IsDir() bool        { return i.Mode().IsDir() }

// Sys returns a *driver.Stat, which has the owner, the inode and more.
func (i *info) Sys() any { return &i.stat }

// SameFile reports whether two results of Stat or Lstat are about the same file, as
// os.SameFile does for those of package os.
func SameFile(a, b fs.FileInfo) bool {
	x, ok := a.Sys().(*driver.Stat)
	y, ok2 := b.Sys().(*driver.Stat)
	return ok && ok2 && x.Inode == y.Inode && x.Device == y.Device
}

// Stat returns what is known of a file; of a symbolic link, that of the file it
// leads to. Its Sys is a *driver.Stat, with the owner, the inode and more.
func Stat(t *async.Task, name string) (fs.FileInfo, error) {
	return statPath(t, "stat", name, false)
}

// Lstat is Stat, but of a symbolic link it returns what is known of the link.
func Lstat(t *async.Task, name string) (fs.FileInfo, error) {
	return statPath(t, "lstat", name, true)
}

func statPath(t *async.Task, op, name string, noFollow bool) (fs.FileInfo, error) {
	if name == "" { // which means something else to the driver
		return nil, &fs.PathError{Op: op, Path: name, Err: syscall.ENOENT}
	}
	x := &stating{source: source{here(t)}, op: op, name: name, noFollow: noFollow}
	return async.NewOp[fs.FileInfo](x, nil, 0).Await(t)
}

// stating is the source of all that ask for a fs.FileInfo.
type stating struct {
	source
	file     *File // or:
	op, name string
	noFollow bool
}

func (x *stating) Start(*async.Task, []byte, uint64) uint32 {
	args := &driver.StatArgs{Path: x.name, NoFollow: x.noFollow}
	c := x.home.newCall(x.file, x.op)
	if x.file != nil {
		args.FD = int(x.file.fd)
	} else {
		c.path = x.name
	}
	c.arg = args
	c.op.Stat(args, c)
	c.submit()
	return c.ticket
}

func (x *stating) PollOp(t *async.Task, ticket uint32, keep bool) (fs.FileInfo, error) {
	c := x.home.calls.at(ticket)
	err := c.result(t)
	var i *info
	if err == nil {
		i = &info{path.Base(c.path), c.arg.(*driver.StatArgs).Info}
	}
	if !keep && !async.IsPending(err) {
		c.finish()
	}
	if err != nil {
		return nil, err
	}
	return i, nil
}

// The bits of a file's mode as in stat(2).
const (
	sysType    = 0o170000
	sysSocket  = 0o140000
	sysLink    = 0o120000
	sysBlock   = 0o060000
	sysDir     = 0o040000
	sysChar    = 0o020000
	sysFIFO    = 0o010000
	sysSetuid  = 0o4000
	sysSetgid  = 0o2000
	sysSticky  = 0o1000
	sysPermBit = 0o777
)

// goMode is a mode of stat(2) as Go has it.
func goMode(sys uint32) fs.FileMode {
	m := fs.FileMode(sys & sysPermBit)
	switch sys & sysType {
	case sysSocket:
		m |= fs.ModeSocket
	case sysLink:
		m |= fs.ModeSymlink
	case sysBlock:
		m |= fs.ModeDevice
	case sysDir:
		m |= fs.ModeDir
	case sysChar:
		m |= fs.ModeDevice | fs.ModeCharDevice
	case sysFIFO:
		m |= fs.ModeNamedPipe
	}
	for _, b := range specialBits {
		if sys&b.sys != 0 {
			m |= b.mode
		}
	}
	return m
}

// sysMode is what of a mode can be set, as the system has it.
func sysMode(m fs.FileMode) uint32 {
	sys := uint32(m.Perm())
	for _, b := range specialBits {
		if m&b.mode != 0 {
			sys |= b.sys
		}
	}
	return sys
}

var specialBits = [...]struct {
	sys  uint32
	mode fs.FileMode
}{
	{sysSetuid, fs.ModeSetuid},
	{sysSetgid, fs.ModeSetgid},
	{sysSticky, fs.ModeSticky},
}
