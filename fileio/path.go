package fileio

import (
	"errors"
	"io/fs"
	"time"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/driver"
)

// The functions on paths wait as long as the file system takes. If t is cancelled
// before the call has begun, they return the cause and have done nothing; afterwards
// the call is waited for, and its result returned.

// Mkdir makes a directory with the permissions perm, before umask.
func Mkdir(t *async.Task, name string, perm fs.FileMode) error {
	return tell(t, "mkdir", driver.FileArgs{Call: driver.FileMkdir, Path: name, Mode: sysMode(perm)})
}

// Remove removes a file, or an empty directory.
func Remove(t *async.Task, name string) error {
	err := tell(t, "remove", driver.FileArgs{Call: driver.FileUnlink, Path: name})
	if err == nil || errors.Is(err, fs.ErrNotExist) || t.Cause() != nil {
		return err
	}
	// It might be a directory. If it is none, the first error is the one that tells.
	again := tell(t, "remove", driver.FileArgs{Call: driver.FileRmdir, Path: name})
	if again == nil || !isNotDir(again) {
		return again
	}
	return err
}

// Rename moves a file or directory. A file at newpath is replaced, and so is an
// empty directory by a directory. Both have to be on one file system.
func Rename(t *async.Task, oldpath, newpath string) error {
	return tell(t, "rename", driver.FileArgs{Call: driver.FileRename, Path: oldpath, To: newpath})
}

// Link gives the file oldname a second name.
func Link(t *async.Task, oldname, newname string) error {
	return tell(t, "link", driver.FileArgs{Call: driver.FileLink, Path: oldname, To: newname})
}

// Symlink makes newname a symbolic link that says oldname, whether there is such a
// file or not.
func Symlink(t *async.Task, oldname, newname string) error {
	return tell(t, "symlink", driver.FileArgs{Call: driver.FileSymlink, Path: oldname, To: newname})
}

// Readlink returns what a symbolic link says.
func Readlink(t *async.Task, name string) (string, error) {
	r, err := ask(t, "readlink", driver.FileArgs{Call: driver.FileReadlink, Path: name})
	if err != nil {
		return "", err
	}
	return r.To, nil
}

// Truncate makes a file size bytes long.
func Truncate(t *async.Task, name string, size int64) error {
	return tell(t, "truncate", driver.FileArgs{Call: driver.FileTruncate, Path: name, Size: size})
}

// Chmod sets the permissions of a file; of a symbolic link, those of the file that
// it leads to.
func Chmod(t *async.Task, name string, mode fs.FileMode) error {
	return tell(t, "chmod", driver.FileArgs{Call: driver.FileChmod, Path: name, Mode: sysMode(mode)})
}

// Chown sets the owner and the group of a file by number; -1 leaves one alone.
func Chown(t *async.Task, name string, uid, gid int) error {
	return tell(t, "chown", driver.FileArgs{Call: driver.FileChown, Path: name, UID: uid, GID: gid})
}

// Lchown is Chown, but of a symbolic link it sets the owner of the link.
func Lchown(t *async.Task, name string, uid, gid int) error {
	return tell(t, "lchown", driver.FileArgs{Call: driver.FileChown, Path: name, UID: uid, GID: gid, NoFollow: true})
}

// Chtimes sets the times of a file's last access and last modification. A zero time
// is left alone.
func Chtimes(t *async.Task, name string, atime, mtime time.Time) error {
	return tell(t, "chtimes", driver.FileArgs{Call: driver.FileTimes, Path: name, AccTime: atime, ModTime: mtime})
}

// Exists reports whether there is a file, directory or other thing of that name. An
// error says that this could not be found out.
func Exists(t *async.Task, name string) (bool, error) {
	_, err := Stat(t, name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}
