package fileio

import (
	"io/fs"
	"os"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/driver"
)

// O_DIRECT is a flag of OpenFile beside those of package os: reads and writes go
// past the page cache, between the caller's memory and the disk. Memory, offset and
// length have to be multiples of the disk's sector, as Aligned makes them; an error
// of EINVAL says that they are not, or that the file system has no direct I/O.
//
// It is for programs with a cache of their own, and for those that read or write
// more than any cache holds. On io_uring such operations need no thread, and many
// can be in flight at the cost of one.
const O_DIRECT = driver.DirectIO

// Aligned returns n bytes for files opened with O_DIRECT; n should be a multiple of
// 4096, and so should offsets.
func Aligned(n int) []byte { return driver.Aligned(n) }

// Open opens a file for reading. It is at home on t's loop. t must be a task of an
// event loop.
//
// If t is cancelled before the file is open, the cause is returned and nothing is
// open. The same goes for OpenFile and Create. A FIFO is open when its other end is
// (fifo(7)), which is noticed within 50 ms; those who wait for that keep nobody from
// the file system. netio.OpenPipeReader does not wait.
func Open(t *async.Task, name string) (*File, error) { return OpenFile(t, name, os.O_RDONLY, 0) }

// Create makes a file for reading and writing, with the permissions 0o666 before
// umask. If it exists, it is truncated.
func Create(t *async.Task, name string) (*File, error) {
	return OpenFile(t, name, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o666)
}

// OpenFile opens a file with the flags of package os (os.O_RDWR, os.O_APPEND,
// os.O_EXCL, os.O_SYNC and so on) and O_DIRECT. A file that it makes, with
// os.O_CREATE, has the permissions perm before umask.
func OpenFile(t *async.Task, name string, flag int, perm fs.FileMode) (*File, error) {
	x := &opening{source: source{here(t)}, name: name, flag: flag, perm: perm}
	return async.NewOp[*File](x, nil, 0).Await(t)
}

// opening is the source of OpenFile.
type opening struct {
	source
	name string
	flag int
	perm fs.FileMode
}

func (x *opening) Start(*async.Task, []byte, uint64) uint32 {
	c := x.home.newCall(nil, "open")
	c.path = x.name
	args := &driver.OpenArgs{Path: x.name, Flags: x.flag, Perm: sysMode(x.perm)}
	c.arg = args
	c.op.Open(args, c)
	c.submit()
	return c.ticket
}

func (x *opening) PollOp(t *async.Task, ticket uint32, keep bool) (*File, error) {
	c := x.home.calls.at(ticket)
	err := c.result(t)
	fd := c.n
	if !keep && !async.IsPending(err) {
		c.finish()
	}
	if err != nil {
		return nil, err
	}
	return newFile(x.home, fd, x.name, x.flag), nil
}

// Settle closes what nobody takes.
func (x *opening) Settle(ticket uint32, back bool) int {
	if c := x.home.calls.at(ticket); back && c.state == succeeded {
		x.home.drv.CloseNow(c.n)
	}
	return x.source.Settle(ticket, back)
}
