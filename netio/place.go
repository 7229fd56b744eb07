package netio

import (
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

	chunks  *chunk
	writes  *writing
	tickets uint32
	starved []*Conn // want to receive, but all buffers were lent; first come, first served
}

type placeKey struct{}

func placeOf(l *rondo.Loop) *place {
	return l.Local(placeKey{}, func() any {
		return &place{loop: l, exec: l.Executor(), drv: l.Driver()}
	}).(*place)
}

// here returns the place of the loop that t runs on.
func here(t *async.Task) *place { return placeOf(rondo.LoopOf(t)) }

// chunk is received bytes in a list: of a connection, or of the free ones.
type chunk struct {
	lent driver.Lent
	next *chunk
}

func (p *place) newChunk(l driver.Lent) *chunk {
	k := p.chunks
	if k == nil {
		return &chunk{lent: l}
	}
	p.chunks = k.next
	*k = chunk{lent: l}
	return k
}

// release gives a chunk's memory back to the driver, which may be what somebody
// was waiting for.
func (p *place) release(k *chunk) {
	p.drv.Release(k.lent)
	*k = chunk{next: p.chunks}
	p.chunks = k
	for n := len(p.starved); n > 0; n = len(p.starved) {
		c := p.starved[0]
		p.starved[0] = nil
		p.starved = p.starved[1:]
		if c.fed() {
			break
		}
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
	*w = writing{op: w.op, next: p.writes}
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
