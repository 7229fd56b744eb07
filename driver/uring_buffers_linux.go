package driver

import (
	"encoding/binary"
	"math/bits"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A lender owns the memory that is lent to OpRecvLent. The kernel takes a buffer
// from a ring that it shares with the lender when bytes have arrived, and not
// before: a connection that waits holds none.
//
// Each buffer is in one of three places: offered to the kernel in the ring, lent
// to the user, or idle. The kernel takes from the ring in order, so each buffer
// that goes round in it comes to be touched and resident. Therefore only a
// window of them is offered, refilled with the idle one that was used last; the
// window doubles when the kernel finds the ring empty while some are idle.
//
// All memory is outside of Go's heap: the kernel writes to it when it likes, and
// what was never used costs nothing.
type lender struct {
	entries []bufEntry // the ring, of a power of two, at least one for each buffer
	first   uint16     // the buffer in entries[0], whose word holds the tail too
	tail    uint16
	dirty   bool // tail is not published

	size    int
	idle    []uint16 // a stack
	offered int
	window  int
	out     []uint64 // a bit for each buffer that is lent
	lent    int
	closed  bool

	ringMem, mem []byte
}

// firstWindow is how many buffers are offered at first.
const firstWindow = 16

// bufGroup names the only ring of buffers that a driver has.
const bufGroup = 0

func newLender(ringFD int, o Options) (*lender, error) {
	n := min(o.Buffers, maxRingBuffers)
	entries := 1 << bits.Len(uint(n-1))
	const access, private = unix.PROT_READ | unix.PROT_WRITE, unix.MAP_PRIVATE | unix.MAP_ANONYMOUS
	ringMem, err := unix.Mmap(-1, 0, entries*int(unsafe.Sizeof(bufEntry{})), access, private)
	if err != nil {
		return nil, err
	}
	mem, err := unix.Mmap(-1, 0, n*o.BufferSize, access, private|unix.MAP_NORESERVE)
	if err != nil {
		unix.Munmap(ringMem)
		return nil, err
	}
	l := &lender{
		// The mapping has exactly this length, and is aligned to a page.
		entries: unsafe.Slice((*bufEntry)(unsafe.Pointer(&ringMem[0])), entries),
		size:    o.BufferSize, window: min(firstWindow, n),
		out:     make([]uint64, (n+63)/64),
		ringMem: ringMem, mem: mem,
	}
	for id := n - 1; id >= 0; id-- {
		l.idle = append(l.idle, uint16(id))
	}
	reg := bufRegister{addr: uint64(uintptr(unsafe.Pointer(&ringMem[0]))), entries: uint32(entries), group: bufGroup}
	if err := uringRegister(ringFD, registerPbuf, unsafe.Pointer(&reg), 1); err != nil {
		unix.Munmap(ringMem)
		unix.Munmap(mem)
		return nil, err
	}
	l.refill()
	l.publish()
	return l, nil
}

// refill offers idle buffers until the window is full.
func (l *lender) refill() {
	for l.offered < l.window && len(l.idle) > 0 {
		id := l.idle[len(l.idle)-1]
		l.idle = l.idle[:len(l.idle)-1]
		slot := int(l.tail) & (len(l.entries) - 1)
		if slot == 0 {
			l.first = id
		}
		e := &l.entries[slot]
		e.addr = uint64(uintptr(unsafe.Pointer(&l.mem[int(id)*l.size])))
		e.len = uint32(l.size)
		e.id = id
		l.tail++
		l.offered++
		l.dirty = true
	}
}

// publish shows the kernel what was offered. The tail has 16 bits, and Go stores
// none fewer than 32 atomically; so the word that it shares with the first
// entry's id is stored, whose other half is as it was. The kernel writes neither.
func (l *lender) publish() {
	if !l.dirty {
		return
	}
	l.dirty = false
	var word [4]byte
	binary.NativeEndian.PutUint16(word[:2], l.first)
	binary.NativeEndian.PutUint16(word[2:], l.tail)
	// id and tail are the last four bytes of an entry of 16, aligned as it is.
	p := (*uint32)(unsafe.Pointer(&l.entries[0].id))
	atomic.StoreUint32(p, binary.NativeEndian.Uint32(word[:]))
}

// take lends the buffer that the kernel has filled with n bytes.
func (l *lender) take(id uint16, n int) Lent {
	l.offered--
	l.out[id/64] |= 1 << (id % 64)
	l.lent++
	l.refill()
	base := int(id) * l.size
	return Lent{Bytes: l.mem[base : base+n : base+l.size], id: uint32(id)}
}

// untake takes back a buffer that the kernel used up for nothing.
func (l *lender) untake(id uint16) {
	l.offered--
	l.idle = append(l.idle, id)
	l.refill()
}

// giveBack ends a loan.
func (l *lender) giveBack(lent Lent) {
	id := uint16(lent.id)
	if int(id/64) >= len(l.out) || l.out[id/64]&(1<<(id%64)) == 0 {
		panic("rondo/driver: lent buffer released twice, or to another driver")
	}
	l.out[id/64] &^= 1 << (id % 64)
	l.lent--
	if l.closed {
		l.unmapUnused()
		return
	}
	l.idle = append(l.idle, id)
	l.refill()
}

// grow is called when the kernel found no buffer. It reports whether there are
// some now.
func (l *lender) grow() bool {
	if len(l.idle) > 0 {
		l.window = min(2*l.window, len(l.entries))
	}
	l.refill()
	return l.offered > 0
}

// close frees the memory once nothing of it is lent. The ring is closed, and no
// operation is in flight: the kernel uses none of it.
func (l *lender) close() {
	l.closed = true
	unix.Munmap(l.ringMem)
	l.ringMem, l.entries = nil, nil
	l.unmapUnused()
}

func (l *lender) unmapUnused() {
	if l.lent == 0 && l.mem != nil {
		unix.Munmap(l.mem)
		l.mem = nil
	}
}
