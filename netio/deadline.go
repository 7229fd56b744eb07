package netio

import (
	"math"
	"net"
	"time"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/internal/wheel"
)

// limit is a deadline of one direction.
type limit struct {
	timer  wheel.Timer
	c      *Conn
	passed bool
}

// SetDeadline sets the read and the write deadline, as net.Conn does: operations
// that are in flight then, and later ones, fail with os.ErrDeadlineExceeded, until
// the deadline is set anew. The zero time means none. A deadline that is set
// counts at once for operations in flight. It stays on the connection, for all
// tasks; to limit a single operation there is timer.Timeout.
func (c *Conn) SetDeadline(at time.Time) async.Act { return c.deadline(at, 3) }

// SetReadDeadline sets the deadline of Read and Recv.
func (c *Conn) SetReadDeadline(at time.Time) async.Act { return c.deadline(at, 1) }

// SetWriteDeadline sets the write deadline. A Write that it ends returns how many
// bytes were written.
func (c *Conn) SetWriteDeadline(at time.Time) async.Act { return c.deadline(at, 2) }

// deadline names an operation by its argument: the time in nanoseconds since 1970,
// its two lowest bits replaced by the directions; 0 is no deadline.
func (c *Conn) deadline(at time.Time, dirs uint64) async.Act {
	return async.NewAct((*connDeadline)(c), deadlineArg(at, dirs))
}

func deadlineArg(at time.Time, dirs uint64) (arg uint64) {
	if !at.IsZero() {
		ns := at.UnixNano()
		switch year := at.Year(); { // of those far off UnixNano knows nothing
		case year < 1970:
			ns = 0
		case year > 2200:
			ns = math.MaxInt64
		}
		arg = uint64(max(ns, 4)) &^ 3
	}
	return arg | dirs
}

// connDeadline is the source of the three.
type connDeadline Conn

func (x *connDeadline) Home() *async.Executor { return x.home.exec }

func (x *connDeadline) Start(_ *async.Task, _ []byte, arg uint64) uint32 {
	c := (*Conn)(x)
	if c.flags&connClosed != 0 {
		return tooLate
	}
	k := c.rare()
	ns := int64(arg &^ 3)
	if arg&1 != 0 {
		k.rlimit.set(c, ns, (*readLimit)(&k.rlimit))
	}
	if arg&2 != 0 {
		k.wlimit.set(c, ns, (*writeLimit)(&k.wlimit))
	}
	return closesIt
}

func (x *connDeadline) PollOp(_ *async.Task, ticket uint32, _ bool) (struct{}, error) {
	if ticket == tooLate {
		return struct{}{}, (*Conn)(x).opError("set", net.ErrClosed)
	}
	return struct{}{}, nil
}

func (x *connDeadline) CancelOp(*async.Task, uint32) bool { return false }
func (x *connDeadline) Settle(uint32, bool) int           { return 0 }

func (l *limit) set(c *Conn, ns int64, f wheel.Firer) {
	l.c = c
	l.start(c.home.exec, ns, f)
}

func (l *limit) stop(c *Conn) { c.home.exec.StopTimer(&l.timer) }

// start has f fire at a time in nanoseconds since 1970, unless that is 0.
func (l *limit) start(exec *async.Executor, ns int64, f wheel.Firer) {
	exec.StopTimer(&l.timer)
	l.passed = false
	switch d := time.Until(time.Unix(0, ns)); {
	case ns == 0:
	case d <= 0:
		f.Fire()
	default:
		exec.StartTimer(&l.timer, d, f)
	}
}

// readLimit and writeLimit are what a limit does when it passes.
type (
	readLimit  limit
	writeLimit limit
)

// Fire ends the read whose turn it is; the next finds the limit passed.
func (l *readLimit) Fire() {
	c := l.c
	l.passed = true
	r := &c.reading
	switch {
	case r.ticket == 0 || r.outcome != waiting || r.kind == readDisarm:
	case c.ownOp():
		c.cancelOwn(timedOut)
	default:
		r.outcome = timedOut
		c.wakeReader()
	}
}

// Fire ends the write whose turn it is.
func (l *writeLimit) Fire() {
	c := l.c
	l.passed = true
	if w := c.writes; w != nil && w.op.InFlight() {
		w.cancel(timedOut)
	}
}
