// Package testpipe is a stream of bytes in memory for the tests of package async:
// a source of operations as simple as one can be that has every way to behave.
package testpipe

import (
	"fmt"
	"io"

	"rondo.dev/rondo/async"
)

// A Pipe is read and written by operations. It belongs to its executor.
type Pipe struct {
	Suspend bool   // every operation suspends once, also one that could end at once
	Cancel  Cancel // what comes of it
	Coming  []byte // bytes that arrive when a read is cancelled with Happens
	Room    int    // bytes that writes may still write

	Started int // operations started so far

	home   *async.Executor
	data   []byte
	closed bool
	last   uint32 // ticket
	reads  []*op
	writes []*op
}

// Cancel says what comes of cancelling an operation that has not ended.
type Cancel int

const (
	AtOnce  Cancel = iota // it ends inside CancelOp
	Later                 // it ends a turn later
	Happens               // its result comes first
)

func (c Cancel) String() string { return [...]string{"at once", "later", "happens"}[c] }

// op is an operation in flight. The first of its list is the one under way.
type op struct {
	ticket    uint32
	buf       []byte
	base, n   int // bytes done by earlier attempts, and by this one
	suspended bool
	asked     bool
	late      bool // its end is seen by the poll after the next
	ended     bool
	waker     *async.Waker
}

// New returns an empty pipe with endless room. home may be nil.
func New(home *async.Executor) *Pipe { return &Pipe{home: home, Room: 1 << 30} }

// Read reads at least one byte, or io.EOF.
func (p *Pipe) Read(b []byte) async.Op[int] { return async.NewOp[int]((*reader)(p), b, 0) }

// Write writes all of b. A loser goes on with the rest.
func (p *Pipe) Write(b []byte) async.Op[int] { return async.NewOp[int]((*writer)(p), b, 0) }

// Put makes bytes arrive, Close the end of the stream, AddRoom room for writes.
// They are called on the home.
func (p *Pipe) Put(s string) { p.data = append(p.data, s...); p.pump() }

// Close ends the stream.
func (p *Pipe) Close() { p.closed = true; p.pump() }

// AddRoom lets writes go on.
func (p *Pipe) AddRoom(n int) { p.Room += n; p.pump() }

// Content returns the bytes that were not read.
func (p *Pipe) Content() string { return string(p.data) }

// InFlight returns how many operations have not been given their end.
func (p *Pipe) InFlight() int { return len(p.reads) + len(p.writes) }

func (p *Pipe) start(list *[]*op, buf []byte, base uint64) uint32 {
	p.Started++
	p.last++
	*list = append(*list, &op{ticket: p.last, buf: buf, base: int(base)})
	p.pump()
	return p.last
}

// pump moves what can be moved.
func (p *Pipe) pump() {
	for _, o := range p.writes {
		if !o.ended {
			n := min(p.Room, len(o.buf)-o.n)
			p.Room -= n
			p.data = append(p.data, o.buf[o.n:o.n+n]...)
			if o.n += n; o.n < len(o.buf) {
				break
			}
			o.end()
		}
	}
	for _, o := range p.reads {
		if !o.ended && (len(p.data) > 0 || p.closed) {
			o.n = copy(o.buf, p.data)
			p.data = p.data[o.n:]
			o.end()
		}
	}
}

func (o *op) end() {
	o.ended = true
	if o.waker != nil {
		o.waker.WakeLocal()
	}
}

func find(list []*op, ticket uint32) *op {
	for _, o := range list {
		if o.ticket == ticket {
			return o
		}
	}
	panic(fmt.Sprintf("testpipe: no operation %d", ticket))
}

func drop(list *[]*op, gone *op) {
	for i, o := range *list {
		if o == gone {
			*list = append((*list)[:i:i], (*list)[i+1:]...)
		}
	}
}

func (p *Pipe) poll(t *async.Task, o *op) (pending bool) {
	o.waker = t.Waker()
	if p.Suspend && !o.suspended || o.late {
		o.suspended, o.late = true, false
		o.waker.WakeLocal()
		return true
	}
	return !o.ended
}

// cancel asks an operation to end, and reports whether it was left undone.
func (p *Pipe) cancel(list *[]*op, o *op) (idle bool) {
	if o.ended {
		return false
	}
	o.asked = true
	switch {
	case p.Cancel == Happens:
		p.data = append(p.data, p.Coming...)
		p.Coming = nil
		p.Room += len(o.buf) - o.n
		p.pump()
	case p.Cancel == Later:
		o.late, o.ended = true, true
	case o.n == 0:
		drop(list, o)
		return true
	default:
		o.ended = true
	}
	return false
}

type reader Pipe

func (r *reader) Home() *async.Executor { return r.home }

func (r *reader) Start(_ *async.Task, buf []byte, arg uint64) uint32 {
	return (*Pipe)(r).start(&r.reads, buf, arg)
}

func (r *reader) PollOp(t *async.Task, ticket uint32, keep bool) (int, error) {
	o := find(r.reads, ticket)
	if (*Pipe)(r).poll(t, o) {
		return 0, async.Pending
	}
	if !keep {
		drop(&r.reads, o)
	}
	switch {
	case o.n > 0 || len(o.buf) == 0:
		return o.n, nil
	case o.asked && !r.closed:
		return 0, cause(t)
	}
	return 0, io.EOF
}

func (r *reader) CancelOp(_ *async.Task, ticket uint32) bool {
	return (*Pipe)(r).cancel(&r.reads, find(r.reads, ticket))
}

func (r *reader) Settle(ticket uint32, back bool) int {
	o := find(r.reads, ticket)
	drop(&r.reads, o)
	if back {
		r.data = append(append([]byte(nil), o.buf[:o.n]...), r.data...)
	}
	return 0
}

type writer Pipe

func (w *writer) Home() *async.Executor { return w.home }

func (w *writer) Start(_ *async.Task, buf []byte, arg uint64) uint32 {
	return (*Pipe)(w).start(&w.writes, buf, arg)
}

func (w *writer) PollOp(t *async.Task, ticket uint32, keep bool) (int, error) {
	o := find(w.writes, ticket)
	if (*Pipe)(w).poll(t, o) {
		return 0, async.Pending
	}
	if !keep {
		drop(&w.writes, o)
	}
	if o.n < len(o.buf) {
		return o.base + o.n, cause(t)
	}
	return o.base + o.n, nil
}

func (w *writer) CancelOp(_ *async.Task, ticket uint32) bool {
	return (*Pipe)(w).cancel(&w.writes, find(w.writes, ticket))
}

func (w *writer) Settle(ticket uint32, back bool) (used int) {
	o := find(w.writes, ticket)
	drop(&w.writes, o)
	return o.n
}

// cause is why an operation was cancelled; that of a loser is not looked at.
func cause(t *async.Task) error {
	if err := t.Cause(); err != nil {
		return err
	}
	return errLost
}

var errLost = fmt.Errorf("testpipe: cancelled as a loser")
