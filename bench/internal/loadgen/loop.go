package loadgen

import (
	"bytes"
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
	epoll  int
	conns  []conn
	talk   talk
	clock  clock
	pace   pace
	buf    []byte
	hists  [2]hist.Histogram // of the pages, or of the echo
	last   [2][]byte         // the page's last response that came in one piece
	failed int
	err    error // of the first connection that failed

	onStart, onEnd func() // at the clock's marks
}

const (
	maxEvents = 256
	// readSize is more than what is commonly under way, so that a read comes
	// short, and its shortness says that the socket is empty.
	readSize = 64 << 10
	// lastSize is how long a response may be that is kept to compare others with.
	lastSize = 4 << 10
)

func newLoop(conns []conn, t talk, c clock, each float64) (*loop, error) {
	nop := func() {}
	l := &loop{
		conns:   conns,
		talk:    t,
		clock:   c,
		pace:    newPace(conns, each),
		buf:     make([]byte, readSize),
		onStart: nop,
		onEnd:   nop,
	}
	if t.pages != nil {
		replies := make([]reply, len(conns))
		for i := range conns {
			conns[i].reply = &replies[i]
		}
		for i := range l.last {
			l.last[i] = make([]byte, 0, lastSize)
		}
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
		if c := &l.conns[i]; c.role == hurried {
			l.begin(c, l.clock.now())
		}
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
		n, err := wait(l.epoll, events, min(l.clock.wait(now), l.keepPace(now)))
		if err != nil {
			return err
		}
		for _, e := range events[:n] {
			l.handle(&l.conns[e.Fd], e.Events)
		}
	}
}

// begin sends the next message; since is when it should have been.
func (l *loop) begin(c *conn, since time.Duration) {
	c.busy, c.sent, c.got, c.since = true, 0, 0, int64(since)
	c.size = len(l.talk.next(c))
	l.push(c)
}

// push sends what is left of the message, as far as the socket takes it; the
// event that it takes more again will come.
func (l *loop) push(c *conn) {
	message := l.talk.next(c)
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
	if c.sent < c.size {
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

// take takes a part of what comes back, and when that is whole goes on.
func (l *loop) take(c *conn, b []byte) {
	if !c.busy {
		l.fail(c, errExcess)
		return
	}
	var all bool
	var err error
	if c.reply != nil {
		all, err = l.takeReply(c, b)
	} else {
		all, err = l.takeEcho(c, b)
	}
	if err != nil {
		l.fail(c, err)
		return
	}
	if !all {
		return
	}
	now := l.clock.now()
	if l.clock.counts(now) {
		l.hists[c.page].Add(now - time.Duration(c.since))
		c.heard = true
	}
	c.number++
	c.busy = false
	l.goOn(c, now)
}

// takeEcho compares a part of the echo.
func (l *loop) takeEcho(c *conn, b []byte) (all bool, err error) {
	if c.got+len(b) > c.sent {
		return false, errExcess
	}
	if !l.talk.messages.equal(c.id, c.number, c.got, b) {
		return false, errMismatch
	}
	c.got += len(b)
	return c.got == l.talk.messages.size, nil
}

// takeReply takes a part of a response. Most are the same as the one before, to the
// last byte, and so need not be read.
func (l *loop) takeReply(c *conn, b []byte) (all bool, err error) {
	first := *c.reply == reply{}
	if first && bytes.Equal(b, l.last[c.page]) {
		return true, nil
	}
	rest, err := c.reply.take(b, l.talk.pages[c.page].body)
	if err != nil || c.reply.state != whole {
		return false, err
	}
	if len(rest) > 0 {
		return false, errExcess
	}
	if first && len(b) <= lastSize {
		l.last[c.page] = append(l.last[c.page][:0], b...)
	}
	*c.reply = reply{}
	return true, nil
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
