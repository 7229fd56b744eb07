package web

import (
	"net"
	"time"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
)

// A Stream is the connection below a request: a *netio.Conn, or a *tlsio.Conn. It is
// what HijackAsync hands over.
type Stream interface {
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
