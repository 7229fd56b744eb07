package websocket

import (
	"sync"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/web/websocket/internal/wire"
)

// place is what the connections of one executor share: what a connection needs only
// while it is busy. Only what runs there touches it.
type place struct {
	exec    *async.Executor
	tickets uint32

	alone   bool // it is one connection's: nothing is kept here
	buffers [][]byte
	ins     *incoming // free lists
	outs    *outgoing
	sends   *sending
}

// deflaters are for all places: one is large, and used for a moment.
var deflaters = sync.Pool{New: func() any { return new(wire.Deflater) }}

type placeKey struct{}

func placeOf(l *rondo.Loop) *place {
	return l.Local(placeKey{}, func() any { return &place{exec: l.Executor()} }).(*place)
}

func (p *place) ticket() uint32 {
	p.tickets++
	if p.tickets == 0 {
		p.tickets = 1
	}
	return p.tickets
}

const (
	bufferSize = 4 << 10
	// maxBuffer is how large a buffer may have become to be kept.
	maxBuffer = 64 << 10
	// maxFree is how many are kept; more go back to the collector.
	maxFree = 16
)

// shared has the buffers of places that keep none.
var shared = sync.Pool{New: func() any { return new([bufferSize]byte) }}

// buffer returns an empty buffer, to be appended to.
func (p *place) buffer() []byte {
	if p.alone {
		return shared.Get().(*[bufferSize]byte)[:0]
	}
	n := len(p.buffers)
	if n == 0 {
		return make([]byte, 0, bufferSize)
	}
	b := p.buffers[n-1]
	p.buffers[n-1] = nil
	p.buffers = p.buffers[:n-1]
	return b
}

// free takes a buffer back, or whatever has become of one.
func (p *place) free(b []byte) {
	switch {
	case !p.alone:
	case cap(b) == bufferSize:
		shared.Put((*[bufferSize]byte)(b[:bufferSize]))
		return
	default:
		return
	}
	if cap(b) >= bufferSize && cap(b) <= maxBuffer && len(p.buffers) < maxFree {
		p.buffers = append(p.buffers, b[:0])
	}
}

func (p *place) newIncoming() *incoming {
	in := p.ins
	if in == nil {
		return new(incoming)
	}
	p.ins, in.next = in.next, nil
	return in
}

func (p *place) freeIncoming(in *incoming) {
	if p.alone {
		return
	}
	*in = incoming{next: p.ins}
	p.ins = in
}

func (p *place) newOutgoing() *outgoing {
	out := p.outs
	if out == nil {
		return new(outgoing)
	}
	p.outs, out.next = out.next, nil
	return out
}

func (p *place) freeOutgoing(out *outgoing) {
	if p.alone {
		return
	}
	*out = outgoing{next: p.outs}
	p.outs = out
}

func (p *place) newSending() *sending {
	w := p.sends
	if w == nil {
		return new(sending)
	}
	p.sends, w.next = w.next, nil
	return w
}

func (p *place) freeSending(w *sending) {
	if p.alone {
		return
	}
	*w = sending{next: p.sends}
	p.sends = w
}
