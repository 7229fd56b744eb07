package fileio

import (
	"io/fs"
	"syscall"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/driver"
)

// request is the source of a call on the file system, which driver.FileArgs
// describes. Each start has a copy of those for itself.
type request struct {
	source
	file *File // nil: args has a path
	name string
	args driver.FileArgs
}

// reply is what a request returns.
type reply struct {
	*driver.FileArgs
	n int
}

func (x *request) Start(*async.Task, []byte, uint64) uint32 {
	args := x.args
	c := x.home.newCall(x.file, x.name)
	c.arg = &args
	if x.file != nil {
		args.FD = int(x.file.fd)
	} else {
		c.path, c.to = args.Path, args.To
	}
	c.op.File(&args, c)
	c.submit()
	return c.ticket
}

func (x *request) PollOp(t *async.Task, ticket uint32, keep bool) (reply, error) {
	c := x.home.calls.at(ticket)
	err := c.result(t)
	if err != nil {
		if !keep && !async.IsPending(err) {
			c.finish()
		}
		return reply{}, err
	}
	r := reply{c.arg.(*driver.FileArgs), c.n}
	if !keep {
		c.finish()
	}
	return r, nil
}

// act is a request without a reply.
type act struct{ request }

func (x *act) PollOp(t *async.Task, ticket uint32, keep bool) (struct{}, error) {
	_, err := x.request.PollOp(t, ticket, keep)
	return struct{}{}, err
}

// ask makes a request that is about paths, and waits for the reply.
func ask(t *async.Task, name string, args driver.FileArgs) (reply, error) {
	if args.Path == "" { // which would stand for a descriptor
		return reply{}, &fs.PathError{Op: name, Path: args.Path, Err: syscall.ENOENT}
	}
	return async.NewOp[reply](&request{source{here(t)}, nil, name, args}, nil, 0).Await(t)
}

// tell makes a request whose reply says only that it was carried out.
func tell(t *async.Task, name string, args driver.FileArgs) error {
	_, err := ask(t, name, args)
	return err
}
