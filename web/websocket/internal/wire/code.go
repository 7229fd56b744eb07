package wire

import (
	"encoding/binary"
	"unicode/utf8"
)

// A Code says why a connection is closed (RFC 6455, section 7.4).
type Code uint16

const (
	NormalClosure      Code = 1000
	GoingAway          Code = 1001
	ProtocolError      Code = 1002
	UnsupportedData    Code = 1003
	NoStatus           Code = 1005 // never sent: the close had no code
	AbnormalClosure    Code = 1006 // never sent: there was no close
	InvalidPayload     Code = 1007
	PolicyViolation    Code = 1008
	MessageTooBig      Code = 1009
	MandatoryExtension Code = 1010
	InternalError      Code = 1011
	ServiceRestart     Code = 1012
	TryAgainLater      Code = 1013
	BadGateway         Code = 1014
)

// Valid reports whether c may be sent: it is one that the IANA has registered for
// that, or of those that are for libraries and applications.
func (c Code) Valid() bool {
	switch {
	case c >= NormalClosure && c <= UnsupportedData, c >= InvalidPayload && c <= BadGateway:
		return true
	}
	return c >= 3000 && c <= 4999
}

// MaxReason is how many bytes a reason has at most.
const MaxReason = MaxControl - 2

// AppendClose adds the payload of a close to b: nothing for NoStatus.
func AppendClose(b []byte, code Code, reason string) []byte {
	if code == NoStatus {
		return b
	}
	return append(binary.BigEndian.AppendUint16(b, uint16(code)), reason...)
}

// ParseClose reads the payload of a close.
func ParseClose(b []byte) (code Code, reason string, err error) {
	switch {
	case len(b) == 0:
		return NoStatus, "", nil
	case len(b) == 1:
		return 0, "", violation("a close has half a code")
	}
	code = Code(binary.BigEndian.Uint16(b))
	switch {
	case !code.Valid():
		return 0, "", violation("a close has a code that must not be sent")
	case !utf8.Valid(b[2:]):
		return 0, "", &Error{InvalidPayload, "the reason of a close is not UTF-8"}
	}
	return code, string(b[2:]), nil
}

// An Error is what a peer has done wrong. Code is what it is to be told.
type Error struct {
	Code   Code
	Reason string
}

func (e *Error) Error() string { return "websocket: " + e.Reason }

func violation(reason string) error { return &Error{ProtocolError, reason} }
