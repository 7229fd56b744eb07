package fileio_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/fileio"
)

// fifo makes a FIFO. Whoever waits for its other end for too long gets it.
func (e *env) fifo() (path string) {
	e.Helper()
	path = filepath.Join(e.TempDir(), "fifo")
	e.check(unix.Mkfifo(path, 0o600))
	limit := time.AfterFunc(10*time.Second, func() {
		e.Error("somebody waits for ever")
		for {
			f, err := os.OpenFile(path, os.O_RDWR, 0)
			if err != nil {
				return // the test is over
			}
			time.Sleep(10 * time.Millisecond)
			f.Close()
		}
	})
	e.Cleanup(func() { limit.Stop() })
	return path
}

// elsewhere runs f on a plain goroutine.
func (e *env) elsewhere(f func() error) error {
	_, err := rondo.Blocking(e.task, func() (struct{}, error) { return struct{}{}, f() })
	return err
}

// Opening a FIFO whose other end nobody has waits without keeping anybody else from the
// file system, and can be cancelled.
func TestOpenFIFOCancelled(t *testing.T) {
	onKernel(t, func(e *env) {
		path := e.fifo()
		scope, cancel := e.task.WithCancel()
		var opens []*async.Child
		for range 10 {
			opens = append(opens, scope.Go(func(t *async.Task) error {
				f, err := fileio.OpenFile(t, path, os.O_WRONLY, 0)
				if err == nil {
					f.Close().Await(t)
				}
				return err
			}))
		}
		e.settle()
		_, err := fileio.Stat(e.task, path)
		e.check(err)
		cancel(errTest)
		for _, c := range opens {
			e.is(c.Await(e.task), errTest)
		}

		task, cancel := e.task.WithCancel()
		reader := task.Go(func(t *async.Task) error {
			_, err := fileio.Open(t, path)
			return err
		})
		e.settle()
		cancel(errTest)
		e.is(reader.Await(e.task), errTest)
		// Nobody is there any more.
		_, err = unix.Open(path, unix.O_WRONLY|unix.O_NONBLOCK, 0)
		e.is(err, unix.ENXIO)
	})
}

// Both ends of a FIFO wait for each other, whoever comes first and whatever he is.
func TestOpenFIFO(t *testing.T) {
	write := func(e *env, path, s string) {
		f, err := fileio.OpenFile(e.task, path, os.O_WRONLY, 0)
		e.check(err)
		if s != "" {
			_, err = f.Write([]byte(s)).Await(e.task)
			e.check(err)
		}
		e.close(f)
	}
	read := func(e *env, path, want string) {
		got, err := fileio.ReadFile(e.task, path)
		e.check(err)
		e.equal(string(got), want)
	}
	others := func(e *env, path, s string) {
		e.check(e.elsewhere(func() error { return os.WriteFile(path, []byte(s), 0) }))
	}
	othersRead := func(e *env, path, want string) {
		e.check(e.elsewhere(func() error {
			got, err := os.ReadFile(path)
			if string(got) != want {
				e.Errorf("read %q, want %q", got, want)
			}
			return err
		}))
	}
	type end func(e *env, path, s string)
	onKernel(t, func(e *env) {
		for _, ends := range [][2]end{{read, write}, {write, read}, {read, others}, {write, othersRead}} {
			for _, s := range []string{"hello", ""} {
				path := e.fifo()
				first := e.spawn(func(e *env) { ends[0](e, path, s) })
				e.settle()
				ends[1](e, path, s)
				e.check(first.Await(e.task))
			}
		}
	})
}

// A writer that has written nothing is enough for the reader to be open.
func TestOpenFIFOOfSilentWriter(t *testing.T) {
	onKernel(t, func(e *env) {
		path := e.fifo()
		var w *fileio.File
		writer := e.spawn(func(e *env) {
			var err error
			w, err = fileio.OpenFile(e.task, path, os.O_WRONLY, 0)
			e.check(err)
		})
		r, err := fileio.Open(e.task, path)
		e.check(err)
		e.check(writer.Await(e.task))
		// The reader waits for bytes, and not only for the writer's end.
		reader := e.spawn(func(e *env) {
			b := make([]byte, 10)
			n, err := r.Read(b).Await(e.task)
			e.check(err)
			e.equal(string(b[:n]), "late")
		})
		e.settle()
		_, err = w.Write([]byte("late")).Await(e.task)
		e.check(err)
		e.check(reader.Await(e.task))
		e.close(w, r)
	})
}
