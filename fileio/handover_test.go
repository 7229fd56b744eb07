//go:build unix

package fileio_test

import (
	"errors"
	"io"
	"os"
	"testing"

	"rondo.dev/rondo/fileio"
	"rondo.dev/rondo/future"
	"rondo.dev/rondo/timer"

	"rondo.dev/rondo/async"
)

// TestHandover takes a file from package os and gives it back, with its position and
// its locks.
func TestHandover(t *testing.T) {
	onKernel(t, func(e *env) {
		std, err := os.Create(e.path("f"))
		e.check(err)
		_, err = std.WriteString("one two three")
		e.check(err)
		_, err = std.Seek(4, io.SeekStart)
		e.check(err)
		f, err := fileio.FromOS(e.task, std)
		e.check(err)
		if _, err := std.Stat(); !errors.Is(err, os.ErrClosed) {
			e.Errorf("the file of package os is still open: %v", err)
		}
		e.equalWrite(f, []byte("TWO"))
		e.check(f.Lock(e.task, fileio.Exclusive))
		std, err = f.OSFile(e.task)
		e.check(err)
		defer std.Close()
		e.is(f.Close().Await(e.task), os.ErrClosed)
		b, err := io.ReadAll(std)
		e.check(err)
		e.equal(string(b), " three")
		other := e.open("f", os.O_RDONLY)
		ok, err := other.TryLock(e.task, fileio.Shared)
		e.check(err)
		e.equal(ok, false)
		e.close(other)
		e.has("f", "one TWO three")
	})
}

func TestHandoverRefused(t *testing.T) {
	onEach(t, func(e *env) {
		f := e.create("f", "")
		defer f.Close().Await(e.task)
		if !e.kernel() {
			_, err := f.OSFile(e.task)
			e.is(err, errors.ErrUnsupported)
			std, err := os.Open(os.DevNull)
			e.check(err)
			defer std.Close()
			_, err = fileio.FromOS(e.task, std)
			e.is(err, errors.ErrUnsupported)
			return
		}
		c := e.task.Go(func(task *async.Task) error { return f.Sync().Await(task) })
		e.check(async.Yield(e.task))
		if _, err := f.OSFile(e.task); err == nil {
			e.Error("handed over with an operation in flight")
		}
		e.check(c.Await(e.task))
	})
}

// TestStream: a pipe has no positions, and is read and written all the same. What a
// losing Read has read is read again.
func TestStream(t *testing.T) {
	onKernel(t, func(e *env) {
		stdR, stdW, err := os.Pipe()
		e.check(err)
		r, err := fileio.FromOS(e.task, stdR)
		e.check(err)
		w, err := fileio.FromOS(e.task, stdW)
		e.check(err)
		b := make([]byte, 10)
		c := e.spawn(func(e *env) {
			n, err := r.Read(b).Await(e.task)
			e.check(err)
			e.equal(string(b[:n]), "first")
		})
		e.equalWrite(w, []byte("first"))
		e.check(c.Await(e.task))
		_, err = w.Writev([]byte("sec"), []byte("ond")).Await(e.task)
		e.check(err)
		n, err := r.Readv(nil, b).Await(e.task)
		e.check(err)
		e.equal(string(b[:n]), "second")

		// It waits, is cancelled, and takes nothing.
		waiting := r.Read(b)
		soon := timer.Sleep(1)
		sel, err := async.Await(e.task, future.Select(async.Future[struct{}](&soon), async.Future[int](&waiting)))
		e.check(err)
		e.equal(sel.Won, 0)
		e.equalWrite(w, []byte("third"))

		// Of two that could be read, the second goes back.
		for _, x := range []struct {
			second async.Op[int]
			read   string
		}{{r.Readv(b[5:6], b[6:]), "t"}, {r.Read(b[5:7]), "h"}} {
			first := r.Read(b[:1])
			both, err := async.Await(e.task, future.Select(async.Future[int](&first), async.Future[int](&x.second)))
			e.check(err)
			e.equal(both.Won, 0)
			e.equal(string(b[:1]), x.read)
		}
		e.close(w)
		e.equal(e.rest(r), "ird")
		if _, err := r.ReadAt(b, 0).Await(e.task); err == nil {
			e.Error("ReadAt of a pipe is no error")
		}
		e.close(r)
	})
}
