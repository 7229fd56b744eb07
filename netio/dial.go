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

	// LocalAddr is the address to dial from, if it is valid: of this machine, with
	// port 0 for any. Only addresses of its family are dialled. It is for TCP.
	LocalAddr netip.AddrPort
}

// Dial connects to a TCP address, "host:port", if network is "tcp", "tcp4" or
// "tcp6"; and if it is "unix" to a Unix socket, the path of one or, with a leading
// @, its abstract name (unix(7)). Names are resolved off the loop; of several
// addresses the first that connects wins. The connection is at home on t's loop. t
// must be a task of an event loop.
//
// Errors are *net.OpError. If t is cancelled, that wraps the cause, and the attempt
// has been given up by then; if it had succeeded all the same, Dial returns the
// connection and no error.
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
	if network == "unix" {
		return dialUnix(t, address)
	}
	if err := checkNetwork(network, "tcp"); err != nil {
		return nil, dialError(network, nil, err)
	}
	addrs, err := resolve(t, d.Resolver, network, address)
	if err == nil && d.LocalAddr.IsValid() {
		addrs, err = keepReachable(addrs, d.LocalAddr, address)
	}
	if err != nil {
		if cause := t.Cause(); cause != nil {
			err = cause // what the resolver makes of that says less
		}
		return nil, dialError(network, nil, err)
	}
	if len(addrs) == 1 {
		return d.dial(t, addrs[0])
	}
	c, err := d.race(t, interleave(addrs))
	if err != nil {
		return nil, dialError(network, nil, err)
	}
	return c, nil
}

// DialAddrPort connects to an address that needs no resolution.
func DialAddrPort(t *async.Task, addr netip.AddrPort) (*Conn, error) {
	return (&Dialer{}).dial(t, addr)
}

func (d *Dialer) dial(t *async.Task, addr netip.AddrPort) (*Conn, error) {
	p := here(t)
	x := &connecting{place: p, addr: driver.Addr{AddrPort: addr}}
	if d.LocalAddr.IsValid() {
		x.local.AddrPort = netip.AddrPortFrom(d.LocalAddr.Addr().Unmap(), d.LocalAddr.Port())
	}
	fd, err := async.Await(t, x)
	if err != nil {
		return nil, dialError("tcp", net.TCPAddrFromAddrPort(addr), err)
	}
	p.setDefaults(fd)
	return newConn(p, fd, 0), nil
}

func dialError(network string, addr net.Addr, err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		return err
	}
	return &net.OpError{Op: "dial", Net: network, Addr: addr, Err: err}
}

// connecting is one attempt to connect: a future of a connected descriptor.
type connecting struct {
	place *place
	addr  driver.Addr
	kind  driver.SocketType
	// prepare is called first, unless nil; and local bound to, unless zero.
	prepare func(fd int) error
	local   driver.Addr
	fd      int
	op      driver.Op
	args    driver.ConnectArgs
	waker   *async.Waker
	begun   bool
	done    bool
	err     error
}

func (x *connecting) Poll(t *async.Task) (int, error) {
	if !x.begun {
		x.begun = true
		fd, err := x.socket()
		if err != nil {
			return -1, err
		}
		x.fd, x.args.Addr = fd, x.addr
		x.op.Connect(fd, &x.args, x)
		x.place.drv.Submit(&x.op)
	}
	if !x.done {
		x.waker = t.Waker()
		return -1, async.Pending
	}
	if x.err != nil {
		x.place.drv.CloseNow(x.fd)
		x.place.drv.Unlink(x.local) // it was made for this connection
		if x.err == driver.ErrCanceled {
			return -1, cancelled(t)
		}
		return -1, os.NewSyscallError("connect", x.err)
	}
	return x.fd, nil
}

// socket makes the socket to connect.
func (x *connecting) socket() (fd int, err error) {
	if x.kind == driver.Stream {
		fd, err = x.place.drv.Socket(x.addr)
	} else {
		fd, err = x.place.drv.Packet(x.addr, x.kind)
	}
	if err != nil {
		return -1, os.NewSyscallError("socket", err)
	}
	if x.prepare != nil {
		err = x.prepare(fd)
	}
	if err == nil && x.local != (driver.Addr{}) {
		err = os.NewSyscallError("bind", x.place.drv.Bind(fd, x.local))
	}
	if err != nil {
		x.place.drv.CloseNow(fd)
		return -1, err
	}
	return fd, nil
}

// Complete is called by the driver.
func (x *connecting) Complete(_ *driver.Op, r driver.Result) {
	x.done, x.err = true, r.Err
	if x.waker != nil {
		x.waker.WakeLocal()
	}
}

// Cancel makes it a Canceler. It is awaited by Dial and its like and by nobody else, so
// it never is a loser.
func (x *connecting) Cancel(*async.Task, bool) (idle bool) {
	if !x.begun {
		return true
	}
	x.place.drv.Cancel(&x.op)
	return false
}
