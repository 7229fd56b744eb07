package drivertest

import (
	"os"
	"path"
	"slices"
	"syscall"
	"time"

	"rondo.dev/rondo/driver"
)

var fileCallTests = []test{
	{name: "FileCall/names", run: callNames, needs: []Feature{Files}},
	{name: "FileCall/changes", run: callChanges, needs: []Feature{Files}},
	{name: "FileCall/locks", run: callLocks, needs: []Feature{Files}},
	{name: "FileCall/copy", run: callCopy, needs: []Feature{Files}},
	{name: "FileCall/close_waits", run: callClose, needs: []Feature{Files}},
	{name: "File/vectored_at", run: fileVectoredAt, needs: []Feature{Files}},
	{name: "File/direct", run: fileDirect, needs: []Feature{Files}},
}

// file makes a call on the file system and returns its result.
func (r *rig) file(a *driver.FileArgs) driver.Result {
	r.Helper()
	return r.do(func(c *call) { c.File(a, c) })
}

func callNames(r *rig) {
	dir := r.suite.World.Dir(r.T)
	p := func(name string) string { return path.Join(dir, name) }
	r.close(r.create(p("f")))
	for _, c := range []struct {
		args driver.FileArgs
		err  error
	}{
		{driver.FileArgs{Call: driver.FileMkdir, Path: p("d"), Mode: 0o755}, nil},
		{driver.FileArgs{Call: driver.FileMkdir, Path: p("d"), Mode: 0o755}, syscall.EEXIST},
		{driver.FileArgs{Call: driver.FileMkdir, Path: p("x/d"), Mode: 0o755}, syscall.ENOENT},
		{driver.FileArgs{Call: driver.FileMkdir, Path: p("f/d"), Mode: 0o755}, syscall.ENOTDIR},
		{driver.FileArgs{Call: driver.FileLink, Path: p("f"), To: p("d/hard")}, nil},
		{driver.FileArgs{Call: driver.FileLink, Path: p("d"), To: p("l")}, syscall.EPERM},
		{driver.FileArgs{Call: driver.FileLink, Path: p("f"), To: p("d/hard")}, syscall.EEXIST},
		{driver.FileArgs{Call: driver.FileSymlink, Path: "f", To: p("soft")}, nil},
		{driver.FileArgs{Call: driver.FileReadlink, Path: p("f")}, syscall.EINVAL},
		{driver.FileArgs{Call: driver.FileRename, Path: p("x"), To: p("y")}, syscall.ENOENT},
		{driver.FileArgs{Call: driver.FileRename, Path: p("d"), To: p("d/e")}, syscall.EINVAL},
		{driver.FileArgs{Call: driver.FileRename, Path: p("d"), To: p("f")}, syscall.ENOTDIR},
		{driver.FileArgs{Call: driver.FileRename, Path: p("f"), To: p("g")}, nil},
		{driver.FileArgs{Call: driver.FileUnlink, Path: p("f")}, syscall.ENOENT},
		{driver.FileArgs{Call: driver.FileUnlink, Path: p("d")}, syscall.EISDIR},
		{driver.FileArgs{Call: driver.FileRmdir, Path: p("g")}, syscall.ENOTDIR},
		{driver.FileArgs{Call: driver.FileRmdir, Path: p("d")}, syscall.ENOTEMPTY},
		{driver.FileArgs{Call: driver.FileReadDir, Path: p("g")}, syscall.ENOTDIR},
		{driver.FileArgs{Path: p("g")}, syscall.EINVAL},
	} {
		if got := r.file(&c.args); got.Err != c.err {
			r.Errorf("%v of %q: %v, want %v", c.args.Call, path.Base(c.args.Path), got.Err, c.err)
		}
	}
	link := &driver.FileArgs{Call: driver.FileReadlink, Path: p("soft")}
	if res := r.file(link); res.Err != nil || link.To != "f" {
		r.Errorf("readlink: %q, %v", link.To, res.Err)
	}
	list := &driver.FileArgs{Call: driver.FileReadDir, Path: dir}
	want := []driver.DirEntry{{Name: "d", Type: os.ModeDir}, {Name: "g"}, {Name: "soft", Type: os.ModeSymlink}}
	if res := r.file(list); res.Err != nil || !slices.Equal(list.Entries, want) {
		r.Errorf("readdir: %v, %v", list.Entries, res.Err)
	}
	for range 2 {
		if res := r.file(&driver.FileArgs{Call: driver.FileRemoveAll, Path: p("d")}); res.Err != nil {
			r.Errorf("removeall: %v", res.Err)
		}
	}
	r.fails(syscall.ENOENT, func(c *call) { c.Stat(&driver.StatArgs{Path: p("d/hard")}, c) })
}

func callChanges(r *rig) {
	name := path.Join(r.suite.World.Dir(r.T), "f")
	fd := r.create(name)
	r.writeAt(fd, []byte("0123456789"), 0)
	atime, mtime := time.Unix(1e9, 1), time.Unix(2e9, 2)
	for _, byPath := range []bool{false, true} {
		for i, a := range []driver.FileArgs{
			{Call: driver.FileTruncate, Size: 7},
			{Call: driver.FileChmod, Mode: 0o1640},
			{Call: driver.FileChown, UID: -1, GID: -1},
			{Call: driver.FileTimes, AccTime: atime, ModTime: mtime},
			{Call: driver.FileTimes},
		} {
			if byPath {
				a.Path, a.Size, a.Mode = name, a.Size/2, a.Mode&0o600
			} else {
				a.FD = fd
			}
			if res := r.file(&a); res.Err != nil {
				r.Errorf("%v (%d): %v", a.Call, i, res.Err)
			}
		}
		args := &driver.StatArgs{FD: fd}
		r.must(func(c *call) { c.Stat(args, c) })
		size, mode := int64(7), uint32(0o1640)
		if byPath {
			size, mode = 3, 0o600
		}
		if s := args.Info; s.Size != size || s.Mode&0o7777 != mode || !s.AccTime.Equal(atime) || !s.ModTime.Equal(mtime) {
			r.Errorf("by path %v: %+v", byPath, s)
		}
	}
	r.close(fd)
	r.fails(syscall.EBADF, func(c *call) { c.File(&driver.FileArgs{Call: driver.FileChmod, FD: fd}, c) })
}

func callLocks(r *rig) {
	name := path.Join(r.suite.World.Dir(r.T), "f")
	a, b := r.create(name), r.create(name)
	lock := func(fd int, shared bool, want error) {
		r.Helper()
		res := r.file(&driver.FileArgs{Call: driver.FileLock, FD: fd, Shared: shared})
		if res.Err != want {
			r.Errorf("lock of %d, shared %v: %v, want %v", fd, shared, res.Err, want)
		}
	}
	lock(a, true, nil)
	lock(b, true, nil)
	lock(b, false, syscall.EAGAIN)
	r.close(a)
	lock(b, false, nil)
	a = r.create(name)
	lock(a, true, syscall.EAGAIN)
	if res := r.file(&driver.FileArgs{Call: driver.FileUnlock, FD: b}); res.Err != nil {
		r.Errorf("unlock: %v", res.Err)
	}
	lock(a, false, nil)
}

func callCopy(r *rig) {
	dir := r.suite.World.Dir(r.T)
	from, to := r.create(path.Join(dir, "f")), r.create(path.Join(dir, "g"))
	const size = 100_000
	r.writeAt(from, pattern(0, size), 0)
	for at := int64(0); ; {
		res := r.file(&driver.FileArgs{Call: driver.FileCopy, From: from, FD: to, Offset: at, Size: 30_000})
		if res.Err != nil {
			r.Fatalf("copy at %d: %v", at, res.Err)
		}
		if res.N == 0 {
			break
		}
		at += int64(res.N)
	}
	if got := r.content(to); string(got) != string(pattern(0, size)) {
		r.Errorf("the copy has %d bytes, or others", len(got))
	}
}

// callClose closes a descriptor with calls in flight: they end before it does, and
// none reaches the next file with its number.
func callClose(r *rig) {
	dir := r.suite.World.Dir(r.T)
	for i := range 20 {
		fd := r.create(path.Join(dir, "f"))
		var calls []*call
		for range 10 {
			calls = append(calls,
				r.submit(func(c *call) { c.File(&driver.FileArgs{Call: driver.FileTruncate, FD: fd, Size: 5}, c) }),
				r.submit(func(c *call) { c.Stat(&driver.StatArgs{FD: fd}, c) }))
		}
		if i%2 == 0 {
			r.wait(0)
		}
		r.close(fd)
		for _, c := range calls {
			if !c.ended {
				r.Fatalf("%v outlived its descriptor", c.Kind())
			}
			if err := c.last().Err; err != nil && err != driver.ErrCanceled {
				r.Errorf("%v: %v", c.Kind(), err)
			}
		}
		other := r.create(path.Join(dir, "other"))
		r.settle()
		if got := r.content(other); len(got) != 0 {
			r.Errorf("another file was truncated to %d bytes", len(got))
		}
		r.close(other)
	}
}

func fileVectoredAt(r *rig) {
	fd := r.create(path.Join(r.suite.World.Dir(r.T), "f"))
	at := int64(3)
	for bufs := [][]byte{[]byte("one "), {}, []byte("two "), []byte("three")}; len(bufs) > 0; {
		n := r.must(func(c *call) { c.WritevAt(fd, &driver.Vec{Bufs: bufs}, at, c) })
		bufs, at = skip(bufs, n), at+int64(n)
	}
	a, b := make([]byte, 5), make([]byte, 30)
	n := r.must(func(c *call) { c.ReadvAt(fd, &driver.Vec{Bufs: [][]byte{a, nil, b}}, 0, c) })
	want := "\x00\x00\x00one two three"
	if got := (string(a) + string(b))[:n]; n < 1 || got != want[:n] {
		r.Errorf("read %q", got)
	}
	if n := r.must(func(c *call) { c.ReadvAt(fd, &driver.Vec{Bufs: [][]byte{a, b}}, 100, c) }); n != 0 {
		r.Errorf("read %d bytes behind the end", n)
	}
	r.fails(syscall.EINVAL, func(c *call) { c.ReadvAt(fd, &driver.Vec{Bufs: [][]byte{a}}, -1, c) })
	sock, _ := r.pair()
	r.fails(syscall.ESPIPE, func(c *call) { c.WritevAt(sock, &driver.Vec{Bufs: [][]byte{a}}, 0, c) })
}

func fileDirect(r *rig) {
	name := path.Join(r.suite.World.Dir(r.T), "f")
	open := &driver.OpenArgs{Path: name, Flags: os.O_CREATE | os.O_RDWR | driver.DirectIO, Perm: 0o600}
	res := r.do(func(c *call) { c.Open(open, c) })
	if res.Err == syscall.EINVAL {
		r.Skip("this file system has no direct I/O")
	}
	fd := r.own(res.N)
	b := driver.Aligned(4 * driver.Alignment)
	copy(b, pattern(0, len(b)))
	r.writeAt(fd, b, 0)
	clear(b)
	for at := 0; at < len(b); {
		n := r.must(func(c *call) { c.ReadAt(fd, b[at:], int64(at), c) })
		if n == 0 {
			r.Fatalf("the file ends at %d", at)
		}
		at += n
	}
	if string(b) != string(pattern(0, len(b))) {
		r.Error("read other bytes than were written")
	}
}
