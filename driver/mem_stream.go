package driver

import (
	"net/netip"
	"syscall"
)

// A memStream is one end of a stream connection, or a socket that may become
// one. It writes into the in of its peer.
type memStream struct {
	fd    *memFD // nil until it is accepted
	peer  *memStream
	in    memBuffer
	local Addr
	opts  memOptions

	err      error // of a reset, for the operation that comes first
	broken   bool  // was reset
	closed   bool
	shutRead bool
	shut     bool // for writing
	dropped  bool // a write went to a peer that had closed
}

// join connects two ends.
func (m *Memory) join(a, b *memStream) {
	a.peer, b.peer = b, a
	a.in.size, b.in.size = m.o.StreamSize, m.o.StreamSize
	m.changed(a.fd)
	m.changed(b.fd)
}

func (s *memStream) connected() bool   { return s.peer != nil }
func (s *memStream) accepted(d *memFD) { s.fd = d }

func (s *memStream) establish(m *Memory, local, addr Addr) memEnd {
	server := &memStream{local: addr}
	if bound := s.local; bound != (Addr{}) && addr.Path == "" {
		ip, port := bound.Addr(), bound.Port()
		if ip.IsUnspecified() {
			ip = local.Addr()
		}
		if port == 0 {
			port = local.Port()
		}
		local.AddrPort = netip.AddrPortFrom(ip, port)
	}
	s.local = local
	m.join(s, server)
	return server
}

func (s *memStream) refuse(m *Memory) {
	s.peer.reset()
	s.close(m)
}

func (s *memStream) read(m *Memory, b []byte) (int, error) {
	switch {
	case s.peer == nil:
		return 0, syscall.ENOTCONN
	case len(b) == 0:
		return 0, nil
	case len(s.in.data) > 0:
		n := s.in.take(b)
		m.changed(s.peer.fd)
		return n, nil
	case s.err != nil:
		return 0, s.takeError()
	case s.in.ended || s.shutRead:
		return 0, nil
	}
	return 0, syscall.EAGAIN
}

func (s *memStream) write(m *Memory, b []byte) (int, error) {
	switch {
	case s.err != nil:
		return 0, s.takeError()
	case s.peer == nil || s.shut || s.broken:
		return 0, syscall.EPIPE
	case len(b) == 0:
		return 0, nil
	case s.peer.closed && !s.dropped:
		// As over a network: the first write after the peer closed is taken,
		// and only the answer to it tells that nobody is there.
		s.dropped = true
		return len(b), nil
	case s.peer.closed:
		return 0, syscall.EPIPE
	case s.peer.in.room() == 0:
		return 0, syscall.EAGAIN
	}
	n := s.peer.in.put(b)
	m.changed(s.peer.fd)
	return n, nil
}

func (s *memStream) takeError() error {
	err := s.err
	s.err = nil
	return err
}

func (s *memStream) ready(*Memory) (ev Events) {
	if s.peer == nil {
		return Writable | Hangup
	}
	if len(s.in.data) > 0 || s.in.ended || s.shutRead || s.err != nil {
		ev |= Readable
	}
	if s.shut || s.broken || s.peer.closed || s.peer.in.room() > 0 {
		ev |= Writable
	}
	if s.in.ended {
		ev |= Hangup
	}
	return ev
}

func (s *memStream) shutdown(m *Memory, how int) error {
	switch {
	case how < 0 || how > 2:
		return syscall.EINVAL
	case s.peer == nil || s.broken:
		return syscall.ENOTCONN
	}
	if how != 1 {
		s.shutRead = true
	}
	if how != 0 {
		s.shut = true
		s.peer.in.ended = true
	}
	m.changed(s.fd)
	m.changed(s.peer.fd)
	return nil
}

// close ends the stream for the peer, by a reset if bytes are left unread or the
// linger option is zero.
func (s *memStream) close(m *Memory) {
	s.closed, s.fd = true, nil
	p := s.peer
	if p == nil || p.closed {
		return
	}
	if len(s.in.data) > 0 || s.opts.get(Linger) == 0 {
		p.reset()
	}
	p.in.ended = true
	s.in.data = nil
	m.changed(p.fd)
}

func (s *memStream) reset() {
	s.err, s.broken, s.in.ended = syscall.ECONNRESET, true, true
}

func (s *memStream) names() (local, peer Addr, err error) {
	if s.peer == nil || s.broken {
		return s.local, Addr{}, syscall.ENOTCONN
	}
	return s.local, s.peer.local, nil
}

func (s *memStream) options() *memOptions { return &s.opts }
func (s *memStream) mode() uint32         { return memSock | 0o777 }

// Pair returns the ends of a new stream connection without addresses.
func (m *Memory) Pair() (a, b int, err error) {
	x, y := &memStream{}, &memStream{}
	if a, b, err = m.installBoth(x, y); err != nil {
		return -1, -1, err
	}
	x.fd, y.fd = m.fds[a], m.fds[b]
	m.join(x, y)
	return a, b, nil
}

func (m *Memory) installBoth(x, y memObject) (a, b int, err error) {
	if a, _, err = m.install(x); err != nil {
		return -1, -1, err
	}
	if b, _, err = m.install(y); err != nil {
		m.remove(a)
		return -1, -1, err
	}
	return a, b, nil
}
