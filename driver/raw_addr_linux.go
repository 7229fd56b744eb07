package driver

import (
	"encoding/binary"
	"net/netip"
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"
)

// rawAddr is a socket address in the kernel's layout, n bytes of it.
type rawAddr struct {
	sa unix.RawSockaddrAny
	n  uint32
}

// RawSockaddrAny is as large and as aligned as the largest of the address types,
// so that each of them can be laid over it. All of them start with the family.

func (r *rawAddr) inet4() *unix.RawSockaddrInet4 {
	return (*unix.RawSockaddrInet4)(unsafe.Pointer(&r.sa))
}

func (r *rawAddr) inet6() *unix.RawSockaddrInet6 {
	return (*unix.RawSockaddrInet6)(unsafe.Pointer(&r.sa))
}

func (r *rawAddr) unix() *unix.RawSockaddrUnix {
	return (*unix.RawSockaddrUnix)(unsafe.Pointer(&r.sa))
}

// bytes returns the address as message headers hold it.
func (r *rawAddr) bytes() *byte { return (*byte)(unsafe.Pointer(&r.sa)) }

// room empties r for the kernel to fill.
func (r *rawAddr) room() (*byte, uint32) {
	*r = rawAddr{}
	return r.bytes(), uint32(unsafe.Sizeof(r.sa))
}

// family returns the address family that a is of. IPv4 wrapped in IPv6 is IPv4.
func (a Addr) family() (int, error) {
	switch {
	case a.Path != "":
		return unix.AF_UNIX, nil
	case !a.IsValid():
		return 0, unix.EINVAL
	case a.Addr().Unmap().Is4():
		return unix.AF_INET, nil
	}
	return unix.AF_INET6, nil
}

func (r *rawAddr) encode(a Addr) error {
	*r = rawAddr{}
	family, err := a.family()
	if err != nil {
		return err
	}
	switch family {
	case unix.AF_UNIX:
		return r.encodeUnix(a.Path)
	case unix.AF_INET:
		sa := r.inet4()
		sa.Family, sa.Port, sa.Addr = unix.AF_INET, networkOrder(a.Port()), a.Addr().Unmap().As4()
		r.n = unix.SizeofSockaddrInet4
	case unix.AF_INET6:
		sa := r.inet6()
		sa.Family, sa.Port, sa.Addr = unix.AF_INET6, networkOrder(a.Port()), a.Addr().As16()
		sa.Scope_id, err = zoneIndex(a.Addr().Zone())
		r.n = unix.SizeofSockaddrInet6
	}
	return err
}

// encodeUnix writes a path with a zero behind it, or an abstract name, which has
// a zero in place of the @ and ends with the length.
func (r *rawAddr) encodeUnix(path string) error {
	sa := r.unix()
	abstract := path[0] == '@'
	size := len(path)
	if !abstract {
		size++
	}
	if size > len(sa.Path) {
		return unix.EINVAL
	}
	for i := range len(path) {
		if path[i] == 0 && !abstract {
			return unix.EINVAL
		}
		sa.Path[i] = int8(path[i])
	}
	if abstract {
		sa.Path[0] = 0
	}
	sa.Family = unix.AF_UNIX
	r.n = uint32(unsafe.Offsetof(sa.Path)) + uint32(size)
	return nil
}

// decode returns the address; the zero Addr for a socket without a name and for
// families that Addr does not have.
func (r *rawAddr) decode() Addr {
	if r.n == 0 {
		return Addr{}
	}
	switch r.sa.Addr.Family {
	case unix.AF_INET:
		sa := r.inet4()
		return Addr{AddrPort: netip.AddrPortFrom(netip.AddrFrom4(sa.Addr), networkOrder(sa.Port))}
	case unix.AF_INET6:
		sa := r.inet6()
		ip := netip.AddrFrom16(sa.Addr).Unmap().WithZone(zoneName(sa.Scope_id))
		return Addr{AddrPort: netip.AddrPortFrom(ip, networkOrder(sa.Port))}
	case unix.AF_UNIX:
		return Addr{Path: r.decodeUnix()}
	}
	return Addr{}
}

func (r *rawAddr) decodeUnix() string {
	sa := r.unix()
	n := min(int(r.n)-int(unsafe.Offsetof(sa.Path)), len(sa.Path))
	if n <= 0 {
		return ""
	}
	name := make([]byte, 0, len(sa.Path))
	abstract := sa.Path[0] == 0
	for i, c := range sa.Path[:n] {
		if i == 0 && abstract {
			c = '@'
		}
		if c == 0 && !abstract {
			break
		}
		name = append(name, byte(c))
	}
	return string(name)
}

// networkOrder swaps a port between the network's byte order and the machine's.
func networkOrder(port uint16) uint16 {
	var b [2]byte
	binary.BigEndian.PutUint16(b[:], port)
	return binary.NativeEndian.Uint16(b[:])
}

// A zone is the name of an interface, or its index in decimal where it has none.

func zoneIndex(zone string) (uint32, error) {
	if zone == "" {
		return 0, nil
	}
	if n, err := strconv.ParseUint(zone, 10, 32); err == nil {
		return uint32(n), nil
	}
	ifr, err := unix.NewIfreq(zone)
	if err != nil {
		return 0, err
	}
	err = askInterfaces(unix.SIOCGIFINDEX, ifr)
	return ifr.Uint32(), err
}

func zoneName(index uint32) string {
	if index == 0 {
		return ""
	}
	ifr, err := unix.NewIfreq("")
	if err == nil {
		ifr.SetUint32(index)
		err = askInterfaces(unix.SIOCGIFNAME, ifr)
	}
	if err != nil {
		return strconv.FormatUint(uint64(index), 10)
	}
	return ifr.Name()
}

// askInterfaces puts a question about interfaces, for which any socket will do.
func askInterfaces(request uint, ifr *unix.Ifreq) error {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return unix.IoctlIfreq(fd, request, ifr)
}
