package tls13

import "crypto/tls"

const (
	messageKeyUpdate byte = 24
	// keyUpdateSize is that of the only message which a client may send after the
	// handshake, unless it was asked for its certificate, which it is not here:
	// type, length, and whether it wants the same in return.
	keyUpdateSize = 5

	updateNotRequested byte = 0
	updateRequested    byte = 1
)

// handshake takes what a record carries of the peer's handshake messages. Another
// message than KeyUpdate is refused as soon as its type is known, so that there is
// nothing to collect.
func (s *Session) handshake(b []byte) tls.AlertError {
	if len(b) == 0 {
		return alertUnexpectedMessage
	}
	n := copy(s.message[s.arrived:], b)
	s.arrived += uint8(n)
	m := s.message[:s.arrived]
	switch {
	case m[0] != messageKeyUpdate:
		return alertUnexpectedMessage
	case n < len(b):
		// What follows is under the old keys, and must not be: RFC 8446, section 5.1.
		return alertUnexpectedMessage
	case len(m) < keyUpdateSize:
		return 0
	case m[1] != 0 || m[2] != 0 || m[3] != 1 || m[4] > updateRequested:
		return alertDecodeError
	}
	s.arrived = 0
	s.in.update(s.ciphers)
	s.owes = s.owes || m[4] == updateRequested
	return 0
}

// updateOut says that new keys follow, and changes to them.
func (s *Session) updateOut(out []byte) []byte {
	out = s.out.seal(s.ciphers, out, typeHandshake, []byte{messageKeyUpdate, 0, 0, 1, updateNotRequested})
	s.out.update(s.ciphers)
	s.owes = false
	return out
}
