//go:build unix

package netio

import (
	"errors"
	"fmt"
	"net"
	"os"

	"rondo.dev/rondo/async"
)

// FromNetPacketConn takes over a socket of package net: a *net.UDPConn, or a
// *net.UnixConn of "unixgram" or "unixpacket". It is at home on t's loop, and nc is
// closed. On an error nc stays as it is. Deadlines are not taken along, nor is the
// duty to remove a path.
func FromNetPacketConn(t *async.Task, nc net.Conn) (*PacketConn, error) {
	var socket descriptor
	network := "udp"
	switch nc := nc.(type) {
	case *net.UDPConn:
		socket = nc
	case *net.UnixConn:
		if network = nc.LocalAddr().Network(); network != "unix" {
			socket = nc
		}
	}
	if socket == nil {
		return nil, fmt.Errorf("rondo/netio: FromNetPacketConn of a %T: %w", nc, errors.ErrUnsupported)
	}
	p, fd, err := takeOver(t, socket)
	if err != nil {
		return nil, err
	}
	return newPacketConn(p, fd, network), nil
}

var errUnread = errors.New("what was put back has not been received")

// NetConn hands the socket over to package net: as a *net.UDPConn, or a
// *net.UnixConn. c is closed then, without the socket being so; deadlines, and the
// duty to remove a path, are not taken along. t has to be a task of the socket's
// loop. It is an error if operations are in flight, or if messages that a loser has
// put back wait to be received; on an error c stays as it is.
func (c *PacketConn) NetConn(t *async.Task) (net.Conn, error) {
	f, err := c.file(t)
	if err == nil {
		defer f.Close()
		switch {
		case c.in != nil || c.out != nil:
			err = errInUse
		case c.kept != nil || c.failed != nil:
			err = errUnread
		}
	}
	if err != nil {
		return nil, c.opError("file", err)
	}
	nc, err := net.FileConn(f)
	if err != nil {
		return nil, err
	}
	c.path = ""
	c.Close().Await(t)
	return nc, nil
}

// File returns a duplicate of the socket's descriptor, as net.UDPConn.File does:
// closing it, and closing the socket, don't affect each other. t has to be a task of
// the socket's loop.
func (c *PacketConn) File(t *async.Task) (*os.File, error) {
	f, err := c.file(t)
	if err != nil {
		return nil, c.opError("file", err)
	}
	return f, nil
}

func (c *PacketConn) file(t *async.Task) (*os.File, error) {
	switch {
	case t.Executor() != c.home.exec:
		return nil, errNotHome
	case c.closing != nil:
		return nil, net.ErrClosed
	}
	if err := c.home.checkKernel(); err != nil {
		return nil, err
	}
	fd, err := dup(c.fd)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), c.network), nil
}
