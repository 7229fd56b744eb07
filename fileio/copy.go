package fileio

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"syscall"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/driver"
)

const (
	copyRange  = 64 << 20 // of one copy_file_range: the longest that a cancel waits
	copyBuffer = 256 << 10
)

// Copy copies the file from to the file to, with its permissions (those of a new
// file before umask), and returns how many bytes that were. If to exists, its content
// is replaced; if it is the same file as from, Copy fails and changes nothing. If it
// fails or is cancelled later, to may have a part of the content.
//
// Where the file system can, the two files then share their blocks until one is
// written to; else the kernel copies, where that can: copy_file_range(2).
func Copy(t *async.Task, from, to string) (n int64, err error) {
	src, err := Open(t, from)
	if err != nil {
		return 0, err
	}
	defer src.Close().Await(t)
	i, err := src.Stat().Await(t)
	if err != nil {
		return 0, err
	}
	if i.IsDir() {
		return 0, &fs.PathError{Op: "copy", Path: from, Err: syscall.EISDIR}
	}
	_, err = Stat(t, to)
	existed := err == nil
	// Truncated only when it is known not to be the same.
	dst, err := OpenFile(t, to, os.O_WRONLY|os.O_CREATE, i.Mode().Perm())
	if err != nil {
		return 0, err
	}
	n, err = copyInto(t, dst, src, i)
	if err == nil && existed {
		err = dst.Chmod(i.Mode().Perm()).Await(t)
	}
	if closeErr := dst.Close().Await(t); err == nil {
		err = closeErr
	}
	return n, err
}

func copyInto(t *async.Task, dst, src *File, from fs.FileInfo) (n int64, err error) {
	to, err := dst.Stat().Await(t)
	if err != nil {
		return 0, err
	}
	if SameFile(from, to) {
		return 0, &os.LinkError{Op: "copy", Old: src.name, New: dst.name, Err: errSameFile}
	}
	if to.Size() > 0 {
		if err := dst.Truncate(0).Await(t); err != nil {
			return 0, err
		}
	}
	if n, err = copyRanges(t, dst, src); err == nil && n < from.Size() || cannotCopy(err) {
		// The kernel can't, or it says that there is nothing to copy, as it does for
		// files that are made while they are read.
		n, err = copyBytes(t, dst, src, n)
	}
	return n, err
}

var errSameFile = errors.New("source and destination are the same file")

// copyRanges has the kernel copy. Both files are the caller's alone, so neither
// descriptor can become another's.
func copyRanges(t *async.Task, dst, src *File) (n int64, err error) {
	for {
		args := driver.FileArgs{Call: driver.FileCopy, From: int(src.fd), Offset: n, Size: copyRange}
		r, err := async.NewOp[reply](&request{source{dst.home}, dst, "copy", args}, nil, 0).Await(t)
		if err != nil || r.n == 0 {
			return n, err
		}
		n += int64(r.n)
	}
}

// cannotCopy reports whether err says that another way of copying might do.
func cannotCopy(err error) bool {
	for _, errno := range [...]syscall.Errno{syscall.EXDEV, syscall.EINVAL, syscall.ENOSYS, syscall.ENOTSUP, syscall.EPERM} {
		if errors.Is(err, errno) {
			return true
		}
	}
	return false
}

// copyBytes copies what lies from the offset n on.
func copyBytes(t *async.Task, dst, src *File, n int64) (int64, error) {
	b := make([]byte, copyBuffer)
	for {
		read, err := src.ReadAt(b, n).Await(t)
		if err != nil && err != io.EOF {
			return n, err
		}
		written, writeErr := dst.WriteAt(b[:read], n).Await(t)
		n += int64(written)
		if writeErr != nil || err == io.EOF {
			return n, writeErr
		}
	}
}
