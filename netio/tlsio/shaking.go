package tlsio

import (
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/netio/tlsio/internal/tls13"
)

// shaking is a handshake in progress: the task that waits in it, what is answered if it
// fails, and what has to be seen to for a handover.
type shaking struct {
	task     *async.Task
	refuse   func(error) []byte // the Acceptor's, or nil
	handover *handover          // nil: crypto/tls will keep the connection

	header [tls13.HeaderSize]byte // of the record that is being read
	got    int                    // bytes of the header
	rest   int                    // bytes of what follows it
}

// portion returns how many of these bytes crypto/tls may be given at once: not one
// beyond the header, or the record, that it is reading. So at the end it has none of
// the records that follow.
func (s *shaking) portion(b []byte) int {
	if s.handover == nil {
		return len(b)
	}
	if s.rest > 0 {
		n := min(s.rest, len(b))
		s.rest -= n
		return n
	}
	n := copy(s.header[s.got:], b)
	if s.got += n; s.got == len(s.header) {
		s.got, s.rest = 0, int(s.header[3])<<8|int(s.header[4])
	}
	return n
}

// wrote is told what crypto/tls has written.
func (s *shaking) wrote(b []byte) {
	if s.handover != nil {
		s.handover.written = append(s.handover.written, b...)
	}
}
