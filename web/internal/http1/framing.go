package http1

import (
	"net/http"
	"net/textproto"
	"strconv"
	"strings"
)

// A head is what has to be known of the fields of a request to tell who is meant, and
// where it ends. It is gathered while they are cut.
type head struct {
	fields fieldSet

	host    string
	hosts   int
	coding  string
	codings int

	length, connection, trailer, pragma bool // there is one

	spaced bool // a name has a space
	folded bool // one of those fields was folded
}

// add takes note of a field, and puts it into the header if handlers see it there.
func (h *head) add(f *field) {
	if f.spaced {
		h.spaced = true
		return
	}
	switch f.name {
	case "Host":
		h.host = f.value
		h.hosts++
		h.folded = h.folded || f.folded
		return
	case "Transfer-Encoding":
		h.coding = f.value
		h.codings++
		h.folded = h.folded || f.folded
		return
	case "Content-Length":
		h.length = true
		h.folded = h.folded || f.folded
	case "Connection":
		h.connection = true
	case "Trailer":
		h.trailer = true
	case "Pragma":
		h.pragma = true
	}
	h.fields.add(f.name, f.value)
}

// finish sets what follows from the fields. What is wrong in several ways is refused
// for the one that net/http finds first.
func (h *head) finish(r *http.Request) *Error {
	r.Header = h.fields.header
	r.Close = h.closes(r)
	r.ContentLength, r.TransferEncoding, r.Trailer = 0, nil, nil
	if h.hosts > 1 {
		return errHosts
	}
	if h.codings > 0 || h.length || h.folded {
		if err := h.frame(r); err != nil {
			return err
		}
	}
	if h.pragma && r.Header["Pragma"][0] == "no-cache" {
		if _, ok := r.Header["Cache-Control"]; !ok {
			r.Header["Cache-Control"] = []string{"no-cache"}
		}
	}
	return h.route(r)
}

// closes reports whether the connection ends with this request.
func (h *head) closes(r *http.Request) bool {
	if r.ProtoMajor < 1 {
		return true
	}
	var connection []string
	if h.connection {
		connection = r.Header["Connection"]
	}
	if r.ProtoMajor == 1 && r.ProtoMinor == 0 {
		return hasToken(connection, "close") || !hasToken(connection, "keep-alive")
	}
	return hasToken(connection, "close")
}

// frame tells how long the body is.
func (h *head) frame(r *http.Request) *Error {
	switch {
	case h.folded:
		return errFolded
	case h.codings > 0 && r.ProtoMajor == 1 && r.ProtoMinor == 0:
		return errCodingIn10
	case h.codings > 1, h.codings == 1 && r.ProtoAtLeast(1, 1) && !equalFold(h.coding, "chunked"):
		return errCoding
	}
	if h.length {
		if err := contentLength(r); err != nil {
			return err
		}
		if h.codings > 0 {
			return errBothFramings
		}
	}
	if h.codings > 0 && r.ProtoAtLeast(1, 1) {
		r.ContentLength, r.TransferEncoding = -1, []string{"chunked"}
		if h.trailer {
			return announced(r)
		}
	}
	return nil
}

// contentLength sets the length. One that is said several times is one.
func contentLength(r *http.Request) *Error {
	lengths := r.Header["Content-Length"]
	first := textproto.TrimString(lengths[0])
	if len(lengths) > 1 {
		for _, other := range lengths[1:] {
			if textproto.TrimString(other) != first {
				return errLengths
			}
		}
		r.Header["Content-Length"] = []string{first}
	}
	n, err := strconv.ParseUint(first, 10, 63)
	if err != nil {
		return errLength
	}
	r.ContentLength = int64(n)
	return nil
}

// announced moves the names in Trailer to r.Trailer.
func announced(r *http.Request) *Error {
	names := r.Header["Trailer"]
	delete(r.Header, "Trailer")
	trailer := make(http.Header)
	for _, list := range names {
		for name := range strings.SplitSeq(list, ",") {
			if name = textproto.TrimString(name); name == "" {
				continue
			}
			name = http.CanonicalHeaderKey(name)
			if !trailerName(name) {
				return errTrailerName
			}
			trailer[name] = nil
		}
	}
	if len(trailer) > 0 {
		r.Trailer = trailer
	}
	return nil
}

// route tells who the request is for, and which versions are spoken here.
func (h *head) route(r *http.Request) *Error {
	if r.Host = r.URL.Host; r.Host == "" {
		r.Host = h.host
	}
	switch {
	case r.ProtoMajor != 1:
		return h.preface(r)
	case h.hosts == 0 && r.ProtoMinor > 0 && r.Method != http.MethodConnect:
		return errNoHost
	case !validHost(h.host):
		return errHost
	case h.spaced:
		return errSpacedName
	case !validHost(r.URL.Host):
		return errAuthority
	}
	return nil
}

// preface lets the preface of HTTP/2 pass, RFC 9113 section 3.4, which looks like a
// request without fields. It is a handler that may make something of it.
func (h *head) preface(r *http.Request) *Error {
	if r.Proto != "HTTP/2.0" || r.Method != "PRI" || r.RequestURI != "*" {
		return errUnsupported
	}
	if len(r.Header) > 0 || h.hosts > 0 || h.codings > 0 || h.spaced {
		return errPreface
	}
	r.ContentLength, r.Close = -1, true
	return nil
}

// hasToken reports whether one of the lists has the token, which is in lower case.
func hasToken(lists []string, token string) bool {
	for _, list := range lists {
		for {
			element, rest, more := strings.Cut(list, ",")
			if equalFold(strings.Trim(element, " \t"), token) {
				return true
			}
			if !more {
				break
			}
			list = rest
		}
	}
	return false
}
