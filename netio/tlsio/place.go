package tlsio

import (
	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/netio/tlsio/internal/tls13"
)

// place is what the connections of one loop share: buffers, for as long as something
// is in them, and ciphers. Only what runs on the loop touches it.
type place struct {
	exec    *async.Executor
	buffers [][]byte
	ciphers tls13.Ciphers
	tickets uint32
}

type placeKey struct{}

func placeOf(l *rondo.Loop) *place {
	return l.Local(placeKey{}, func() any { return &place{exec: l.Executor()} }).(*place)
}

const (
	// maxPiece is how much of a Write is encrypted at a time.
	maxPiece = 32 << 10
	// bufferSize has room for that as records, or for the plaintext of a record.
	bufferSize = maxPiece + 2<<10
	// maxFree is how many buffers are kept; more go back to the collector.
	maxFree = 16
)

func (p *place) buffer() []byte {
	n := len(p.buffers)
	if n == 0 {
		return make([]byte, bufferSize)
	}
	b := p.buffers[n-1]
	p.buffers[n-1] = nil
	p.buffers = p.buffers[:n-1]
	return b
}

// free takes a buffer back, or whatever has become of one.
func (p *place) free(b []byte) {
	if cap(b) >= bufferSize && cap(b) <= 2*bufferSize && len(p.buffers) < maxFree {
		p.buffers = append(p.buffers, b[:bufferSize])
	}
}

func (p *place) ticket() uint32 {
	p.tickets++
	if p.tickets == 0 {
		p.tickets = 1
	}
	return p.tickets
}
