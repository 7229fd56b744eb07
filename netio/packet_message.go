package netio

import "rondo.dev/rondo/driver"

// How a Message of a user becomes a Msg of the driver, and back.

// describe tells msg what m asks for, but for its bytes. dups are the descriptors of
// its files.
func (m *Message) describe(msg *driver.Msg, dups []int) {
	msg.Addr = driver.Addr{AddrPort: m.Addr, Path: m.Path}
	*msg.Ancillary = driver.Ancillary{
		TrafficClass: int(m.TrafficClass),
		SegmentSize:  m.SegmentSize,
		Rights:       dups,
		MaxRights:    m.MaxFiles,
	}
}

// take tells m what has become of it: n bytes were moved.
func (m *Message) take(c *PacketConn, msg *driver.Msg, n int, sent bool) {
	m.N = n
	if sent {
		return
	}
	a := msg.Ancillary
	m.Addr, m.Path = msg.Addr.AddrPort, msg.Addr.Path
	m.TrafficClass, m.SegmentSize = uint8(a.TrafficClass), a.SegmentSize
	lost := msgTrunc
	if isUnix(c.network) {
		lost |= msgControlTrunc
	}
	m.Truncated = msg.RecvFlags&lost != 0
	m.Files = filesOf(a.Rights, c.network)
}

// isEnd reports whether a message of n bytes, received from an ordered connection, is its
// end. A message of no bytes is, for they can't be told apart: unless files came with
// it, or there was no room for what it had.
func isEnd(msg *driver.Msg, n int) bool {
	return n == 0 && msg.RecvFlags&(msgTrunc|msgControlTrunc) == 0 &&
		(msg.Ancillary == nil || len(msg.Ancillary.Rights) == 0)
}

// A batch is the messages of a transfer as the driver has them. It stays with the
// transfer in the free list, unless it is a large one.
type batch struct {
	driver.Batch
	msgs      []driver.Msg // of which Batch has a part
	bufs      [][1][]byte
	ancillary []driver.Ancillary
	used      int // how many of them may refer to what users own
}

const maxFreeBatch = 64

// fill fills b with what is left of x, up to what files of are at hand. b may be nil.
func (b *batch) fill(x *transfer) *batch {
	first, n := 0, len(x.many)
	if x.sends {
		first, n = x.n, x.ready
	}
	if b == nil || len(b.msgs) < n {
		b = &batch{msgs: make([]driver.Msg, n), bufs: make([][1][]byte, n), ancillary: make([]driver.Ancillary, n)}
	}
	b.Msgs, b.used = b.msgs[:n], max(b.used, n)
	dups := x.dups
	for i := range b.Msgs {
		m, msg := &x.many[first+i], &b.Msgs[i]
		b.bufs[i][0] = m.Buf
		msg.Bufs, msg.Ancillary = b.bufs[i][:], &b.ancillary[i]
		mine := min(len(m.Files), len(dups))
		m.describe(msg, dups[:mine])
		dups = dups[mine:]
	}
	return b
}

// sent tells the messages of x that n more of them were sent.
func (b *batch) sent(x *transfer, n int) {
	for i := range n {
		x.many[x.n+i].take(x.c, &b.Msgs[i], b.Msgs[i].N, true)
	}
}

// received tells the messages of x what was received, and returns how many they are.
// At the end of a connection the system goes on with messages of no bytes.
func (b *batch) received(x *transfer, n int) int {
	for n > 0 && x.c.ordered() && isEnd(&b.Msgs[n-1], b.Msgs[n-1].N) {
		n--
	}
	for i := range n {
		x.many[i].take(x.c, &b.Msgs[i], b.Msgs[i].N, false)
	}
	return n
}

// forget lets go of what users own, and of b itself if it is large.
func (b *batch) forget() *batch {
	if b == nil || len(b.msgs) > maxFreeBatch {
		return nil
	}
	for i := range b.used {
		b.msgs[i].Forget()
	}
	clear(b.bufs[:b.used])
	clear(b.ancillary[:b.used])
	b.Msgs, b.used = nil, 0
	return b
}

// dupFiles makes descriptors of the files that are to be sent. Of many messages it may
// be ready with some, and fails when it is the next one's turn.
func (x *transfer) dupFiles() (err error) {
	p := x.c.home
	if x.one != nil {
		x.dups, err = p.dupFiles(x.dups, x.one.Files)
		return err
	}
	x.ready = 0
	for i := range x.many[x.n:] {
		if x.dups, err = p.dupFiles(x.dups, x.many[x.n+i].Files); err != nil {
			break
		}
		x.ready++
	}
	if x.ready > 0 {
		return nil
	}
	return err
}

func (x *transfer) closeDups() { x.dups = x.c.home.closeDups(x.dups) }
