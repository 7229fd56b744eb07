package http1

import (
	"bytes"
	"net/http"
	"strings"
)

// A field of a head or of trailers.
type field struct {
	name   string // canonical, unless it has a space
	value  string
	spaced bool // there is a space in the name, often before the colon
	folded bool // the value was on several lines
}

// fieldLines cuts field lines. b is all of them, with the empty line behind them,
// and s the same as a string, of which the fields are parts.
type fieldLines struct {
	b   []byte
	s   string
	pos int
}

// next returns the next field; one without a name is the end.
func (l *fieldLines) next() (f field, err *Error) {
	start := l.pos
	line := l.line()
	if len(line) == 0 {
		return field{}, nil
	}
	name, from, to, form := splitField(line)
	switch form {
	case canonicalName:
		f.name = l.s[start : start+name]
	case tokenName:
		f.name = canonicalize(line[:name])
	case spacedName:
		f.name, f.spaced = l.s[start:start+name], true
	default:
		return field{}, errField
	}
	f.value = l.s[start+from : start+to]
	if isBlank(l.b[l.pos]) {
		f.folded = true
		f.value, err = l.unfold(f.value)
	}
	return f, err
}

// line returns the next line without its end.
func (l *fieldLines) line() []byte {
	line := l.b[l.pos:]
	i := bytes.IndexByte(line, '\n')
	l.pos += i + 1
	return withoutCR(line[:i])
}

// withoutCR is a line without the CR of its end.
func withoutCR(line []byte) []byte {
	if n := len(line); n > 0 && line[n-1] == '\r' {
		return line[:n-1]
	}
	return line
}

// unfold returns the value of a field that goes on in the next lines: obs-fold, RFC
// 9112 section 5.2. Each fold becomes a space.
func (l *fieldLines) unfold(first string) (string, *Error) {
	var value strings.Builder
	value.WriteString(first)
	for isBlank(l.b[l.pos]) {
		more := trim(l.line())
		if !validValue(more) {
			return "", errField
		}
		value.WriteByte(' ')
		value.Write(more)
	}
	return strings.TrimLeft(value.String(), " \t"), nil
}

// What the first line of a field looks like.
type form uint8

const (
	malformed     form = iota
	canonicalName      // as a http.Header has it
	tokenName          // a name, but not canonical
	spacedName         // not a name: one with spaces
)

// splitField finds in the first line of a field the end of the name, and the value
// without blanks around it.
func splitField(line []byte) (name, from, to int, f form) {
	name = bytes.IndexByte(line, ':')
	if name <= 0 || isBlank(line[0]) {
		return 0, 0, 0, malformed
	}
	from, to = name+1, len(line)
	for from < to && isBlank(line[from]) {
		from++
	}
	for from < to && isBlank(line[to-1]) {
		to--
	}
	if !validValue(line[from:to]) {
		return 0, 0, 0, malformed
	}
	return name, from, to, formOf(line[:name])
}

func formOf(name []byte) form {
	f := canonicalName
	inner := 0
	for _, c := range name {
		switch canonical[inner][c] {
		case 0:
			return formOfSpaced(name)
		case c:
		default:
			f = tokenName
		}
		inner = 1
		if c == '-' {
			inner = 0
		}
	}
	return f
}

// formOfSpaced is formOf for a name that is no token.
func formOfSpaced(name []byte) form {
	for _, c := range name {
		if c != ' ' && canonical[0][c] == 0 {
			return malformed
		}
	}
	return spacedName
}

// canonicalize returns a token as a canonical name, as textproto does.
func canonicalize(name []byte) string {
	var small [64]byte
	b := append(small[:0], name...)
	inner := 0
	for i, c := range b {
		b[i] = canonical[inner][c]
		inner = 1
		if c == '-' {
			inner = 0
		}
	}
	if known, ok := names[string(b)]; ok {
		return known
	}
	return string(b)
}

// names are those of fields that clients and proxies send in lower case.
var names = func() map[string]string {
	m := make(map[string]string)
	for _, name := range []string{
		"Accept", "Accept-Charset", "Accept-Encoding", "Accept-Language", "Access-Control-Request-Headers",
		"Access-Control-Request-Method", "Authorization", "Cache-Control", "Connection", "Content-Encoding",
		"Content-Language", "Content-Length", "Content-Type", "Cookie", "Date", "Dnt", "Expect", "Forwarded", "From",
		"Host", "If-Match", "If-Modified-Since", "If-None-Match", "If-Range", "If-Unmodified-Since", "Keep-Alive",
		"Origin", "Pragma", "Priority", "Proxy-Authorization", "Range", "Referer", "Sec-Ch-Ua", "Sec-Ch-Ua-Mobile",
		"Sec-Ch-Ua-Platform", "Sec-Fetch-Dest", "Sec-Fetch-Mode", "Sec-Fetch-Site", "Sec-Fetch-User", "Sec-Gpc",
		"Sec-Websocket-Extensions", "Sec-Websocket-Key", "Sec-Websocket-Protocol", "Sec-Websocket-Version", "Te",
		"Traceparent", "Tracestate", "Trailer", "Transfer-Encoding", "Upgrade", "Upgrade-Insecure-Requests",
		"User-Agent", "Via", "X-Csrf-Token", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Port",
		"X-Forwarded-Proto", "X-Real-Ip", "X-Request-Id", "X-Requested-With",
	} {
		m[name] = name
	}
	return m
}()

// A fieldSet puts fields into a header.
type fieldSet struct {
	header http.Header
	values []string // the rest of an array for all of them
	seen   uint64   // a bit for the names that are there
}

// newFieldSet returns one for n fields, with the array for their values.
func newFieldSet(n int, values []string) fieldSet {
	return fieldSet{header: make(http.Header, n), values: values}
}

// add adds a field. A map is asked whether it has the name already only if another
// name with the same bit has come.
func (s *fieldSet) add(name, value string) {
	bit := uint64(1) << ((len(name) + 7*int(name[0]) + 13*int(name[len(name)-1])) % 64)
	if s.seen&bit != 0 {
		if vv, ok := s.header[name]; ok {
			s.header[name] = append(vv, value)
			return
		}
	}
	s.seen |= bit
	var vv []string
	if len(s.values) > 0 {
		vv, s.values = s.values[:1:1], s.values[1:]
		vv[0] = value
	} else {
		vv = []string{value}
	}
	s.header[name] = vv
}
