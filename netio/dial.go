package netio

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"time"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/driver"
)

// A Dialer has the options of dialling. The zero value is what Dial uses.
type Dialer struct {
	// Timeout bounds the whole dial, resolution included; 0 is no limit but the
	// task's own.
	Timeout time.Duration

	// FallbackDelay is how long an attempt may hang before the next address is
	// tried beside it (RFC 8305, "happy eyeballs"); 0 means 250 ms.
	FallbackDelay time.Duration

	// Resolver resolves names; nil means net.DefaultResolver.
	Resolver *net.Resolver
}

// Dial connects to a TCP address, "host:port". network is "tcp", "tcp4" or
// "tcp6". Names are resolved off the loop; of several addresses the first that
// connects wins. The connection is at home on t's loop.
func Dial(t *async.Task, network, address string) (*Conn, error) {
	return (&Dialer{}).Dial(t, network, address)
}

// Dial is described at the function of that name.
func (d *Dialer) Dial(t *async.Task, network, address string) (*Conn, error) {
	if d.Timeout > 0 {
		var stop func()
		t, stop = t.WithTimeout(d.Timeout)
		defer stop()
	}
	addrs, err := resolve(t, d.Resolver, network, address)
	if err != nil {
		return nil, dialError(network, nil, err)
	}
	if len(addrs) == 1 {
		return DialAddrPort(t, addrs[0])
	}
	return d.race(t, interleave(addrs))
}

// DialAddrPort connects to an address that needs no resolution.
func DialAddrPort(t *async.Task, addr netip.AddrPort) (*Conn, error) {
	c, err := async.Await(t, &connecting{place: here(t), addr: addr})
	if err != nil {
		return nil, dialError("tcp", net.TCPAddrFromAddrPort(addr), err)
	}
	return c, nil
}

func dialError(network string, addr net.Addr, err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		return err
	}
	return &net.OpError{Op: "dial", Net: network, Addr: addr, Err: err}
}

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

// race tries addresses one after the other, each beside those before it once they
// have had their time or failed. The first connection wins; the rest is undone.
func (d *Dialer) race(t *async.Task, addrs []netip.AddrPort) (*Conn, error) {
	delay := d.FallbackDelay
	if delay <= 0 {
		delay = 250 * time.Millisecond
	}
	scope, cancel := t.WithCancel()
	r := &dialRace{left: len(addrs)}
	for i, a := range addrs {
		scope.Go(func(t *async.Task) error {
			r.attempt(t, a, time.Duration(i)*delay, i)
			return nil
		})
	}
	_, err := async.Await(t, r)
	cancel(errLostRace)
	switch {
	case r.won != nil && err == nil:
		return r.won, nil
	case r.won != nil: // t was cancelled at the moment it was won
		r.won.Close().Await(t)
		return nil, err
	case err != nil:
		return nil, err
	}
	return nil, r.err
}

var errLostRace = errors.New("another address was faster")

// dialRace is a future that is ready when an attempt has won or all have failed.
type dialRace struct {
	won    *Conn
	err    error // the first
	left   int
	failed int // attempts that failed: as many more may begin early
	waker  *async.Waker
	early  []*async.Waker // attempts that wait for their time
}

func (r *dialRace) Poll(t *async.Task) (struct{}, error) {
	if r.won == nil && r.left > 0 {
		r.waker = t.Waker()
		return struct{}{}, async.Pending
	}
	return struct{}{}, nil
}

func (r *dialRace) attempt(t *async.Task, a netip.AddrPort, wait time.Duration, index int) {
	c, err := (*Conn)(nil), error(nil)
	if wait > 0 {
		err = r.waitTurn(t, wait, index)
	}
	if err == nil {
		c, err = DialAddrPort(t, a)
	}
	r.left--
	switch {
	case err == nil && r.won == nil:
		r.won = c
	case err == nil:
		c.Close().Await(t)
	default:
		if r.err == nil {
			r.err = err
		}
		r.failed++
		for _, w := range r.early {
			w.WakeLocal()
		}
	}
	if r.waker != nil {
		r.waker.WakeLocal()
	}
}

// waitTurn waits until the attempt's time has come, or enough before it failed.
func (r *dialRace) waitTurn(t *async.Task, wait time.Duration, index int) error {
	v, stop := t.WithTimeout(wait)
	defer stop()
	_, err := async.Await(v, &turn{r, index})
	if errors.Is(err, os.ErrDeadlineExceeded) && t.Cause() == nil {
		return nil
	}
	return err
}

type turn struct {
	r     *dialRace
	index int
}

func (x *turn) Poll(t *async.Task) (struct{}, error) {
	if x.r.failed >= x.index {
		return struct{}{}, nil
	}
	x.r.early = append(x.r.early, t.Waker())
	return struct{}{}, async.Pending
}

// connecting is one attempt to connect: a future of the connection.
type connecting struct {
	place *place
	addr  netip.AddrPort
	fd    int
	op    driver.Op
	args  driver.ConnectArgs
	waker *async.Waker
	begun bool
	done  bool
	loser bool
	err   error
}

func (x *connecting) Poll(t *async.Task) (*Conn, error) {
	if !x.begun {
		x.begun = true
		addr := driver.Addr{AddrPort: x.addr}
		fd, err := x.place.drv.Socket(addr)
		if err != nil {
			return nil, os.NewSyscallError("socket", err)
		}
		x.fd, x.args.Addr = fd, addr
		x.op.Connect(fd, &x.args, x)
		x.place.drv.Submit(&x.op)
	}
	if !x.done {
		x.waker = t.Waker()
		return nil, async.Pending
	}
	if x.err != nil || x.loser {
		x.place.drv.CloseNow(x.fd)
		if x.err == nil || x.err == driver.ErrCanceled {
			return nil, cancelled(t)
		}
		return nil, os.NewSyscallError("connect", x.err)
	}
	for _, o := range connDefaults {
		x.place.drv.SetOption(x.fd, o.option, o.value)
	}
	return newConn(x.place, x.fd), nil
}

// Complete is called by the driver.
func (x *connecting) Complete(_ *driver.Op, r driver.Result) {
	x.done, x.err = true, r.Err
	if x.waker != nil {
		x.waker.WakeLocal()
	}
}

// Cancel makes it a Canceler: a connection that a loser has got is closed.
func (x *connecting) Cancel(_ *async.Task, loser bool) (idle bool) {
	if !x.begun {
		return true
	}
	x.loser = loser
	x.place.drv.Cancel(&x.op)
	return false
}
