package http1

import (
	"bytes"
	"math"
	"net/http"
	"net/url"
)

// DefaultMaxHead is the limit of a Parser that has none: that of net/http's server
// with http.DefaultMaxHeaderBytes.
const DefaultMaxHead = http.DefaultMaxHeaderBytes + 4096

// DefaultMaxFields is how many field lines a head may have if its Parser has no
// limit.
const DefaultMaxFields = 1000

// A Parser finds and parses the heads of requests, one after the other, in what comes
// from one connection. It keeps nothing but how far it has looked. The zero Parser is
// ready.
type Parser struct {
	// MaxHead is how many bytes a head may have, with all line ends. Zero is
	// DefaultMaxHead.
	MaxHead int
	// MaxFields is how many field lines a head may have. Zero is DefaultMaxFields.
	MaxFields int

	line  int32 // where the first line begins that is not complete
	seen  int32 // there is no LF between line and this
	lines int32 // how many are complete
	start int32 // where the request line begins

	afterPOST bool // the head before was that of a POST
}

// Behind tells p, for which a head comes next, by which method the request in front of it
// was made: some clients send an empty line behind the body of a POST.
func (p *Parser) Behind(method string) { p.afterPOST = method == http.MethodPost }

// Reset makes p ready for the first request of another connection. Its limits stay.
func (p *Parser) Reset() { *p = Parser{MaxHead: p.MaxHead, MaxFields: p.MaxFields} }

// Parse parses the head of a request at the beginning of data into r, and returns how
// many bytes it has. It returns 0 and no error if data is only a part of one: call it
// again with the same bytes and more behind them. What can't become a head is refused
// as soon as that shows, with an *Error.
//
// It sets Method, URL, RequestURI, Proto, ProtoMajor, ProtoMinor, Header, Host,
// Close, ContentLength, TransferEncoding and Trailer, in the way of net/http's
// server, and nothing else; with an error they are in some state. Strings in r are
// parts of one copy of the head, so one that is kept keeps the others. data is not
// kept.
func (p *Parser) Parse(data []byte, r *http.Request) (n int, err error) {
	checked, lines := p.line, p.lines
	end, refused := p.find(data)
	if end > 0 {
		refused = parse(data[p.start:end], int(p.lines)-1, r)
	} else if e := checkLines(data[max(checked, p.start):p.line], lines); e != nil {
		refused = e
	}
	switch {
	case refused != nil:
		return 0, refused
	case end > 0:
		p.Reset()
		p.afterPOST = r.Method == http.MethodPost
	}
	return end, nil
}

// find looks for the end of the head: a line without anything. It counts the lines
// before. What it refuses is for its size; what is in the lines goes first.
func (p *Parser) find(data []byte) (end int, refused *Error) {
	maxHead, maxFields := limit(p.MaxHead, DefaultMaxHead), limit(p.MaxFields, DefaultMaxFields)
	data = data[:min(len(data), maxHead)]
	if p.afterPOST && p.seen == p.start {
		if wait, refused := p.skipEmpty(data); wait || refused != nil {
			return 0, refused
		}
	}
	line, seen := int(p.line), int(p.seen)
	for {
		i := bytes.IndexByte(data[seen:], '\n')
		if i < 0 {
			break
		}
		i += seen
		seen = i + 1
		if p.lines > 0 && (i == line || i == line+1 && data[line] == '\r') {
			return seen, nil
		}
		line = seen
		if p.lines++; int(p.lines) > maxFields+1 {
			refused = errManyFields
			break
		}
	}
	p.line, p.seen = int32(line), int32(len(data))
	if refused == nil && len(data) == maxHead {
		refused = errTooLarge
	}
	return 0, refused
}

// skipEmpty skips empty lines before a request line, in the first four bytes, and
// only behind a POST: old clients send one there. It tells to wait if it needs more
// to know.
func (p *Parser) skipEmpty(data []byte) (wait bool, refused *Error) {
	const most = 4
	for int(p.start) < min(len(data), most) {
		switch rest := data[p.start:]; {
		case rest[0] == '\n':
			p.skip(1)
		case rest[0] != '\r':
			return false, nil
		case len(rest) == 1:
			return true, nil
		case rest[1] != '\n':
			return false, errEmptyLine
		case p.start+2 > most:
			return false, errRequestLine
		default:
			p.skip(2)
		}
	}
	return false, nil
}

// skip moves the beginning of the request line, before anything else has been seen.
func (p *Parser) skip(n int32) {
	p.start += n
	p.line, p.seen = p.start, p.start
}

func limit(n, byDefault int) int {
	if n <= 0 {
		return byDefault
	}
	return min(n, math.MaxInt32)
}

// checkLines refuses lines of a head that is not complete, of which so many have been
// seen before, if no end could make it good.
func checkLines(b []byte, before int32) *Error {
	lines := fieldLines{b: b}
	for ; lines.pos < len(b); before++ {
		line := lines.line()
		if before == 0 {
			if err := requestLine(line, string(line), new(http.Request), new(url.URL)); err != nil {
				return err
			}
		} else if before > 1 && len(line) > 0 && isBlank(line[0]) {
			if !validValue(trim(line)) {
				return errField
			}
		} else if _, _, _, f := splitField(line); f == malformed {
			return errField
		}
	}
	return nil
}

// parse parses a complete head with so many lines of fields.
func parse(b []byte, lines int, r *http.Request) *Error {
	in := fieldLines{b: b, s: string(b)}
	fields := max(lines-1, 0) // one will be Host, which is not among them
	target, values := allocate(fields)
	line := in.line()
	if err := requestLine(line, in.s[:len(line)], r, target); err != nil {
		return err
	}
	h := head{fields: newFieldSet(fields, values)}
	for {
		f, err := in.next()
		if err != nil {
			return err
		}
		if f.name == "" {
			return h.finish(r)
		}
		h.add(&f)
	}
}

// allocate returns a URL and room for n values, which for most requests are one
// allocation.
func allocate(n int) (*url.URL, []string) {
	const few, some = 7, 15 // with a URL they fill 256 and 384 bytes
	switch {
	case n <= few:
		var both struct {
			url.URL
			values [few]string
		}
		return &both.URL, both.values[:n]
	case n <= some:
		var both struct {
			url.URL
			values [some]string
		}
		return &both.URL, both.values[:n]
	}
	return new(url.URL), make([]string, n)
}
