package wire

import (
	"crypto/sha1"
	"encoding/base64"
	"iter"
	"strings"
)

// Version is the only version of the protocol there is (RFC 6455, section 4.1).
const Version = "13"

// Accept returns what a server answers to a client's key (RFC 6455, section 4.2.2).
func Accept(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// ValidKey reports whether key is 16 bytes in base64.
func ValidKey(key string) bool {
	b, err := base64.StdEncoding.DecodeString(key)
	return err == nil && len(b) == 16
}

// HasToken reports whether a header that is a list of tokens has this one, in whatever
// case.
func HasToken(values []string, token string) bool {
	for t := range Tokens(values) {
		if strings.EqualFold(t, token) {
			return true
		}
	}
	return false
}

// Tokens returns the elements of a header that is a list.
func Tokens(values []string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, v := range values {
			for t := range strings.SplitSeq(v, ",") {
				if t = strings.Trim(t, " \t"); t != "" && !yield(t) {
					return
				}
			}
		}
	}
}

// IsToken reports whether s may be the name of a subprotocol (RFC 9110, section 5.6.2).
func IsToken(s string) bool {
	for i := range len(s) {
		if !tokenByte(s[i]) {
			return false
		}
	}
	return s != ""
}

func tokenByte(c byte) bool {
	switch {
	case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		return true
	}
	return strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0
}

// An Extension is one of a Sec-WebSocket-Extensions header.
type Extension struct {
	Name   string
	Params []Param
}

// A Param is a parameter of an extension; most have no value.
type Param struct{ Name, Value string }

// ParseExtensions reads a header (RFC 6455, section 9.1); ok tells whether it follows the
// grammar.
func ParseExtensions(values []string) (list []Extension, ok bool) {
	for _, v := range values {
		s := scanner{rest: v}
		for {
			s.space()
			if s.rest == "" {
				break
			}
			if s.skip(',') {
				continue // an empty element
			}
			x, ok := s.extension()
			if !ok {
				return nil, false
			}
			list = append(list, x)
			if s.space(); s.rest != "" && !s.skip(',') {
				return nil, false
			}
		}
	}
	return list, true
}

type scanner struct{ rest string }

func (s *scanner) space() { s.rest = strings.TrimLeft(s.rest, " \t") }

func (s *scanner) skip(c byte) bool {
	if s.rest == "" || s.rest[0] != c {
		return false
	}
	s.rest = s.rest[1:]
	return true
}

func (s *scanner) token() string {
	n := 0
	for n < len(s.rest) && tokenByte(s.rest[n]) {
		n++
	}
	t := s.rest[:n]
	s.rest = s.rest[n:]
	return t
}

// quoted reads a quoted string behind its first quote. What it says has to be a token.
func (s *scanner) quoted() (string, bool) {
	var b []byte
	for s.rest != "" {
		c := s.rest[0]
		s.rest = s.rest[1:]
		switch {
		case c == '"':
			return string(b), IsToken(string(b))
		case c == '\\' && s.rest != "":
			c = s.rest[0]
			s.rest = s.rest[1:]
		}
		b = append(b, c)
	}
	return "", false
}

func (s *scanner) extension() (x Extension, ok bool) {
	if x.Name = s.token(); x.Name == "" {
		return x, false
	}
	for {
		s.space()
		if !s.skip(';') {
			return x, true
		}
		s.space()
		p := Param{Name: s.token()}
		if p.Name == "" {
			return x, false
		}
		if s.space(); s.skip('=') {
			s.space()
			if s.skip('"') {
				p.Value, ok = s.quoted()
			} else {
				p.Value = s.token()
				ok = p.Value != ""
			}
			if !ok {
				return x, false
			}
		}
		x.Params = append(x.Params, p)
	}
}
