package web

import (
	"net"
	"time"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
)

// A stream is the connection below a request: a *netio.Conn, or a *tlsio.Conn.
type stream interface {
	Read(b []byte) async.Op[int]
	Recv() async.Op[[]byte]
	Write(b []byte) async.Op[int]
	CloseWrite() async.Act
	Close() async.Act
	SetReadDeadline(at time.Time) async.Act
	SetWriteDeadline(at time.Time) async.Act
	LocalAddr() net.Addr
	RemoteAddr() net.Addr
	Home() *rondo.Loop
}
