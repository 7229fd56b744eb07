//go:build unix

package netio

import (
	"errors"
	"os"
	"syscall"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
)

// PipeReaderFrom takes over a file: an end of a pipe, or anything else that is
// read from its beginning to its end. The reader is at home on t's loop, and f is
// closed. On an error f stays as it is.
//
// Whether the file is in blocking mode is not changed, because that is shared by
// all who have it, such as the shell of a terminal. One that is works as well, with
// a system call more for each read.
func PipeReaderFrom(t *async.Task, f *os.File) (*PipeReader, error) {
	p, fd, err := takeOverFile(t, f)
	if err != nil {
		return nil, err
	}
	return newPipeReader(p, fd, modeOf(fd)), nil
}

// PipeWriterFrom takes over a file that is written to, as PipeReaderFrom does. A
// file in blocking mode is written at most 4096 bytes at a time where the driver is
// epoll: a pipe or a socket takes as many without blocking when it is ready. If
// several processes write to one pipe, that is certain from Linux 6.4 only; before,
// give it O_NONBLOCK, or a write may hold the loop.
func PipeWriterFrom(t *async.Task, f *os.File) (*PipeWriter, error) {
	p, fd, err := takeOverFile(t, f)
	if err != nil {
		return nil, err
	}
	return newPipeWriter(p, fd, modeOf(fd)), nil
}

// takeOverFile is takeOver with the error of package os for a closed file.
func takeOverFile(t *async.Task, f *os.File) (*place, int, error) {
	if _, err := f.Stat(); errors.Is(err, os.ErrClosed) {
		return nil, -1, err
	}
	return takeOver(t, f)
}

// OpenPipeReader opens a FIFO, a pipe with a name (mkfifo(3)), to read from it. It
// does not wait for a writer: the first read does. The end of the stream comes when
// the last writer has closed. To wait for the next one, open the FIFO again.
func OpenPipeReader(t *async.Task, path string) (*PipeReader, error) {
	f, err := openPipe(t, path, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	p, fd, err := takeOver(t, f)
	if err != nil {
		f.Close()
		return nil, err
	}
	return newPipeReader(p, fd, connFIFO), nil
}

// OpenPipeWriter opens a FIFO to write to it. If nobody has it open for reading
// the error is an *fs.PathError with syscall.ENXIO: try again later, or wait for
// the reader in another way.
func OpenPipeWriter(t *async.Task, path string) (*PipeWriter, error) {
	f, err := openPipe(t, path, os.O_WRONLY)
	if err != nil {
		return nil, err
	}
	w, err := PipeWriterFrom(t, f)
	if err != nil {
		f.Close()
	}
	return w, err
}

// openPipe opens a FIFO off the loop, for its file system may be slow. With
// O_NONBLOCK it does not wait for the other end.
func openPipe(t *async.Task, path string, flag int) (*os.File, error) {
	return rondo.Blocking(t, func() (*os.File, error) {
		return os.OpenFile(path, flag|syscall.O_NONBLOCK, 0)
	})
}
