package fileio_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/driver"
	"rondo.dev/rondo/fileio"
)

func TestNames(t *testing.T) {
	onEach(t, func(e *env) {
		task, p := e.task, e.path
		e.check(fileio.Mkdir(task, p("d"), 0o755))
		e.check(fileio.Mkdir(task, p("d2"), 0o755))
		e.put("d/f", "content")
		for _, c := range []struct {
			what string
			err  error
			want error
		}{
			{"mkdir again", fileio.Mkdir(task, p("d"), 0o755), fs.ErrExist},
			{"mkdir below nothing", fileio.Mkdir(task, p("x/y"), 0o755), fs.ErrNotExist},
			{"mkdir of nothing", fileio.Mkdir(task, "", 0o755), fs.ErrNotExist},
			{"remove a full directory", fileio.Remove(task, p("d")), syscall.ENOTEMPTY},
			{"remove nothing", fileio.Remove(task, p("x")), fs.ErrNotExist},
			{"remove below a file", fileio.Remove(task, p("d/f/x")), syscall.ENOTDIR},
			{"rename nothing", fileio.Rename(task, p("x"), p("y")), fs.ErrNotExist},
			{"rename into itself", fileio.Rename(task, p("d"), p("d/e")), syscall.EINVAL},
			{"rename a file to a directory", fileio.Rename(task, p("d/f"), p("d2")), syscall.EISDIR},
			{"rename a directory to a file", fileio.Rename(task, p("d2"), p("d/f")), syscall.ENOTDIR},
			{"link to what is there", fileio.Link(task, p("d/f"), p("d")), fs.ErrExist},
			{"link to a directory", fileio.Link(task, p("d"), p("l")), fs.ErrPermission},
			{"symlink to what is there", fileio.Symlink(task, "x", p("d")), fs.ErrExist},
			{"truncate nothing", fileio.Truncate(task, p("x"), 0), fs.ErrNotExist},
			{"truncate the empty name", fileio.Truncate(task, "", 0), fs.ErrNotExist},
			{"truncate a directory", fileio.Truncate(task, p("d"), 0), syscall.EISDIR},
			{"chmod nothing", fileio.Chmod(task, p("x"), 0), fs.ErrNotExist},
			{"open a directory for writing", openError(task, p("d"), os.O_RDWR), syscall.EISDIR},
		} {
			if !errors.Is(c.err, c.want) {
				e.Errorf("%s: %v, want %v", c.what, c.err, c.want)
			}
			pe, le := (*fs.PathError)(nil), (*os.LinkError)(nil)
			if !errors.As(c.err, &pe) && !errors.As(c.err, &le) {
				e.Errorf("%s: error is a %T", c.what, c.err)
			}
		}
		var le *os.LinkError
		if err := fileio.Rename(task, p("x"), p("y")); !errors.As(err, &le) || le.Op != "rename" || le.Old != p("x") || le.New != p("y") {
			e.Errorf("error of a rename: %#v", err)
		}
		e.has("d/f", "content")
		// A file in the place of another, which is still open.
		e.put("g", "old")
		old := e.open("g", os.O_RDONLY)
		e.check(fileio.Rename(task, p("d/f"), p("g")))
		e.equal(e.rest(old), "old")
		i, err := old.Stat().Await(task)
		e.check(err)
		e.equal(i.Sys().(*driver.Stat).Links, uint32(0))
		e.close(old)
		e.has("g", "content")
		e.check(fileio.Rename(task, p("d"), p("d2"))) // which is empty
		e.check(fileio.Remove(task, p("d2")))
		e.check(fileio.Remove(task, p("g")))
		e.empty()
	})
}

func openError(t *async.Task, name string, flag int) error {
	_, err := fileio.OpenFile(t, name, flag, 0)
	return err
}

// empty fails the test unless nothing is in its directory.
func (e *env) empty() {
	e.Helper()
	list, err := fileio.ReadDir(e.task, e.dir)
	e.check(err)
	for _, d := range list {
		e.Errorf("%s was left", d.Name())
	}
}

func TestLinks(t *testing.T) {
	onEach(t, func(e *env) {
		task, p := e.task, e.path
		e.put("f", "content")
		e.check(fileio.Link(task, p("f"), p("hard")))
		e.check(fileio.Symlink(task, "f", p("soft")))
		e.check(fileio.Symlink(task, p("f"), p("absolute")))
		e.check(fileio.Symlink(task, "loop", p("loop")))
		e.check(fileio.Symlink(task, "nothing", p("dangling")))
		f, err := fileio.Stat(task, p("f"))
		e.check(err)
		e.equal(f.Sys().(*driver.Stat).Links, uint32(2))
		for _, name := range []string{"hard", "soft", "absolute"} {
			i, err := fileio.Stat(task, p(name))
			e.check(err)
			if !fileio.SameFile(i, f) {
				e.Errorf("%s is not the same file", name)
			}
			e.has(name, "content")
		}
		i, err := fileio.Lstat(task, p("soft"))
		e.check(err)
		e.equal(i.Mode().Type(), fs.ModeSymlink)
		to, err := fileio.Readlink(task, p("absolute"))
		e.check(err)
		e.equal(to, p("f"))
		_, err = fileio.Readlink(task, p("f"))
		e.is(err, syscall.EINVAL)
		_, err = fileio.Stat(task, p("loop"))
		e.is(err, syscall.ELOOP)
		_, err = fileio.Stat(task, p("dangling"))
		e.is(err, fs.ErrNotExist)
		// Through a link a file is made where that leads to; with O_EXCL it is not.
		e.is(openError(task, p("dangling"), os.O_RDWR|os.O_CREATE|os.O_EXCL), fs.ErrExist)
		e.put("dangling", "made")
		e.has("nothing", "made")
		for name, want := range map[string]bool{"f": true, "x": false, "soft": true} {
			ok, err := fileio.Exists(task, p(name))
			e.check(err)
			e.equal(ok, want)
		}
		_, err = fileio.Exists(task, p("f/x"))
		e.is(err, syscall.ENOTDIR)
	})
}

func TestChange(t *testing.T) {
	onEach(t, func(e *env) {
		task, p := e.task, e.path
		e.put("f", "content")
		e.check(fileio.Truncate(task, p("f"), 3))
		e.check(fileio.Truncate(task, p("f"), 5))
		e.has("f", "con\x00\x00")
		e.check(fileio.Chmod(task, p("f"), 0o600))
		e.check(fileio.Chown(task, p("f"), -1, -1))
		e.check(fileio.Lchown(task, p("f"), -1, -1))
		a, m := time.Unix(1e9, 5), time.Unix(2e9, 7)
		e.check(fileio.Chtimes(task, p("f"), a, m))
		e.check(fileio.Chtimes(task, p("f"), time.Time{}, m.Add(1)))
		i, err := fileio.Stat(task, p("f"))
		e.check(err)
		if s := i.Sys().(*driver.Stat); i.Mode() != 0o600 || !s.AccTime.Equal(a) || !i.ModTime().Equal(m.Add(1)) {
			e.Errorf("%+v", s)
		}
	})
}

func TestTree(t *testing.T) {
	onEach(t, func(e *env) {
		task, p := e.task, e.path
		e.check(fileio.MkdirAll(task, p("a/b//c/"), 0o755))
		e.check(fileio.MkdirAll(task, p("a/b/c"), 0o755))
		e.put("a/f", "")
		e.put("a/b/g", "")
		e.check(fileio.Symlink(task, "b", p("a/link")))
		e.is(fileio.MkdirAll(task, p("a/f"), 0o755), syscall.ENOTDIR)
		e.is(fileio.MkdirAll(task, p("a/f/x"), 0o755), syscall.ENOTDIR)
		walk := func(f func(name string, d fileio.DirEntry) error) string {
			var seen []string
			err := fileio.WalkDir(task, p("a"), func(t *async.Task, name string, d fileio.DirEntry, err error) error {
				e.check(err)
				kind := map[fs.FileMode]string{0: "", fs.ModeDir: "/", fs.ModeSymlink: "@"}[d.Type()]
				seen = append(seen, strings.TrimPrefix(name, p("a"))+kind)
				i, err := d.Info(t)
				e.check(err)
				e.equal(i.Mode().Type(), d.Type())
				e.equal(i.Name(), d.Name())
				return f(name, d)
			})
			e.check(err)
			return strings.Join(seen, " ")
		}
		for _, c := range []struct {
			stop string
			with error
			want string
		}{
			{"", nil, "/ /b/ /b/c/ /b/g /f /link@"},
			{"b", fs.SkipDir, "/ /b/ /f /link@"},
			{"c", fs.SkipDir, "/ /b/ /b/c/ /b/g /f /link@"},
			{"g", fs.SkipDir, "/ /b/ /b/c/ /b/g /f /link@"},
			{"f", fs.SkipDir, "/ /b/ /b/c/ /b/g /f"},
			{"c", fs.SkipAll, "/ /b/ /b/c/"},
		} {
			got := walk(func(_ string, d fileio.DirEntry) error {
				if d.Name() == c.stop {
					return c.with
				}
				return nil
			})
			if got != c.want {
				e.Errorf("%v at %q: walked %q, want %q", c.with, c.stop, got, c.want)
			}
		}
		e.is(fileio.WalkDir(task, p("a"), func(*async.Task, string, fileio.DirEntry, error) error { return errTest }), errTest)
		e.is(fileio.WalkDir(task, p("x"), func(_ *async.Task, _ string, _ fileio.DirEntry, err error) error { return err }), fs.ErrNotExist)
		_, err := fileio.ReadDir(task, p("a/f"))
		e.is(err, syscall.ENOTDIR)
		e.check(fileio.RemoveAll(task, p("a")))
		e.check(fileio.RemoveAll(task, p("a")))
		e.empty()
	})
}

func TestReadDirMany(t *testing.T) {
	onEach(t, func(e *env) {
		var want []string
		for i := range 300 {
			want = append(want, fmt.Sprintf("file%04d", i))
		}
		for _, i := range []int{7, 3, 250} { // not in order
			e.put(want[i], "")
		}
		e.parallel(len(want), func(e *env, i int) { e.put(want[i], "") })
		list, err := fileio.ReadDir(e.task, e.dir)
		e.check(err)
		var got []string
		for _, d := range list {
			got = append(got, d.Name())
		}
		if !slices.Equal(got, want) {
			e.Errorf("ReadDir returned %d names of %d", len(got), len(want))
		}
	})
}

func TestTemp(t *testing.T) {
	onEach(t, func(e *env) {
		seen := map[string]bool{}
		for range 20 {
			f, err := fileio.CreateTemp(e.task, e.dir, "a*b")
			e.check(err)
			seen[f.Name()] = true
			if name := strings.TrimPrefix(f.Name(), e.dir+"/"); !strings.HasPrefix(name, "a") || !strings.HasSuffix(name, "b") {
				e.Errorf("a temporary file is called %q", name)
			}
			i, err := f.Stat().Await(e.task)
			e.check(err)
			e.equal(i.Mode(), fs.FileMode(0o600))
			e.close(f)
			d, err := fileio.MkdirTemp(e.task, e.dir, "d")
			e.check(err)
			seen[d] = true
		}
		e.equal(len(seen), 40)
		_, err := fileio.CreateTemp(e.task, e.dir, "a/b")
		if pe := (*fs.PathError)(nil); !errors.As(err, &pe) {
			e.Errorf("a pattern with a slash: %v", err)
		}
		_, err = fileio.CreateTemp(e.task, e.path("missing"), "a")
		e.is(err, fs.ErrNotExist)
	})
}

func TestWholeFiles(t *testing.T) {
	onEach(t, func(e *env) {
		for _, n := range []int{0, 1, 511, 512, 513, 100_000} {
			e.put("f", string(pattern(n)))
			e.has("f", string(pattern(n)))
			e.check(fileio.WriteFileAtomic(e.task, e.path("f"), pattern(n/2), 0o604))
			e.has("f", string(pattern(n/2)))
			i, err := fileio.Stat(e.task, e.path("f"))
			e.check(err)
			e.equal(i.Mode(), fs.FileMode(0o604))
		}
		_, err := fileio.ReadFile(e.task, e.path("missing"))
		e.is(err, fs.ErrNotExist)
		_, err = fileio.ReadFile(e.task, e.dir)
		e.is(err, syscall.EISDIR)
		e.is(fileio.WriteFileAtomic(e.task, e.path("no/f"), nil, 0o600), fs.ErrNotExist)
		list, err := fileio.ReadDir(e.task, e.dir)
		e.check(err)
		e.equal(len(list), 1) // no temporary files
	})
}

// TestReadFileOfProc: a file that does not know its size.
func TestReadFileOfProc(t *testing.T) {
	const name = "/proc/self/maps"
	if _, err := os.Stat(name); err != nil {
		t.Skip(err)
	}
	onKernel(t, func(e *env) {
		b, err := fileio.ReadFile(e.task, name)
		e.check(err)
		if len(b) < 100 {
			e.Errorf("%s has %d bytes", name, len(b))
		}
		_, err = fileio.Copy(e.task, name, e.path("copy"))
		e.check(err)
		if i, err := fileio.Stat(e.task, e.path("copy")); err != nil || i.Size() < 100 {
			e.Errorf("a copy of %s: %v, %v", name, i, err)
		}
	})
}

func TestCopy(t *testing.T) {
	onEach(t, func(e *env) {
		task, p := e.task, e.path
		content := string(pattern(3_000_000))
		e.put("f", content)
		e.check(fileio.Chmod(task, p("f"), 0o640))
		e.put("longer", content+content)
		e.put("nothing", "")
		e.check(fileio.Chmod(task, p("nothing"), 0o604))
		for _, to := range []string{"new", "longer", "nothing"} {
			n, err := fileio.Copy(task, p("f"), p(to))
			e.check(err)
			e.equal(n, int64(len(content)))
			e.has(to, content)
			i, err := fileio.Stat(task, p(to))
			e.check(err)
			e.equal(i.Mode(), fs.FileMode(0o640))
		}
		e.put("empty", "")
		n, err := fileio.Copy(task, p("empty"), p("new"))
		e.check(err)
		e.equal(n, int64(0))
		e.has("new", "")
		e.check(fileio.Link(task, p("f"), p("same")))
		if _, err := fileio.Copy(task, p("f"), p("same")); err == nil {
			e.Error("copied a file onto itself")
		}
		e.has("f", content)
		_, err = fileio.Copy(task, e.dir, p("new"))
		e.is(err, syscall.EISDIR)
		_, err = fileio.Copy(task, p("missing"), p("new"))
		e.is(err, fs.ErrNotExist)
	})
}

// TestCopyFallback: where the kernel can't copy, bytes are read and written.
func TestCopyFallback(t *testing.T) {
	hook := func(op *driver.Op) driver.Verdict {
		if op.Kind() == driver.OpFile && op.FD() >= 0 {
			return driver.Verdict{Err: syscall.EXDEV}
		}
		return driver.Verdict{Limit: 100_000}
	}
	onMemory(t, driver.MemoryOptions{Hook: hook}, func(e *env) {
		e.put("f", string(pattern(700_000)))
		n, err := fileio.Copy(e.task, e.path("f"), e.path("g"))
		e.check(err)
		e.equal(n, int64(700_000))
		e.has("g", string(pattern(700_000)))
	})
}
