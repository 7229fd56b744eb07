package driver

import "slices"

// An entry is what the driver knows of a descriptor. Its pointer stays good for
// the life of the driver, whichever descriptors bear the number in that time.
type entry struct {
	first [2]*Op  // that waits in each direction
	rest  *crowd  // what few descriptors have; nil if there is nothing
	gen   uint32  // of the descriptor that bears the number now; tells late events apart
	is    aspects // what is known of it
}

// A direction is a kind of readiness that operations wait for.
type direction uint8

const (
	inward  direction = iota // they wait for EPOLLIN
	outward                  // they wait for EPOLLOUT
)

// aspects are what is known of a descriptor. Of one just met nothing is, so it
// may be ready.
type aspects uint16

const (
	fdDrained    aspects = 1 << iota // nothing to read, until an event says else
	fdFull                           // no room to write, until an event says else
	fdRegistered                     // events of both directions come, edge-triggered
	fdArmed                          // one event may come, for OpReady
	fdSticky                         // the peer has gone: a short read proves nothing
	fdKnown                          // the eight below are set as they should be
	fdSocket                         // and not something else to read and write
	fdTcp                            // a short read means that nothing is left
	fdUdp                            // carries messages, each read whole or cut
	fdBlocking                       // without O_NONBLOCK: to be asked before each call
	fdFile                           // always ready, but calls take their time: for the pool
	fdLingering                      // close may block, for SO_LINGER
	fdSlowRead                       // reads at an offset are not tried at once: see nowait_linux.go
	fdSlowWrite                      // nor are writes
	fdClosing                        // its OpClose is in flight
	fdResumed                        // it is among those that go on in the next turn
)

// dry returns the aspect that says that a direction is not ready.
func (w direction) dry() aspects { return fdDrained << w }

// A crowd is what does not fit into an entry.
type crowd struct {
	behind [2][]*Op // those after the first in each direction
	ready  []*Op    // OpReady
	pooled int      // how many are with the pool
	closer *Op      // OpClose, which waits for those
}

// more returns the entry's crowd, made if necessary.
func (e *entry) more() *crowd {
	if e.rest == nil {
		e.rest = &crowd{}
	}
	return e.rest
}

// push lets op wait in its direction, behind those that wait already.
func (e *entry) push(w direction, op *Op) {
	if e.first[w] == nil {
		e.first[w] = op
		return
	}
	rest := e.more()
	rest.behind[w] = append(rest.behind[w], op)
}

// pop ends the wait of the first in a direction.
func (e *entry) pop(w direction) *Op {
	op := e.first[w]
	e.first[w] = nil
	if e.rest == nil || len(e.rest.behind[w]) == 0 {
		return op
	}
	q := e.rest.behind[w]
	e.first[w], q[0] = q[0], nil
	if q = q[1:]; len(q) == 0 {
		q = nil
	}
	e.rest.behind[w] = q
	return op
}

// remove ends the wait of op, and reports whether it was waiting.
func (e *entry) remove(w direction, op *Op) bool {
	if e.first[w] == op {
		e.pop(w)
		return true
	}
	return e.rest != nil && cut(&e.rest.behind[w], op)
}

// cut removes op from a list, if it is there.
func cut(list *[]*Op, op *Op) bool {
	i := slices.Index(*list, op)
	if i < 0 {
		return false
	}
	*list = slices.Delete(*list, i, i+1)
	return true
}

// busy reports whether any operation is in flight on the descriptor.
func (e *entry) busy() bool {
	r := e.rest
	return e.first != [2]*Op{} || r != nil && (len(r.ready) > 0 || r.pooled > 0 || r.closer != nil)
}

// forget makes e the entry of a descriptor of which nothing is known. No
// operation waits in it any more. Events of the old one are too late now.
func (e *entry) forget() {
	*e = entry{gen: e.gen + 1}
}

// pageSize is the number of entries that are allocated together.
const pageSize = 128

// table finds the entry of a descriptor. It grows by pages, which never move.
type table struct {
	pages []*[pageSize]entry
}

// at returns the entry of a descriptor, nil if none was made yet.
func (t *table) at(fd int32) *entry {
	if i := uint32(fd) / pageSize; i < uint32(len(t.pages)) && t.pages[i] != nil {
		return &t.pages[i][uint32(fd)%pageSize]
	}
	return nil
}

// make returns the entry of an open descriptor: those that are not open might
// have any number.
func (t *table) make(fd int32) *entry {
	i := int(fd) / pageSize
	if i >= len(t.pages) {
		t.pages = append(t.pages, make([]*[pageSize]entry, i+1-len(t.pages))...)
	}
	if t.pages[i] == nil {
		t.pages[i] = new([pageSize]entry)
	}
	return &t.pages[i][int(fd)%pageSize]
}

// all calls f for every entry that is busy.
func (t *table) all(f func(e *entry)) {
	for _, page := range t.pages {
		if page == nil {
			continue
		}
		for j := range page {
			if page[j].busy() {
				f(&page[j])
			}
		}
	}
}
