package tls13

import (
	"crypto/tls"
	"errors"
	"io"
)

// A Session is a connection after the handshake. It is for one goroutine at a time,
// and so is its Ciphers.
type Session struct {
	ciphers *Ciphers
	in, out half

	ended  error // of the peer's direction
	failed error // why nothing can be sealed any more

	message  [keyUpdateSize]byte // a handshake message that has come in part
	arrived  uint8               // bytes of it
	idle     uint8               // records in a row that brought nothing
	owes     bool                // the peer wants new keys from here
	shutDown bool                // close_notify was sent
}

// maxIdle is how many records in a row may bring nothing, as in crypto/tls.
const maxIdle = 16

var (
	errShutdown = errors.New("tls: protocol is shutdown")
	errIdle     = errors.New("tls: too many ignored records")
)

// Close forgets all keys. Whatever is done with s afterwards fails.
func (s *Session) Close() {
	s.in.clear(s.ciphers)
	s.out.clear(s.ciphers)
	if s.ended == nil {
		s.ended = errShutdown
	}
	if s.failed == nil {
		s.failed = errShutdown
	}
}

// Err returns how the peer's direction has ended: io.EOF, or an error; nil if it has
// not.
func (s *Session) Err() error { return s.ended }

// End ends the peer's direction with an error that is not the protocol's, such as the
// transport's.
func (s *Session) End(err error) { s.ended = err }

// PayloadSize returns how many bytes follow a record's header. What is none ends the
// session: there is an error, and an alert for the peer appended to out.
func (s *Session) PayloadSize(out, header []byte) (sent []byte, n int, err error) {
	n, a, err := payloadSize(header)
	if err != nil {
		return s.fail(out, a, err), 0, err
	}
	return out, n, nil
}

// Open takes one whole record, which it decrypts in its place, and returns the
// application data in it: none if the record had another purpose. An error has ended
// the peer's direction; then there may be an alert for the peer appended to out.
func (s *Session) Open(out, record []byte) (sent, data []byte, err error) {
	if s.ended != nil {
		return out, nil, s.ended
	}
	typ, data, a := s.in.open(s.ciphers, record)
	if a == 0 && typ != typeHandshake && s.arrived > 0 {
		a = alertUnexpectedMessage // in the middle of a message: RFC 8446, section 5.1
	}
	if a == 0 {
		switch typ {
		case typeData:
			if len(data) > 0 {
				s.idle = 0
				return out, data, nil
			}
		case typeAlert:
			a, err = s.alerted(data)
		case typeHandshake:
			a = s.handshake(data)
		default:
			a = alertUnexpectedMessage
		}
	}
	if a != 0 {
		err = localError(a)
	} else if s.idle++; err == nil && s.idle > maxIdle {
		a, err = alertUnexpectedMessage, errIdle
	}
	if a != 0 {
		out = s.fail(out, a, err)
	}
	s.ended = err
	return out, nil, err
}

// alerted takes an alert: an error has ended the peer's direction, an alert of ours
// says that it was none.
func (s *Session) alerted(b []byte) (a tls.AlertError, err error) {
	if len(b) != 2 {
		return alertUnexpectedMessage, nil
	}
	switch theirs := tls.AlertError(b[1]); theirs {
	case alertCloseNotify:
		return 0, io.EOF
	case alertUserCanceled:
		return 0, nil // of the handshake's days; close_notify follows
	default:
		return 0, remoteError(theirs)
	}
}

// fail ends both directions, and tells the peer why.
func (s *Session) fail(out []byte, a tls.AlertError, err error) []byte {
	s.ended = err
	if s.failed != nil || s.shutDown {
		return out
	}
	s.failed = localError(a)
	const fatal = 2
	return s.out.seal(s.ciphers, out, typeAlert, []byte{fatal, byte(a)})
}

// Sealable returns why nothing can be sealed any more, nil if it can.
func (s *Session) Sealable() error {
	if s.failed == nil && s.shutDown {
		return errShutdown
	}
	return s.failed
}

// Seal appends b to out, as records. It must be Sealable.
func (s *Session) Seal(out, b []byte) (sent []byte) {
	for len(b) > 0 {
		if s.owes || s.out.seq >= s.out.suite.records {
			out = s.updateOut(out)
		}
		n := min(MaxData, len(b))
		out = s.out.seal(s.ciphers, out, typeData, b[:n])
		b = b[n:]
	}
	return out
}

// CloseWrite appends close_notify to out, once. Nothing can be sealed afterwards.
func (s *Session) CloseWrite(out []byte) (sent []byte, err error) {
	switch {
	case s.failed != nil:
		return out, s.failed
	case s.shutDown:
		return out, nil
	}
	s.shutDown = true
	const warning = 1
	return s.out.seal(s.ciphers, out, typeAlert, []byte{warning, byte(alertCloseNotify)}), nil
}
