package http1

import "encoding/binary"

// tokenBytes are those of a token, RFC 9110 section 5.6.2.
const tokenBytes = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

// canonical tells what a byte of a name is in the name's canonical form, at the
// beginning and behind a hyphen (0) and elsewhere (1): upper case there, lower case
// here. It is 0 for what is in no token.
var canonical = func() (t [2][256]byte) {
	for i := range tokenBytes {
		c := tokenBytes[i]
		t[0][c], t[1][c] = c, c
		if 'a' <= c && c <= 'z' {
			t[0][c] = c - 'a' + 'A'
		}
		if 'A' <= c && c <= 'Z' {
			t[1][c] = c - 'A' + 'a'
		}
	}
	return t
}()

// pathBytes are those of a path that stands for itself in a url.URL, without
// RawPath.
var pathBytes = set("/$&+,-.:;=@_~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")

// hostBytes are those that net/http lets into a Host.
var hostBytes = set("!$%&'()*+,-.:;=[]_~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")

func set(bytes string) (t [256]bool) {
	for i := range bytes {
		t[bytes[i]] = true
	}
	return t
}

func validHost(s string) bool {
	for i := range len(s) {
		if !hostBytes[s[i]] {
			return false
		}
	}
	return true
}

func isToken(b []byte) bool {
	for _, c := range b {
		if canonical[0][c] == 0 {
			return false
		}
	}
	return len(b) > 0
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

// trim cuts spaces and tabs off both ends.
func trim(b []byte) []byte {
	for len(b) > 0 && isBlank(b[0]) {
		b = b[1:]
	}
	for len(b) > 0 && isBlank(b[len(b)-1]) {
		b = b[:len(b)-1]
	}
	return b
}

const eachByte = 0x0101010101010101

// hasControl reports whether there is a control character, a tab too.
func hasControl(b []byte) bool {
	for ; len(b) >= 8; b = b[8:] {
		// The top bit of a byte of x-0x20 is set and that of x is not, if one is below
		// 0x20; the same for 0x7f, the only one that becomes 0. A borrow from below can
		// only come from a byte that counts itself.
		x := binary.LittleEndian.Uint64(b)
		del := x ^ eachByte*0x7f
		if ((x-eachByte*0x20)&^x|(del-eachByte)&^del)&(eachByte*0x80) != 0 {
			return true
		}
	}
	for _, c := range b {
		if c < ' ' || c == 0x7f {
			return true
		}
	}
	return false
}

// validValue reports whether b can be the value of a field: no control characters
// but tabs.
func validValue(b []byte) bool {
	if !hasControl(b) {
		return true
	}
	for _, c := range b {
		if c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}

// equalFold reports whether s is the token, which is in lower case.
func equalFold(s, token string) bool {
	if len(s) != len(token) {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != token[i] {
			return false
		}
	}
	return true
}
