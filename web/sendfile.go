package web

import (
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"syscall"
	"time"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/netio"
)

// copies are the buffers of ReadFrom.
var copies = sync.Pool{New: func() any { return new([32 << 10]byte) }}

const (
	// sniffed is how much of a body is looked at for its type.
	sniffed = 512

	// fromFile is from how many bytes on a file is worth a descriptor of its own.
	fromFile = 64 << 10
)

// ReadFrom writes what src has, to its end: it is io.Copy's way. A file is sent by the
// kernel (sendfile(2)) if the response has no other framing than its length, the
// connection no TLS, and the handler a goroutine.
func (w *response) ReadFrom(src io.Reader) (n int64, err error) {
	buf := copies.Get().(*[32 << 10]byte)
	defer copies.Put(buf)
	if !w.headed {
		// Before anything is sent, src has to show that there is something.
		n, err = io.CopyBuffer(onlyWriter{w}, io.LimitReader(src, sniffed), buf[:])
		if err != nil || n < sniffed {
			return n, err
		}
	}
	if f, l := fileOf(src); f != nil && left(f, l) >= fromFile {
		if sent, handled, err := w.sendFile(f, l); handled {
			return n + sent, err
		}
	}
	m, err := io.CopyBuffer(onlyWriter{w}, src, buf[:])
	return n + m, err
}

// onlyWriter hides ReadFrom from io.Copy.
type onlyWriter struct{ io.Writer }

// A file is an *os.File, or what its WriteTo makes of it: all of it but that method.
type file interface {
	io.ReadSeeker
	syscall.Conn
	Stat() (os.FileInfo, error)
}

// fileOf returns the file that src reads from, if it is one, and its limit if it has one.
func fileOf(src io.Reader) (f file, l *io.LimitedReader) {
	if l, _ = src.(*io.LimitedReader); l != nil {
		src = l.R
	}
	f, _ = src.(file)
	return f, l
}

// left is how many bytes are left of a regular file, up to its limit.
func left(f file, l *io.LimitedReader) int64 {
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return 0
	}
	at, err := f.Seek(0, io.SeekCurrent)
	if err != nil {
		return 0
	}
	n := info.Size() - at
	if l != nil {
		n = min(n, l.N)
	}
	return n
}

// sendFile has the kernel send what f has up to its limit, through a descriptor of the
// connection that the handler's goroutine waits with. handled is false if it has to be
// written as usual.
func (w *response) sendFile(f file, l *io.LimitedReader) (sent int64, handled bool, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.hijacked || w.x == nil || w.x.worker == nil || w.x.lane != nil || w.status == 0 {
		return 0, false, nil
	}
	x := w.x
	if err := w.flush(); err != nil {
		return 0, true, err
	}
	if w.chunked || !bodyAllowed(w.status) || w.req.Method == http.MethodHead || w.length < 0 {
		return 0, false, nil
	}
	if err := x.send(); err != nil {
		return 0, true, err
	}
	conn := x.duplicate()
	if conn == nil {
		return 0, false, nil
	}
	defer x.closeDuplicate(conn)
	rest := w.length - w.written
	if l != nil {
		rest = min(rest, l.N)
	}
	for err == nil && sent < rest {
		x.limitCopy(conn)
		var n int64
		n, err = io.CopyN(conn, f, min(rest-sent, piece)) // package net knows a file below one limit, not two
		sent += n
		if l != nil {
			l.N -= n
		}
	}
	w.written += sent
	switch {
	case err == io.EOF:
		err = nil // of f
	case err != nil:
		x.failed = true // the rest can't be sent by another way
		x.gone()
	case left(f, l) > 0:
		err = http.ErrContentLength // more than was declared is not sent
	}
	return sent, true, err
}

// limitCopy sets the deadline of the next piece, on the loop, so that abort comes before
// or after it.
func (x *exchange) limitCopy(c *net.TCPConn) {
	x.on(func(*async.Task) { x.limit(c) })
}

// limit is limitCopy on the loop.
func (x *exchange) limit(c *net.TCPConn) {
	var at time.Time
	if x.shard.stall > 0 {
		at = time.Now().Add(x.shard.stall)
	}
	if x.writes.until != 0 {
		end := time.Now().Add(time.Duration(x.writes.until - x.shard.exec.Now()))
		if at.IsZero() || end.Before(at) {
			at = end
		}
	}
	if x.broken {
		at = time.Unix(1, 0)
	}
	c.SetWriteDeadline(at)
}

// duplicate returns another descriptor of the connection, as package net has it, which
// abort knows; nil if there can't be one.
func (x *exchange) duplicate() (c *net.TCPConn) {
	x.on(func(t *async.Task) {
		raw, ok := x.c.stream().(*netio.Conn)
		if !ok || x.broken {
			return
		}
		f, err := raw.File(t)
		if err != nil {
			return
		}
		defer f.Close()
		nc, err := net.FileConn(f)
		if err != nil {
			return
		}
		if c, ok = nc.(*net.TCPConn); !ok {
			nc.Close()
			return
		}
		x.copied = c
	})
	return c
}

func (x *exchange) closeDuplicate(c *net.TCPConn) {
	x.on(func(*async.Task) {
		x.copied = nil
		c.Close()
	})
}
