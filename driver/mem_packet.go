package driver

import "syscall"

// A memPacket is one end of a connection that keeps the boundaries of messages.
type memPacket struct {
	fd      *memFD     // nil until it is accepted
	peer    *memPacket // nil until it is connected
	local   Addr
	queue   []memMessage // received, oldest first
	opts    memOptions
	closed  bool
	ended   bool // the peer sends no more
	stopped bool // receives no more
	shut    bool // sends no more
}

type memMessage struct {
	body, control []byte
	from          Addr
	class         int // Ancillary.TrafficClass
	segment       int // Ancillary.SegmentSize
}

// tell hands the message to a receiver, and returns how much of it fits.
func (x *memMessage) tell(b []byte, msg *Msg) int {
	n := copy(b, x.body)
	if n < len(x.body) {
		msg.RecvFlags |= msgTrunc
	}
	msg.Addr, msg.N = x.from, n
	msg.ControlN = copy(msg.Control, x.control)
	if a := msg.Ancillary; a != nil {
		a.TrafficClass, a.SegmentSize, a.Rights = x.class, x.segment, nil
	}
	return n
}

// maxMessages is how many messages wait at one end before the sender does.
const maxMessages = 64

// msgTrunc is MSG_TRUNC of Linux: RecvFlags has it where a message did not fit.
const msgTrunc = 0x20

// Packets returns the ends of a new connection that keeps the boundaries of
// messages and delivers them in order, like a pair of SOCK_SEQPACKET sockets.
// Control data is carried as it is; it has no meaning to the machine.
func (m *Memory) Packets() (a, b int, err error) {
	x, y := &memPacket{}, &memPacket{}
	x.peer, y.peer = y, x
	if a, b, err = m.installBoth(x, y); err != nil {
		return -1, -1, err
	}
	x.fd, y.fd = m.fds[a], m.fds[b]
	return a, b, nil
}

func (p *memPacket) connected() bool   { return p.peer != nil }
func (p *memPacket) accepted(d *memFD) { p.fd = d }

func (p *memPacket) establish(m *Memory, local, addr Addr) memEnd {
	server := &memPacket{local: addr, peer: p}
	p.local, p.peer = local, server
	m.changed(p.fd)
	return server
}

func (p *memPacket) refuse(m *Memory) { p.close(m) }

func (p *memPacket) read(m *Memory, b []byte) (int, error) { return p.receive(m, b, &Msg{}) }

func (p *memPacket) write(m *Memory, b []byte) (int, error) {
	return p.send(m, memMessage{body: append([]byte(nil), b...)})
}

// receive takes a message into b, which may be too short for it, and tells msg
// the rest.
func (p *memPacket) receive(m *Memory, b []byte, msg *Msg) (int, error) {
	if p.peer == nil {
		return 0, syscall.ENOTCONN
	}
	if len(p.queue) == 0 {
		if p.ended || p.stopped {
			return 0, nil
		}
		return 0, syscall.EAGAIN
	}
	first := p.queue[0]
	p.queue[0] = memMessage{}
	p.queue = p.queue[1:]
	m.changed(p.peer.fd)
	return first.tell(b, msg), nil
}

func (p *memPacket) send(m *Memory, message memMessage) (int, error) {
	switch {
	case p.peer == nil:
		return 0, syscall.ENOTCONN
	case p.shut || p.peer.closed || p.peer.stopped:
		return 0, syscall.EPIPE
	case len(p.peer.queue) >= maxMessages:
		return 0, syscall.EAGAIN
	}
	p.peer.queue = append(p.peer.queue, message)
	m.changed(p.peer.fd)
	return len(message.body), nil
}

func (p *memPacket) ready(*Memory) (ev Events) {
	if p.peer == nil {
		return Writable | Hangup
	}
	if len(p.queue) > 0 || p.ended || p.stopped {
		ev |= Readable
	}
	if p.shut || p.peer.closed || p.peer.stopped || len(p.peer.queue) < maxMessages {
		ev |= Writable
	}
	if p.ended {
		ev |= Hangup
	}
	return ev
}

func (p *memPacket) shutdown(m *Memory, how int) error {
	if how < 0 || how > 2 {
		return syscall.EINVAL
	}
	if p.peer == nil {
		return syscall.ENOTCONN
	}
	if how != 1 {
		p.stopped = true
	}
	if how != 0 {
		p.shut, p.peer.ended = true, true
	}
	m.changed(p.fd)
	m.changed(p.peer.fd)
	return nil
}

func (p *memPacket) close(m *Memory) {
	p.closed, p.fd = true, nil
	if p.peer == nil {
		return
	}
	p.peer.ended = true
	m.changed(p.peer.fd)
}

func (p *memPacket) names() (local, peer Addr, err error) {
	if p.peer == nil {
		return p.local, Addr{}, syscall.ENOTCONN
	}
	return p.local, p.peer.local, nil
}

func (p *memPacket) options() *memOptions { return &p.opts }
func (p *memPacket) mode() uint32         { return memSock | 0o777 }
