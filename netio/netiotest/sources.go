package netiotest

import (
	"errors"
	"net"

	"rondo.dev/rondo/async"
)

var errLost = errors.New("operation cancelled")

// reader is the source of Read.
type reader flow

func (x *reader) Home() *async.Executor { return x.exec }

func (x *reader) Start(_ *async.Task, b []byte, _ uint64) uint32 {
	return (*flow)(x).start(&x.reads, &moving{kind: into, buf: b})
}

func (x *reader) PollOp(t *async.Task, ticket uint32, keep bool) (int, error) {
	m, err := (*flow)(x).poll(t, &x.reads, ticket, keep)
	return m.n, err
}

func (x *reader) CancelOp(_ *async.Task, ticket uint32) bool {
	return (*flow)(x).cancelOp(&x.reads, ticket)
}

func (x *reader) Settle(ticket uint32, back bool) int {
	f := (*flow)(x)
	m := find(f.reads, ticket)
	if back && !f.gone {
		f.data = append(append([]byte(nil), m.buf[:m.n]...), f.data...)
	}
	f.drop(&f.reads, m)
	return 0
}

// receiver is the source of Recv.
type receiver flow

func (x *receiver) Home() *async.Executor { return x.exec }

func (x *receiver) Start(*async.Task, []byte, uint64) uint32 {
	return (*flow)(x).start(&x.reads, &moving{kind: lend})
}

func (x *receiver) PollOp(t *async.Task, ticket uint32, keep bool) ([]byte, error) {
	f := (*flow)(x)
	m := find(f.reads, ticket)
	if m.over && m.err == nil && !keep {
		f.lent = m.buf // before the next has its turn, and spoils it
	}
	m, err := f.poll(t, &f.reads, ticket, keep)
	if err != nil {
		return nil, err
	}
	return m.buf, nil
}

func (x *receiver) CancelOp(t *async.Task, ticket uint32) bool {
	return (*reader)(x).CancelOp(t, ticket)
}

func (x *receiver) Settle(ticket uint32, back bool) int { return (*reader)(x).Settle(ticket, back) }

// unreader is the source of Unread.
type unreader flow

func (x *unreader) Home() *async.Executor { return x.exec }

func (x *unreader) Start(_ *async.Task, b []byte, _ uint64) uint32 {
	if x.gone {
		return tooLate
	}
	(*flow)(x).unread(b)
	return tooLate + 1 + uint32(len(b))
}

func (x *unreader) PollOp(_ *async.Task, ticket uint32, _ bool) (int, error) {
	if ticket == tooLate {
		return 0, opError("unread", net.ErrClosed)
	}
	return int(ticket - tooLate - 1), nil
}

func (x *unreader) CancelOp(*async.Task, uint32) bool { return false }
func (x *unreader) Settle(uint32, bool) int           { return 0 }

// writer is the source of Write.
type writer flow

func (x *writer) Home() *async.Executor { return x.exec }

func (x *writer) Start(_ *async.Task, b []byte, already uint64) uint32 {
	return (*flow)(x).start(&x.writes, &moving{kind: bytesOf, buf: b, from: int(already), n: int(already)})
}

func (x *writer) PollOp(t *async.Task, ticket uint32, keep bool) (int, error) {
	m, err := (*flow)(x).poll(t, &x.writes, ticket, keep)
	return m.n, err
}

func (x *writer) CancelOp(_ *async.Task, ticket uint32) bool {
	return (*flow)(x).cancelOp(&x.writes, ticket)
}

func (x *writer) Settle(ticket uint32, _ bool) (used int) {
	f := (*flow)(x)
	m := find(f.writes, ticket)
	f.drop(&f.writes, m)
	return m.n - m.from
}

// ender is the source of CloseWrite.
type ender flow

func (x *ender) Home() *async.Executor { return x.exec }

func (x *ender) Start(*async.Task, []byte, uint64) uint32 {
	return (*flow)(x).start(&x.writes, &moving{kind: ends})
}

func (x *ender) PollOp(t *async.Task, ticket uint32, keep bool) (struct{}, error) {
	_, err := (*flow)(x).poll(t, &x.writes, ticket, keep)
	return struct{}{}, err
}

func (x *ender) CancelOp(_ *async.Task, ticket uint32) bool {
	return (*flow)(x).cancelOp(&x.writes, ticket)
}

func (x *ender) Settle(ticket uint32, back bool) int { return (*writer)(x).Settle(ticket, back) }
