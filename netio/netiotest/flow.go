package netiotest

import (
	"bytes"
	"io"
	"net"
	"os"
	"slices"
	"syscall"

	"rondo.dev/rondo/async"
)

// A flow is one direction of a connection: the bytes between its writer and its
// reader, and the operations of both. Of each, the first has its turn until it was
// told its result; only then the next is served. So what a loser has read can go
// back, and nobody has read beyond it.
type flow struct {
	exec    *async.Executor
	data    []byte
	size    int
	lent    []byte // by the last Recv, until the next read
	ended   bool   // by CloseWrite, or by the close of the end that writes
	shut    bool   // the end that writes was closed
	gone    bool   // the end that reads was closed
	tickets uint32
	reads   []*moving
	writes  []*moving

	readLimit, writeLimit limit

	// Of a Script:
	readErr  error                // what the next read gets, behind the data, once
	writeErr error                // what the next write gets, once
	beyond   func(b []byte) error // gets what is written, if nothing should be
	moved    func()               // called when something was served
}

func newFlow(e *async.Executor, size int) *flow { return &flow{exec: e, size: size} }

// A moving is an operation in flight.
type moving struct {
	ticket  uint32
	kind    kind
	buf     []byte
	from, n int // bytes moved by earlier attempts, and with those of this one
	over    bool
	err     error
	cancel  bool // over because it was cancelled: the error is the task's cause
	waker   *async.Waker
}

type kind uint8

const (
	into    kind = iota // reads into buf
	lend                // reads into buf of its own
	bytesOf             // writes buf
	ends                // ends the direction
)

func (f *flow) start(list *[]*moving, m *moving) uint32 {
	if f.tickets++; f.tickets == 0 {
		f.tickets = 1
	}
	m.ticket = f.tickets
	*list = append(*list, m)
	f.pump()
	return m.ticket
}

// pump serves those that have their turns.
func (f *flow) pump() {
	some := false
	for f.serveWrite() || f.serveRead() {
		some = true
	}
	if some && f.moved != nil {
		f.moved()
	}
}

func (f *flow) serveRead() (served bool) {
	if len(f.reads) == 0 || f.reads[0].over {
		return false
	}
	m := f.reads[0]
	switch {
	case f.gone:
		m.end(opError("read", net.ErrClosed))
	case m.kind == into && len(m.buf) == 0:
		m.end(nil)
	case f.readLimit.passed:
		m.end(opError("read", os.ErrDeadlineExceeded))
	case len(f.data) > 0:
		f.spoil()
		if m.kind == lend {
			m.buf, f.data = f.data, nil
			m.n = len(m.buf)
		} else {
			m.n = copy(m.buf, f.data)
			f.data = f.data[m.n:]
		}
		m.end(nil)
	case f.readErr != nil:
		m.end(f.readErr)
		f.readErr = nil
	case f.ended:
		m.end(io.EOF)
	default:
		return false
	}
	return true
}

// spoil makes a use of bytes that were lent and are not any more show.
func (f *flow) spoil() {
	for i := range f.lent {
		f.lent[i] = 0xdd
	}
	f.lent = nil
}

func (f *flow) serveWrite() (served bool) {
	if len(f.writes) == 0 || f.writes[0].over {
		return false
	}
	m := f.writes[0]
	switch {
	case f.shut:
		m.end(opError("write", net.ErrClosed))
		return true
	case m.kind == ends:
		f.ended = true
		m.end(nil)
		return true
	case f.ended || f.gone:
		m.end(opError("write", syscall.EPIPE))
		return true
	case f.writeLimit.passed:
		m.end(opError("write", os.ErrDeadlineExceeded))
		return true
	case f.writeErr != nil:
		m.end(f.writeErr)
		f.writeErr = nil
		return true
	case f.beyond != nil && len(m.buf) > 0:
		m.end(f.beyond(m.buf))
		return true
	}
	n := min(len(m.buf), max(f.size-len(f.data), 0))
	f.data = append(f.data, m.buf[:n]...)
	m.buf, m.n = m.buf[n:], m.n+n
	if len(m.buf) == 0 {
		m.end(nil)
	}
	return n > 0 || m.over
}

func (m *moving) end(err error) {
	m.over, m.err = true, err
	if m.waker != nil {
		m.waker.WakeLocal()
	}
}

// poll returns how an operation went.
func (f *flow) poll(t *async.Task, list *[]*moving, ticket uint32, keep bool) (m *moving, err error) {
	m = find(*list, ticket)
	if !m.over {
		m.waker = t.Waker()
		return m, async.Pending
	}
	if err = m.err; m.cancel {
		err = errLost
		if cause := t.Cause(); cause != nil {
			err = cause
		}
	}
	if !keep {
		f.drop(list, m)
	}
	return m, err
}

func (f *flow) drop(list *[]*moving, m *moving) {
	*list = slices.DeleteFunc(*list, func(x *moving) bool { return x == m })
	f.pump()
}

func find(list []*moving, ticket uint32) *moving {
	for _, m := range list {
		if m.ticket == ticket {
			return m
		}
	}
	panic("rondo/netiotest: an operation was polled that is not in flight: it has had its result, or is a copy of one that has")
}

// cancelOp asks an operation to end. A write that has moved bytes has a result.
func (f *flow) cancelOp(list *[]*moving, ticket uint32) (idle bool) {
	m := find(*list, ticket)
	switch {
	case m.over:
		return false
	case m.n > 0:
		m.over, m.cancel = true, true
		return false
	}
	f.drop(list, m)
	return true
}

// unread puts bytes before those that are there.
func (f *flow) unread(b []byte) {
	f.data = append(bytes.Clone(b), f.data...)
	f.pump()
}

func (f *flow) closeReads() {
	f.gone, f.data = true, nil
	f.spoil()
	f.pump()
}

// closeWrites ends the direction, and what waits to be written with net.ErrClosed.
func (f *flow) closeWrites() {
	f.ended, f.shut = true, true
	f.pump()
}

func (f *flow) readsTimedOut()  { f.pump() }
func (f *flow) writesTimedOut() { f.pump() }
