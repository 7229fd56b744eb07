package driver

import (
	"time"

	"golang.org/x/sys/unix"
)

// The arguments of operations carry, next to what the caller fills in, the same
// thing in the kernel's layout. It is filled when the operation starts, and lives
// in the argument so that it stays where it is until the operation has ended.

// maxIovecs is IOV_MAX: what one call takes.
const maxIovecs = 1024

type rawVec struct {
	iov []unix.Iovec
	hdr unix.Msghdr
}

type rawMsg struct {
	iov     []unix.Iovec
	hdr     unix.Msghdr
	name    rawAddr
	control []byte // of Msg.Ancillary
}

// forget lets go of the caller's memory.
func (r *rawMsg) forget() {
	clear(r.iov)
	r.hdr = unix.Msghdr{}
}

type rawBatch struct {
	hdrs []mmsghdr
}

// mmsghdr is struct mmsghdr of recvmmsg(2).
type mmsghdr struct {
	hdr unix.Msghdr
	n   uint32 // bytes received or sent
}

type rawPath struct {
	path *byte
	fifo fifo
}

type rawStat struct {
	path *byte
	stx  unix.Statx_t
}

// iovecs fills the vector with the non-empty buffers, as many as one call takes.
func (v *Vec) iovecs() []unix.Iovec {
	v.raw.iov = appendIovecs(v.raw.iov, v.Bufs)
	return v.raw.iov
}

// header fills a header that sends v to the connected peer.
func (v *Vec) header() *unix.Msghdr {
	v.raw.hdr = unix.Msghdr{}
	setIovecs(&v.raw.hdr, v.iovecs())
	return &v.raw.hdr
}

// header fills the header of a call that sends m, or that receives into it.
func (m *Msg) header(send bool) (*unix.Msghdr, error) {
	h := &m.raw.hdr
	*h = unix.Msghdr{}
	m.raw.iov = appendIovecs(m.raw.iov, m.Bufs)
	setIovecs(h, m.raw.iov)
	control := m.Control
	if m.Ancillary != nil {
		m.raw.control = m.Ancillary.control(m.raw.control, send)
		control = m.raw.control
	}
	if len(control) > 0 {
		h.Control = &control[0]
		h.SetControllen(len(control))
	}
	if !send {
		h.Name, h.Namelen = m.raw.name.room()
		return h, nil
	}
	if m.addressed() {
		if err := m.raw.name.encode(m.Addr); err != nil {
			return nil, err
		}
		h.Name, h.Namelen = m.raw.name.bytes(), m.raw.name.n
	}
	return h, nil
}

// addressed reports whether m says where to.
func (m *Msg) addressed() bool { return m.Addr.IsValid() || m.Addr.Path != "" }

// plain reports whether m is one buffer and an address.
func (m *Msg) plain() bool {
	return len(m.Bufs) == 1 && m.Ancillary == nil && len(m.Control) == 0
}

// receivePlain receives a plain message of UDP.
func (m *Msg) receivePlain(fd int32) (int, unix.Errno) {
	b, name := m.Bufs[0], &m.raw.name
	n, errno := rawRecvfrom(fd, b, m.Flags, name)
	if errno != 0 {
		return 0, errno
	}
	m.Addr, m.ControlN, m.RecvFlags = name.decode(), 0, 0
	if n > len(b) {
		n, m.RecvFlags = len(b), unix.MSG_TRUNC
	}
	m.N = n
	return n, 0
}

// received takes over what the kernel wrote into the header, beside n bytes.
func (m *Msg) received(n int) {
	h := &m.raw.hdr
	m.N = n
	m.raw.name.n = h.Namelen
	m.Addr = m.raw.name.decode()
	m.ControlN = int(h.Controllen)
	m.RecvFlags = int(h.Flags)
	if m.Ancillary != nil {
		m.Ancillary.parse(m.raw.control[:min(m.ControlN, len(m.raw.control))])
		m.ControlN = 0
		// Where there is no other control data, its room takes descriptors too.
		for len(m.Ancillary.Rights) > max(m.Ancillary.MaxRights, 0) {
			last := len(m.Ancillary.Rights) - 1
			_ = closeFD(m.Ancillary.Rights[last])
			m.Ancillary.Rights = m.Ancillary.Rights[:last]
			m.RecvFlags |= unix.MSG_CTRUNC
		}
	}
}

// headers fills the headers of a call that sends the messages, or receives into
// them. Messages that can't be asked for at all end the batch before them.
func (b *Batch) headers(send bool) ([]mmsghdr, error) {
	clear(b.raw.hdrs)
	b.raw.hdrs = b.raw.hdrs[:0]
	for i := range b.Msgs {
		h, err := b.Msgs[i].header(send)
		if err != nil && i == 0 {
			return nil, err
		}
		if err != nil || i == maxIovecs {
			break
		}
		b.raw.hdrs = append(b.raw.hdrs, mmsghdr{hdr: *h})
	}
	return b.raw.hdrs, nil
}

// moved takes over what the kernel wrote into the first n headers.
func (b *Batch) moved(n int, send bool) {
	for i := range n {
		h, m := &b.raw.hdrs[i], &b.Msgs[i]
		if send {
			m.N = int(h.n)
			continue
		}
		m.raw.hdr = h.hdr
		m.received(int(h.n))
	}
}

// appendIovecs overwrites iov, which keeps no buffer of its last use alive.
func appendIovecs(iov []unix.Iovec, bufs [][]byte) []unix.Iovec {
	clear(iov)
	iov = iov[:0]
	for _, b := range bufs {
		if len(b) == 0 {
			continue
		}
		if len(iov) == maxIovecs {
			break
		}
		v := unix.Iovec{Base: &b[0]}
		v.SetLen(len(b))
		iov = append(iov, v)
	}
	return iov
}

func setIovecs(h *unix.Msghdr, iov []unix.Iovec) {
	if len(iov) > 0 {
		h.Iov = &iov[0]
		h.SetIovlen(len(iov))
	}
}

// cpath returns the path as C wants it.
func (a *OpenArgs) cpath() (*byte, error) {
	p, err := unix.BytePtrFromString(a.Path)
	a.raw.path = p
	return p, err
}

// cpath returns the path as C wants it; empty, it stands for the descriptor.
func (a *StatArgs) cpath() (*byte, error) {
	p, err := unix.BytePtrFromString(a.Path)
	a.raw.path = p
	return p, err
}

// target returns the descriptor and the flags that go with the path to statx(2).
func (a *StatArgs) target() (dirfd, flags int) {
	dirfd, flags = unix.AT_FDCWD, unix.AT_STATX_SYNC_AS_STAT
	if a.Path == "" {
		dirfd, flags = a.FD, flags|unix.AT_EMPTY_PATH
	}
	if a.NoFollow {
		flags |= unix.AT_SYMLINK_NOFOLLOW
	}
	return dirfd, flags
}

// fill copies what the kernel told to Info.
func (a *StatArgs) fill() {
	x := &a.raw.stx
	a.Info = Stat{
		Size:    int64(x.Size),
		Mode:    uint32(x.Mode),
		Links:   x.Nlink,
		UID:     x.Uid,
		GID:     x.Gid,
		Inode:   x.Ino,
		Device:  unix.Mkdev(x.Dev_major, x.Dev_minor),
		Blocks:  int64(x.Blocks),
		AccTime: time.Unix(x.Atime.Sec, int64(x.Atime.Nsec)),
		ModTime: time.Unix(x.Mtime.Sec, int64(x.Mtime.Nsec)),
	}
}
