package websocket

import (
	"net"
	"syscall"
	"time"

	"rondo.dev/rondo/async"
)

// blocking makes a stream of a net.Conn, on which goroutines do what blocks: one for as
// long as a Recv waits, and one for each write that does. All else runs on the executor.
type blocking struct {
	conn    net.Conn
	raw     syscall.RawConn // of conn, if it is a descriptor's
	exec    *async.Executor
	reading bool   // by a goroutine, which goes on when a Recv gives up
	lent    []byte // to whoever received last
	got     []byte
	err     error
	waker   *async.Waker
}

func newBlocking(conn net.Conn, exec *async.Executor) *blocking {
	b := &blocking{conn: conn, exec: exec}
	if c, ok := conn.(*net.TCPConn); ok && canRaw {
		b.raw, _ = c.SyscallConn()
	}
	return b
}

func (b *blocking) Recv() async.Op[[]byte] { return async.NewOp((*blockingRecv)(b), nil, 0) }

// LeaveLent leaves the buffer that is lent to whoever has it.
func (b *blocking) LeaveLent() { b.lent = nil }

// blockingRecv is the source of Recv. There is one at a time.
type blockingRecv blocking

func (x *blockingRecv) Home() *async.Executor { return x.exec }

func (x *blockingRecv) Start(*async.Task, []byte, uint64) uint32 {
	if x.lent != nil {
		shared.Put((*[bufferSize]byte)(x.lent[:bufferSize]))
		x.lent = nil
	}
	if !x.reading && x.got == nil && x.err == nil {
		x.reading = true
		go x.read()
	}
	return 1
}

// read is what the goroutine does.
func (x *blockingRecv) read() {
	var got []byte
	var err error
	if x.raw != nil {
		got, err = rawRead(x.raw) // which has no buffer before there is something
	} else {
		var n int
		buf := shared.Get().(*[bufferSize]byte)
		if n, err = x.conn.Read(buf[:]); n > 0 {
			got = buf[:n]
		} else {
			shared.Put(buf)
		}
	}
	x.exec.Post(func() {
		x.reading, x.got, x.err = false, got, err
		wake(&x.waker)
	})
}

func (x *blockingRecv) PollOp(t *async.Task, _ uint32, _ bool) ([]byte, error) {
	switch {
	case x.got != nil:
		x.lent, x.got = x.got, nil
		return x.lent, nil
	case x.err != nil:
		return nil, x.err
	}
	x.waker = t.Waker()
	return nil, async.Pending
}

func (x *blockingRecv) CancelOp(*async.Task, uint32) bool { return true }
func (x *blockingRecv) Settle(uint32, bool) int           { return 0 }

func (b *blocking) Write(p []byte) async.Op[int] {
	return async.NewOp[int](&blockingWrite{call: call[int]{exec: b.exec}, b: b, p: p}, nil, 0)
}

// blockingWrite is the source of Write. Most writes do not wait, and need no goroutine.
type blockingWrite struct {
	call[int]
	b *blocking
	p []byte
}

func (x *blockingWrite) Start(t *async.Task, buf []byte, arg uint64) uint32 {
	n := 0
	if x.b.raw != nil {
		n = rawWrite(x.b.raw, x.p)
	}
	if n == len(x.p) {
		x.done, x.val = true, n
		return 1
	}
	x.f = func() (int, error) {
		k, err := x.b.conn.Write(x.p[n:])
		return n + k, err
	}
	return x.call.Start(t, buf, arg)
}

func (b *blocking) CloseWrite() async.Act {
	return b.act(func() error {
		if c, ok := b.conn.(interface{ CloseWrite() error }); ok {
			return c.CloseWrite()
		}
		return nil
	})
}

func (b *blocking) SetWriteDeadline(at time.Time) async.Act {
	return b.act(func() error { return b.conn.SetWriteDeadline(at) })
}

func (b *blocking) Close() async.Act { return b.act(b.conn.Close) }

func (b *blocking) act(f func() error) async.Act {
	return async.NewAct(&call[struct{}]{exec: b.exec, f: func() (struct{}, error) { return struct{}{}, f() }}, 0)
}

// call is the source of one call on a goroutine.
type call[T any] struct {
	exec  *async.Executor
	f     func() (T, error)
	done  bool
	val   T
	err   error
	waker *async.Waker
}

func (x *call[T]) Home() *async.Executor { return x.exec }

func (x *call[T]) Start(*async.Task, []byte, uint64) uint32 {
	go func() {
		v, err := x.f()
		x.exec.Post(func() {
			x.done, x.val, x.err = true, v, err
			wake(&x.waker)
		})
	}()
	return 1
}

func (x *call[T]) PollOp(t *async.Task, _ uint32, _ bool) (T, error) {
	if !x.done {
		x.waker = t.Waker()
		var zero T
		return zero, async.Pending
	}
	return x.val, x.err
}

func (x *call[T]) CancelOp(*async.Task, uint32) bool { return false }
func (x *call[T]) Settle(uint32, bool) int           { return 0 }
