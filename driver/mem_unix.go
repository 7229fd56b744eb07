package driver

import (
	"os"
	"syscall"
)

// SocketPair makes two connected sockets, as Pair and Packets do.
func (m *Memory) SocketPair(t SocketType) (a, b int, err error) {
	switch t {
	case Stream:
		return m.Pair()
	case SeqPacket:
		return m.Packets()
	}
	x, y := &memDatagram{unix: true}, &memDatagram{unix: true}
	x.pair, y.pair = y, x
	if a, b, err = m.installBoth(x, y); err != nil {
		return -1, -1, err
	}
	x.fd, y.fd = m.fds[a], m.fds[b]
	return a, b, nil
}

// PeerCred returns those of this process, the only one there is.
func (m *Memory) PeerCred(fd int) (Cred, error) {
	if _, err := m.socket(fd); err != nil {
		return Cred{}, err
	}
	return Cred{PID: os.Getpid(), UID: syscall.Getuid(), GID: syscall.Getgid()}, nil
}

// Unlink does nothing: the name of a socket goes away with it.
func (m *Memory) Unlink(Addr) error { return nil }
