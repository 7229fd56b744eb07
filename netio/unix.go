package netio

import (
	"net"
	"os"
	"strings"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/driver"
)

// isUnix reports whether a network is one of Unix sockets.
func isUnix(network string) bool { return strings.HasPrefix(network, "unix") }

func dialUnix(t *async.Task, path string) (*Conn, error) {
	p, at := here(t), &net.UnixAddr{Name: path, Net: "unix"}
	if path == "" {
		return nil, dialError("unix", at, errNoPath)
	}
	fd, err := async.Await(t, &connecting{place: p, addr: driver.Addr{Path: path}})
	if err != nil {
		return nil, dialError("unix", at, err)
	}
	return newConn(p, fd, connUnix), nil
}

var errNoPath = &net.AddrError{Err: "missing path"}

// listenUnix listens on a path, for streams or for ordered messages.
func (lc *ListenConfig) listenUnix(t *async.Task, path, network string, kind driver.SocketType) (*Listener, error) {
	p, at := here(t), &net.UnixAddr{Name: path, Net: network}
	if path == "" {
		return nil, &net.OpError{Op: "listen", Net: network, Addr: at, Err: errNoPath}
	}
	fd, err := p.drv.Listen(driver.Addr{Path: path}, driver.ListenOptions{Type: kind, Backlog: lc.Backlog})
	if err != nil {
		return nil, &net.OpError{Op: "listen", Net: network, Addr: at, Err: os.NewSyscallError("listen", err)}
	}
	ln := newListener(p, fd, network)
	ln.SetUnlinkOnClose(true)
	return ln, nil
}

// SetUnlinkOnClose says whether Close removes the path of a Unix socket, which it
// does by default if Listen has made it. It is for tasks of the home loop only.
func (ln *Listener) SetUnlinkOnClose(unlink bool) {
	ln.path = ""
	if a, ok := ln.addr.(*net.UnixAddr); ok && unlink {
		ln.path = a.Name
	}
}

// Pair returns two connected Unix sockets (socketpair(2)), both at home on t's loop.
func Pair(t *async.Task) (a, b *Conn, err error) {
	p := here(t)
	x, y, err := p.drv.SocketPair(driver.Stream)
	if err != nil {
		return nil, nil, &net.OpError{Op: "dial", Net: "unix", Err: os.NewSyscallError("socketpair", err)}
	}
	return newConn(p, x, connUnix), newConn(p, y, connUnix), nil
}

// A Cred tells who is at the other end of a Unix socket.
type Cred struct {
	PID int // of the process, in this one's PID namespace; 0 if it has none there
	UID int // effective
	GID int // effective
}

// PeerCred tells who has connected to this end, or has listened at the other, as it
// was then (SO_PEERCRED, unix(7)). It is for tasks of the home loop only.
func (c *Conn) PeerCred() (Cred, error) {
	if c.flags&connClosed != 0 {
		return Cred{}, c.opError("get", net.ErrClosed)
	}
	cred, err := c.home.drv.PeerCred(int(c.fd))
	if err != nil {
		return Cred{}, c.opError("get", os.NewSyscallError("getsockopt", err))
	}
	return Cred(cred), nil
}
