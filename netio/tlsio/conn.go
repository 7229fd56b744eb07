package tlsio

import (
	"crypto/tls"
	"net"
	"time"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/netio"
)

// A Conn is a TLS connection over a netio.Conn, and used like one: its operations
// are values, which do nothing until they are awaited; reads are carried out in the
// order in which they were started, and so are writes; it is at home on the loop of
// the connection below.
//
// While it waits it holds no record, no buffer and no stack; see the package's comment
// for what it does hold.
type Conn struct {
	raw   *netio.Conn
	layer layer // from the end of the handshake
	wire  wire
	home  *place

	reads  []reading // the first one has its turn
	writes []writing // likewise

	rx      async.Op[[]byte]  // the transport's receive, while receiving
	tx      async.Flight[int] // the transport's write of sending, while that is not nil
	sending []byte
	stash   []byte // was read, and put back: the next read gets it first
	broken  error  // why nothing can be sent any more
	closing *closing

	receiving bool
	drained   bool // the layer has asked for more than there is
}

func newConn(raw *netio.Conn) *Conn {
	c := &Conn{raw: raw, home: placeOf(raw.Home())}
	c.wire.conn, c.wire.shaking = c, new(shaking)
	return c
}

// ConnectionState returns what the handshake has agreed on. It is for tasks of the
// home loop, like all that is not an operation.
func (c *Conn) ConnectionState() tls.ConnectionState { return c.layer.state() }

// Transport returns the connection below. It may be asked and be given options, and
// must not be read or written.
func (c *Conn) Transport() *netio.Conn { return c.raw }

// Home returns the loop that the connection belongs to.
func (c *Conn) Home() *rondo.Loop { return c.raw.Home() }

// LocalAddr returns the local address; see netio.Conn.
func (c *Conn) LocalAddr() net.Addr { return c.raw.LocalAddr() }

// RemoteAddr returns the peer's address.
func (c *Conn) RemoteAddr() net.Addr { return c.raw.RemoteAddr() }

// SetDeadline sets the read and the write deadline; see netio.Conn. What a deadline
// has interrupted goes on when there is a new one: a record that was received in part
// is not lost, and one that was sent in part is completed by the next Write.
func (c *Conn) SetDeadline(at time.Time) async.Act { return c.raw.SetDeadline(at) }

// SetReadDeadline sets the deadline of Read and Recv.
func (c *Conn) SetReadDeadline(at time.Time) async.Act { return c.raw.SetReadDeadline(at) }

// SetWriteDeadline sets the deadline of Write and CloseWrite.
func (c *Conn) SetWriteDeadline(at time.Time) async.Act { return c.raw.SetWriteDeadline(at) }

func (c *Conn) closed(op string) error {
	return &net.OpError{Op: op, Net: "tcp", Err: net.ErrClosed}
}
