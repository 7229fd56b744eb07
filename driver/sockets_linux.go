package driver

import (
	"errors"
	"math"
	"net/netip"
	"unsafe"

	"golang.org/x/sys/unix"
)

// kernelSockets is Sockets by direct system calls, which both drivers for Linux
// share. Calls that may block go through Syscall, so that the runtime knows.
type kernelSockets struct{}

var _ Sockets = kernelSockets{}

// Socket makes an unbound stream socket fit for connecting to addr.
func (kernelSockets) Socket(addr Addr) (int, error) {
	family, err := addr.family()
	if err != nil {
		return -1, err
	}
	return newSocket(family, unix.SOCK_STREAM)
}

// Listen makes a listening socket. The unspecified IPv6 address listens
// for IPv4 as well, and where the system has no IPv6 for that alone.
func (kernelSockets) Listen(addr Addr, o ListenOptions) (int, error) {
	family, err := addr.family()
	if err != nil {
		return -1, err
	}
	kind := unix.SOCK_STREAM
	if o.Type == SeqPacket {
		kind = unix.SOCK_SEQPACKET
	}
	fd, err := newSocket(family, kind)
	if err == unix.EAFNOSUPPORT && family == unix.AF_INET6 && !o.IPv6Only && addr.Addr().IsUnspecified() {
		addr.AddrPort = netip.AddrPortFrom(netip.IPv4Unspecified(), addr.Port())
		family = unix.AF_INET
		fd, err = newSocket(family, kind)
	}
	if err != nil {
		return -1, err
	}
	if err := listen(fd, family, addr, o); err != nil {
		unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// Pipe makes a pipe.
func (kernelSockets) Pipe() (r, w int, err error) {
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_NONBLOCK|unix.O_CLOEXEC); err != nil {
		return -1, -1, err
	}
	return p[0], p[1], nil
}

func newSocket(family, kind int) (int, error) {
	return unix.Socket(family, kind|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
}

func listen(fd, family int, addr Addr, o ListenOptions) error {
	var name rawAddr
	if err := name.encode(addr); err != nil {
		return err
	}
	set := func(wanted bool, level, name, value int) error {
		if !wanted {
			return nil
		}
		return setSockInt(fd, level, name, value)
	}
	inet := family != unix.AF_UNIX
	only6 := 0
	if o.IPv6Only {
		only6 = 1
	}
	if err := errors.Join(
		set(inet, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1),
		set(o.ReusePort, unix.SOL_SOCKET, unix.SO_REUSEPORT, 1),
		set(family == unix.AF_INET6, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, only6),
	); err != nil {
		return err
	}
	if err := bind(fd, &name); err != nil {
		return err
	}
	backlog := o.Backlog
	if backlog <= 0 {
		backlog = math.MaxInt32 // which listen(2) lowers to net.core.somaxconn
	}
	return unix.Listen(fd, backlog)
}

// bind goes through Syscall: a path is written to a file system.
func bind(fd int, name *rawAddr) error {
	if _, _, errno := unix.Syscall(unix.SYS_BIND, uintptr(fd), uintptr(unsafe.Pointer(&name.sa)), uintptr(name.n)); errno != 0 {
		return errno
	}
	return nil
}

// LocalAddr returns the address of a socket's own end.
func (kernelSockets) LocalAddr(fd int) (Addr, error) { return sockName(unix.SYS_GETSOCKNAME, fd) }

// PeerAddr returns the address of the other end.
func (kernelSockets) PeerAddr(fd int) (Addr, error) { return sockName(unix.SYS_GETPEERNAME, fd) }

// CloseNow closes a descriptor on which no operation is in flight.
func (kernelSockets) CloseNow(fd int) error { return closeFD(fd) }

// closeFD closes a descriptor, and may block. Linux has let go of it even when a
// signal interrupted the call; to repeat it could close somebody else's.
func closeFD(fd int) error {
	if err := unix.Close(fd); err != unix.EINTR {
		return err
	}
	return nil
}

// refused is the result of an operation on a driver that is closed: none is begun,
// but a descriptor is closed all the same, since somebody has to.
func refused(op *Op) Result {
	if op.kind == OpClose {
		return Result{Err: closeFD(int(op.fd))}
	}
	return Result{Err: ErrClosed}
}

func getLinger(fd int) (int, error) {
	var l unix.Linger
	n := uint32(unsafe.Sizeof(l))
	if _, _, errno := unix.RawSyscall6(unix.SYS_GETSOCKOPT, uintptr(fd), unix.SOL_SOCKET, unix.SO_LINGER,
		uintptr(unsafe.Pointer(&l)), uintptr(unsafe.Pointer(&n)), 0); errno != 0 {
		return 0, errno
	}
	if l.Onoff == 0 {
		return -1, nil
	}
	return int(l.Linger), nil
}

func getSockInt(fd, level, name int) (int, error) {
	var v int32
	n := uint32(unsafe.Sizeof(v))
	if _, _, errno := unix.RawSyscall6(unix.SYS_GETSOCKOPT, uintptr(fd), uintptr(level), uintptr(name),
		uintptr(unsafe.Pointer(&v)), uintptr(unsafe.Pointer(&n)), 0); errno != 0 {
		return 0, errno
	}
	return int(v), nil
}

func setSockInt(fd, level, name, value int) error {
	v := int32(min(max(value, math.MinInt32), math.MaxInt32))
	if _, _, errno := unix.RawSyscall6(unix.SYS_SETSOCKOPT, uintptr(fd), uintptr(level), uintptr(name),
		uintptr(unsafe.Pointer(&v)), unsafe.Sizeof(v), 0); errno != 0 {
		return errno
	}
	return nil
}

func sockName(trap uintptr, fd int) (Addr, error) {
	var name rawAddr
	name.n = uint32(unsafe.Sizeof(name.sa))
	if _, _, errno := unix.RawSyscall(trap, uintptr(fd), uintptr(unsafe.Pointer(&name.sa)),
		uintptr(unsafe.Pointer(&name.n))); errno != 0 {
		return Addr{}, errno
	}
	return name.decode(), nil
}
