package netio

import (
	"errors"
	"fmt"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/driver"
)

// place is what the connections of one loop share: the loop itself, and free
// lists of what a connection needs only while it is busy. Only tasks and
// completions of the loop touch it.
type place struct {
	loop *rondo.Loop
	exec *async.Executor
	drv  driver.Driver

	chunks    *chunk
	buffers   [][]byte // see newBuffer
	writes    *writing
	transfers *transfer
	tickets   uint32
	overdue   []*Conn // closed by others than those who have their chunks: see keepLent
	left      *chunk  // to those who have them: see LeaveLent
}

type placeKey struct{}

func placeOf(l *rondo.Loop) *place {
	return l.Local(placeKey{}, func() any {
		return &place{loop: l, exec: l.Executor(), drv: l.Driver()}
	}).(*place)
}

// here returns the place of the loop that t runs on.
func here(t *async.Task) *place { return placeOf(rondo.LoopOf(t)) }

// checkKernel returns an error if descriptors here mean nothing to the system. A
// driver with a clock of its own is a world of its own.
func (p *place) checkKernel() error {
	if _, ok := p.drv.(driver.Clock); ok {
		return fmt.Errorf("rondo/netio: the driver %q has no descriptors of the system: %w", p.drv.Name(), errors.ErrUnsupported)
	}
	return nil
}

// chunk is received bytes in a list: of a connection, or of the free ones.
type chunk struct {
	lent driver.Lent
	from int         // the bytes before were taken by a Read
	here []byte      // the buffer, if it is the loop's and not the driver's
	to   *async.Core // who it is lent to, while it is
	next *chunk
}

func (k *chunk) bytes() []byte { return k.lent.Bytes[k.from:] }

func (p *place) newChunk(l driver.Lent) *chunk {
	k := p.chunks
	if k == nil {
		return &chunk{lent: l}
	}
	p.chunks = k.next
	*k = chunk{lent: l}
	return k
}

// release gives a chunk's memory back.
func (p *place) release(k *chunk) {
	if k.here != nil {
		p.freeBuffer(k.here)
	} else {
		p.drv.Release(k.lent)
	}
	*k = chunk{next: p.chunks}
	p.chunks = k
}

// Buffers of the loop stand in for those of the driver when all of them are lent.
const (
	bufferSize     = 4096
	maxFreeBuffers = 64 // more go back to the collector
)

func (p *place) newBuffer() []byte {
	n := len(p.buffers)
	if n == 0 {
		return make([]byte, bufferSize)
	}
	b := p.buffers[n-1]
	p.buffers[n-1] = nil
	p.buffers = p.buffers[:n-1]
	return b
}

func (p *place) freeBuffer(b []byte) {
	if len(p.buffers) < maxFreeBuffers {
		p.buffers = append(p.buffers, b)
	}
}

func (p *place) newWriting() *writing {
	w := p.writes
	if w == nil {
		return new(writing)
	}
	p.writes = w.next
	w.next = nil
	return w
}

func (p *place) freeWriting(w *writing) {
	w.op.Reset()
	*w = writing{next: p.writes}
	p.writes = w
}

// ticket returns the next ticket of this loop.
func (p *place) ticket() uint32 {
	p.tickets++
	if p.tickets == 0 {
		p.tickets = 1
	}
	return p.tickets
}
