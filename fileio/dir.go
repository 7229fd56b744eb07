package fileio

import (
	"errors"
	"io/fs"
	"path"
	"strings"
	"syscall"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/driver"
)

// A DirEntry is a name in a directory. It is like fs.DirEntry, whose Info has no
// task to suspend.
type DirEntry struct {
	dir   string
	entry driver.DirEntry
}

// Name returns the name, without the directory.
func (d DirEntry) Name() string { return d.entry.Name }

// IsDir reports whether it is a directory's.
func (d DirEntry) IsDir() bool { return d.entry.Type.IsDir() }

// Type returns the type bits.
func (d DirEntry) Type() fs.FileMode { return d.entry.Type }

// Info returns what is known of it now, as Lstat does: if it was removed since the
// directory was read, errors.Is finds fs.ErrNotExist.
func (d DirEntry) Info(t *async.Task) (fs.FileInfo, error) {
	return Lstat(t, path.Join(d.dir, d.entry.Name))
}

// ReadDir returns what is in a directory, in the order of names.
func ReadDir(t *async.Task, name string) ([]DirEntry, error) {
	r, err := ask(t, "readdir", driver.FileArgs{Call: driver.FileReadDir, Path: name})
	if err != nil {
		return nil, err
	}
	list := make([]DirEntry, len(r.Entries))
	for i, e := range r.Entries {
		list[i] = DirEntry{name, e}
	}
	return list, nil
}

// MkdirAll makes a directory, and those above it that are missing, with the
// permissions perm, before umask. It is no error if it is there.
func MkdirAll(t *async.Task, name string, perm fs.FileMode) error {
	if i, err := Stat(t, name); err == nil && i.IsDir() {
		return nil
	}
	// From the first one on: others may be making them, or removing them, too.
	for i := 1; i <= len(name); i++ {
		if i < len(name) && (name[i] != '/' || name[i-1] == '/') {
			continue
		}
		err := Mkdir(t, name[:i], perm)
		if err == nil {
			continue
		}
		switch info, statErr := Stat(t, name[:i]); {
		case t.Cause() != nil:
			return t.Cause()
		case statErr != nil:
			return err
		case !info.IsDir():
			return &fs.PathError{Op: "mkdir", Path: name[:i], Err: syscall.ENOTDIR}
		}
	}
	return nil
}

// RemoveAll removes a file, or a directory with all that is in it. It is no error
// if it is not there. It goes through the tree in one call, which is not cancelled
// once it has begun.
func RemoveAll(t *async.Task, name string) error {
	return tell(t, "removeall", driver.FileArgs{Call: driver.FileRemoveAll, Path: name})
}

// A WalkFunc is called by WalkDir for a file or directory. err, if not nil, says why
// d is not known, or why the directory at name could not be read, for which the
// function has been called before. What it returns is as with fs.WalkDirFunc:
// fs.SkipDir leaves out the directory d, or the rest of the one that d is in;
// fs.SkipAll ends the walk; any other error does too, and is returned.
type WalkFunc func(t *async.Task, name string, d DirEntry, err error) error

// WalkDir calls f for root and all that is below it, directories before what is in
// them, in the order of names. It does not follow symbolic links.
func WalkDir(t *async.Task, root string, f WalkFunc) error {
	i, err := Lstat(t, root)
	if err != nil {
		err = f(t, root, DirEntry{}, err)
	} else {
		dir, base := path.Split(root)
		err = walk(t, root, DirEntry{dir, driver.DirEntry{Name: base, Type: i.Mode().Type()}}, f)
	}
	if err == fs.SkipDir || err == fs.SkipAll {
		return nil
	}
	return err
}

func walk(t *async.Task, name string, d DirEntry, f WalkFunc) error {
	err := f(t, name, d, nil)
	if err != nil || !d.IsDir() {
		if err == fs.SkipDir && d.IsDir() {
			return nil
		}
		return err
	}
	list, err := ReadDir(t, name)
	if err != nil {
		if err = f(t, name, d, err); err != nil {
			if err == fs.SkipDir {
				return nil
			}
			return err
		}
	}
	for _, e := range list {
		err := walk(t, join(name, e.Name()), e, f)
		if err == fs.SkipDir {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// join is path.Join without cleaning what the caller has said.
func join(dir, name string) string {
	if strings.HasSuffix(dir, "/") {
		return dir + name
	}
	return dir + "/" + name
}

func isNotDir(err error) bool { return errors.Is(err, syscall.ENOTDIR) }
