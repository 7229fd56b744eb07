package driver

import (
	"net/netip"

	"golang.org/x/sys/unix"
)

// Packet makes an unbound socket that keeps the boundaries of messages. One of IPv6
// takes part in IPv4 too.
func (kernelSockets) Packet(addr Addr, t SocketType) (int, error) {
	family, err := addr.family()
	if err != nil {
		return -1, err
	}
	kind := unix.SOCK_DGRAM
	switch {
	case t == SeqPacket && family == unix.AF_UNIX:
		kind = unix.SOCK_SEQPACKET
	case t != Datagram:
		return -1, unix.EPROTONOSUPPORT
	}
	fd, err := newSocket(family, kind)
	if err != nil {
		return -1, err
	}
	if family == unix.AF_INET6 {
		if err := setSockInt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 0); err != nil {
			unix.Close(fd)
			return -1, err
		}
	}
	return fd, nil
}

// Bind gives a socket an address of its own.
func (kernelSockets) Bind(fd int, addr Addr) error {
	var name rawAddr
	if err := name.encode(addr); err != nil {
		return err
	}
	return bind(fd, &name)
}

// SocketPair makes two connected sockets.
func (kernelSockets) SocketPair(t SocketType) (a, b int, err error) {
	kind := [...]int{Stream: unix.SOCK_STREAM, Datagram: unix.SOCK_DGRAM, SeqPacket: unix.SOCK_SEQPACKET}[t]
	p, err := unix.Socketpair(unix.AF_UNIX, kind|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, -1, err
	}
	return p[0], p[1], nil
}

// Group joins or leaves a multicast group.
func (kernelSockets) Group(fd int, group netip.Addr, index int, join bool) error {
	group = group.Unmap()
	if group.Is4() {
		name := unix.IP_DROP_MEMBERSHIP
		if join {
			name = unix.IP_ADD_MEMBERSHIP
		}
		return unix.SetsockoptIPMreqn(fd, unix.IPPROTO_IP, name, &unix.IPMreqn{Multiaddr: group.As4(), Ifindex: int32(index)})
	}
	name := unix.IPV6_LEAVE_GROUP
	if join {
		name = unix.IPV6_JOIN_GROUP
	}
	return unix.SetsockoptIPv6Mreq(fd, unix.IPPROTO_IPV6, name, &unix.IPv6Mreq{Multiaddr: group.As16(), Interface: uint32(index)})
}

// PeerCred returns SO_PEERCRED.
func (kernelSockets) PeerCred(fd int) (Cred, error) {
	c, err := unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
	if err != nil {
		return Cred{}, err
	}
	return Cred{PID: int(c.Pid), UID: int(c.Uid), GID: int(c.Gid)}, nil
}

// Unlink removes the name of a Unix socket.
func (kernelSockets) Unlink(addr Addr) error {
	if addr.Path == "" || addr.Path[0] == '@' {
		return nil
	}
	return unix.Unlink(addr.Path)
}
