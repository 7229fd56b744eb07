package driver

import (
	"encoding/binary"

	"golang.org/x/sys/unix"
)

// Control data is a row of blocks: a header with the block's length, level and
// type, then the data, then padding up to the size of a word. The length is a word,
// and counts the header. See cmsg(3).

// word is what blocks are aligned to.
const word = unix.SizeofPtr

// control returns a as control data, or with send false room to receive it, in b if
// that is large enough.
func (a *Ancillary) control(b []byte, send bool) []byte {
	if !send {
		size := unix.CmsgSpace(4) + unix.CmsgSpace(4)
		if a.MaxRights > 0 {
			size += unix.CmsgSpace(4 * a.MaxRights)
		}
		if cap(b) < size {
			return make([]byte, size)
		}
		return b[:size]
	}
	b = b[:0]
	if a.TrafficClass > 0 {
		// One of the two is for the family that the message is sent by, and the
		// other is passed over.
		class := uint32(a.TrafficClass & 0xff)
		b = appendBlock(b, unix.SOL_IP, unix.IP_TOS, binary.NativeEndian.AppendUint32(nil, class))
		b = appendBlock(b, unix.SOL_IPV6, unix.IPV6_TCLASS, binary.NativeEndian.AppendUint32(nil, class))
	}
	if a.SegmentSize > 0 {
		size := uint16(min(a.SegmentSize, 0xffff))
		b = appendBlock(b, unix.SOL_UDP, unix.UDP_SEGMENT, binary.NativeEndian.AppendUint16(nil, size))
	}
	if len(a.Rights) > 0 {
		var fds []byte
		for _, fd := range a.Rights {
			fds = binary.NativeEndian.AppendUint32(fds, uint32(fd))
		}
		b = appendBlock(b, unix.SOL_SOCKET, unix.SCM_RIGHTS, fds)
	}
	return b
}

func appendBlock(b []byte, level, kind uint32, data []byte) []byte {
	size := unix.SizeofCmsghdr + len(data)
	if word == 8 {
		b = binary.NativeEndian.AppendUint64(b, uint64(size))
	} else {
		b = binary.NativeEndian.AppendUint32(b, uint32(size))
	}
	b = binary.NativeEndian.AppendUint32(b, level)
	b = binary.NativeEndian.AppendUint32(b, kind)
	b = append(b, data...)
	return append(b, make([]byte, padding(size))...)
}

// padding is what is missing to a multiple of the word.
func padding(n int) int { return -n & (word - 1) }

// parse fills a with the control data that was received. What it does not know,
// and what is cut off, it passes over.
func (a *Ancillary) parse(b []byte) {
	a.TrafficClass, a.SegmentSize, a.Rights = 0, 0, nil
	for len(b) >= unix.SizeofCmsghdr {
		size := uint64(binary.NativeEndian.Uint32(b))
		if word == 8 {
			size = binary.NativeEndian.Uint64(b)
		}
		if size < unix.SizeofCmsghdr || size > uint64(len(b)) {
			return
		}
		level := binary.NativeEndian.Uint32(b[word:])
		kind := binary.NativeEndian.Uint32(b[word+4:])
		a.take(level, kind, b[unix.SizeofCmsghdr:size])
		b = b[min(int(size)+padding(int(size)), len(b)):]
	}
}

// take takes one block over.
func (a *Ancillary) take(level, kind uint32, data []byte) {
	switch {
	case level == unix.SOL_IP && kind == unix.IP_TOS && len(data) >= 1:
		a.TrafficClass = int(data[0])
	case level == unix.SOL_IPV6 && kind == unix.IPV6_TCLASS && len(data) >= 4:
		a.TrafficClass = int(binary.NativeEndian.Uint32(data) & 0xff)
	case level == unix.SOL_UDP && kind == unix.UDP_GRO && len(data) >= 4:
		a.SegmentSize = int(binary.NativeEndian.Uint32(data) & 0xffff)
	case level == unix.SOL_SOCKET && kind == unix.SCM_RIGHTS:
		for ; len(data) >= 4; data = data[4:] {
			a.Rights = append(a.Rights, int(int32(binary.NativeEndian.Uint32(data))))
		}
	}
}
