package driver

import (
	"cmp"
	"io/fs"
	"slices"
	"syscall"
	"time"
)

// performCall carries out a FileCall. None of them waits.
func (m *Memory) performCall(x *memOp, a *FileArgs) (Result, step) {
	n, err := m.call(x, a)
	if err != nil {
		return Result{Err: err}, stepEnd
	}
	return Result{N: n}, stepEnd
}

func (m *Memory) call(x *memOp, a *FileArgs) (n int, err error) {
	switch a.Call {
	case FileMkdir:
		p, err := m.free(a.Path)
		if err == nil {
			m.enter(p, m.newNode(memDir|a.Mode&0o7777))
		}
		return 0, err
	case FileUnlink, FileRmdir:
		return 0, m.unname(a)
	case FileRemoveAll:
		p, err := m.find(a.Path, false)
		if err == syscall.ENOENT || err == nil && p.node == nil {
			return 0, nil
		}
		if err == nil && p.dir == nil {
			err = syscall.EINVAL
		}
		if err != nil {
			return 0, err
		}
		m.leave(p)
		return 0, nil
	case FileRename:
		return 0, m.rename(a)
	case FileLink:
		return 0, m.hardLink(a)
	case FileSymlink:
		p, err := m.free(a.To)
		if err == nil {
			n := m.newNode(memLink | 0o777)
			n.target = a.Path
			m.enter(p, n)
		}
		return 0, err
	case FileReadlink:
		p, err := m.there(a.Path, false)
		switch {
		case err != nil:
			return 0, err
		case !p.node.is(memLink):
			return 0, syscall.EINVAL
		}
		a.To = p.node.target
		return 0, nil
	case FileReadDir:
		p, err := m.there(a.Path, true)
		switch {
		case err != nil:
			return 0, err
		case !p.node.isDir():
			return 0, syscall.ENOTDIR
		}
		a.Entries = p.node.entries()
		return 0, nil
	case FileTruncate, FileChmod, FileChown, FileTimes:
		return 0, m.alter(x, a)
	case FileLock, FileUnlock, FileCopy:
		return m.callOpen(x, a)
	}
	return 0, syscall.EINVAL
}

// callOpen carries out a call on an open file.
func (m *Memory) callOpen(x *memOp, a *FileArgs) (n int, err error) {
	f, err := x.file()
	if err != nil {
		return 0, err
	}
	switch a.Call {
	case FileLock:
		return 0, f.lock(a.Shared)
	case FileUnlock:
		f.unlock()
		return 0, nil
	}
	return m.copyRange(x, f, a)
}

// file returns the open file that x works on.
func (x *memOp) file() (*memFile, error) {
	if x.fd == nil {
		return nil, syscall.EBADF
	}
	f, ok := x.fd.object.(*memFile)
	if !ok {
		return nil, syscall.EINVAL
	}
	return f, nil
}

func (m *Memory) unname(a *FileArgs) error {
	p, err := m.there(a.Path, false)
	switch {
	case err != nil:
		return err
	case a.Call == FileUnlink && p.node.isDir():
		return syscall.EISDIR
	case a.Call == FileRmdir && !p.node.isDir():
		return syscall.ENOTDIR
	case p.dir == nil:
		return syscall.EBUSY
	case len(p.node.children) > 0:
		return syscall.ENOTEMPTY
	}
	m.leave(p)
	return nil
}

func (m *Memory) rename(a *FileArgs) error {
	from, err := m.there(a.Path, false)
	if err != nil {
		return err
	}
	to, err := m.find(a.To, false)
	switch {
	case err != nil:
		return err
	case from.dir == nil || to.dir == nil:
		return syscall.EBUSY
	case from.node == to.node:
		return nil
	case from.node.isDir() && from.node.above(to.dir):
		return syscall.EINVAL
	case to.node == nil:
	case from.node.isDir() && !to.node.isDir():
		return syscall.ENOTDIR
	case !from.node.isDir() && to.node.isDir():
		return syscall.EISDIR
	case len(to.node.children) > 0:
		return syscall.ENOTEMPTY
	default:
		m.leave(to)
	}
	m.leave(from)
	m.enter(to, from.node)
	return nil
}

// above reports whether o is n, or somewhere below it.
func (n *memNode) above(o *memNode) bool {
	if n == o {
		return true
	}
	for _, child := range n.children {
		if child.isDir() && child.above(o) {
			return true
		}
	}
	return false
}

func (m *Memory) hardLink(a *FileArgs) error {
	from, err := m.there(a.Path, false)
	switch {
	case err != nil:
		return err
	case from.node.isDir():
		return syscall.EPERM
	}
	to, err := m.free(a.To)
	if err == nil {
		m.enter(to, from.node)
	}
	return err
}

func (n *memNode) entries() []DirEntry {
	list := make([]DirEntry, 0, len(n.children))
	for name, child := range n.children {
		list = append(list, DirEntry{Name: name, Type: child.typeBits()})
	}
	slices.SortFunc(list, func(a, b DirEntry) int { return cmp.Compare(a.Name, b.Name) })
	return list
}

func (n *memNode) typeBits() fs.FileMode {
	switch {
	case n.isDir():
		return fs.ModeDir
	case n.is(memLink):
		return fs.ModeSymlink
	}
	return 0
}

// alter changes what is known of a file, or its size.
func (m *Memory) alter(x *memOp, a *FileArgs) error {
	var n *memNode
	if a.Path != "" {
		p, err := m.there(a.Path, !a.NoFollow)
		if err != nil {
			return err
		}
		n = p.node
	} else {
		f, err := x.file()
		switch {
		case err != nil:
			return err
		case a.Call == FileTruncate && !f.writes:
			return syscall.EINVAL
		}
		n = f.node
	}
	switch a.Call {
	case FileTruncate:
		return n.truncate(a.Size, memTime(m.now))
	case FileChmod:
		n.mode = n.mode&memType | a.Mode&0o7777
	case FileChown:
		if a.UID >= 0 {
			n.uid = uint32(a.UID)
		}
		if a.GID >= 0 {
			n.gid = uint32(a.GID)
		}
	case FileTimes:
		if !a.AccTime.IsZero() {
			n.accTime = a.AccTime.UTC()
		}
		if !a.ModTime.IsZero() {
			n.modTime = a.ModTime.UTC()
		}
	}
	return nil
}

func (n *memNode) truncate(size int64, now time.Time) error {
	switch {
	case n.isDir():
		return syscall.EISDIR
	case size < 0:
		return syscall.EINVAL
	case size > memFileMax:
		return syscall.EFBIG
	}
	if have := int64(len(n.content)); size > have {
		n.content = append(n.content, make([]byte, size-have)...)
	} else {
		n.content = n.content[:size:size] // what is written behind it later starts from zeroes
	}
	n.modTime = now
	return nil
}

// lock is flock(2): the lock is the open file's, and can change its kind.
func (f *memFile) lock(shared bool) error {
	for _, other := range f.node.lockers {
		if other != f && !(shared && other.shared) {
			return syscall.EAGAIN
		}
	}
	f.unlock()
	f.shared = shared
	f.node.lockers = append(f.node.lockers, f)
	return nil
}

func (f *memFile) unlock() {
	f.node.lockers = slices.DeleteFunc(f.node.lockers, func(o *memFile) bool { return o == f })
}

// copyRange copies as much at a time as a kernel might.
func (m *Memory) copyRange(x *memOp, to *memFile, a *FileArgs) (int, error) {
	d := m.openFD(a.From)
	if d == nil {
		return 0, syscall.EBADF
	}
	from, ok := d.object.(*memFile)
	if !ok {
		return 0, syscall.EINVAL
	}
	b := x.cut(make([]byte, min(max(a.Size, 0), 1<<20)))
	n, err := from.readAt(b, a.Offset)
	if n == 0 || err != nil {
		return 0, err
	}
	return to.writeAt(m, b[:n], a.Offset)
}
