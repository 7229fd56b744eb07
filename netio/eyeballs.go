package netio

import (
	"errors"
	"net/netip"
	"time"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/timer"
)

// interleave orders addresses as RFC 8305 section 4 says: the families take turns,
// beginning with that of the first.
func interleave(addrs []netip.AddrPort) []netip.AddrPort {
	var first, second []netip.AddrPort
	for _, a := range addrs {
		if a.Addr().Is4() == addrs[0].Addr().Is4() {
			first = append(first, a)
		} else {
			second = append(second, a)
		}
	}
	out := make([]netip.AddrPort, 0, len(addrs))
	for len(first) > 0 || len(second) > 0 {
		if len(first) > 0 {
			out, first = append(out, first[0]), first[1:]
		}
		first, second = second, first
	}
	return out
}

// race tries addresses one after the other, the next when the last one has had its
// time or any has failed. The first connection wins, and the other attempts are
// undone.
func (d *Dialer) race(t *async.Task, addrs []netip.AddrPort) (*Conn, error) {
	delay := d.FallbackDelay
	if delay <= 0 {
		delay = 250 * time.Millisecond
	}
	scope, cancel := t.WithCancel()
	var r dialRace
	var err error
	for i, a := range addrs {
		r.running++
		scope.Go(func(t *async.Task) error {
			r.attempt(t, d, a)
			return nil
		})
		if i < len(addrs)-1 {
			async.Await(t, timer.Timeout(delay, &r))
			err = t.Cause() // that the time was over is no error
		}
		if err != nil || r.won != nil {
			break
		}
	}
	for err == nil && r.won == nil && r.running > 0 {
		_, err = async.Await(t, &r)
	}
	r.over = true
	cancel(errLostRace)
	switch {
	case r.won != nil: // also when t was cancelled at that moment
		return r.won, nil
	case err != nil:
		return nil, err
	}
	return nil, r.err
}

var errLostRace = errors.New("rondo: the connection is made already, or no longer wanted")

// dialRace is a future that is ready whenever an attempt has ended. The attempts
// are tasks of the same loop.
type dialRace struct {
	won     *Conn
	err     error // the first
	running int
	over    bool // nobody wants a connection any more
	news    bool // an attempt has ended
	waker   *async.Waker
}

func (r *dialRace) Poll(t *async.Task) (struct{}, error) {
	if !r.news {
		r.waker = t.Waker()
		return struct{}{}, async.Pending
	}
	r.news = false
	return struct{}{}, nil
}

func (r *dialRace) attempt(t *async.Task, d *Dialer, a netip.AddrPort) {
	c, err := d.dial(t, a)
	r.running--
	switch {
	case err != nil:
		if r.err == nil {
			r.err = err
		}
	case r.won != nil || r.over:
		c.Close().Await(t)
	default:
		r.won = c
	}
	r.news = true
	if r.waker != nil {
		r.waker.WakeLocal()
	}
}
