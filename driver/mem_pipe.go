package driver

import "syscall"

// A memPipe is one end of a pipe. The ends share the buffer.
type memPipe struct {
	fd     *memFD
	peer   *memPipe
	buffer *memBuffer
	writes bool
	closed bool
}

// Pipe makes a pipe.
func (m *Memory) Pipe() (r, w int, err error) {
	buffer := &memBuffer{size: m.o.StreamSize}
	x, y := &memPipe{buffer: buffer}, &memPipe{buffer: buffer, writes: true}
	x.peer, y.peer = y, x
	if r, w, err = m.installBoth(x, y); err != nil {
		return -1, -1, err
	}
	x.fd, y.fd = m.fds[r], m.fds[w]
	return r, w, nil
}

func (p *memPipe) read(m *Memory, b []byte) (int, error) {
	switch {
	case p.writes:
		return 0, syscall.EBADF
	case len(b) == 0:
		return 0, nil
	case len(p.buffer.data) > 0:
		n := p.buffer.take(b)
		m.changed(p.peer.fd)
		return n, nil
	case p.peer.closed:
		return 0, nil
	}
	return 0, syscall.EAGAIN
}

func (p *memPipe) write(m *Memory, b []byte) (int, error) {
	switch {
	case !p.writes:
		return 0, syscall.EBADF
	case len(b) == 0:
		return 0, nil
	case p.peer.closed:
		return 0, syscall.EPIPE
	case p.buffer.room() == 0:
		return 0, syscall.EAGAIN
	}
	n := p.buffer.put(b)
	m.changed(p.peer.fd)
	return n, nil
}

func (p *memPipe) ready(*Memory) (ev Events) {
	if !p.writes && (len(p.buffer.data) > 0 || p.peer.closed) {
		ev |= Readable
	}
	if p.writes && (p.buffer.room() > 0 || p.peer.closed) {
		ev |= Writable
	}
	if p.peer.closed {
		ev |= Hangup
	}
	return ev
}

func (p *memPipe) close(m *Memory) {
	p.closed, p.fd = true, nil
	m.changed(p.peer.fd)
}

func (p *memPipe) mode() uint32 { return memFIFO | 0o600 }
