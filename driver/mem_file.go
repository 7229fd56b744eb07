package driver

import (
	"os"
	"syscall"
)

// memFileMax is the most that a file holds: a mistaken offset should be an
// error, not the end of the memory.
const memFileMax = 1 << 30

// openFile opens or makes a file. Permissions are kept but not enforced.
func (m *Memory) openFile(a *OpenArgs) (int, error) {
	if m.exhausted() {
		return -1, syscall.EMFILE
	}
	create := a.Flags&os.O_CREATE != 0
	fresh := create && a.Flags&os.O_EXCL != 0
	p, err := m.find(a.Path, !fresh)
	node := p.node
	f := &memFile{
		reads:  a.Flags&(os.O_WRONLY|os.O_RDWR) != os.O_WRONLY,
		writes: a.Flags&(os.O_WRONLY|os.O_RDWR) != os.O_RDONLY,
		append: a.Flags&os.O_APPEND != 0,
		direct: a.Flags&DirectIO != 0,
	}
	switch {
	case err != nil:
		return -1, err
	case node == nil && !create:
		return -1, syscall.ENOENT
	case node != nil && fresh:
		return -1, syscall.EEXIST
	case node != nil && node.isDir() && (f.writes || create):
		return -1, syscall.EISDIR
	case node == nil:
		node = m.newNode(memReg | a.Perm&0o7777)
		m.enter(p, node)
	}
	if a.Flags&os.O_TRUNC != 0 && f.writes {
		node.content, node.modTime = nil, memTime(m.now)
	}
	f.node = node
	fd, _, err := m.install(f)
	return fd, err
}

func (m *Memory) statFile(x *memOp, a *StatArgs) error {
	if a.Path == "" {
		d := x.fd // also while it is being closed
		if d == nil {
			return syscall.EBADF
		}
		if f, ok := d.object.(*memFile); ok {
			a.Info = f.node.stat()
			return nil
		}
		a.Info = Stat{Mode: d.object.mode(), Links: 1, ModTime: memTime(0)}
		return nil
	}
	p, err := m.there(a.Path, !a.NoFollow)
	if err != nil {
		return err
	}
	a.Info = p.node.stat()
	return nil
}

// A memFile is an open file.
type memFile struct {
	node                  *memNode
	at                    int64 // where read and write go on
	reads, writes, append bool
	direct                bool // DirectIO
	shared                bool // of the lock that it has
}

func (f *memFile) read(_ *Memory, b []byte) (int, error) {
	n, err := f.readAt(b, f.at)
	f.at += int64(n)
	return n, err
}

func (f *memFile) write(m *Memory, b []byte) (int, error) {
	if f.append {
		f.at = int64(len(f.node.content))
	}
	n, err := f.writeAt(m, b, f.at)
	f.at += int64(n)
	return n, err
}

func (f *memFile) readAt(b []byte, off int64) (int, error) {
	switch {
	case !f.reads:
		return 0, syscall.EBADF
	case f.node.isDir():
		return 0, syscall.EISDIR
	case off < 0:
		return 0, syscall.EINVAL
	case off >= int64(len(f.node.content)):
		return 0, nil
	}
	return copy(b, f.node.content[off:]), nil
}

// writeAt appends all the same if the file was opened for that, as on Linux.
func (f *memFile) writeAt(m *Memory, b []byte, off int64) (int, error) {
	if f.append && off >= 0 {
		off = int64(len(f.node.content))
	}
	switch {
	case !f.writes:
		return 0, syscall.EBADF
	case off < 0:
		return 0, syscall.EINVAL
	case len(b) == 0:
		return 0, nil
	case off >= memFileMax:
		return 0, syscall.EFBIG
	}
	n := f.node
	b = b[:min(int64(len(b)), memFileMax-off)]
	if hole := off + int64(len(b)) - int64(len(n.content)); hole > 0 {
		n.content = append(n.content, make([]byte, hole)...)
	}
	n.modTime = memTime(m.now)
	return copy(n.content[off:], b), nil
}

func (f *memFile) ready(*Memory) Events { return Readable | Writable }
func (f *memFile) close(*Memory)        { f.unlock() }
func (f *memFile) mode() uint32         { return f.node.mode }

// misaligned reports whether n bytes at an offset are not what direct I/O takes.
func (f *memFile) misaligned(n int, off int64) bool {
	return f.direct && (n%memSector != 0 || off%memSector != 0)
}

// memSector is what a disk reads and writes at least.
const memSector = 512
