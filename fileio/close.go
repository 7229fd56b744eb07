package fileio

import "rondo.dev/rondo/async"

// Close closes the file. Operations in flight, and those that wait for their turn,
// end with os.ErrClosed, but for those that the kernel carries out already: they
// are waited for. A second Close returns os.ErrClosed. It is not cancelled with its
// task, so it can be deferred.
//
// It does not Sync. An error may be the last chance to learn that something could
// not be written (close(2)).
func (f *File) Close() async.Act {
	return async.NewAct(&closing{source{f.home}, f}, 0).Shielded()
}

// closing is the source of Close.
type closing struct {
	source
	file *File
}

func (x *closing) Start(*async.Task, []byte, uint64) uint32 {
	f := x.file
	c := x.home.newCall(f, "close")
	if f.closed {
		c.state = closed
		return c.ticket
	}
	f.closed, f.stash = true, nil
	c.op.Close(int(f.fd), c)
	c.home.drv.Submit(&c.op)
	return c.ticket
}

func (x *closing) PollOp(t *async.Task, ticket uint32, keep bool) (struct{}, error) {
	return struct{}{}, pollDone(x.home, t, ticket, keep)
}

func (x *closing) CancelOp(*async.Task, uint32) bool { return false }
