package driver

import "unsafe"

// lentPool is the memory that OpRecvLent lends: buffers of one size, made when
// first needed. The one given back last is taken first, being warm; a pool never
// holds more than were needed at once.
type lentPool struct {
	bufs  []lentBuffer // by id
	taken []bool       // by id
	free  []uint32     // ids, a stack
	limit int          // of buffers
	size  int          // of each
	out   int          // taken now
}

type lentBuffer []byte

// pointer returns where the buffer begins; it is never empty.
func (b lentBuffer) pointer() unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(b)) }

func newLentPool(limit, size int) lentPool { return lentPool{limit: limit, size: size} }

// take returns a buffer, unless all are taken.
func (p *lentPool) take() (id uint32, b lentBuffer, ok bool) {
	switch n := len(p.free); {
	case n > 0:
		id = p.free[n-1]
		p.free = p.free[:n-1]
	case len(p.bufs) < p.limit:
		id = uint32(len(p.bufs))
		p.bufs = append(p.bufs, make(lentBuffer, p.size))
		p.taken = append(p.taken, false)
	default:
		return 0, nil, false
	}
	p.taken[id] = true
	p.out++
	return id, p.bufs[id], true
}

// exhausted reports whether all buffers are taken.
func (p *lentPool) exhausted() bool { return p.out == p.limit }

// untake gives a buffer back.
func (p *lentPool) untake(id uint32) {
	p.taken[id] = false
	p.out--
	p.free = append(p.free, id)
}

// release gives back what was lent.
func (p *lentPool) release(l Lent) {
	if l.Bytes == nil {
		return
	}
	if int(l.id) >= len(p.bufs) || !p.taken[l.id] || &l.Bytes[0] != &p.bufs[l.id][0] {
		panic("rondo/driver: Release of memory that is not lent")
	}
	p.untake(l.id)
}
