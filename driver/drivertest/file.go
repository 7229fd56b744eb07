package drivertest

import (
	"bytes"
	"os"
	"path"
	"syscall"

	"rondo.dev/rondo/driver"
)

var fileTests = []test{
	{name: "File/write_and_read_at", run: fileAt, needs: []Feature{Files}},
	{name: "File/position", run: filePosition, needs: []Feature{Files}},
	{name: "File/open_flags", run: fileOpen, needs: []Feature{Files}},
	{name: "File/errors", run: fileErrors, needs: []Feature{Files}},
	{name: "File/stat", run: fileStat, needs: []Feature{Files}},
	{name: "File/vectored_write", run: fileVectored, needs: []Feature{Files}},
	{name: "File/many_at_once", run: fileMany, needs: []Feature{Files}},
}

func (r *rig) open(name string, flags int) int {
	r.Helper()
	return r.own(r.must(func(c *call) { c.Open(&driver.OpenArgs{Path: name, Flags: flags, Perm: 0o644}, c) }))
}

func (r *rig) create(name string) int {
	r.Helper()
	return r.open(name, os.O_CREATE|os.O_RDWR)
}

// writeAt writes all of b.
func (r *rig) writeAt(fd int, b []byte, off int64) {
	r.Helper()
	for len(b) > 0 {
		n := r.must(func(c *call) { c.WriteAt(fd, b, off, c) })
		if n <= 0 {
			r.Fatalf("writeat of %d bytes returned %d", len(b), n)
		}
		b, off = b[n:], off+int64(n)
	}
}

// content reads the file from the start to its end.
func (r *rig) content(fd int) []byte {
	r.Helper()
	var all []byte
	buf := make([]byte, 1000)
	for {
		n := r.must(func(c *call) { c.ReadAt(fd, buf, int64(len(all)), c) })
		if n == 0 {
			return all
		}
		all = append(all, buf[:n]...)
	}
}

func fileAt(r *rig) {
	fd := r.create(path.Join(r.suite.World.Dir(r.T), "f"))
	r.writeAt(fd, []byte("hello, world"), 0)
	r.writeAt(fd, []byte("WORLD!"), 7)
	if got := r.content(fd); string(got) != "hello, WORLD!" {
		r.Errorf("content %q", got)
	}
	r.writeAt(fd, []byte("x"), 20)
	if got := r.content(fd); string(got) != "hello, WORLD!\x00\x00\x00\x00\x00\x00\x00x" {
		r.Errorf("content with a hole %q", got)
	}
	for _, dataOnly := range []bool{true, false} {
		r.must(func(c *call) { c.Fsync(fd, dataOnly, c) })
	}
	if n := r.must(func(c *call) { c.ReadAt(fd, make([]byte, 4), 1<<40, c) }); n != 0 {
		r.Errorf("read %d bytes far behind the end", n)
	}
}

// filePosition reads and writes at the position of the file, which operations
// with an offset leave alone.
func filePosition(r *rig) {
	name := path.Join(r.suite.World.Dir(r.T), "f")
	fd := r.create(name)
	for sent := 0; sent < 100; {
		sent += r.must(func(c *call) { c.Write(fd, pattern(sent, min(30, 100-sent)), c) })
		r.must(func(c *call) { c.ReadAt(fd, make([]byte, 1), 0, c) })
	}
	if got := r.content(fd); !bytes.Equal(got, pattern(0, 100)) {
		r.Errorf("content %s", excerpt(got))
	}
	if n := r.must(func(c *call) { c.Read(fd, make([]byte, 10), c) }); n != 0 {
		r.Errorf("read %d bytes at the end", n)
	}
	fd = r.open(name, os.O_RDONLY)
	var all []byte
	for {
		buf := make([]byte, 33)
		n := r.must(func(c *call) { c.Read(fd, buf, c) })
		if n == 0 {
			break
		}
		all = append(all, buf[:n]...)
	}
	if !bytes.Equal(all, pattern(0, 100)) {
		r.Errorf("read %s", excerpt(all))
	}
}

func fileOpen(r *rig) {
	dir := r.suite.World.Dir(r.T)
	for _, c := range []struct {
		name  string
		flags int
		write string
		want  string
		err   error
	}{
		{name: "missing", flags: os.O_RDWR, err: syscall.ENOENT},
		{name: "f", flags: os.O_RDWR | os.O_CREATE | os.O_EXCL, write: "first", want: "first"},
		{name: "f", flags: os.O_RDWR | os.O_CREATE | os.O_EXCL, err: syscall.EEXIST},
		{name: "f", flags: os.O_RDWR | os.O_CREATE, write: "F", want: "First"},
		{name: "f", flags: os.O_RDWR | os.O_APPEND, write: "+last", want: "First+last"},
		{name: "f", flags: os.O_RDWR | os.O_TRUNC, write: "new", want: "new"},
		{name: "f/below", flags: os.O_RDWR, err: syscall.ENOTDIR},
		{name: "no/such/dir", flags: os.O_RDWR | os.O_CREATE, err: syscall.ENOENT},
		{name: ".", flags: os.O_RDWR, err: syscall.EISDIR},
	} {
		args := &driver.OpenArgs{Path: path.Join(dir, c.name), Flags: c.flags, Perm: 0o600}
		if c.err != nil {
			r.fails(c.err, func(op *call) { op.Open(args, op) })
			continue
		}
		fd := r.own(r.must(func(op *call) { op.Open(args, op) }))
		for b := []byte(c.write); len(b) > 0; {
			b = b[r.must(func(op *call) { op.Write(fd, b, op) }):]
		}
		if got := r.content(fd); string(got) != c.want {
			r.Errorf("%s opened with %#x and written to has %q, want %q", c.name, c.flags, got, c.want)
		}
		r.close(fd)
	}
}

func fileErrors(r *rig) {
	dir := r.suite.World.Dir(r.T)
	name := path.Join(dir, "f")
	rw := r.create(name)
	ro := r.open(name, os.O_RDONLY)
	wo := r.open(name, os.O_WRONLY)
	d := r.open(dir, os.O_RDONLY)
	sock, _ := r.pair()
	b := make([]byte, 1)
	r.fails(syscall.EBADF, func(c *call) { c.WriteAt(ro, b, 0, c) })
	r.fails(syscall.EBADF, func(c *call) { c.Write(ro, b, c) })
	r.fails(syscall.EBADF, func(c *call) { c.ReadAt(wo, b, 0, c) })
	r.fails(syscall.EBADF, func(c *call) { c.Read(wo, b, c) })
	r.fails(syscall.EISDIR, func(c *call) { c.ReadAt(d, b, 0, c) })
	r.fails(syscall.EINVAL, func(c *call) { c.ReadAt(rw, b, -7, c) })
	r.fails(syscall.ESPIPE, func(c *call) { c.ReadAt(sock, b, 0, c) })
	r.fails(syscall.EINVAL, func(c *call) { c.Fsync(sock, false, c) })
	r.fails(syscall.ENOTSOCK, func(c *call) { c.Recv(rw, b, c) })
	r.fails(syscall.ENOTSOCK, func(c *call) { c.Send(rw, b, c) })
	r.fails(syscall.ENOTSOCK, func(c *call) { c.Accept(rw, c) })
	r.fails(syscall.ENOTSOCK, func(c *call) { c.Shutdown(rw, 1, c) })
	r.fails(syscall.ENOENT, func(c *call) { c.Stat(&driver.StatArgs{Path: name + "-missing"}, c) })
	r.fails(syscall.ENOENT, func(c *call) { c.Open(&driver.OpenArgs{Path: ""}, c) })
	r.close(rw)
	for _, prepare := range []func(c *call){
		func(c *call) { c.ReadAt(rw, b, 0, c) },
		func(c *call) { c.WriteAt(rw, b, 0, c) },
		func(c *call) { c.Fsync(rw, false, c) },
		func(c *call) { c.Stat(&driver.StatArgs{FD: rw}, c) },
	} {
		r.fails(syscall.EBADF, prepare)
	}
}

func fileStat(r *rig) {
	const typeMask, regular, directory = 0o170000, 0o100000, 0o040000
	dir := r.suite.World.Dir(r.T)
	name := path.Join(dir, "f")
	fd := r.create(name)
	r.writeAt(fd, make([]byte, 5000), 0)
	byPath, byFD := &driver.StatArgs{Path: name}, &driver.StatArgs{FD: fd}
	r.must(func(c *call) { c.Stat(byPath, c) })
	r.must(func(c *call) { c.Stat(byFD, c) })
	got := byPath.Info
	if got.Size != 5000 || got.Mode&typeMask != regular || got.Mode&0o600 != 0o600 || got.Links != 1 ||
		got.Inode == 0 || got.ModTime.IsZero() {
		r.Errorf("stat of the file: %+v", got)
	}
	if byFD.Info != got {
		r.Errorf("stat by descriptor: %+v, by path: %+v", byFD.Info, got)
	}
	ofDir := &driver.StatArgs{Path: dir}
	r.must(func(c *call) { c.Stat(ofDir, c) })
	if ofDir.Info.Mode&typeMask != directory || ofDir.Info.Inode == got.Inode {
		r.Errorf("stat of the directory: %+v", ofDir.Info)
	}
}

func fileVectored(r *rig) {
	fd := r.create(path.Join(r.suite.World.Dir(r.T), "f"))
	bufs := [][]byte{[]byte("one "), {}, []byte("two "), []byte("three")}
	for len(bufs) > 0 {
		n := r.must(func(c *call) { c.Writev(fd, &driver.Vec{Bufs: bufs}, c) })
		bufs = skip(bufs, n)
	}
	if got := r.content(fd); string(got) != "one two three" {
		r.Errorf("content %q", got)
	}
}

// fileMany keeps a thousand reads and writes in flight.
func fileMany(r *rig) {
	const n, size = 1000, 512
	fd := r.create(path.Join(r.suite.World.Dir(r.T), "f"))
	var calls []*call
	for i := range n {
		calls = append(calls, r.submit(func(c *call) { c.WriteAt(fd, pattern(i*size, size), int64(i*size), c) }))
	}
	for i, c := range calls {
		// A short write leaves the rest to be written.
		if res := r.await(c); res.Err != nil {
			r.Fatalf("writeat: %v", res.Err)
		} else if res.N < size {
			at := i*size + res.N
			r.writeAt(fd, pattern(at, size-res.N), int64(at))
		}
	}
	bufs := make([][]byte, n)
	calls = calls[:0]
	for i := range n {
		bufs[i] = make([]byte, size)
		calls = append(calls, r.submit(func(c *call) { c.ReadAt(fd, bufs[i], int64(i*size), c) }))
	}
	for i, c := range calls {
		if res := r.await(c); res.Err != nil || !bytes.Equal(bufs[i][:res.N], pattern(i*size, res.N)) {
			r.Fatalf("readat %d: %+v", i, res)
		}
	}
	if got := r.content(fd); !bytes.Equal(got, pattern(0, n*size)) {
		r.Error("the content differs from what was written")
	}
}
