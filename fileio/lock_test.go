package fileio_test

import (
	"os"
	"testing"
	"time"

	"rondo.dev/rondo/fileio"
)

func TestLock(t *testing.T) {
	onEach(t, func(e *env) {
		a, b := e.create("f", "content"), e.open("f", os.O_RDONLY)
		try := func(f *fileio.File, k fileio.LockKind, want bool) {
			e.Helper()
			ok, err := f.TryLock(e.task, k)
			e.check(err)
			e.equal(ok, want)
		}
		try(a, fileio.Shared, true)
		try(b, fileio.Shared, true)
		e.check(b.Unlock().Await(e.task))
		try(a, fileio.Exclusive, true)
		try(b, fileio.Shared, false)
		try(b, fileio.Exclusive, false)
		e.check(a.Unlock().Await(e.task))
		e.check(a.Unlock().Await(e.task))
		try(b, fileio.Exclusive, true)

		// Who waits gets it when it is free, and gives up when cancelled.
		task, stop := e.task.WithTimeout(5 * time.Millisecond)
		e.is(a.Lock(task, fileio.Shared), os.ErrDeadlineExceeded)
		stop()
		got := false
		c := e.spawn(func(e *env) {
			e.check(a.Lock(e.task, fileio.Exclusive))
			got = true
		})
		e.settle()
		e.equal(got, false)
		e.close(b) // which gives its lock back
		e.check(c.Await(e.task))
		try(a, fileio.Shared, true)
		e.close(a)
	})
}

// TestLockExcludes: tasks that count in a file, each through a File of its own, lose
// no increment.
func TestLockExcludes(t *testing.T) {
	onEach(t, func(e *env) {
		e.put("n", "0")
		e.parallel(5, func(e *env, _ int) {
			for range 4 {
				f := e.open("n", os.O_RDWR)
				e.check(f.Lock(e.task, fileio.Exclusive))
				b := make([]byte, 1)
				_, err := f.ReadAt(b, 0).Await(e.task)
				e.check(err)
				e.settle()
				b[0]++
				e.writeAt(f, b, 0)
				e.close(f)
			}
		})
		e.has("n", string(rune('0'+20)))
	})
}
