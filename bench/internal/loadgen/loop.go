package loadgen

import (
	"errors"
	"io"
	"time"

	"golang.org/x/sys/unix"

	"rondo.dev/rondo/bench/internal/hist"
)

var (
	errMismatch = errors.New("echo differs from what was sent")
	errExcess   = errors.New("more came back than was sent")
)

// A loop drives its connections on one epoll instance, edge-triggered. Each
// connection is registered once, and its index is the event's data.
type loop struct {
	epoll    int
	conns    []conn
	messages messages
	clock    clock
	buf      []byte
	hist     hist.Histogram
	failed   int
	err      error // of the first connection that failed

	onStart, onEnd func() // at the clock's marks
}

const (
	maxEvents = 256
	// readSize is more than what is commonly under way, so that a read comes
	// short, and its shortness says that the socket is empty.
	readSize = 64 << 10
)

func newLoop(conns []conn, m messages, c clock) (*loop, error) {
	nop := func() {}
	l := &loop{
		conns:    conns,
		messages: m,
		clock:    c,
		buf:      make([]byte, readSize),
		onStart:  nop,
		onEnd:    nop,
	}
	var err error
	if l.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return nil, err
	}
	for i := range conns {
		event := unix.EpollEvent{
			Events: unix.EPOLLIN | unix.EPOLLOUT | unix.EPOLLRDHUP | unix.EPOLLET,
			Fd:     int32(i),
		}
		err := errors.Join(
			unix.SetNonblock(conns[i].fd, true),
			unix.EpollCtl(l.epoll, unix.EPOLL_CTL_ADD, conns[i].fd, &event),
		)
		if err != nil {
			l.close()
			return nil, err
		}
	}
	return l, nil
}

func (l *loop) close() { unix.Close(l.epoll) }

// run loads the server until the clock's end, or until no connection is left.
func (l *loop) run() error {
	for i := range l.conns {
		l.begin(&l.conns[i], l.clock.now())
	}
	events := make([]unix.EpollEvent, maxEvents)
	started := false
	for {
		now := l.clock.now()
		if !started && now >= l.clock.start {
			started = true
			l.onStart()
		}
		if now >= l.clock.end {
			l.onEnd()
			return nil
		}
		n, err := wait(l.epoll, events, l.clock.wait(now))
		if err != nil {
			return err
		}
		for _, e := range events[:n] {
			l.handle(&l.conns[e.Fd], e.Events)
		}
	}
}

// begin sends the next message.
func (l *loop) begin(c *conn, now time.Duration) {
	c.sent, c.got, c.since = 0, 0, int64(now)
	l.push(c)
}

// push sends what is left of the message, as far as the socket takes it; the
// event that it takes more again will come.
func (l *loop) push(c *conn) {
	message := l.messages.message(c.id, c.number)
	for c.sent < len(message) {
		n, errno := write(c.fd, message[c.sent:])
		switch errno {
		case 0:
			c.sent += n
		case unix.EAGAIN:
			return
		case unix.EINTR:
		default:
			l.fail(c, errno)
			return
		}
	}
}

// handle goes on until the socket is empty.
func (l *loop) handle(c *conn, events uint32) {
	const ending = unix.EPOLLRDHUP | unix.EPOLLHUP | unix.EPOLLERR
	if c.fd < 0 {
		return
	}
	if c.sent < l.messages.size {
		l.push(c)
	}
	for c.fd >= 0 {
		n, errno := read(c.fd, l.buf)
		switch {
		case errno == unix.EAGAIN:
			return
		case errno == unix.EINTR:
		case errno != 0:
			l.fail(c, errno)
		case n == 0:
			l.fail(c, io.ErrUnexpectedEOF)
		default:
			l.take(c, l.buf[:n])
			// A short read has emptied the socket, but the end of the stream,
			// which an event has told of already, is yet to be read.
			if n < len(l.buf) && events&ending == 0 {
				return
			}
		}
	}
}

// take compares a part of the echo, and when it is whole begins the next.
func (l *loop) take(c *conn, b []byte) {
	if c.got+len(b) > c.sent {
		l.fail(c, errExcess)
		return
	}
	if !l.messages.equal(c.id, c.number, c.got, b) {
		l.fail(c, errMismatch)
		return
	}
	if c.got += len(b); c.got < l.messages.size {
		return
	}
	now := l.clock.now()
	if l.clock.counts(now) {
		l.hist.Add(now - time.Duration(c.since))
		c.heard = true
	}
	c.number++
	l.begin(c, now)
}

// fail gives a connection up, and counts it.
func (l *loop) fail(c *conn, err error) {
	unix.Close(c.fd)
	c.fd = -1
	l.failed++
	if l.err == nil {
		l.err = err
	}
}
