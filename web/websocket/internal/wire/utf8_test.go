package wire

import (
	"testing"
	"unicode/utf8"
)

// check feeds a Validator in pieces that end at these places.
func check(b []byte, cuts ...int) bool {
	var v Validator
	at := 0
	for _, cut := range append(cuts, len(b)) {
		if !v.Add(b[at:cut]) {
			return false
		}
		at = cut
	}
	return v.End()
}

func TestValidator(t *testing.T) {
	for _, s := range []string{
		"", "a", "κόσμε", "€", "\U0010ffff", "\U00010000", "\xf4\x90\x80\x80", "\xed\xa0\x80", "\xc0\x80", "\xe0\x80\x80", "\xf0\x80\x80\x80",
		"\x80", "a\xff", "€\xe2\x82", "\xe2\x82a", "\xf5\x80\x80\x80", "ab\xf0\x9f\x98\x80cd", "\xf0\x9f\x98", "\xc3", "\xe2\xc3\xa4",
	} {
		b := []byte(s)
		want := utf8.Valid(b)
		for i := range len(b) + 1 {
			for j := i; j <= len(b); j++ {
				if got := check(b, i, j); got != want {
					t.Errorf("%q cut at %d and %d: %v", s, i, j, got)
				}
			}
		}
	}
	// It fails with the byte that makes it impossible.
	for _, s := range []string{"\xed\xa0", "\xf4\x90", "\xe0\x80", "\xf0\x80", "\xc0", "\xff", "\xe2("} {
		var v Validator
		b := []byte(s)
		if len(b) > 1 && !v.Add(b[:len(b)-1]) {
			t.Errorf("%q fails too early", s)
		}
		if v.Add(b[len(b)-1:]) {
			t.Errorf("%q fails too late", s)
		}
	}
}

func FuzzValidator(f *testing.F) {
	for _, s := range []string{"a€\U0001f600", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82"} {
		f.Add([]byte(s), 1, 2)
	}
	f.Fuzz(func(t *testing.T, b []byte, i, j int) {
		i = min(max(i, 0), len(b))
		j = min(max(j, i), len(b))
		if got, want := check(b, i, j), utf8.Valid(b); got != want {
			t.Errorf("%q cut at %d and %d: %v", b, i, j, got)
		}
	})
}
