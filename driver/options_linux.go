package driver

import (
	"errors"
	"math"

	"golang.org/x/sys/unix"
)

// An optionName is what the system calls an option; the zero one is none.
type optionName struct{ level, name int }

// sockOptions says what the options that are one integer are called here: for any
// socket, or for IPv4, and for IPv6 where that is another name.
var sockOptions = [numOptions]struct{ any, v6 optionName }{
	NoDelay:         {any: optionName{unix.IPPROTO_TCP, unix.TCP_NODELAY}},
	KeepAlive:       {any: optionName{unix.SOL_SOCKET, unix.SO_KEEPALIVE}},
	KeepAliveIdle:   {any: optionName{unix.IPPROTO_TCP, unix.TCP_KEEPIDLE}},
	KeepAlivePeriod: {any: optionName{unix.IPPROTO_TCP, unix.TCP_KEEPINTVL}},
	KeepAliveCount:  {any: optionName{unix.IPPROTO_TCP, unix.TCP_KEEPCNT}},
	Linger:          {}, // a struct
	SendBuffer:      {any: optionName{unix.SOL_SOCKET, unix.SO_SNDBUF}},
	RecvBuffer:      {any: optionName{unix.SOL_SOCKET, unix.SO_RCVBUF}},
	SocketError:     {any: optionName{unix.SOL_SOCKET, unix.SO_ERROR}},
	QuickAck:        {any: optionName{unix.IPPROTO_TCP, unix.TCP_QUICKACK}},
	ReuseAddr:       {any: optionName{unix.SOL_SOCKET, unix.SO_REUSEADDR}},
	ReusePort:       {any: optionName{unix.SOL_SOCKET, unix.SO_REUSEPORT}},
	IPv6Only:        {any: optionName{unix.IPPROTO_IPV6, unix.IPV6_V6ONLY}},
	Broadcast:       {any: optionName{unix.SOL_SOCKET, unix.SO_BROADCAST}},
	RecvSegments:    {any: optionName{unix.IPPROTO_UDP, unix.UDP_GRO}},

	TrafficClass:       {optionName{unix.IPPROTO_IP, unix.IP_TOS}, optionName{unix.IPPROTO_IPV6, unix.IPV6_TCLASS}},
	HopLimit:           {optionName{unix.IPPROTO_IP, unix.IP_TTL}, optionName{unix.IPPROTO_IPV6, unix.IPV6_UNICAST_HOPS}},
	MulticastHops:      {optionName{unix.IPPROTO_IP, unix.IP_MULTICAST_TTL}, optionName{unix.IPPROTO_IPV6, unix.IPV6_MULTICAST_HOPS}},
	MulticastLoop:      {optionName{unix.IPPROTO_IP, unix.IP_MULTICAST_LOOP}, optionName{unix.IPPROTO_IPV6, unix.IPV6_MULTICAST_LOOP}},
	MulticastInterface: {optionName{unix.IPPROTO_IP, unix.IP_MULTICAST_IF}, optionName{unix.IPPROTO_IPV6, unix.IPV6_MULTICAST_IF}},
	RecvTrafficClass:   {optionName{unix.IPPROTO_IP, unix.IP_RECVTOS}, optionName{unix.IPPROTO_IPV6, unix.IPV6_RECVTCLASS}},
}

// SetOption sets a socket option.
func (kernelSockets) SetOption(fd int, o Option, value int) error {
	switch {
	case o == Linger:
		l := unix.Linger{Onoff: 1, Linger: int32(min(value, math.MaxInt32))}
		if value < 0 {
			l = unix.Linger{}
		}
		return unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &l)
	case o == 0 || o == SocketError || o >= numOptions:
		return errors.ErrUnsupported
	}
	names := sockOptions[o]
	if names.v6 == (optionName{}) {
		return setSockInt(fd, names.any.level, names.any.name, value)
	}
	family, err := getSockInt(fd, unix.SOL_SOCKET, unix.SO_DOMAIN)
	switch {
	case err != nil:
		return err
	case family == unix.AF_INET:
		return setIPv4(fd, names.any, value)
	}
	if err := setSockInt(fd, names.v6.level, names.v6.name, value); err != nil {
		return err
	}
	// For what it exchanges with IPv4 hosts, which it may not do at all.
	_ = setIPv4(fd, names.any, value)
	return nil
}

func setIPv4(fd int, o optionName, value int) error {
	if o.name == unix.IP_MULTICAST_IF {
		return unix.SetsockoptIPMreqn(fd, o.level, o.name, &unix.IPMreqn{Ifindex: int32(value)})
	}
	return setSockInt(fd, o.level, o.name, value)
}

// GetOption reads a socket option.
func (kernelSockets) GetOption(fd int, o Option) (int, error) {
	switch {
	case o == Linger:
		return getLinger(fd)
	case o == 0 || o >= numOptions:
		return 0, errors.ErrUnsupported
	}
	name := sockOptions[o].any
	if v6 := sockOptions[o].v6; v6 != (optionName{}) {
		family, err := getSockInt(fd, unix.SOL_SOCKET, unix.SO_DOMAIN)
		switch {
		case err != nil:
			return 0, err
		case family != unix.AF_INET:
			name = v6
		case o == MulticastInterface: // IPv4 tells an address, and no index
			return 0, errors.ErrUnsupported
		}
	}
	return getSockInt(fd, name.level, name.name)
}
