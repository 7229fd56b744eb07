package stdio

import (
	"os"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/netio"
)

// Stdin returns a reader of os.Stdin, at home on t's loop. Close closes the reader
// and leaves os.Stdin open. There may be several, and os.Stdin can be read in other
// ways: who reads first gets the bytes.
//
// The error is an *fs.PathError, with os.ErrClosed if os.Stdin is closed, or wraps
// errors.ErrUnsupported if the loop's driver can't read from files of the system.
func Stdin(t *async.Task) (*netio.PipeReader, error) { return reader(t, os.Stdin) }

// Stdout returns a writer to os.Stdout, at home on t's loop. Close closes the writer
// and leaves os.Stdout open. Writes through one writer are carried out one after the
// other; those of several mix, between writes and in the middle of long ones.
func Stdout(t *async.Task) (*netio.PipeWriter, error) { return writer(t, os.Stdout) }

// Stderr is Stdout for os.Stderr.
func Stderr(t *async.Task) (*netio.PipeWriter, error) { return writer(t, os.Stderr) }

func reader(t *async.Task, f *os.File) (*netio.PipeReader, error) {
	own, err := another(f, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	r, err := netio.PipeReaderFrom(t, own)
	if err != nil {
		own.Close()
	}
	return r, err
}

func writer(t *async.Task, f *os.File) (*netio.PipeWriter, error) {
	own, err := another(f, os.O_WRONLY)
	if err != nil {
		return nil, err
	}
	w, err := netio.PipeWriterFrom(t, own)
	if err != nil {
		own.Close()
	}
	return w, err
}
