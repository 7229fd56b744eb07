//go:build !unix

package netio

import (
	"errors"
	"net"
	"os"

	"rondo.dev/rondo/async"
)

// FromNetConn is for systems with file descriptors only.
func FromNetConn(*async.Task, net.Conn) (*Conn, error) { return nil, errors.ErrUnsupported }

// FromNetListener is for systems with file descriptors only.
func FromNetListener(*async.Task, net.Listener) (*Listener, error) {
	return nil, errors.ErrUnsupported
}

// File is for systems with file descriptors only.
func (c *Conn) File(*async.Task) (*os.File, error) { return nil, errors.ErrUnsupported }

// NetConn is for systems with file descriptors only.
func (c *Conn) NetConn(*async.Task) (net.Conn, error) { return nil, errors.ErrUnsupported }

// FromNetPacketConn is for systems with file descriptors only.
func FromNetPacketConn(*async.Task, net.Conn) (*PacketConn, error) { return nil, errors.ErrUnsupported }

// File is for systems with file descriptors only.
func (c *PacketConn) File(*async.Task) (*os.File, error) { return nil, errors.ErrUnsupported }

// NetConn is for systems with file descriptors only.
func (c *PacketConn) NetConn(*async.Task) (net.Conn, error) { return nil, errors.ErrUnsupported }
