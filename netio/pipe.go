package netio

import (
	"os"
	"time"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
)

// A PipeReader is the end of a pipe that is read, or of something that is read
// like one: a FIFO, a terminal, the standard input. It is to a [Conn] what a
// direction is to both: the same operations, order, deadlines and rules for those
// who cancel.
//
// Errors are those of a Conn, with "pipe" as the network.
type PipeReader Conn

// A PipeWriter is the end of a pipe that is written.
//
// When nobody has the other end any more, writes fail with syscall.EPIPE. The
// program is not killed by SIGPIPE.
type PipeWriter Conn

// NewPipe makes a pipe, both of whose ends are at home on t's loop. t must be a
// task of an event loop.
func NewPipe(t *async.Task) (*PipeReader, *PipeWriter, error) {
	p := here(t)
	r, w, err := p.drv.Pipe()
	if err != nil {
		return nil, nil, os.NewSyscallError("pipe", err)
	}
	return newPipeReader(p, r, 0), newPipeWriter(p, w, 0), nil
}

func newPipeReader(p *place, fd int, flags connFlags) *PipeReader {
	return (*PipeReader)(newConn(p, fd, connPipe|flags))
}

func newPipeWriter(p *place, fd int, flags connFlags) *PipeWriter {
	return (*PipeWriter)(newConn(p, fd, connPipe|flags))
}

// Read is [Conn.Read]: it reads up to len(b) bytes into b, at least one. io.EOF
// says that all writers have closed.
func (r *PipeReader) Read(b []byte) async.Op[int] { return (*Conn)(r).Read(b) }

// Recv is [Conn.Recv]: it lends a buffer, with up to 4096 bytes, until the next
// read is started. While it waits there is none.
func (r *PipeReader) Recv() async.Op[[]byte] { return (*Conn)(r).Recv() }

// SetReadDeadline sets the deadline of Read and Recv, as [Conn.SetReadDeadline]
// does.
func (r *PipeReader) SetReadDeadline(at time.Time) async.Act { return (*Conn)(r).SetReadDeadline(at) }

// Close closes this end. Reads in flight end with net.ErrClosed, and so does a
// second Close. It is not cancelled with its task.
func (r *PipeReader) Close() async.Act { return (*Conn)(r).Close() }

// Home returns the loop that the pipe's end belongs to.
func (r *PipeReader) Home() *rondo.Loop { return (*Conn)(r).Home() }

// File returns a duplicate of the descriptor, as [Conn.File] does: to hand it to
// another process. t has to be a task of the home loop.
func (r *PipeReader) File(t *async.Task) (*os.File, error) { return (*Conn)(r).File(t) }

// Write is [Conn.Write]: it writes all of b, or says how much and why not more.
func (w *PipeWriter) Write(b []byte) async.Op[int] { return (*Conn)(w).Write(b) }

// Writev is [Conn.Writev]: Write for bytes in several places.
func (w *PipeWriter) Writev(bufs ...[]byte) async.Op[int] { return (*Conn)(w).Writev(bufs...) }

// SetWriteDeadline sets the deadline of Write and Writev, as
// [Conn.SetWriteDeadline] does.
func (w *PipeWriter) SetWriteDeadline(at time.Time) async.Act {
	return (*Conn)(w).SetWriteDeadline(at)
}

// Close closes this end, which is the end of the stream for the readers once they
// have read what was written. Writes in flight end with net.ErrClosed, and so does
// a second Close. It is not cancelled with its task.
func (w *PipeWriter) Close() async.Act { return (*Conn)(w).Close() }

// Home returns the loop that the pipe's end belongs to.
func (w *PipeWriter) Home() *rondo.Loop { return (*Conn)(w).Home() }

// File returns a duplicate of the descriptor, as [Conn.File] does: to hand it to
// another process. t has to be a task of the home loop.
func (w *PipeWriter) File(t *async.Task) (*os.File, error) { return (*Conn)(w).File(t) }
