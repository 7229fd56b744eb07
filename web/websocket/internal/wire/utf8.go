package wire

import "unicode/utf8"

// A Validator tells whether bytes that come in pieces are UTF-8. It fails with the
// first byte that can't be a part of any, not only at the end.
type Validator struct {
	part [utf8.UTFMax]byte // the beginning of a rune
	n    uint8
}

// Add looks at more bytes.
func (v *Validator) Add(b []byte) (ok bool) {
	for v.n > 0 && len(b) > 0 {
		v.part[v.n] = b[0]
		v.n++
		b = b[1:]
		switch p := v.part[:v.n]; {
		case utf8.Valid(p):
			v.n = 0
		case !begins(p):
			return false
		}
	}
	// What is left of a rune at the end is seen to when there is more.
	cut := len(b)
	for i := 1; i < utf8.UTFMax && i <= len(b); i++ {
		if utf8.RuneStart(b[len(b)-i]) {
			if !utf8.FullRune(b[len(b)-i:]) {
				cut -= i
			}
			break
		}
	}
	if !utf8.Valid(b[:cut]) {
		return false
	}
	if cut < len(b) {
		v.n = uint8(copy(v.part[:], b[cut:]))
	}
	return true
}

// begins reports whether p is less than a rune, and could become one.
func begins(p []byte) bool { return !utf8.FullRune(p) }

// End reports whether the bytes end with a whole rune, and starts anew.
func (v *Validator) End() (ok bool) {
	ok = v.n == 0
	v.n = 0
	return ok
}
