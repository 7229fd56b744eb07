package netiotest

import (
	"net"
	"time"

	"rondo.dev/rondo/async"
)

// Duplex returns the ends of a connection in memory, for tasks of e and for
// goroutines in Wait. size is how many bytes each direction holds; a Write of more
// waits for reads. It is at least 1.
func Duplex(e *async.Executor, size int) (a, b *End) {
	size = max(size, 1)
	there, back := newFlow(e, size), newFlow(e, size)
	return &End{exec: e, in: back, out: there}, &End{exec: e, in: there, out: back}
}

// An End is one end of a connection in memory. Its operations are those of a
// *netio.Conn, in their behaviour too. An end whose peer was closed reads what is
// left, and then io.EOF; its writes fail with EPIPE.
type End struct {
	exec   *async.Executor
	in     *flow
	out    *flow
	closed bool
}

// Read reads up to len(b) bytes.
func (x *End) Read(b []byte) async.Op[int] { return async.NewOp((*reader)(x.in), b, 0) }

// Recv lends what there is, until the next operation that reads; after that the
// bytes are spoilt, so that a use of them shows.
func (x *End) Recv() async.Op[[]byte] { return async.NewOp((*receiver)(x.in), nil, 0) }

// LeaveLent leaves what Recv has lent to whoever has it.
func (x *End) LeaveLent() { x.in.lent = nil }

// Unread puts a copy of b before what would be read next.
func (x *End) Unread(b []byte) async.Op[int] { return async.NewOp((*unreader)(x.in), b, 0) }

// Write writes all of b.
func (x *End) Write(b []byte) async.Op[int] { return async.NewOp((*writer)(x.out), b, 0) }

// CloseWrite ends the direction, behind the writes that were started before.
func (x *End) CloseWrite() async.Act { return async.NewAct((*ender)(x.out), 0) }

// Close closes the end.
func (x *End) Close() async.Act { return async.NewAct((*closer)(x), 0).Shielded() }

// SetDeadline sets both deadlines, as a *netio.Conn does.
func (x *End) SetDeadline(at time.Time) async.Act { return x.deadline(at, 3) }

// SetReadDeadline sets the deadline of Read and Recv.
func (x *End) SetReadDeadline(at time.Time) async.Act { return x.deadline(at, 1) }

// SetWriteDeadline sets the deadline of Write.
func (x *End) SetWriteDeadline(at time.Time) async.Act { return x.deadline(at, 2) }

// InFlight returns how many operations of this end have not had their result: 0
// when nothing was leaked.
func (x *End) InFlight() int { return len(x.in.reads) + len(x.out.writes) }

// Buffered returns how many bytes this end could read at once.
func (x *End) Buffered() int { return len(x.in.data) }

// deadline names the operation by its argument: nanoseconds since 1970, the two
// lowest bits replaced by the directions; 0 is no deadline.
func (x *End) deadline(at time.Time, dirs uint64) async.Act {
	arg := uint64(0)
	if !at.IsZero() {
		arg = uint64(max(at.UnixNano(), 4)) &^ 3
	}
	return async.NewAct((*deadliner)(x), arg|dirs)
}

// The tickets of operations that are over at once.
const (
	worked uint32 = 1 + iota
	tooLate
)

// deadliner is the source of the deadlines.
type deadliner End

func (x *deadliner) Home() *async.Executor { return x.exec }

func (x *deadliner) Start(_ *async.Task, _ []byte, arg uint64) uint32 {
	if x.closed {
		return tooLate
	}
	ns := int64(arg &^ 3)
	if arg&1 != 0 {
		x.in.readLimit.set(x.exec, ns, x.in.readsTimedOut)
	}
	if arg&2 != 0 {
		x.out.writeLimit.set(x.exec, ns, x.out.writesTimedOut)
	}
	return worked
}

func (x *deadliner) PollOp(_ *async.Task, ticket uint32, _ bool) (struct{}, error) {
	if ticket == tooLate {
		return struct{}{}, opError("set", net.ErrClosed)
	}
	return struct{}{}, nil
}

func (x *deadliner) CancelOp(*async.Task, uint32) bool { return false }
func (x *deadliner) Settle(uint32, bool) int           { return 0 }

// closer is the source of Close.
type closer End

func (x *closer) Home() *async.Executor { return x.exec }

func (x *closer) Start(*async.Task, []byte, uint64) uint32 {
	if x.closed {
		return tooLate
	}
	x.closed = true
	x.in.readLimit.stop(x.exec)
	x.out.writeLimit.stop(x.exec)
	x.in.closeReads()
	x.out.closeWrites()
	return worked
}

func (x *closer) PollOp(_ *async.Task, ticket uint32, _ bool) (struct{}, error) {
	if ticket == tooLate {
		return struct{}{}, opError("close", net.ErrClosed)
	}
	return struct{}{}, nil
}

func (x *closer) CancelOp(*async.Task, uint32) bool { return false }
func (x *closer) Settle(uint32, bool) int           { return 0 }

func opError(op string, err error) error { return &net.OpError{Op: op, Net: "duplex", Err: err} }
