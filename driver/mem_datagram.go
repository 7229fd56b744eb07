package driver

import (
	"net/netip"
	"slices"
	"syscall"
)

// A memDatagram is a socket for messages each with an address of its own: UDP, or a
// Unix socket of datagrams. As in a network, a UDP message that finds no room or no
// receiver is lost; a Unix socket waits, or gets an error.
type memDatagram struct {
	fd        *memFD
	unix      bool
	local     Addr // zero until it is bound
	peer      Addr
	pair      *memDatagram // the peer of a pair, which has no name
	connected bool
	queue     []memMessage
	groups    map[netip.Addr]bool
	senders   []*memFD // that wait for room in queue
	err       error    // of an earlier send, for the operation that comes first
	stopped   bool     // receives no more
	shut      bool     // sends no more
	closed    bool
	opts      memOptions
}

// maxDatagram is what fits into a UDP message over IPv4.
const maxDatagram = 65507

// Packet makes an unbound socket for messages.
func (m *Memory) Packet(addr Addr, t SocketType) (int, error) {
	switch {
	case t == SeqPacket && addr.Path != "":
		p := &memPacket{}
		fd, d, err := m.install(p)
		if err != nil {
			return -1, err
		}
		p.fd = d
		return fd, nil
	case t != Datagram:
		return -1, syscall.EPROTONOSUPPORT
	}
	s := &memDatagram{unix: addr.Path != ""}
	fd, d, err := m.install(s)
	if err != nil {
		return -1, err
	}
	s.fd = d
	return fd, nil
}

// Bind gives a socket an address of its own. Several connections may share one.
func (m *Memory) Bind(fd int, addr Addr) error {
	s, err := m.socket(fd)
	if err != nil {
		return err
	}
	if c, ok := s.(*memStream); ok {
		if c.connected() || c.local != (Addr{}) || addr.Path != "" {
			return syscall.EINVAL
		}
		c.local = addr
		return nil
	}
	d, ok := s.(*memDatagram)
	if !ok || d.local != (Addr{}) || d.unix != (addr.Path != "") {
		return syscall.EINVAL
	}
	if !d.unix && addr.Port() == 0 {
		addr.AddrPort = netip.AddrPortFrom(addr.Addr(), m.names.anyPort())
	}
	shares := func(o *memDatagram) bool {
		return !d.unix && (d.opts.get(ReusePort) != 0 && o.opts.get(ReusePort) != 0 ||
			d.opts.get(ReuseAddr) != 0 && o.opts.get(ReuseAddr) != 0)
	}
	for _, other := range m.names.datagrams[addr] {
		if !shares(other) {
			return syscall.EADDRINUSE
		}
	}
	d.local = addr
	m.names.bind(d)
	return nil
}

func (n *memNames) bind(d *memDatagram) {
	if n.datagrams == nil {
		n.datagrams = map[Addr][]*memDatagram{}
	}
	n.datagrams[d.local] = append(n.datagrams[d.local], d)
}

// connect fixes whom d sends to, and receives from.
func (d *memDatagram) connect(m *Memory, addr Addr) error {
	if d.unix {
		if len(m.names.datagrams[addr]) == 0 {
			return nobodyAt(addr)
		}
	} else if d.local == (Addr{}) {
		d.local = Addr{AddrPort: netip.AddrPortFrom(m.near(addr.Addr()), m.names.anyPort())}
		m.names.bind(d)
	}
	d.peer, d.connected = addr, true
	return nil
}

// nobodyAt is the error of a path at which there is no socket.
func nobodyAt(addr Addr) error {
	if addr.Path[0] == '@' {
		return syscall.ECONNREFUSED
	}
	return syscall.ENOENT
}

// near is the own address that is used towards another.
func (m *Memory) near(to netip.Addr) netip.Addr {
	switch {
	case !to.IsUnspecified() && !to.IsMulticast() && to != broadcast:
		return to
	case to.Is6():
		return netip.IPv6Loopback()
	}
	return netip.AddrFrom4([4]byte{127, 0, 0, 1})
}

var broadcast = netip.AddrFrom4([4]byte{255, 255, 255, 255})

// sendTo sends one message, to the peer if addr is zero.
func (d *memDatagram) sendTo(m *Memory, msg memMessage, to Addr) (int, error) {
	switch {
	case d.err != nil:
		return 0, d.takeError()
	case d.shut:
		return 0, syscall.EPIPE
	case d.pair != nil && to == (Addr{}):
		return d.sendUnix(m, msg, d.pair)
	case to == (Addr{}) && !d.connected:
		if d.unix {
			return 0, syscall.ENOTCONN
		}
		return 0, syscall.EDESTADDRREQ
	case to == (Addr{}):
		to = d.peer
	}
	if d.unix {
		found := m.names.datagrams[to]
		if len(found) == 0 {
			return 0, nobodyAt(to)
		}
		return d.sendUnix(m, msg, found[0])
	}
	return d.sendUDP(m, msg, to)
}

func (d *memDatagram) sendUnix(m *Memory, msg memMessage, to *memDatagram) (int, error) {
	switch {
	case to.closed || to.stopped:
		return 0, syscall.ECONNREFUSED
	case to.connected && to.peer != d.local:
		return 0, syscall.EPERM
	case len(to.queue) >= maxMessages:
		if !slices.Contains(to.senders, d.fd) {
			to.senders = append(to.senders, d.fd)
		}
		return 0, syscall.EAGAIN
	}
	msg.from = d.local
	to.queue = append(to.queue, msg)
	m.changed(to.fd)
	return len(msg.body), nil
}

func (d *memDatagram) sendUDP(m *Memory, msg memMessage, to Addr) (int, error) {
	if to.Path != "" || to.Port() == 0 {
		return 0, syscall.EINVAL
	}
	if to.Addr() == broadcast && d.opts.get(Broadcast) == 0 {
		return 0, syscall.EACCES
	}
	if msg.segment == 0 && len(msg.body) > maxDatagram || msg.segment > maxDatagram {
		return 0, syscall.EMSGSIZE
	}
	if d.local == (Addr{}) {
		ip := netip.IPv4Unspecified()
		if to.Addr().Is6() {
			ip = netip.IPv6Unspecified()
		}
		d.local = Addr{AddrPort: netip.AddrPortFrom(ip, m.names.anyPort())}
		m.names.bind(d)
	}
	msg.from = d.local
	if d.local.Addr().IsUnspecified() {
		msg.from.AddrPort = netip.AddrPortFrom(m.near(to.Addr()), d.local.Port())
	}
	if msg.class == 0 {
		msg.class = d.opts.get(TrafficClass)
	}
	receivers := m.hearing(d, msg.from, to)
	if len(receivers) == 0 && d.connected && to == d.peer {
		d.err = syscall.ECONNREFUSED // as an answer to the message tells
	}
	for _, r := range receivers {
		r.arrive(m, msg)
	}
	return len(msg.body), nil
}

// hearing returns whom a message is for: all members of a group, or one.
func (m *Memory) hearing(d *memDatagram, from, to Addr) (found []*memDatagram) {
	group := to.Addr().IsMulticast() || to.Addr() == broadcast
	names := []Addr{to}
	for _, any := range []netip.Addr{netip.IPv4Unspecified(), netip.IPv6Unspecified()} {
		names = append(names, Addr{AddrPort: netip.AddrPortFrom(any, to.Port())})
	}
	for _, name := range names {
		for _, r := range m.names.datagrams[name] {
			switch {
			case r.stopped, r.connected && r.peer != from:
			case to.Addr().IsMulticast() && (!r.groups[to.Addr()] || d.opts.get(MulticastLoop) == 0):
			case to.Addr() == broadcast && r.local.Addr().Is6():
			default:
				found = append(found, r)
			}
		}
		if group || len(found) == 0 {
			continue
		}
		if i := slices.IndexFunc(found, func(r *memDatagram) bool { return r.connected }); i >= 0 {
			return found[i : i+1] // who is connected to the sender goes first
		}
		m.names.turns++
		i := m.names.turns % len(found)
		return found[i : i+1]
	}
	return found
}

// arrive queues what comes over the network, if there is room.
func (d *memDatagram) arrive(m *Memory, msg memMessage) {
	pieces := []memMessage{msg}
	if msg.segment > 0 && d.opts.get(RecvSegments) == 0 {
		pieces = pieces[:0]
		for b := range slices.Chunk(msg.body, msg.segment) {
			pieces = append(pieces, memMessage{body: b, from: msg.from, class: msg.class})
		}
	}
	for _, p := range pieces {
		if len(d.queue) < maxMessages {
			d.queue = append(d.queue, p)
		}
	}
	m.changed(d.fd)
}

// receive takes a message into b, which may be too short for it, and tells msg
// the rest.
func (d *memDatagram) receive(m *Memory, b []byte, msg *Msg) (int, error) {
	switch {
	case d.err != nil:
		return 0, d.takeError()
	case len(d.queue) > 0:
	case d.stopped:
		return 0, nil
	default:
		return 0, syscall.EAGAIN
	}
	first := d.queue[0]
	d.queue[0] = memMessage{}
	d.queue = d.queue[1:]
	if d.opts.get(RecvTrafficClass) == 0 {
		first.class = 0
	}
	for _, waiting := range d.senders {
		m.changed(waiting)
	}
	d.senders = nil
	return first.tell(b, msg), nil
}

func (d *memDatagram) read(m *Memory, b []byte) (int, error) { return d.receive(m, b, &Msg{}) }

func (d *memDatagram) write(m *Memory, b []byte) (int, error) {
	return d.sendTo(m, memMessage{body: slices.Clone(b)}, Addr{})
}

func (d *memDatagram) takeError() error {
	err := d.err
	d.err = nil
	return err
}

func (d *memDatagram) ready(m *Memory) (ev Events) {
	if len(d.queue) > 0 || d.err != nil || d.stopped {
		ev |= Readable
	}
	to := d.pair
	if found := m.names.datagrams[d.peer]; d.unix && to == nil && len(found) > 0 {
		to = found[0]
	}
	if to == nil || !d.unix || to.closed || len(to.queue) < maxMessages {
		ev |= Writable
	}
	return ev
}

func (d *memDatagram) shutdown(m *Memory, how int) error {
	switch {
	case how < 0 || how > 2:
		return syscall.EINVAL
	case !d.connected && d.pair == nil:
		return syscall.ENOTCONN
	}
	d.stopped = d.stopped || how != 1
	d.shut = d.shut || how != 0
	m.changed(d.fd)
	return nil
}

func (d *memDatagram) close(m *Memory) {
	d.closed, d.fd = true, nil
	if same := m.names.datagrams[d.local]; len(same) > 0 {
		same = slices.DeleteFunc(same, func(o *memDatagram) bool { return o == d })
		if m.names.datagrams[d.local] = same; len(same) == 0 {
			delete(m.names.datagrams, d.local)
		}
	}
	for _, waiting := range d.senders {
		m.changed(waiting)
	}
}

func (d *memDatagram) names() (local, peer Addr, err error) {
	if !d.connected && d.pair == nil {
		err = syscall.ENOTCONN
	}
	return d.local, d.peer, err
}

func (d *memDatagram) options() *memOptions { return &d.opts }
func (d *memDatagram) mode() uint32         { return memSock | 0o777 }

// Group joins or leaves a multicast group.
func (m *Memory) Group(fd int, group netip.Addr, _ int, join bool) error {
	s, err := m.socket(fd)
	if err != nil {
		return err
	}
	d, ok := s.(*memDatagram)
	switch {
	case !ok || !group.IsMulticast():
		return syscall.EINVAL
	case join && d.groups[group]:
		return syscall.EADDRINUSE
	case !join && !d.groups[group]:
		return syscall.EADDRNOTAVAIL
	case join && d.groups == nil:
		d.groups = map[netip.Addr]bool{}
	}
	d.groups[group] = join
	return nil
}
