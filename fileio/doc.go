// Package fileio is files and directories for tasks: what package os does, as
// operations that suspend the task instead of the thread.
//
//	err := rondo.Run(func(t *async.Task) error {
//		f, err := fileio.Open(t, "data")
//		if err != nil {
//			return err
//		}
//		defer f.Close().Await(t)
//		buf := make([]byte, 4096)
//		n, err := f.ReadAt(buf, 1<<20).Await(t)
//		...
//	})
//
// # Files
//
// [Open], [Create] and [OpenFile] wait for the file to be open. The methods of a
// [File] return operations: values that do nothing until a task awaits them, or a
// goroutine waits for them under a context.
//
// ReadAt and WriteAt may be in flight in any number: a task for each, or a combinator
// over several. They allocate nothing, and what tasks start in one turn of the loop is
// handed to the kernel at once. Read, Write and SeekTo share a position, and take
// turns.
//
// [ReadFile], [WriteFile], [WriteFileAtomic] and [Copy] are about whole files;
// [ReadDir], [WalkDir], [MkdirAll], [Rename] and the others about names. They are
// functions to be called by tasks.
//
// Errors are those of package os: *fs.PathError, *os.LinkError, in which errors.Is
// finds fs.ErrNotExist and the like.
//
// # Where it runs
//
// There is no asynchronous interface for most of what a file system does; somebody
// has to wait for the disk. So what happens depends on the operation:
//
//   - A read or write that the page cache can answer is carried out at once, in the
//     task (preadv2 with RWF_NOWAIT). It is a copy: to hand it to somebody else takes
//     longer. There is nothing to gain over os.File here, but a thread that waits.
//   - A read that misses the cache, and all direct I/O ([O_DIRECT]), goes to io_uring
//     where there is one: many in flight, no thread for any. Direct I/O is what gains
//     most from it, as programs with a cache of their own want it.
//   - Opening, closing and syncing go to io_uring as well. The kernel's own threads
//     carry out what blocks.
//   - All other calls, and on epoll everything, go to a small pool of threads
//     (driver.Options.FileWorkers). A call there takes about 7 us more than the system
//     call itself. Writes to the cache that the file system does not take at once, as
//     ext4's, are among them: given to io_uring they take longer.
//
// The semantics are the same everywhere, also on the driver in memory, which has a
// file system of its own, and injects short reads, errors and delays into it.
//
// # Cancelling
//
// What the kernel has begun to do to a file it finishes; a buffer comes back only
// then. So a cancelled task waits for its operation, unless that was still queued, or
// opens a FIFO whose other end nobody has, and is told what it did: bytes read or
// written are returned with the cause. Open leaves nothing open. Close runs in any
// case. The loser of a Select leaves the position where it was, and what it wrote is
// written. There are no deadlines of files: use [async.Task.WithTimeout].
//
// # Homes
//
// A file belongs to the loop of the task that opened it. Tasks of other loops, and
// goroutines, can use it, with a trip there and back.
package fileio
