package netio

import (
	"net"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/driver"
)

// A PacketListener accepts connections of ordered messages: Unix sockets of
// "unixpacket". It is at home on one loop.
type PacketListener struct{ ln *Listener }

// ListenUnixPacket listens on the path of a Unix socket, which is made, and removed by
// Close, or with a leading @ on an abstract name (unix(7)). DialPacket with
// "unixpacket" connects to it. The listener is at home on t's loop.
func ListenUnixPacket(t *async.Task, path string) (*PacketListener, error) {
	ln, err := (&ListenConfig{}).listenUnix(t, path, "unixpacket", driver.SeqPacket)
	if err != nil {
		return nil, err
	}
	return &PacketListener{ln}, nil
}

// Addr returns the listener's address. Any goroutine may call it.
func (l *PacketListener) Addr() net.Addr { return l.ln.Addr() }

// Home returns the loop that the listener, and what it accepts, belongs to.
func (l *PacketListener) Home() *rondo.Loop { return l.ln.Home() }

// Accept waits for the next connection. It is Listener.Accept in all else.
func (l *PacketListener) Accept() async.Op[*PacketConn] {
	return async.NewOp((*packetAccepting)(l), nil, 0)
}

// Close closes the listener, as Listener.Close does.
func (l *PacketListener) Close() async.Act { return l.ln.Close() }

// SetUnlinkOnClose says whether Close removes the path, which it does by default. It
// is for tasks of the home loop only.
func (l *PacketListener) SetUnlinkOnClose(unlink bool) { l.ln.SetUnlinkOnClose(unlink) }

// packetAccepting is the source of Accept: that of the listener, but for the type of
// what it yields. A Conn that has not been used is no more than its descriptor.
type packetAccepting PacketListener

func (x *packetAccepting) source() *accepting { return (*accepting)(x.ln) }

func (x *packetAccepting) Home() *async.Executor { return x.source().Home() }

func (x *packetAccepting) Start(t *async.Task, b []byte, arg uint64) uint32 {
	return x.source().Start(t, b, arg)
}

func (x *packetAccepting) PollOp(t *async.Task, ticket uint32, keep bool) (*PacketConn, error) {
	c, err := x.source().PollOp(t, ticket, keep)
	if c == nil {
		return nil, err
	}
	return newPacketConn(c.home, int(c.fd), "unixpacket"), err
}

func (x *packetAccepting) CancelOp(t *async.Task, ticket uint32) bool {
	return x.source().CancelOp(t, ticket)
}

func (x *packetAccepting) Settle(ticket uint32, back bool) int {
	return x.source().Settle(ticket, back)
}
