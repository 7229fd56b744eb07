package driver

import (
	"os"
	"path"
	"strings"
	"syscall"
	"time"
)

// The type bits of a file's mode, as in stat(2).
const (
	memType uint32 = 0o170000
	memSock uint32 = 0o140000
	memReg  uint32 = 0o100000
	memDir  uint32 = 0o040000
	memFIFO uint32 = 0o010000
)

// memFileMax is the most that a file holds: a mistaken offset should be an
// error, not the end of the memory.
const memFileMax = 1 << 30

// A memNode is a file or a directory.
type memNode struct {
	inode    uint64
	mode     uint32
	modified time.Duration
	content  []byte
	children map[string]*memNode // of a directory
}

func (m *Memory) newNode(mode uint32) *memNode {
	m.nodes++
	n := &memNode{inode: m.nodes, mode: mode, modified: m.now}
	if n.isDir() {
		n.children = map[string]*memNode{}
	}
	return n
}

func (n *memNode) isDir() bool { return n.mode&memType == memDir }

// find returns the node at a path, and its directory with its name there. The
// node is nil if only it is missing. Paths are taken from the root.
func (m *Memory) find(name string) (node, dir *memNode, base string, err error) {
	if name == "" {
		return nil, nil, "", syscall.ENOENT
	}
	node = m.root
	for part := range strings.SplitSeq(strings.Trim(path.Clean("/"+name), "/"), "/") {
		switch {
		case part == "":
			continue // the root itself
		case node == nil:
			return nil, nil, "", syscall.ENOENT
		case !node.isDir():
			return nil, nil, "", syscall.ENOTDIR
		}
		dir, base = node, part
		node = dir.children[part]
	}
	return node, dir, base, nil
}

// MkdirAll makes a directory and those above it, where they are missing.
func (m *Memory) MkdirAll(name string) error {
	name = path.Clean("/" + name)
	node, dir, base, err := m.find(name)
	if err == syscall.ENOENT {
		if err = m.MkdirAll(path.Dir(name)); err == nil {
			node, dir, base, err = m.find(name)
		}
	}
	switch {
	case err != nil:
		return err
	case node == nil:
		dir.children[base] = m.newNode(memDir | 0o755)
	case !node.isDir():
		return syscall.ENOTDIR
	}
	return nil
}

// openFile opens or makes a file. Permissions are kept but not enforced.
func (m *Memory) openFile(a *OpenArgs) (int, error) {
	if m.exhausted() {
		return -1, syscall.EMFILE
	}
	node, dir, base, err := m.find(a.Path)
	create := a.Flags&os.O_CREATE != 0
	f := &memFile{
		reads:  a.Flags&(os.O_WRONLY|os.O_RDWR) != os.O_WRONLY,
		writes: a.Flags&(os.O_WRONLY|os.O_RDWR) != os.O_RDONLY,
		append: a.Flags&os.O_APPEND != 0,
	}
	switch {
	case err != nil:
		return -1, err
	case node == nil && !create:
		return -1, syscall.ENOENT
	case node != nil && create && a.Flags&os.O_EXCL != 0:
		return -1, syscall.EEXIST
	case node != nil && node.isDir() && (f.writes || create):
		return -1, syscall.EISDIR
	case node == nil:
		node = m.newNode(memReg | a.Perm&0o777)
		dir.children[base] = node
	}
	if a.Flags&os.O_TRUNC != 0 && f.writes {
		node.content, node.modified = nil, m.now
	}
	f.node = node
	fd, _, err := m.install(f)
	return fd, err
}

func (m *Memory) statFile(a *StatArgs) error {
	if a.Path == "" {
		d := m.openFD(a.FD)
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
	node, _, _, err := m.find(a.Path)
	if err == nil && node == nil {
		err = syscall.ENOENT
	}
	if err != nil {
		return err
	}
	a.Info = node.stat()
	return nil
}

func (n *memNode) stat() Stat {
	size := int64(len(n.content))
	return Stat{Size: size, Mode: n.mode, Links: 1, Inode: n.inode, Blocks: (size + 511) / 512, ModTime: memTime(n.modified)}
}

// memTime is a virtual time as a date; the machine is made at the Unix epoch.
func memTime(now time.Duration) time.Time { return time.Unix(0, 0).UTC().Add(now) }

// A memFile is an open file.
type memFile struct {
	node                  *memNode
	at                    int64 // where read and write go on
	reads, writes, append bool
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

func (f *memFile) writeAt(m *Memory, b []byte, off int64) (int, error) {
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
	n.modified = m.now
	return copy(n.content[off:], b), nil
}

func (f *memFile) ready(*Memory) Events { return Readable | Writable }
func (f *memFile) close(*Memory)        {}
func (f *memFile) mode() uint32         { return f.node.mode }
