//go:build unix

package netio

import (
	"io"
	"net"
	"sync"
)

// headedConn is a connection of package net with bytes that are read first.
type headedConn struct {
	*net.TCPConn
	head head
}

// headedUnixConn is headedConn for a Unix socket.
type headedUnixConn struct {
	*net.UnixConn
	head head
}

// Read reads the head first.
func (c *headedUnixConn) Read(b []byte) (int, error) {
	if n, err := c.head.read(b); n > 0 || err != nil {
		return n, err
	}
	return c.UnixConn.Read(b)
}

// head is what is read first, bytes and then perhaps an error, once.
type head struct {
	mu    sync.Mutex
	first []byte
	err   error
}

func (h *head) read(b []byte) (n int, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(b) == 0 {
		return 0, nil
	}
	if len(h.first) > 0 {
		n = copy(b, h.first)
		h.first = h.first[n:]
		return n, nil
	}
	err, h.err = h.err, nil
	return 0, err
}

// take returns what is left of h, and empties it.
func (h *head) take() (first []byte, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	first, err = h.first, h.err
	h.first, h.err = nil, nil
	return first, err
}

// Read reads the head first.
func (c *headedConn) Read(b []byte) (int, error) {
	if n, err := c.head.read(b); n > 0 || err != nil {
		return n, err
	}
	return c.TCPConn.Read(b)
}

// WriteTo hides that of the TCPConn, which knows nothing of the head.
func (c *headedConn) WriteTo(w io.Writer) (n int64, err error) {
	first, failed := c.head.take()
	if len(first) > 0 {
		m, err := w.Write(first)
		n = int64(m)
		if err != nil {
			return n, err
		}
	}
	switch {
	case failed == io.EOF:
		return n, nil
	case failed != nil:
		return n, failed
	}
	m, err := c.TCPConn.WriteTo(w)
	return n + m, err
}
