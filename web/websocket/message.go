package websocket

import (
	"fmt"
	"io"

	"rondo.dev/rondo/web/websocket/internal/wire"
)

// A Kind says what a message is.
type Kind uint8

const (
	Text   = Kind(wire.Text)   // UTF-8, which is checked where it is received
	Binary = Kind(wire.Binary) // any bytes
)

func (k Kind) String() string {
	switch k {
	case Text:
		return "text"
	case Binary:
		return "binary"
	}
	return fmt.Sprintf("Kind(%d)", uint8(k))
}

// A Message is what was received.
type Message struct {
	Kind Kind
	// Data is lent: see [Conn.Receive].
	Data []byte
}

// A Code says why a connection is closed: one of these, or one from 3000 to 4999 (RFC
// 6455, section 7.4).
type Code uint16

const (
	NormalClosure      = Code(wire.NormalClosure)
	GoingAway          = Code(wire.GoingAway)
	ProtocolError      = Code(wire.ProtocolError)
	UnsupportedData    = Code(wire.UnsupportedData)
	NoStatus           = Code(wire.NoStatus)        // the peer gave none; not to be sent
	AbnormalClosure    = Code(wire.AbnormalClosure) // there was no close; not to be sent
	InvalidPayload     = Code(wire.InvalidPayload)
	PolicyViolation    = Code(wire.PolicyViolation)
	MessageTooBig      = Code(wire.MessageTooBig)
	MandatoryExtension = Code(wire.MandatoryExtension)
	InternalError      = Code(wire.InternalError)
	ServiceRestart     = Code(wire.ServiceRestart)
	TryAgainLater      = Code(wire.TryAgainLater)
	BadGateway         = Code(wire.BadGateway)
)

// A CloseError is how the peer has ended the connection. It is io.EOF to errors.Is if
// that was in order: with NormalClosure, GoingAway or NoStatus. It is
// io.ErrUnexpectedEOF if the stream has ended without a close, which is
// AbnormalClosure.
type CloseError struct {
	Code   Code
	Reason string
}

func (e *CloseError) Error() string {
	switch {
	case e.Code == AbnormalClosure:
		return "websocket: the stream has ended without a close"
	case e.Reason == "":
		return fmt.Sprintf("websocket: closed by the peer with %d", e.Code)
	}
	return fmt.Sprintf("websocket: closed by the peer with %d: %s", e.Code, e.Reason)
}

// Is makes it an io.EOF, or an io.ErrUnexpectedEOF.
func (e *CloseError) Is(target error) bool {
	switch e.Code {
	case NormalClosure, GoingAway, NoStatus:
		return target == io.EOF
	case AbnormalClosure:
		return target == io.ErrUnexpectedEOF
	}
	return false
}

// A ViolationError is what the peer has done wrong: broken the protocol, or a limit. It
// was told Code.
type ViolationError struct {
	Code   Code
	Reason string
}

func (e *ViolationError) Error() string { return "websocket: " + e.Reason }
