package driver

import (
	"strings"
	"syscall"
	"time"
)

// The type bits of a file's mode, as in stat(2).
const (
	memType uint32 = 0o170000
	memSock uint32 = 0o140000
	memLink uint32 = 0o120000
	memReg  uint32 = 0o100000
	memDir  uint32 = 0o040000
	memFIFO uint32 = 0o010000
)

// A memNode is a file, a directory or a symbolic link.
type memNode struct {
	inode    uint64
	mode     uint32
	links    uint32 // names that it has; a directory counts its own only
	uid, gid uint32
	accTime  time.Time // of making it, or what FileTimes has set
	modTime  time.Time
	content  []byte
	children map[string]*memNode // of a directory
	target   string              // of a symbolic link
	lockers  []*memFile          // that have it locked
}

func (m *Memory) newNode(mode uint32) *memNode {
	m.nodes++
	n := &memNode{inode: m.nodes, mode: mode, accTime: memTime(m.now), modTime: memTime(m.now)}
	if n.isDir() {
		n.children = map[string]*memNode{}
	}
	return n
}

func (n *memNode) is(kind uint32) bool { return n.mode&memType == kind }
func (n *memNode) isDir() bool         { return n.is(memDir) }

func (n *memNode) stat() Stat {
	size := int64(len(n.content))
	if n.is(memLink) {
		size = int64(len(n.target))
	}
	return Stat{Size: size, Mode: n.mode, Links: n.links, UID: n.uid, GID: n.gid, Inode: n.inode, Device: 1,
		Blocks: (size + 511) / 512, AccTime: n.accTime, ModTime: n.modTime}
}

// memTime is a virtual time as a date; the machine is made at the Unix epoch.
func memTime(now time.Duration) time.Time { return time.Unix(0, 0).UTC().Add(now) }

// A memPlace is where a path leads.
type memPlace struct {
	node *memNode // nil if only it is missing
	dir  *memNode // nil if the path ends in "..", or at the root
	base string   // its name in dir
}

// maxLinks is how many symbolic links a path may lead through, as on Linux.
const maxLinks = 40

// find follows a path, which is taken from the root. A symbolic link at its end is
// followed if asked for.
func (m *Memory) find(name string, follow bool) (p memPlace, err error) {
	if name == "" {
		return p, syscall.ENOENT
	}
	dirs := []*memNode{m.root} // from the root to where the path has led
	rest := strings.Split(name, "/")
	p.node = m.root
	for links := 0; len(rest) > 0; {
		part := rest[0]
		rest = rest[1:]
		if part == "" || part == "." {
			continue
		}
		switch {
		case p.node == nil:
			return memPlace{}, syscall.ENOENT
		case !p.node.isDir():
			return memPlace{}, syscall.ENOTDIR
		}
		if part == ".." {
			dirs = dirs[:max(1, len(dirs)-1)]
			p = memPlace{node: dirs[len(dirs)-1]}
			continue
		}
		dir := p.node
		p = memPlace{node: dir.children[part], dir: dir, base: part}
		switch n := p.node; {
		case n == nil:
		case n.isDir():
			dirs = append(dirs, n)
		case n.is(memLink) && (follow || hasParts(rest)):
			if links++; links > maxLinks {
				return memPlace{}, syscall.ELOOP
			}
			if strings.HasPrefix(n.target, "/") {
				dirs = dirs[:1]
			}
			rest = append(strings.Split(n.target, "/"), rest...)
			p = memPlace{node: dirs[len(dirs)-1]}
		}
	}
	return p, nil
}

// hasParts reports whether there is a name in what is left of a path.
func hasParts(rest []string) bool {
	for _, part := range rest {
		if part != "" {
			return true
		}
	}
	return false
}

// there is find for a path that has to lead to something.
func (m *Memory) there(name string, follow bool) (memPlace, error) {
	p, err := m.find(name, follow)
	if err == nil && p.node == nil {
		err = syscall.ENOENT
	}
	return p, err
}

// free is find for a path that has to lead to a name which can be given.
func (m *Memory) free(name string) (memPlace, error) {
	p, err := m.find(name, false)
	if err == nil && p.node != nil {
		err = syscall.EEXIST
	}
	return p, err
}

// enter gives a node the name of a place.
func (m *Memory) enter(p memPlace, n *memNode) {
	p.dir.children[p.base] = n
	p.dir.modTime = memTime(m.now)
	n.links++
}

// leave takes the name of a place away.
func (m *Memory) leave(p memPlace) {
	delete(p.dir.children, p.base)
	p.dir.modTime = memTime(m.now)
	p.node.links--
}

// MkdirAll makes a directory and those above it, where they are missing.
func (m *Memory) MkdirAll(name string) error {
	made := ""
	for part := range strings.SplitSeq(name, "/") {
		if part == "" {
			continue
		}
		made += "/" + part
		p, err := m.find(made, true)
		switch {
		case err != nil:
			return err
		case p.node == nil:
			m.enter(p, m.newNode(memDir|0o755))
		case !p.node.isDir():
			return syscall.ENOTDIR
		}
	}
	return nil
}
