package driver

import (
	"errors"
	"syscall"
)

// memOptions are the options that were set on a socket. Most sockets have none.
type memOptions map[Option]int

func (o memOptions) get(option Option) int {
	if v, ok := o[option]; ok {
		return v
	}
	switch option {
	case Linger:
		return -1
	case KeepAliveIdle:
		return 7200
	case KeepAlivePeriod:
		return 75
	case KeepAliveCount:
		return 9
	case HopLimit:
		return 64
	case MulticastHops, MulticastLoop:
		return 1
	}
	return 0
}

// SetOption sets a socket option. Those of sockets for datagrams have an effect,
// Linger, and for streams RecvBuffer, which is how many bytes the socket holds for
// its reader; the others are only kept.
func (m *Memory) SetOption(fd int, o Option, value int) error {
	s, err := m.socket(fd)
	if err != nil {
		return err
	}
	if o < NoDelay || o == SocketError || o >= numOptions {
		return errors.ErrUnsupported
	}
	if o == Linger {
		value = max(value, -1)
	}
	opts := s.options()
	if *opts == nil {
		*opts = memOptions{}
	}
	(*opts)[o] = value
	if stream, ok := s.(*memStream); ok && o == RecvBuffer && stream.peer != nil {
		stream.in.size = max(value, 1)
		m.changed(stream.peer.fd)
	}
	return nil
}

// GetOption reads a socket option.
func (m *Memory) GetOption(fd int, o Option) (int, error) {
	s, err := m.socket(fd)
	if err != nil {
		return 0, err
	}
	stream, isStream := s.(*memStream)
	switch {
	case o < NoDelay || o >= numOptions:
		return 0, errors.ErrUnsupported
	case o == RecvBuffer && isStream && stream.peer != nil:
		return stream.in.size, nil
	case o == SocketError:
		if failing, ok := s.(interface{ takeError() error }); ok {
			if errno, ok := failing.takeError().(syscall.Errno); ok {
				return int(errno), nil
			}
		}
		return 0, nil
	}
	return s.options().get(o), nil
}

// LocalAddr returns the address of a socket itself.
func (m *Memory) LocalAddr(fd int) (Addr, error) {
	s, err := m.socket(fd)
	if err != nil {
		return Addr{}, err
	}
	local, _, _ := s.names()
	return local, nil
}

// PeerAddr returns the address that a socket is connected to.
func (m *Memory) PeerAddr(fd int) (Addr, error) {
	s, err := m.socket(fd)
	if err != nil {
		return Addr{}, err
	}
	_, peer, err := s.names()
	return peer, err
}

func (m *Memory) socket(fd int) (memSocket, error) {
	d := m.openFD(fd)
	if d == nil {
		return nil, syscall.EBADF
	}
	s, ok := d.object.(memSocket)
	if !ok {
		return nil, syscall.ENOTSOCK
	}
	return s, nil
}
