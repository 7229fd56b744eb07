package http1

import (
	"net/http"
	"net/url"
	"strings"
)

// requestLine parses a request line without its end into r. It sets Method,
// RequestURI, URL, for which it may use u, and the version.
func requestLine(b []byte, s string, r *http.Request, u *url.URL) *Error {
	target := strings.IndexByte(s, ' ') + 1
	if target == 0 {
		return errRequestLine
	}
	n := strings.IndexByte(s[target:], ' ')
	if n < 0 {
		return errRequestLine
	}
	version := target + n + 1

	if r.Method = method(b[:target-1]); r.Method == "" {
		if r.Method = s[:target-1]; !isToken(b[:target-1]) {
			return errMethod
		}
	}
	switch s[version:] {
	case "HTTP/1.1":
		r.Proto, r.ProtoMajor, r.ProtoMinor = "HTTP/1.1", 1, 1
	case "HTTP/1.0":
		r.Proto, r.ProtoMajor, r.ProtoMinor = "HTTP/1.0", 1, 0
	default:
		var ok bool
		r.Proto = s[version:]
		if r.ProtoMajor, r.ProtoMinor, ok = http.ParseHTTPVersion(r.Proto); !ok {
			return errVersion
		}
	}
	r.RequestURI = s[target : version-1]
	if plainTarget(b[target:version-1], r.RequestURI, u) {
		r.URL = u
		return nil
	}
	return anyTarget(r)
}

// method returns a common method as a string that keeps no head alive, or "".
func method(b []byte) string {
	switch string(b) {
	case "GET":
		return "GET"
	case "HEAD":
		return "HEAD"
	case "POST":
		return "POST"
	case "PUT":
		return "PUT"
	case "PATCH":
		return "PATCH"
	case "DELETE":
		return "DELETE"
	case "OPTIONS":
		return "OPTIONS"
	case "CONNECT":
		return "CONNECT"
	case "TRACE":
		return "TRACE"
	}
	return ""
}

// plainTarget sets u for a target in origin-form whose path needs no unescaping, and
// reports whether it is one.
func plainTarget(b []byte, s string, u *url.URL) bool {
	if len(b) == 0 || b[0] != '/' {
		return false
	}
	path := 1
	for path < len(b) && pathBytes[b[path]] {
		path++
	}
	if path == len(b) {
		u.Path = s
		return true
	}
	if b[path] != '?' || hasControl(b[path+1:]) {
		return false
	}
	u.Path, u.RawQuery = s[:path], s[path+1:]
	u.ForceQuery = u.RawQuery == ""
	return true
}

// anyTarget sets the URL from RequestURI, in any form. The authority-form of CONNECT
// becomes the URL's host, and a CONNECT to a path is that of net/rpc.
func anyTarget(r *http.Request) *Error {
	target := r.RequestURI
	authority := r.Method == "CONNECT" && !strings.HasPrefix(target, "/")
	if authority {
		target = "http://" + target
	}
	var err error
	if r.URL, err = url.ParseRequestURI(target); err != nil {
		return errTarget
	}
	if authority {
		r.URL.Scheme = ""
	}
	return nil
}
