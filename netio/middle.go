package netio

import (
	"errors"
	"syscall"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/driver"
)

// Between two objects of one loop, bytes can go through a pipe in the kernel instead of
// the memory of the program. A middle is such a pipe, which belongs to one copy.
type middle struct {
	home *place
	r, w int
	held int // bytes in it
}

// middleSize is what a pipe holds if nobody has asked for more (pipe(7)).
const middleSize = 64 << 10

// newMiddle makes a pipe, if the loop's driver knows how.
func newMiddle(p *place) (*middle, error) {
	d, ok := p.drv.(interface{ Pipe() (r, w int, err error) })
	if !ok {
		return nil, syscall.ENOSYS
	}
	r, w, err := d.Pipe()
	if err != nil {
		return nil, err
	}
	return &middle{home: p, r: r, w: w}, nil
}

// close closes the pipe; no operation is in flight on it. What it holds is lost.
func (m *middle) close() {
	m.home.drv.CloseNow(m.r)
	m.home.drv.CloseNow(m.w)
}

// takeTries is how often in a row a read of the pipe may fail. Its bytes are
// nowhere else, and what makes the read of a pipe that has some fail, such as a
// system without memory, passes.
const takeTries = 16

// take reads what the pipe holds, to the last byte. t is not to be cancelled.
func (m *middle) take(t *async.Task) ([]byte, error) {
	b := make([]byte, m.held)
	for at, tries := 0, 0; m.held > 0; {
		n, err := async.Await(t, &taking{m: m, b: b[at:]})
		at, m.held = at+n, m.held-n
		if err == nil {
			tries = 0
			continue
		}
		if tries++; tries == takeTries || errors.Is(err, driver.ErrClosed) {
			return b[:at], err
		}
		async.Yield(t)
	}
	return b, nil
}

// taking is one read of the pipe, which has what is read.
type taking struct {
	m     *middle
	b     []byte
	op    driver.Op
	begun bool
	r     driver.Result
	waker *async.Waker
}

func (x *taking) Poll(t *async.Task) (int, error) {
	x.waker = t.Waker()
	if !x.begun {
		x.begun = true
		x.op.Read(x.m.r, x.b, x)
		x.m.home.drv.Submit(&x.op)
	}
	if x.op.InFlight() {
		return 0, async.Pending
	}
	return x.r.N, x.r.Err
}

// Complete is called by the driver.
func (x *taking) Complete(_ *driver.Op, r driver.Result) {
	x.r = r
	x.waker.WakeLocal()
}
