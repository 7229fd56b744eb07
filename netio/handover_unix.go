//go:build unix

package netio

import (
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"rondo.dev/rondo/async"
)

// FromNetConn takes over a connection of package net, which has to be a
// *net.TCPConn, a *net.UnixConn of a stream, or what NetConn has returned. It is at home on t's loop, and nc is
// closed. On an error nc stays as it is. Deadlines are not taken along.
func FromNetConn(t *async.Task, nc net.Conn) (*Conn, error) {
	var first *head
	switch hc := nc.(type) {
	case *headedConn:
		nc, first = hc.TCPConn, &hc.head
	case *headedUnixConn:
		nc, first = hc.UnixConn, &hc.head
	}
	var socket descriptor
	var flags connFlags
	switch nc := nc.(type) {
	case *net.TCPConn:
		socket = nc
	case *net.UnixConn:
		if nc.LocalAddr().Network() == "unix" {
			socket, flags = nc, connUnix
		}
	}
	if socket == nil {
		return nil, fmt.Errorf("rondo/netio: FromNetConn of a %T: %w", nc, errors.ErrUnsupported)
	}
	p, fd, err := takeOver(t, socket)
	if err != nil {
		return nil, err
	}
	c := newConn(p, fd, flags|modeOf(fd))
	if first != nil {
		k := c.rare()
		k.stash, k.failed = first.take()
	}
	return c, nil
}

// FromNetListener takes over a listener of package net, which has to be a
// *net.TCPListener, or a *net.UnixListener of streams, as FromNetConn does. The path
// of the latter stays, and is nobody's to remove: see SetUnlinkOnClose.
func FromNetListener(t *async.Task, nl net.Listener) (*Listener, error) {
	network := nl.Addr().Network()
	switch nl := nl.(type) {
	case *net.TCPListener:
		p, fd, err := takeOver(t, nl)
		if err != nil {
			return nil, err
		}
		return newListener(p, fd, network), nil
	case *net.UnixListener:
		if network != "unix" {
			break
		}
		p, fd, err := takeOver(t, keepingPath{nl})
		if err != nil {
			return nil, err
		}
		return newListener(p, fd, network), nil
	}
	return nil, fmt.Errorf("rondo/netio: FromNetListener of a %T: %w", nl, errors.ErrUnsupported)
}

// keepingPath is a listener that leaves its path alone when it is closed.
type keepingPath struct{ *net.UnixListener }

func (l keepingPath) Close() error {
	l.SetUnlinkOnClose(false)
	return l.UnixListener.Close()
}

// A descriptor is what package net's connections and listeners have in common.
type descriptor interface {
	syscall.Conn
	Close() error
}

// takeOver returns a descriptor of what nc has, for t's loop, and closes nc.
func takeOver(t *async.Task, nc descriptor) (*place, int, error) {
	p := here(t)
	if err := p.checkKernel(); err != nil {
		return nil, -1, err
	}
	raw, err := nc.SyscallConn()
	if err != nil {
		return nil, -1, err
	}
	fd := -1
	var dupErr error
	if err := raw.Control(func(old uintptr) { fd, dupErr = dup(int(old)) }); err != nil {
		return nil, -1, err
	}
	if dupErr != nil {
		return nil, -1, dupErr
	}
	p.drv.Forget(fd)
	nc.Close()
	return p, fd, nil
}

// modeOf returns connBlocking for a descriptor in which a splice might wait: one in
// blocking mode, unless it is a pipe's or a file's.
func modeOf(fd int) connFlags {
	status, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
	if err == nil && status&unix.O_NONBLOCK != 0 {
		return 0
	}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err == nil {
		switch st.Mode & unix.S_IFMT {
		case unix.S_IFIFO, unix.S_IFREG:
			return 0
		}
	}
	return connBlocking
}

// dup makes another descriptor. It is non-blocking like the first, since both
// share that.
func dup(fd int) (int, error) {
	n, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
	return n, os.NewSyscallError("fcntl", err)
}

var (
	errNotHome = errors.New("this needs a task of the connection's own loop")
	errInUse   = errors.New("operations are in flight")
)

// File returns a duplicate of the connection's descriptor, as net.TCPConn.File
// does: closing it, and closing the connection, don't affect each other. What has
// been received already stays with the connection. t has to be a task of the
// connection's loop.
func (c *Conn) File(t *async.Task) (*os.File, error) {
	f, err := c.file(t)
	if err != nil {
		return nil, c.opError("file", err)
	}
	return f, nil
}

func (c *Conn) file(t *async.Task) (*os.File, error) {
	switch {
	case t.Executor() != c.home.exec:
		return nil, errNotHome
	case c.flags&connClosed != 0:
		return nil, net.ErrClosed
	}
	if err := c.home.checkKernel(); err != nil {
		return nil, err
	}
	fd, err := dup(int(c.fd))
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), c.network()), nil
}

// NetConn hands the connection over to package net. c is closed then, without the
// connection being so; what was received and not read goes along, and is read
// first. What Recv has lent goes back; deadlines are not taken along. t has to be
// a task of the connection's loop. It is an error if operations are in flight, or if
// files that a losing ReadMsg has put back wait to be received; on an error c stays as
// it is.
//
// The result is a *net.TCPConn or *net.UnixConn, or has all of its methods if there
// is something to be read first. In the latter case it must not be read through
// SyscallConn or File, nor through the methods for messages of a UnixConn.
func (c *Conn) NetConn(t *async.Task) (net.Conn, error) {
	f, err := c.file(t)
	if err == nil {
		defer f.Close()
		err = c.engaged()
	}
	if err != nil {
		return nil, c.opError("file", err)
	}
	nc, err := net.FileConn(f)
	if err != nil {
		return nil, err
	}
	switch nc.(type) {
	case *net.TCPConn, *net.UnixConn:
	default:
		nc.Close()
		return nil, c.opError("file", errors.ErrUnsupported)
	}
	// The driver may be receiving for nobody in particular. No byte may reach it
	// any more once the first ones are counted.
	t = t.WithoutCancel()
	if _, err := async.NewOp((*connDisarm)(c), nil, 0).Await(t); err != nil {
		nc.Close()
		return nil, err
	}
	if err := c.engaged(); err != nil { // somebody has come meanwhile
		nc.Close()
		return nil, c.opError("file", err)
	}
	first, failed := c.unread()
	c.Close().Await(t)
	if len(first) == 0 && failed == nil {
		return nc, nil
	}
	if uc, ok := nc.(*net.UnixConn); ok {
		return &headedUnixConn{UnixConn: uc, head: head{first: first, err: failed}}, nil
	}
	return &headedConn{TCPConn: nc.(*net.TCPConn), head: head{first: first, err: failed}}, nil
}

// engaged returns why c can't be handed over now.
func (c *Conn) engaged() error {
	switch {
	case c.flags&connClosed != 0:
		return net.ErrClosed
	case c.reading.ticket != 0 || c.writes != nil:
		return errInUse
	case c.cold != nil && c.cold.files != nil:
		return errUnread
	}
	return nil
}

// unread takes what was received and not read.
func (c *Conn) unread() (b []byte, err error) {
	c.takeBack()
	if k := c.cold; k != nil {
		b, err = k.stash, k.failed
		k.stash, k.failed = nil, nil
	}
	for c.chunks != nil {
		b = append(b, c.chunks.bytes()...)
		c.dropChunk()
	}
	return b, err
}

// connDisarm is the source of a read that waits until the driver has no read
// operation of the connection's.
type connDisarm Conn

func (x *connDisarm) Home() *async.Executor { return x.home.exec }

func (x *connDisarm) Start(*async.Task, []byte, uint64) uint32 {
	return (*Conn)(x).startRead(readDisarm, nil)
}

func (x *connDisarm) PollOp(t *async.Task, ticket uint32, _ bool) (struct{}, error) {
	c := (*Conn)(x)
	o, err := c.pollRead(t, ticket)
	if o != waiting {
		c.endRead()
	}
	return struct{}{}, err
}

func (x *connDisarm) CancelOp(*async.Task, uint32) bool { return false }
func (x *connDisarm) Settle(uint32, bool) int           { return 0 }
