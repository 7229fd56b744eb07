package web

import (
	"net/http"
	"strings"

	"rondo.dev/rondo/web/internal/http1"
)

// writeHead decides how the body is framed and whether the connection goes on, and
// writes the head. first is the first part of the body, or all of it if the handler has
// returned. The decisions are those of net/http's server.
func (w *response) writeHead(body []byte) {
	w.headed = true
	x := w.x
	if x.lane != nil {
		w.writeStreamHead(body)
		return
	}
	r := w.req
	extra := http1.Extra{ContentLength: -1}
	head := r.Method == http.MethodHead
	keeping := x.shard.keeping()

	var connection, encoding, contentEncoding []string
	var hasConnection, hasType, hasDate, trailers bool
	for _, f := range x.fields {
		switch f.Name {
		case "Connection":
			connection, hasConnection = f.Values, true
		case "Transfer-Encoding":
			encoding = f.Values
		case "Content-Encoding":
			contentEncoding = f.Values
		case "Content-Type":
			hasType = true
		case "Date":
			hasDate = true
		case "Trailer":
			trailers = true
			w.announce(f.Values)
		}
	}
	for name := range w.header {
		trailers = trailers || strings.HasPrefix(name, http.TrailerPrefix)
	}
	te := first(encoding)
	declared := w.length >= 0

	if w.ending && !trailers && te == "" && bodyAllowed(w.status) && !declared && (!head || len(body) > 0) {
		w.length = int64(len(body))
		extra.ContentLength = w.length
	}

	// Does the connection go on?
	if w.keep10 && keeping && declared && first(connection) == "keep-alive" {
		x.last = false
	}
	if w.keep10 && (head || w.length >= 0 || !bodyAllowed(w.status)) {
		if !hasConnection {
			extra.Connection = "keep-alive"
		}
	} else if !r.ProtoAtLeast(1, 1) || r.Close {
		x.last = true
	}
	if first(connection) == "close" || !keeping {
		x.last = true
	}
	if r.ContentLength != 0 && !x.last && !w.duplex && !x.rq.body.settle() {
		x.last = true
	}

	// The body's type and framing.
	if !bodyAllowed(w.status) {
		extra.Omit |= suppressed(w.status)
	} else if first(contentEncoding) == "" && !hasType && te == "" && len(body) > 0 {
		extra.ContentType = http.DetectContentType(body)
	}
	if !hasDate {
		extra.Date = x.shard.date.now()
	}
	sized := w.length >= 0
	if sized && te != "" && te != "identity" {
		w.complain("a Content-Length and a Transfer-Encoding of " + te)
		extra.Omit |= http1.OmitContentLength
		sized = false
	}
	switch {
	case head || !bodyAllowed(w.status) || sized:
		extra.Omit |= http1.OmitTransferEncoding
	case !r.ProtoAtLeast(1, 1):
		extra.Omit |= http1.OmitTransferEncoding
		x.last = true
	case te == "identity":
		extra.Omit |= http1.OmitTransferEncoding
		x.last = true
	default:
		w.chunked = true
		extra.TransferEncoding = "chunked"
		extra.Omit |= http1.OmitContentLength
		if te == "chunked" {
			extra.Omit |= http1.OmitTransferEncoding
		}
	}
	if x.last && (!keeping || !hasToken(connection, "close")) && !w.switching(x.fields) {
		extra.Omit |= http1.OmitConnection
		extra.Connection = ""
		if r.ProtoAtLeast(1, 1) {
			extra.Connection = "close"
		}
	}
	w.appendHead(w.status, &extra)
}

// minor is the version of HTTP/1 that the client is answered in.
func (w *response) minor() int {
	if w.req.ProtoAtLeast(1, 1) {
		return 1
	}
	return 0
}

// announce takes note of the trailers that the handler has announced, but for those
// that can't be any (RFC 9110, section 6.5.1).
func (w *response) announce(values []string) {
	for _, v := range values {
		for name := range strings.SplitSeq(v, ",") {
			name = http.CanonicalHeaderKey(strings.TrimSpace(name))
			switch name {
			case "", "Transfer-Encoding", "Content-Length", "Trailer":
			default:
				w.trailers = append(w.trailers, name)
			}
		}
	}
}

// switching reports whether the response is the beginning of another protocol.
func (w *response) switching(fs http1.Fields) bool {
	if w.status != http.StatusSwitchingProtocols {
		return false
	}
	for _, f := range fs {
		if f.Name == "Connection" {
			return hasToken(f.Values, "upgrade")
		}
	}
	return false
}

// bodyAllowed reports whether a response of this status may have a body (RFC 9110,
// section 6.4.1).
func bodyAllowed(status int) bool {
	return status >= 200 && status != http.StatusNoContent && status != http.StatusNotModified
}

// suppressed returns what a response without a body leaves out.
func suppressed(status int) http1.Omit {
	if status == http.StatusNotModified {
		return http1.OmitContentType | http1.OmitContentLength | http1.OmitTransferEncoding
	}
	return http1.OmitContentLength | http1.OmitTransferEncoding
}

func first(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

// hasToken reports whether the first line of a field has a token in any case, between
// commas and blanks: what net/http's server looks for, and where.
func hasToken(values []string, token string) bool {
	apart := func(c rune) bool { return c == ',' || c == ' ' || c == '\t' }
	for part := range strings.FieldsFuncSeq(first(values), apart) {
		if strings.EqualFold(part, token) {
			return true
		}
	}
	return false
}
