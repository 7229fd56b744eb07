//go:build unix

package netio_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"rondo.dev/rondo/netio"
)

// Ends that were files before, in blocking mode and not.
func TestPipeFromFile(t *testing.T) {
	for _, mode := range []string{"blocking", "nonblocking"} {
		t.Run(mode, func(t *testing.T) {
			onKernel(t, func(e *env) {
				fr, fw, err := os.Pipe()
				e.check(err)
				if mode == "blocking" {
					fr.Fd() // makes it so
					fw.Fd()
				}
				r, err := netio.PipeReaderFrom(e.task, fr)
				e.check(err)
				w, err := netio.PipeWriterFrom(e.task, fw)
				e.check(err)
				_, err = fr.Read(make([]byte, 1))
				e.is(err, fs.ErrClosed)
				e.is(fw.Close(), fs.ErrClosed)

				scope, cancel := e.task.WithCancel()
				c := e.with(scope).spawn(func(e *env) {
					_, err := r.Read(make([]byte, 10)).Await(e.task)
					e.is(err, errTest)
				})
				e.settle()
				cancel(errTest)
				e.check(c.Await(e.task))

				const n = 1_000_000
				writer := e.spawn(func(e *env) {
					e.equalSink(w, 0, n)
					e.close(w)
				})
				e.drain(r, n)
				e.check(writer.Await(e.task))
				e.close(r)

				_, err = netio.PipeReaderFrom(e.task, fr)
				e.is(err, fs.ErrClosed)
				_, err = netio.PipeWriterFrom(e.task, fw)
				e.is(err, fs.ErrClosed)
			})
		})
	}
}

// A file has an end, and a position that is shared.
func TestPipeFromRegularFile(t *testing.T) {
	onKernel(t, func(e *env) {
		path := filepath.Join(e.TempDir(), "file")
		f, err := os.Create(path)
		e.check(err)
		w, err := netio.PipeWriterFrom(e.task, f)
		e.check(err)
		e.equalSink(w, 0, 100_000)
		e.close(w)
		f, err = os.Open(path)
		e.check(err)
		r, err := netio.PipeReaderFrom(e.task, f)
		e.check(err)
		e.drain(r, 100_000)
		e.wantEOF(r)
		e.close(r)
	})
}

func TestPipeFile(t *testing.T) {
	onKernel(t, func(e *env) {
		r, w := e.pipe()
		f, err := w.File(e.task)
		e.check(err)
		e.close(w)
		_, err = f.Write([]byte("still open"))
		e.check(err)
		e.equal(e.read(r, 10), "still open")
		e.check(f.Close())
		e.wantEOF(r)
		e.close(r)
		_, err = r.File(e.task)
		if err == nil {
			e.Error("a closed pipe had a file")
		}
	})
}

// A FIFO has writers that come and go.
func TestFIFO(t *testing.T) {
	reads := map[string]func(e *env, r *netio.PipeReader) (string, error){
		"Read": func(e *env, r *netio.PipeReader) (string, error) {
			b := make([]byte, 100)
			n, err := r.Read(b).Await(e.task)
			return string(b[:n]), err
		},
		"Recv": func(e *env, r *netio.PipeReader) (string, error) {
			b, err := r.Recv().Await(e.task)
			return string(b), err
		},
	}
	for name, read := range reads {
		t.Run(name, func(t *testing.T) {
			onKernel(t, func(e *env) {
				path := filepath.Join(e.TempDir(), "fifo")
				e.check(unix.Mkfifo(path, 0o600))
				_, err := netio.OpenPipeWriter(e.task, path)
				e.is(err, syscall.ENXIO)
				for _, s := range []string{"first", "second"} {
					r, err := netio.OpenPipeReader(e.task, path)
					e.check(err)
					ended := false
					c := e.spawn(func(e *env) {
						got, err := read(e, r)
						e.check(err)
						e.equal(got, s)
						_, err = read(e, r)
						e.equal(err, io.EOF)
						ended = true
					})
					e.settle()
					e.equal(ended, false)
					w, err := netio.OpenPipeWriter(e.task, path)
					e.check(err)
					e.write(w, s)
					e.settle()
					e.equal(ended, false)
					e.close(w)
					e.check(c.Await(e.task))
					e.close(r)
				}
				r, err := netio.OpenPipeReader(e.task, path)
				e.check(err)
				scope, cancel := e.task.WithCancel()
				c := e.with(scope).spawn(func(e *env) {
					_, err := read(e, r)
					e.is(err, errTest)
				})
				e.settle()
				cancel(errTest)
				e.check(c.Await(e.task))
				e.close(r)
				_, err = netio.OpenPipeReader(e.task, path+"no")
				e.is(err, fs.ErrNotExist)
				_, err = netio.OpenPipeReader(e.cancelled().task, path)
				e.is(err, errTest)
			})
		})
	}
}

// In memory a descriptor of the system means nothing, and the file stays as it was.
func TestPipeFromFileInMemory(t *testing.T) {
	worlds()[0].run(t, func(e *env) {
		fr, fw, err := os.Pipe()
		e.check(err)
		_, err = netio.PipeReaderFrom(e.task, fr)
		e.is(err, errors.ErrUnsupported)
		_, err = netio.PipeWriterFrom(e.task, fw)
		e.is(err, errors.ErrUnsupported)
		_, err = fw.Write([]byte("x"))
		e.check(err)
		fr.Close()
		fw.Close()
	})
}
