package loadgen

import (
	"errors"
	"fmt"
	"io"

	"golang.org/x/sys/unix"
)

// A conn is one connection, with the message that it has under way. The bytes
// of the message are in messages; here is only how far it got.
type conn struct {
	fd     int // -1 when it has failed
	id     uint32
	number uint32 // of the message under way
	size   int    // bytes of it
	sent   int    // so many of which are sent
	got    int    // bytes of its echo
	reply  *reply // or of a response; nil for an echo
	since  int64  // nanoseconds on the clock when it was to be started
	turn   int    // of the pace, the last that it took
	page   uint8  // of HTTP, that it asks for
	role   role
	busy   bool // a message is under way
	heard  bool // an answer came while counting
}

// patience bounds each blocking step of dialing, in seconds.
const patience = 10

// dialAll opens all connections, and has the first message of each answered. One
// after the other: so the server has accepted a connection before the next one
// comes, no backlog overflows, and no lost SYN costs a second.
func dialAll(cfg Config, t talk) ([]conn, error) {
	conns := make([]conn, 0, cfg.Conns+cfg.Beside)
	buf := make([]byte, cfg.Size)
	for i := range cap(conns) {
		fd, err := dial(cfg, i)
		if err != nil {
			hangUp(conns)
			return nil, fmt.Errorf("connection %d: %w", i, err)
		}
		c := conn{fd: fd, id: uint32(i)}
		c.role, c.page = cfg.part(i)
		conns = append(conns, c)
		if err := conns[i].first(cfg, t, buf); err != nil {
			hangUp(conns)
			return nil, fmt.Errorf("connection %d: first answer: %w", i, err)
		}
	}
	return conns, nil
}

func hangUp(conns []conn) {
	for i := range conns {
		if c := &conns[i]; c.fd >= 0 {
			unix.Close(c.fd)
			c.fd = -1
		}
	}
}

// dial opens one connection; it blocks, but not for ever.
func dial(cfg Config, i int) (fd int, err error) {
	fd, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	defer func() {
		if err != nil {
			unix.Close(fd)
		}
	}()
	timeout := unix.Timeval{Sec: patience}
	err = errors.Join(
		unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1),
		unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &timeout),
		unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_SNDTIMEO, &timeout),
	)
	if err != nil {
		return -1, err
	}
	if cfg.Sources > 0 {
		// The port is left to connect, which knows the peer and so can use one
		// again that is taken for another.
		source := unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, byte(2 + i%cfg.Sources)}}
		err = errors.Join(
			unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1),
			unix.Bind(fd, &source),
		)
		if err != nil {
			return -1, err
		}
	}
	peer := unix.SockaddrInet4{Addr: cfg.Addr.Addr().As4(), Port: int(cfg.Addr.Port())}
	return fd, retry(func() error { return unix.Connect(fd, &peer) })
}

// firstEcho sends message 0 and receives it, blocking. Message 1 is next.
func (c *conn) firstEcho(m messages, buf []byte) error {
	rest := m.message(c.id, 0)
	for len(rest) > 0 {
		// In parts that fit the sockets' buffers: a server that cannot send
		// does not read either.
		n, err := blocking{c.fd}.Write(rest[:min(len(rest), readSize)])
		if err != nil {
			return err
		}
		rest = rest[n:]
		if err := c.receive(m, buf, m.size-len(rest)); err != nil {
			return err
		}
	}
	c.number, c.got = 1, 0
	return nil
}

// receive blocks until the echo has come up to a length.
func (c *conn) receive(m messages, buf []byte, length int) error {
	for c.got < length {
		n, err := blocking{c.fd}.Read(buf[:length-c.got])
		switch {
		case err == io.EOF:
			return io.ErrUnexpectedEOF
		case err != nil:
			return err
		case !m.equal(c.id, c.number, c.got, buf[:n]):
			return errMismatch
		}
		c.got += n
	}
	return nil
}
