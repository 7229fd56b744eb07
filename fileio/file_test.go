package fileio_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"syscall"
	"testing"
	"time"

	"rondo.dev/rondo"
	"rondo.dev/rondo/driver"
	"rondo.dev/rondo/fileio"
)

// TestAt: everything at its offset, whatever the sizes.
func TestAt(t *testing.T) {
	onEach(t, func(e *env) {
		const size = 300_000
		f := e.create("f", "")
		e.writeAt(f, pattern(size), 0)
		for _, c := range []struct{ off, n, want int }{
			{0, 1, 1}, {0, 4096, 4096}, {4095, 2, 2}, {100_000, 200_000, 200_000},
			{size - 1, 1, 1}, {size - 10, 20, 10}, {size, 1, 0}, {size + 1000, 5, 0}, {7, 0, 0},
		} {
			b := make([]byte, c.n)
			n, err := f.ReadAt(b, int64(c.off)).Await(e.task)
			if want := map[bool]error{true: io.EOF}[c.want < c.n]; err != want || n != c.want {
				e.Errorf("ReadAt of %d at %d: %d, %v; want %d, %v", c.n, c.off, n, err, c.want, want)
			}
			e.same(b[:n], c.off)
		}
		// A hole reads as zeroes.
		e.writeAt(f, []byte("x"), size+100)
		b := make([]byte, 101)
		_, err := f.ReadAt(b, size).Await(e.task)
		e.check(err)
		for i, got := range b[:100] {
			if got != 0 {
				e.Fatalf("byte %d of the hole is %d", i, got)
			}
		}
		e.equal(b[100], byte('x'))
		_, err = f.ReadAt(b, -1).Await(e.task)
		var pe *fs.PathError
		if !errors.As(err, &pe) || pe.Op != "read" || pe.Path != e.path("f") {
			e.Errorf("ReadAt at -1: %v", err)
		}
		e.close(f)
	})
}

// TestManyAtOnce keeps 64 tasks reading and writing parts of one file.
func TestManyAtOnce(t *testing.T) {
	onEach(t, func(e *env) {
		const tasks, part = 64, 3000
		f := e.create("f", "")
		e.parallel(tasks, func(e *env, i int) {
			at := i * part
			e.writeAt(f, pattern(at + part)[at:], int64(at))
			b := make([]byte, part)
			_, err := f.ReadAt(b, int64(at)).Await(e.task)
			e.check(err)
			e.same(b, at)
		})
		b, err := fileio.ReadFile(e.task, e.path("f"))
		e.check(err)
		e.equal(len(b), tasks*part)
		e.same(b, 0)
		e.close(f)
	})
}

// TestPosition: Read, Write and SeekTo share one position.
func TestPosition(t *testing.T) {
	onEach(t, func(e *env) {
		f := e.create("f", "")
		for _, s := range []string{"one ", "two ", "three"} {
			n, err := f.Write([]byte(s)).Await(e.task)
			e.check(err)
			e.equal(n, len(s))
		}
		for _, c := range []struct {
			off    int64
			whence int
			want   int64
		}{{4, io.SeekStart, 4}, {-1, io.SeekCurrent, 3}, {-5, io.SeekEnd, 8}} {
			pos, err := f.SeekTo(c.off, c.whence).Await(e.task)
			e.check(err)
			e.equal(pos, c.want)
		}
		e.equal(e.rest(f), "three")
		n, err := f.Read(make([]byte, 5)).Await(e.task)
		e.equal(n, 0)
		e.equal(err, io.EOF)
		n, err = f.Read(nil).Await(e.task)
		e.equal(n, 0)
		e.check(err)
		_, err = f.SeekTo(-1, io.SeekStart).Await(e.task)
		e.is(err, syscall.EINVAL)
		_, err = f.SeekTo(0, 3).Await(e.task)
		e.is(err, syscall.EINVAL)
		// Far behind the end, and then there.
		_, err = f.SeekTo(3, io.SeekEnd).Await(e.task)
		e.check(err)
		_, err = f.Writev([]byte("a"), nil, []byte("bc")).Await(e.task)
		e.check(err)
		e.close(f)
		e.has("f", "one two three\x00\x00\x00abc")
	})
}

// rest reads from the position to the end.
func (e *env) rest(f *fileio.File) string {
	e.Helper()
	var all []byte
	b := make([]byte, 7)
	for {
		n, err := f.Read(b).Await(e.task)
		all = append(all, b[:n]...)
		if err == io.EOF {
			return string(all)
		}
		e.check(err)
	}
}

// TestTurns: writes at the position that are in flight together are carried out in
// order, and each whole.
func TestTurns(t *testing.T) {
	onEach(t, func(e *env) {
		f := e.create("f", "")
		const n, size = 20, 5000
		e.parallel(n, func(e *env, i int) { e.equalWrite(f, pattern(n * size)[i*size:(i+1)*size]) })
		b, err := fileio.ReadFile(e.task, e.path("f"))
		e.check(err)
		e.equal(len(b), n*size)
		e.same(b, 0)
		e.close(f)
	})
}

func (e *env) equalWrite(f *fileio.File, b []byte) {
	e.Helper()
	n, err := f.Write(b).Await(e.task)
	e.check(err)
	e.equal(n, len(b))
}

func TestVectored(t *testing.T) {
	onEach(t, func(e *env) {
		f := e.create("f", "")
		bufs := [][]byte{[]byte("one "), {}, []byte("two "), []byte("three")}
		n, err := f.WritevAt(2, bufs...).Await(e.task)
		e.check(err)
		e.equal(n, 13)
		e.equal(string(bufs[0]), "one ")
		a, b := make([]byte, 5), make([]byte, 20)
		n, err = f.ReadvAt(0, a, nil, b).Await(e.task)
		e.equal(n, 15)
		e.equal(err, io.EOF)
		e.equal(string(a)+string(b[:10]), "\x00\x00one two three")
		n, err = f.Readv(a[:2], b).Await(e.task)
		e.check(err)
		if n < 1 || n > 15 {
			e.Errorf("Readv returned %d", n)
		}
		e.close(f)
	})
}

func TestAppend(t *testing.T) {
	onEach(t, func(e *env) {
		e.put("f", "first")
		f := e.open("f", os.O_RDWR|os.O_APPEND)
		e.equalWrite(f, []byte(", second"))
		e.equalWrite(f, []byte(", third"))
		e.equal(e.rest(f), "first, second, third")
		if _, err := f.WriteAt([]byte("x"), 0).Await(e.task); err == nil {
			e.Error("WriteAt of a file opened with O_APPEND is no error")
		}
		e.close(f)
		e.has("f", "first, second, third")
	})
}

func TestOpenFlags(t *testing.T) {
	onEach(t, func(e *env) {
		for _, c := range []struct {
			name string
			flag int
			err  error
		}{
			{"missing", os.O_RDWR, fs.ErrNotExist},
			{"no/dir", os.O_RDWR | os.O_CREATE, fs.ErrNotExist},
			{"f", os.O_RDWR | os.O_CREATE | os.O_EXCL, nil},
			{"f", os.O_RDWR | os.O_CREATE | os.O_EXCL, fs.ErrExist},
			{"f", os.O_WRONLY | os.O_SYNC, nil},
		} {
			f, err := fileio.OpenFile(e.task, e.path(c.name), c.flag, 0o640)
			if !errors.Is(err, c.err) {
				e.Errorf("open of %s with %#x: %v, want %v", c.name, c.flag, err, c.err)
			}
			if err == nil {
				e.close(f)
			} else if pe := (*fs.PathError)(nil); !errors.As(err, &pe) || pe.Op != "open" || pe.Path != e.path(c.name) {
				e.Errorf("error is %#v", err)
			}
		}
		i, err := fileio.Stat(e.task, e.path("f"))
		e.check(err)
		e.equal(i.Mode(), fs.FileMode(0o640))
		_, err = fileio.Open(e.task, "")
		e.is(err, fs.ErrNotExist)
	})
}

func TestDirect(t *testing.T) {
	onEach(t, func(e *env) {
		f, err := fileio.OpenFile(e.task, e.path("f"), os.O_RDWR|os.O_CREATE|fileio.O_DIRECT, 0o644)
		if e.kernel() && errors.Is(err, syscall.EINVAL) {
			e.Skip("no direct I/O on this file system")
		}
		e.check(err)
		b := fileio.Aligned(64 << 10)
		copy(b, pattern(len(b)))
		e.writeAt(f, b, 0)
		clear(b)
		n, err := f.ReadAt(b, 0).Await(e.task)
		e.check(err)
		e.equal(n, len(b))
		e.same(b, 0)
		// The end of the file is where it is.
		e.check(f.Truncate(10_000).Await(e.task))
		n, err = f.ReadAt(b[:8192], 8192).Await(e.task)
		e.equal(err, io.EOF)
		e.equal(n, 10_000-8192)
		e.same(b[:n], 8192)
		if _, err = f.ReadAt(b[:100], 0).Await(e.task); !e.kernel() {
			e.is(err, syscall.EINVAL)
		}
		e.close(f)
	})
}

func TestMetadata(t *testing.T) {
	onEach(t, func(e *env) {
		f := e.create("f", "0123456789")
		e.check(f.Truncate(4).Await(e.task))
		e.check(f.Sync().Await(e.task))
		e.check(f.DataSync().Await(e.task))
		e.check(f.Chmod(0o600 | fs.ModeSticky).Await(e.task))
		e.check(f.Chown(-1, -1).Await(e.task))
		when := time.Date(2001, 2, 3, 4, 5, 6, 7000, time.UTC)
		e.check(f.Chtimes(time.Time{}, when).Await(e.task))
		i, err := f.Stat().Await(e.task)
		e.check(err)
		if i.Size() != 4 || i.Mode() != 0o600|fs.ModeSticky || !i.ModTime().Equal(when) || i.IsDir() || i.Name() != "f" {
			e.Errorf("stat: %d bytes, %v, %v, %q", i.Size(), i.Mode(), i.ModTime(), i.Name())
		}
		j, err := fileio.Stat(e.task, e.path("f"))
		e.check(err)
		if !fileio.SameFile(i, j) || *i.Sys().(*driver.Stat) != *j.Sys().(*driver.Stat) {
			e.Errorf("by path: %+v, by file: %+v", j.Sys(), i.Sys())
		}
		d, err := fileio.Stat(e.task, e.dir)
		e.check(err)
		if !d.IsDir() || fileio.SameFile(d, i) {
			e.Errorf("stat of the directory: %v", d.Mode())
		}
		e.close(f)
	})
}

// TestClosed: everything on a closed file says so, and nothing reaches another that
// has its number.
func TestClosed(t *testing.T) {
	onEach(t, func(e *env) {
		f := e.create("f", "content")
		e.close(f)
		other := e.create("other", "other")
		b := make([]byte, 3)
		for name, op := range map[string]func() error{
			"ReadAt":   func() error { _, err := f.ReadAt(b, 0).Await(e.task); return err },
			"WriteAt":  func() error { _, err := f.WriteAt(b, 0).Await(e.task); return err },
			"Read":     func() error { _, err := f.Read(b).Await(e.task); return err },
			"Read0":    func() error { _, err := f.Read(nil).Await(e.task); return err },
			"Write":    func() error { _, err := f.Write(b).Await(e.task); return err },
			"Readv":    func() error { _, err := f.ReadvAt(0, b).Await(e.task); return err },
			"SeekTo":   func() error { _, err := f.SeekTo(0, io.SeekStart).Await(e.task); return err },
			"Stat":     func() error { _, err := f.Stat().Await(e.task); return err },
			"Truncate": func() error { return f.Truncate(0).Await(e.task) },
			"Sync":     func() error { return f.Sync().Await(e.task) },
			"Chmod":    func() error { return f.Chmod(0).Await(e.task) },
			"Lock":     func() error { return f.Lock(e.task, fileio.Exclusive) },
			"Close":    func() error { return f.Close().Await(e.task) },
		} {
			err := op()
			if pe := (*fs.PathError)(nil); !errors.As(err, &pe) || !errors.Is(err, os.ErrClosed) {
				e.Errorf("%s of a closed file: %v", name, err)
			}
		}
		e.close(other)
		e.has("other", "other")
	})
}

// TestWait: a plain goroutine uses a file of a loop.
func TestWait(t *testing.T) {
	onEach(t, func(e *env) {
		f := e.create("f", "content")
		_, err := rondo.Blocking(e.task, func() (struct{}, error) {
			ctx := context.Background()
			b := make([]byte, 7)
			if n, err := f.ReadAt(b, 0).Wait(ctx); n != 7 || err != nil {
				return struct{}{}, errors.Join(err, errors.New("short"))
			}
			if _, err := f.Write([]byte("C")).Wait(ctx); err != nil {
				return struct{}{}, err
			}
			if i, err := f.Stat().Wait(ctx); err != nil || i.Size() != 7 {
				return struct{}{}, errors.Join(err, errors.New("size"))
			}
			return struct{}{}, f.Close().Wait(ctx)
		})
		e.check(err)
		e.has("f", "Content")
	})
}
