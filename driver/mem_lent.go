package driver

// memLent is the memory that a Memory lends to OpRecvLent. A buffer is made when
// it is first needed.
type memLent struct {
	buffers, size int
	all           [][]byte // by Lent.id
	free          []uint32
	out           int64 // lent and not released
}

// take lends a whole buffer, unless all are lent.
func (l *memLent) take() (Lent, bool) {
	if len(l.free) == 0 {
		if len(l.all) == l.buffers {
			return Lent{}, false
		}
		l.free = append(l.free, uint32(len(l.all)))
		l.all = append(l.all, make([]byte, l.size))
	}
	id := l.free[len(l.free)-1]
	l.free = l.free[:len(l.free)-1]
	l.out++
	return Lent{Bytes: l.all[id], id: id}, true
}

// Release takes a lent buffer back, and spoils its content so that a use of it
// after the release shows.
func (m *Memory) Release(l Lent) {
	if l.Bytes == nil {
		return
	}
	for i := range l.Bytes {
		l.Bytes[i] = 0xdd
	}
	m.lent.free = append(m.lent.free, l.id)
	m.lent.out--
}
