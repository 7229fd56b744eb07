package http2

import (
	"fmt"
	"strings"
)

// A Code is why a stream or a connection ends (RFC 9113, section 7).
type Code uint32

// The codes.
const (
	NoError Code = iota
	ProtocolError
	InternalError
	FlowControlError
	SettingsTimeout
	StreamClosed
	FrameSizeError
	RefusedStream
	Cancel
	CompressionError
	ConnectError
	EnhanceYourCalm
	InadequateSecurity
	HTTP11Required
)

var codes = [...]string{"NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT", "STREAM_CLOSED", "FRAME_SIZE_ERROR", "REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR", "CONNECT_ERROR", "ENHANCE_YOUR_CALM", "INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED"}

// String returns the name in RFC 9113.
func (c Code) String() string {
	if int(c) < len(codes) {
		return codes[c]
	}
	return fmt.Sprintf("code %d", uint32(c))
}

// Word is that in lowercase.
func (c Code) Word() string { return strings.ToLower(strings.ReplaceAll(c.String(), " ", "_")) }

// An Error is why a connection can't go on.
type Error struct {
	Code   Code
	Reason string // a few words of lowercase letters and underscores
}

func (e *Error) Error() string { return "http2: " + e.Code.String() + ": " + e.Reason }

// fault is what is wrong with a frame: an error of its stream, or of the connection.
type fault struct {
	code   Code
	stream bool
	reason string
}

func connFault(code Code, reason string) *fault   { return &fault{code, false, reason} }
func streamFault(code Code, reason string) *fault { return &fault{code, true, reason} }
