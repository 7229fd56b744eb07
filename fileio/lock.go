package fileio

import (
	"errors"
	"syscall"
	"time"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/driver"
	"rondo.dev/rondo/timer"
)

// A LockKind is what a lock lets others do.
type LockKind uint8

const (
	Exclusive LockKind = iota // nobody else has the file locked
	Shared                    // others may have shared locks too
)

// How long Lock waits between two attempts: a waiting flock(2) would hold a thread,
// and could not be cancelled.
const (
	firstPause = time.Millisecond
	lastPause  = 64 * time.Millisecond
)

// Lock waits until it has an advisory lock on the whole file, as flock(2) knows it:
// it excludes others that ask for one, in this program and in others, but stops
// nobody from reading and writing. The lock is of the open file: whoever opens the
// file again competes for it. It lasts until Unlock or Close. A lock that f has
// already is changed into one of the other kind, and may be lost while waiting.
//
// It asks again and again, at intervals that grow up to 64 ms. If t is cancelled it
// returns the cause, and has no lock.
func (f *File) Lock(t *async.Task, kind LockKind) error {
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		ok, err := f.TryLock(t, kind)
		if ok || err != nil {
			return err
		}
		if err := timer.Sleep(pause).Await(t); err != nil {
			return err
		}
	}
}

// TryLock is Lock if that need not wait, and reports whether that was so.
func (f *File) TryLock(t *async.Task, kind LockKind) (locked bool, err error) {
	err = f.act("lock", driver.FileArgs{Call: driver.FileLock, Shared: kind == Shared}).Await(t)
	if errors.Is(err, syscall.EAGAIN) {
		return false, nil
	}
	return err == nil, err
}

// Unlock gives the lock back. It is no error if there is none. It is not cancelled
// with its task, so it can be deferred.
func (f *File) Unlock() async.Act {
	return f.act("unlock", driver.FileArgs{Call: driver.FileUnlock}).Shielded()
}
