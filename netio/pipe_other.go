//go:build !unix

package netio

import (
	"errors"
	"os"

	"rondo.dev/rondo/async"
)

// PipeReaderFrom is for systems with file descriptors only.
func PipeReaderFrom(*async.Task, *os.File) (*PipeReader, error) { return nil, errors.ErrUnsupported }

// PipeWriterFrom is for systems with file descriptors only.
func PipeWriterFrom(*async.Task, *os.File) (*PipeWriter, error) { return nil, errors.ErrUnsupported }

// OpenPipeReader is for systems with file descriptors only.
func OpenPipeReader(*async.Task, string) (*PipeReader, error) { return nil, errors.ErrUnsupported }

// OpenPipeWriter is for systems with file descriptors only.
func OpenPipeWriter(*async.Task, string) (*PipeWriter, error) { return nil, errors.ErrUnsupported }
