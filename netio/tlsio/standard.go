package tlsio

import (
	"crypto/tls"

	"rondo.dev/rondo/async"
)

// standard is the layer that crypto/tls is.
type standard struct {
	tls  *tls.Conn
	home *place
	lent []byte
}

func (s *standard) read(b []byte) (int, error) { return s.tls.Read(b) }

func (s *standard) lend(*async.Task) ([]byte, error) {
	b := s.home.buffer()
	n, err := s.tls.Read(b)
	if n == 0 {
		s.home.free(b)
		return nil, err
	}
	s.lent = b
	return b[:n], err
}

func (s *standard) reclaim() {
	if s.lent != nil {
		s.home.free(s.lent)
		s.lent = nil
	}
}

func (s *standard) leave() { s.lent = nil }

func (s *standard) write(b []byte) (int, error) { return s.tls.Write(b) }
func (s *standard) closeWrite() error           { return s.tls.CloseWrite() }
func (s *standard) state() tls.ConnectionState  { return s.tls.ConnectionState() }

// close does not give back what was lent: whoever has it need not know of this.
func (s *standard) close() { s.lent = nil }
