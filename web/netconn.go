package web

import (
	"context"
	"crypto/tls"
	"net"
	"time"
)

// netConn is a stream for goroutines that want a connection of package net. Its methods
// block; a task that calls one would hold its loop, and panics.
type netConn struct {
	s             stream
	local, remote net.Addr
}

// newNetConn is called on the stream's loop.
func newNetConn(s stream) *netConn { return &netConn{s, s.LocalAddr(), s.RemoteAddr()} }

// securedConn is one with TLS.
type securedConn struct {
	*netConn
	state *tls.ConnectionState
}

// ConnectionState returns what the handshake has agreed on.
func (c securedConn) ConnectionState() tls.ConnectionState { return *c.state }

// Read reads at least one byte, if there is room for one.
func (c *netConn) Read(b []byte) (int, error) { return c.s.Read(b).Wait(context.Background()) }

// Write writes all of b.
func (c *netConn) Write(b []byte) (int, error) { return c.s.Write(b).Wait(context.Background()) }

// Close closes the connection, and ends what is in flight.
func (c *netConn) Close() error { return c.s.Close().Wait(context.Background()) }

// CloseWrite tells the peer that nothing more comes.
func (c *netConn) CloseWrite() error { return c.s.CloseWrite().Wait(context.Background()) }

// LocalAddr returns the connection's own address.
func (c *netConn) LocalAddr() net.Addr { return c.local }

// RemoteAddr returns the peer's address.
func (c *netConn) RemoteAddr() net.Addr { return c.remote }

// SetDeadline limits reads and writes, also those in flight.
func (c *netConn) SetDeadline(at time.Time) error {
	if err := c.SetReadDeadline(at); err != nil {
		return err
	}
	return c.SetWriteDeadline(at)
}

// SetReadDeadline limits reads.
func (c *netConn) SetReadDeadline(at time.Time) error {
	return c.s.SetReadDeadline(at).Wait(context.Background())
}

// SetWriteDeadline limits writes.
func (c *netConn) SetWriteDeadline(at time.Time) error {
	return c.s.SetWriteDeadline(at).Wait(context.Background())
}
