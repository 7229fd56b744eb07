package driver

import (
	"net/netip"
	"slices"
	"syscall"
)

// A memEnd is one end of a connection that may be made through a listener.
type memEnd interface {
	memSocket
	connected() bool
	// establish connects the end, which gets the address local, and returns the
	// other one, which gets addr.
	establish(m *Memory, local, addr Addr) memEnd
	accepted(d *memFD)
	refuse(m *Memory) // closes an end that was not accepted
}

// A memListener accepts connections. Between connect and accept a connection
// waits in the backlog, where the client may already use it.
type memListener struct {
	fd      *memFD
	addr    Addr
	shared  bool // ReusePort
	only6   bool // IPv6Only
	most    int  // that the backlog holds
	packets bool // connections keep the boundaries of messages
	backlog []memEnd
	dialers []*memFD // whose connects wait for room in the backlog
	opts    memOptions
}

// memBacklog is what a Backlog of 0 stands for.
const memBacklog = 4096

// memNames is the space of addresses.
type memNames struct {
	listeners map[Addr][]*memListener // several only where all are shared
	datagrams map[Addr][]*memDatagram // likewise
	lastPort  uint16
	turns     int // of listeners that share an address
}

// firstPort is where ports that the machine chooses begin.
const firstPort = 49152

// anyPort returns the next port that no listener has. Clients need no port of
// their own: theirs may repeat after 16,384 connections.
func (n *memNames) anyPort() uint16 {
	for {
		if n.lastPort++; n.lastPort < firstPort {
			n.lastPort = firstPort
		}
		if !n.used(n.lastPort) {
			return n.lastPort
		}
	}
}

func (n *memNames) used(port uint16) bool {
	for a := range n.listeners {
		if a.Path == "" && a.Port() == port {
			return true
		}
	}
	for a := range n.datagrams {
		if a.Path == "" && a.Port() == port {
			return true
		}
	}
	return false
}

// Listen makes a listener. It hears connects to its address, and one on an
// unspecified address hears those to any address with its port.
func (m *Memory) Listen(addr Addr, o ListenOptions) (int, error) {
	if addr.Path == "" && addr.Port() == 0 {
		addr.AddrPort = netip.AddrPortFrom(addr.Addr(), m.names.anyPort())
	}
	for _, other := range m.names.listeners[addr] {
		if !other.shared || !o.ReusePort {
			return -1, syscall.EADDRINUSE
		}
	}
	l := &memListener{addr: addr, shared: o.ReusePort, only6: o.IPv6Only, most: o.Backlog, packets: o.Type == SeqPacket}
	if l.most <= 0 {
		l.most = memBacklog
	}
	fd, d, err := m.install(l)
	if err != nil {
		return -1, err
	}
	l.fd = d
	if m.names.listeners == nil {
		m.names.listeners = map[Addr][]*memListener{}
	}
	m.names.listeners[addr] = append(m.names.listeners[addr], l)
	return fd, nil
}

// Socket makes a socket to connect with.
func (m *Memory) Socket(Addr) (int, error) {
	s := &memStream{}
	fd, d, err := m.install(s)
	if err != nil {
		return -1, err
	}
	s.fd = d
	return fd, nil
}

// lookup returns who listens on addr.
func (m *Memory) lookup(addr Addr) *memListener {
	names := []Addr{addr}
	if addr.Path == "" {
		for _, every := range []netip.Addr{netip.IPv4Unspecified(), netip.IPv6Unspecified()} {
			names = append(names, Addr{AddrPort: netip.AddrPortFrom(every, addr.Port())})
		}
	}
	for _, name := range names {
		if found := m.names.listeners[name]; len(found) > 0 && found[0].hears(addr) {
			m.names.turns++
			return found[m.names.turns%len(found)]
		}
	}
	return nil
}

// hears reports whether a connect to addr is for l, which was found by its port.
func (l *memListener) hears(addr Addr) bool { return !l.only6 || addr.Addr().Is6() }

// connect connects s to addr, or waits for room in the backlog there.
func (m *Memory) connect(s memEnd, d *memFD, addr Addr) error {
	if s.connected() {
		return syscall.EISCONN
	}
	_, packets := s.(*memPacket)
	l := m.lookup(addr)
	switch {
	case l != nil && l.packets != packets:
		return syscall.EPROTOTYPE
	case l == nil && addr.Path != "":
		return syscall.ENOENT
	case l == nil:
		return syscall.ECONNREFUSED
	case len(l.backlog) >= l.most:
		if !slices.Contains(l.dialers, d) {
			l.dialers = append(l.dialers, d)
		}
		return syscall.EAGAIN
	}
	var local Addr
	if addr.Path == "" {
		ip := addr.Addr()
		if ip.IsUnspecified() {
			ip = netip.AddrFrom4([4]byte{127, 0, 0, 1})
			if addr.Addr().Is6() {
				ip = netip.IPv6Loopback()
			}
			addr.AddrPort = netip.AddrPortFrom(ip, addr.Port())
		}
		local = Addr{AddrPort: netip.AddrPortFrom(ip, m.names.anyPort())}
	}
	l.backlog = append(l.backlog, s.establish(m, local, addr))
	m.changed(l.fd)
	return nil
}

// accept gives the oldest connection a descriptor. Without descriptors it fails
// even if nobody is there, as on Linux; the connection stays.
func (l *memListener) accept(m *Memory) (int, error) {
	if m.exhausted() {
		return -1, syscall.EMFILE
	}
	if len(l.backlog) == 0 {
		return -1, syscall.EAGAIN
	}
	s := l.backlog[0]
	l.backlog[0] = nil
	l.backlog = l.backlog[1:]
	fd, d, err := m.install(s)
	s.accepted(d)
	for _, waiting := range l.dialers {
		m.changed(waiting)
	}
	l.dialers = nil
	return fd, err
}

func (l *memListener) close(m *Memory) {
	same := m.names.listeners[l.addr]
	same = slices.DeleteFunc(same, func(o *memListener) bool { return o == l })
	if m.names.listeners[l.addr] = same; len(same) == 0 {
		delete(m.names.listeners, l.addr)
	}
	for _, s := range l.backlog {
		s.refuse(m)
	}
	for _, waiting := range l.dialers {
		m.changed(waiting)
	}
}

func (l *memListener) ready(*Memory) Events {
	if len(l.backlog) > 0 {
		return Readable
	}
	return 0
}

func (l *memListener) read(*Memory, []byte) (int, error)  { return 0, syscall.ENOTCONN }
func (l *memListener) write(*Memory, []byte) (int, error) { return 0, syscall.EPIPE }
func (l *memListener) shutdown(*Memory, int) error        { return syscall.ENOTCONN }
func (l *memListener) options() *memOptions               { return &l.opts }
func (l *memListener) mode() uint32                       { return memSock | 0o777 }

func (l *memListener) names() (local, peer Addr, err error) {
	return l.addr, Addr{}, syscall.ENOTCONN
}
