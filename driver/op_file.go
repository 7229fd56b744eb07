package driver

import (
	"io/fs"
	"time"
)

// A FileCall is a call on the file system, for Op.File. Each is what the system
// call of that name does. They are carried out by the pool for files: what gains
// from a kernel's own way of completing has a Kind of its own.
type FileCall uint8

// "Of a file" is: of the one at Path, or of the open one FD if Path is empty.
const (
	FileMkdir     FileCall = iota + 1 // make the directory Path with the permissions Mode
	FileUnlink                        // remove the name Path, which must not be a directory's
	FileRmdir                         // remove the empty directory Path
	FileRemoveAll                     // remove Path and all below it, which need not be there
	FileRename                        // move Path to To, in the place of what is there
	FileLink                          // give the file Path a second name, To
	FileSymlink                       // make To a symbolic link that says Path
	FileReadlink                      // set To to what the symbolic link Path says
	FileReadDir                       // set Entries to what is in the directory Path, by name
	FileTruncate                      // make a file Size bytes long
	FileChmod                         // set the permissions of a file to Mode
	FileChown                         // set the owner of a file to UID and GID; -1 leaves one alone
	FileTimes                         // set the times of a file; a zero time is left alone
	FileLock                          // take flock(2)'s lock on FD; EAGAIN if that would have to wait
	FileUnlock                        // give it back
	FileCopy                          // copy up to Size bytes at Offset from the file From to FD: N, 0 at the end
	numFileCalls
)

var fileCallNames = [numFileCalls]string{"none", "mkdir", "unlink", "rmdir", "removeall", "rename", "link", "symlink", "readlink",
	"readdir", "truncate", "chmod", "chown", "times", "lock", "unlock", "copy"}

func (c FileCall) String() string { return fileCallNames[min(c, numFileCalls)%numFileCalls] }

// FileArgs is the argument of Op.File. Which fields a call uses, and which it
// sets, is said there.
type FileArgs struct {
	Call     FileCall
	NoFollow bool // FileChown, FileTimes: of a symbolic link, the link itself
	Shared   bool // FileLock: others may have a shared lock at the same time

	Path, To string
	FD       int // Op.Close of it waits for the call
	From     int // FileCopy; the caller keeps it open

	Offset, Size     int64
	Mode             uint32 // permission bits as in stat(2)
	UID, GID         int
	AccTime, ModTime time.Time
	Entries          []DirEntry
}

// A DirEntry is a name in a directory.
type DirEntry struct {
	Name string
	Type fs.FileMode // the type bits
}
