package http2

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"golang.org/x/net/http2/hpack"
)

// fieldList is the fields of one block.
type fieldList struct {
	list      []hpack.HeaderField
	left      int  // bytes for more
	truncated bool // there were more
}

// keptFields is how many fields there is memory for between two blocks.
const keptFields = 128

func (l *fieldList) reset(size int) {
	clear(l.list)
	if cap(l.list) > keptFields {
		l.list = nil
	}
	l.list, l.left, l.truncated = l.list[:0], size, false
}

// add adds a field, and reports whether there may be more.
func (l *fieldList) add(f hpack.HeaderField) bool {
	if l.left -= int(f.Size()); l.left < 0 {
		l.truncated = true
		return false
	}
	l.list = append(l.list, f)
	return true
}

// request fills r with the request that these fields are (RFC 9113, section 8.3), and reports
// false if they are malformed.
func (l *fieldList) request(r *http.Request, ended bool) bool {
	var method, scheme, authority, path string
	var seen [4]bool
	n := 0
	for ; n < len(l.list) && l.list[n].IsPseudo(); n++ {
		f := &l.list[n]
		var to *string
		var which int
		switch f.Name {
		case ":method":
			to, which = &method, 0
		case ":scheme":
			to, which = &scheme, 1
		case ":authority":
			to, which = &authority, 2
		case ":path":
			to, which = &path, 3
		default:
			return false
		}
		if seen[which] || !validValue(f.Value) {
			return false
		}
		*to, seen[which] = f.Value, true
	}
	header, ok := l.header(l.list[n:])
	if !ok {
		return false
	}
	connect := method == http.MethodConnect
	switch {
	case l.truncated && (method == "" || path == "" && !connect):
		// What is not there may have been cut off.
		method, scheme, path = http.MethodGet, "https", "/"
	case !validToken(method):
		return false
	case connect && (path != "" || scheme != "" || authority == ""):
		return false
	case !connect && (path == "" || scheme != "http" && scheme != "https"):
		return false
	}
	if strings.IndexByte(authority, '@') >= 0 {
		return false // RFC 9113, section 8.3.1
	}
	host := header["Host"]
	if authority == "" && len(host) > 0 {
		authority = host[0]
	} else if len(host) > 1 || len(host) == 1 && authority != "" && host[0] != authority && !strings.EqualFold(host[0], authority) {
		return false
	}
	delete(header, "Host")
	*r = http.Request{Method: method, Proto: "HTTP/2.0", ProtoMajor: 2, Header: header, Host: authority}
	if connect {
		r.URL, r.RequestURI = &url.URL{Host: authority}, authority
	} else {
		u, err := url.ParseRequestURI(path)
		if err != nil {
			return false
		}
		r.URL, r.RequestURI = u, path
	}
	r.Trailer = announced(header)
	return contentLength(r, ended)
}

// contentLength sets the length of r's body, and reports whether it can be right.
func contentLength(r *http.Request, ended bool) bool {
	r.ContentLength = -1
	if v := r.Header["Content-Length"]; len(v) > 0 {
		n, err := strconv.ParseUint(v[0], 10, 63)
		if err != nil {
			return false
		}
		for _, other := range v[1:] {
			if other != v[0] {
				return false
			}
		}
		r.Header["Content-Length"] = v[:1]
		r.ContentLength = int64(n)
	}
	if ended {
		if r.ContentLength > 0 {
			return false
		}
		r.ContentLength = 0
	}
	return true
}

// header makes a header of fields. Cookies, which may come apart, are one again.
func (l *fieldList) header(list []hpack.HeaderField) (http.Header, bool) {
	h := make(http.Header, len(list))
	values := make([]string, 0, len(list)) // of all: one allocation
	for i := range list {
		f := &list[i]
		f.Value = strings.Trim(f.Value, " \t") // there should be none, but net/http's client sends them
		if !validName(f.Name) || !validValue(f.Value) {
			return nil, false
		}
		switch f.Name {
		case "connection", "proxy-connection", "keep-alive", "upgrade", "transfer-encoding":
			return nil, false // RFC 9113, section 8.2.2
		case "te":
			if f.Value != "trailers" {
				return nil, false
			}
		}
		name := http.CanonicalHeaderKey(f.Name)
		if before := h[name]; before != nil {
			h[name] = append(before, f.Value)
			continue
		}
		k := len(values)
		values = append(values, f.Value)
		h[name] = values[k : k+1 : k+1]
	}
	if pieces := h["Cookie"]; len(pieces) > 1 {
		h["Cookie"] = []string{strings.Join(pieces, "; ")}
	}
	return h, true
}

// trailers are the fields behind a body.
func (l *fieldList) trailers() (http.Header, bool) {
	for i := range l.list {
		if l.list[i].IsPseudo() {
			return nil, false
		}
	}
	return l.header(l.list)
}

// announced takes the names of trailers out of a header, with which a handler sees which
// ones may come. Those that can't be trailers are none.
func announced(h http.Header) (trailer http.Header) {
	for _, v := range h["Trailer"] {
		for name := range strings.SplitSeq(v, ",") {
			switch name = http.CanonicalHeaderKey(strings.Trim(name, " \t")); name {
			case "", "Transfer-Encoding", "Trailer", "Content-Length":
			default:
				if trailer == nil {
					trailer = make(http.Header)
				}
				trailer[name] = nil
			}
		}
	}
	delete(h, "Trailer")
	return trailer
}

// validName reports whether a name may be one of a field: a token without capitals (RFC
// 9113, section 8.2.1).
func validName(s string) bool {
	for i := range len(s) {
		if c := s[i]; !token[c] || 'A' <= c && c <= 'Z' {
			return false
		}
	}
	return s != ""
}

func validToken(s string) bool {
	for i := range len(s) {
		if !token[s[i]] {
			return false
		}
	}
	return s != ""
}

// validValue reports whether a value has none of the octets that it must not have.
func validValue(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}

// token are the characters of a token (RFC 9110, section 5.6.2).
var token = func() (t [256]bool) {
	for _, c := range "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" {
		t[c] = true
	}
	return t
}()
