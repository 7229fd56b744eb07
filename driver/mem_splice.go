package driver

import "syscall"

// splice moves what it can move now, and waits for nothing.
func (m *Memory) splice(x *memOp, from memObject, a *SpliceArgs) (Result, step) {
	n, err := m.spliceNow(x, from, a)
	if err != nil {
		return Result{Err: err}, stepEnd
	}
	return Result{N: n}, stepEnd
}

func (m *Memory) spliceNow(x *memOp, from memObject, a *SpliceArgs) (int, error) {
	d := m.openFD(a.To)
	if d == nil {
		return 0, syscall.EBADF
	}
	file, isFile := from.(*memFile)
	if _, ok := from.(*memPipe); !ok {
		if _, ok = d.object.(*memPipe); !ok {
			return 0, syscall.EINVAL
		}
	}
	switch {
	case isFile != (a.Offset >= 0):
		return 0, syscall.EINVAL
	case a.N <= 0:
		return 0, nil
	}
	room, err := m.spliceRoom(d.object)
	if err != nil {
		return 0, err
	}
	b := x.cut(make([]byte, min(a.N, room)))
	var n int
	if isFile {
		n, err = file.readAt(b, a.Offset)
	} else {
		n, err = from.read(m, b)
	}
	if err != nil || n == 0 {
		return 0, err
	}
	return d.object.write(m, b[:n]) // all of it: there is room
}

// spliceRoom returns how many bytes can surely be written to o, or why none.
func (m *Memory) spliceRoom(o memObject) (room int, err error) {
	if _, err := o.write(m, nil); err != nil {
		return 0, err
	}
	switch o := o.(type) {
	case *memPipe:
		if o.peer.closed {
			return 0, syscall.EPIPE
		}
		room = o.buffer.room()
	case *memStream:
		if o.peer.closed {
			if o.dropped {
				return 0, syscall.EPIPE
			}
			return m.o.StreamSize, nil // the write that is taken, and answered by a reset
		}
		room = o.peer.in.room()
	default:
		return 0, syscall.EINVAL
	}
	if room == 0 {
		return 0, syscall.EAGAIN
	}
	return room, nil
}
