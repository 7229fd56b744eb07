package http1

import (
	"bytes"
	"io"
	"maps"
	"strings"
)

// trailers takes bytes of trailers, and returns how many. They are kept until all are
// there, which hardly ever takes more than the empty line that says there are none.
func (b *Body) trailers(in []byte) (used int) {
	if len(b.trailer) == 0 && len(in) >= 2 && in[0] == '\r' && in[1] == '\n' {
		b.end(io.EOF)
		return 2
	}
	for used < len(in) && b.err == nil {
		line := in[used:]
		if i := bytes.IndexByte(line, '\n'); i >= 0 {
			line = line[:i+1]
		}
		line = line[:min(len(line), int(b.maxTrailer)-len(b.trailer))]
		b.trailer = append(b.trailer, line...)
		used += len(line)
		b.trailerLine()
	}
	return used
}

// trailerLine looks at what the trailers end with now.
func (b *Body) trailerLine() {
	n := len(b.trailer)
	switch {
	case b.trailer[n-1] == '\n' && (n == 1 || b.trailer[n-2] != '\r'):
		b.end(errTrailerLine)
	case n == 2 && b.trailer[1] == '\n', n > 3 && string(b.trailer[n-4:]) == "\r\n\r\n":
		b.end(b.mergeTrailers())
	case n == int(b.maxTrailer):
		b.end(errTrailerSize)
	}
}

// mergeTrailers parses the trailers into r.Trailer, and returns io.EOF if they are
// right.
func (b *Body) mergeTrailers() error {
	in := fieldLines{b: b.trailer, s: string(b.trailer)}
	n := bytes.Count(b.trailer, []byte{'\n'}) - 1
	fields := newFieldSet(n, make([]string, n))
	for {
		f, err := in.next()
		switch {
		case err != nil:
			return errTrailer
		case f.name == "":
			if len(fields.header) == 0 {
				return io.EOF
			}
			if b.r.Trailer == nil {
				b.r.Trailer = fields.header
			} else {
				maps.Copy(b.r.Trailer, fields.header)
			}
			return io.EOF
		case f.spaced || !trailerName(f.name):
			return errTrailerField
		}
		fields.add(f.name, f.value)
	}
}

// trailerName reports whether a field may be a trailer: not if it is about framing,
// routing, what the request asks for, who asks, or how to read the content. RFC 9110
// section 6.5.1.
func trailerName(name string) bool {
	switch name {
	case "Authorization", "Cache-Control", "Connection", "Content-Encoding", "Content-Length", "Content-Range",
		"Content-Type", "Cookie", "Expect", "Forwarded", "Host", "Keep-Alive", "Max-Forwards", "Pragma",
		"Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection", "Range", "Te", "Trailer",
		"Transfer-Encoding", "Upgrade", "Via", "Www-Authenticate":
		return false
	}
	return !strings.HasPrefix(name, "If-")
}
