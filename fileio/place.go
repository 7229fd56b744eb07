package fileio

import (
	"math/rand/v2"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/driver"
)

// place is what the files of one loop share. Only tasks and completions of the
// loop touch it.
type place struct {
	loop  *rondo.Loop
	exec  *async.Executor
	drv   driver.Driver
	calls callTable
	free  *call // for the next calls
	rand  *rand.Rand
}

type placeKey struct{}

// here returns the place of the loop that t runs on.
func here(t *async.Task) *place {
	l := rondo.LoopOf(t)
	return l.Local(placeKey{}, func() any {
		p := &place{loop: l, exec: l.Executor(), drv: l.Driver()}
		if p.virtual() {
			p.rand = rand.New(rand.NewPCG(1, 1)) // a run there can be repeated
		} else {
			p.rand = rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
		}
		return p
	}).(*place)
}

// virtual reports whether the driver is a world of its own, whose descriptors mean
// nothing to the system. Those have a clock of their own.
func (p *place) virtual() bool {
	_, ok := p.drv.(driver.Clock)
	return ok
}

// callTable finds the calls in flight by their tickets. Tickets are given out in
// order, but for those whose place in the table is taken; so a call is where the
// low bits of its ticket say, and a ticket comes again after all others.
type callTable struct {
	calls []*call // a power of two of places, at most half of them taken
	n     int
	last  uint32
}

// add gives c a ticket.
func (x *callTable) add(c *call) {
	if 2*x.n >= len(x.calls) {
		x.grow()
	}
	for {
		x.last++
		if at := x.slot(x.last); x.last != 0 && *at == nil {
			*at = c
			break
		}
	}
	c.ticket = x.last
	x.n++
}

// grow doubles the table. Where the low bits differ, more of them do.
func (x *callTable) grow() {
	old := x.calls
	x.calls = make([]*call, max(16, 2*len(old)))
	for _, c := range old {
		if c != nil {
			*x.slot(c.ticket) = c
		}
	}
}

func (x *callTable) slot(ticket uint32) **call { return &x.calls[ticket&uint32(len(x.calls)-1)] }

// at returns the call with a ticket.
func (x *callTable) at(ticket uint32) *call {
	if len(x.calls) > 0 {
		if c := *x.slot(ticket); c != nil && c.ticket == ticket {
			return c
		}
	}
	panic("rondo/fileio: an operation was polled that is not in flight: it has had its result, or is a copy of one that has")
}

func (x *callTable) remove(c *call) {
	*x.slot(c.ticket) = nil
	x.n--
}
