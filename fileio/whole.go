package fileio

import (
	"io"
	"io/fs"
	"os"
	"path"

	"rondo.dev/rondo/async"
)

// ReadFile returns the content of a file.
func ReadFile(t *async.Task, name string) (b []byte, err error) {
	f, err := Open(t, name)
	if err != nil {
		return nil, err
	}
	defer f.Close().Await(t)
	size := 0
	if i, err := f.Stat().Await(t); err == nil {
		size = int(min(i.Size(), maxGuess))
	}
	// One more than the size, to see the end with the same read. Some files, such
	// as those in /proc, have more than they say.
	b = make([]byte, 0, max(size+1, leastRead))
	for {
		n, err := f.Read(b[len(b):cap(b)]).Await(t)
		b = b[:len(b)+n]
		if err == io.EOF {
			return b, nil
		}
		if err != nil {
			return b, err
		}
		if len(b) == cap(b) {
			b = append(b, 0)[:len(b)]
		}
	}
}

const (
	leastRead = 512
	maxGuess  = 1 << 30 // how much of a size is believed before it was read
)

// WriteFile writes b to a file, which it makes with the permissions perm, before
// umask, if it is missing, and truncates first if not. It takes several steps:
// if it fails or is cancelled, a part of b may be what the file then has.
// WriteFileAtomic does not let that happen.
func WriteFile(t *async.Task, name string, b []byte, perm fs.FileMode) error {
	f, err := OpenFile(t, name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, perm)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(b, 0).Await(t)
	if closeErr := f.Close().Await(t); err == nil {
		err = closeErr
	}
	return err
}

// WriteFileAtomic puts a new file with the content b and the permissions perm,
// whatever umask is, in the place of name: whoever opens name finds all of the old
// content or all of the new, also after the system has crashed. When it returns nil,
// the new one is durable.
//
// It writes to another file in the same directory, waits for the disk, renames it,
// and waits for the disk again. If it fails or is cancelled before the renaming,
// name is as it was; if only the last step fails, name has the new content, and a
// crash may bring the old one back. If name is a symbolic link, that is replaced.
func WriteFileAtomic(t *async.Task, name string, b []byte, perm fs.FileMode) error {
	dir, base := path.Split(name)
	if dir == "" {
		dir = "."
	}
	f, err := CreateTemp(t, dir, "."+base+".*.tmp")
	if err != nil {
		return err
	}
	if err := replace(t, f, name, b, perm); err != nil {
		// Under nobody's cancellation: what was made has to go.
		f.Close().Await(t)
		Remove(t.WithoutCancel(), f.Name())
		return err
	}
	return syncDir(t, dir)
}

// replace fills f and gives it the name.
func replace(t *async.Task, f *File, name string, b []byte, perm fs.FileMode) error {
	if _, err := f.WriteAt(b, 0).Await(t); err != nil {
		return err
	}
	if err := f.Chmod(perm).Await(t); err != nil {
		return err
	}
	if err := f.Sync().Await(t); err != nil {
		return err
	}
	if err := f.Close().Await(t); err != nil {
		return err
	}
	return Rename(t, f.Name(), name)
}

// syncDir makes the names in a directory durable.
func syncDir(t *async.Task, name string) error {
	d, err := Open(t, name)
	if err != nil {
		return err
	}
	err = d.Sync().Await(t)
	if closeErr := d.Close().Await(t); err == nil {
		err = closeErr
	}
	return err
}
