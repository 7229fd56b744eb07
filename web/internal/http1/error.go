package http1

import (
	"net/http"
	"strconv"
)

// An Error is why a request is refused, with what to answer. The connection can't be
// used for another request.
type Error struct {
	// Status is that of the answer: 400, 431, 501 or 505.
	Status int
	// Reason is what the answer says beside its status, as net/http's server would;
	// often nothing, so as not to help who tries.
	Reason string

	detail string
}

// Error says what was wrong, for a log.
func (e *Error) Error() string { return "http1: " + e.detail }

// BrokenOff is why a request is refused whose client has ended the stream within its head.
var BrokenOff = refusal("the head breaks off")

// AppendResponse appends the whole answer, head and body, to dst: byte by byte that
// of net/http's server.
func (e *Error) AppendResponse(dst []byte) []byte {
	status := strconv.Itoa(e.Status) + " " + http.StatusText(e.Status)
	content := status
	switch {
	case e.Reason == "":
	case e.Status == http.StatusNotImplemented:
		content = e.Reason
	default:
		status += ": " + e.Reason
		content = status
	}
	dst = append(dst, "HTTP/1.1 "...)
	dst = append(dst, status...)
	dst = append(dst, "\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n"...)
	return append(dst, content...)
}

func refusal(detail string) *Error { return &Error{Status: http.StatusBadRequest, detail: detail} }

// Why a head is refused, as net/http does.
var (
	errRequestLine = refusal("malformed request line")
	errMethod      = refusal("the method is not a token")
	errVersion     = refusal("malformed version")
	errTarget      = refusal("malformed request target")
	errField       = refusal("malformed field line")
	errHosts       = refusal("more than one Host")
	errLength      = refusal("malformed Content-Length")
	errLengths     = refusal("several Content-Lengths that differ")
	errTooLarge    = &Error{http.StatusRequestHeaderFieldsTooLarge, "", "the head is too large"}
	errCoding      = &Error{http.StatusNotImplemented, "Unsupported transfer encoding", "a transfer coding other than chunked"}
	errUnsupported = &Error{http.StatusHTTPVersionNotSupported, "unsupported protocol version", "a version other than 1.x"}
	errNoHost      = &Error{http.StatusBadRequest, "missing required Host header", "no Host"}
	errHost        = &Error{http.StatusBadRequest, "malformed Host header", "malformed Host"}
	errSpacedName  = &Error{http.StatusBadRequest, "invalid header name", "a space in the name of a field"}
)

// Why a head is refused that net/http accepts. The package's documentation has the
// reasons.
var (
	errEmptyLine    = refusal("a bare CR before the request line")
	errAuthority    = &Error{http.StatusBadRequest, "malformed Host header", "malformed host in the request target"}
	errBothFramings = refusal("both Content-Length and Transfer-Encoding")
	errCodingIn10   = refusal("Transfer-Encoding in HTTP/1.0")
	errFolded       = refusal("a folded field that frames or routes the message")
	errTrailerName  = refusal("a trailer announced that must not be one")
	errPreface      = &Error{http.StatusHTTPVersionNotSupported, "unsupported protocol version", "fields in the preface of HTTP/2"}
	errManyFields   = &Error{http.StatusRequestHeaderFieldsTooLarge, "", "too many fields"}
)
