package wire

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

func TestDeflate(t *testing.T) {
	var d Deflater
	for _, s := range []string{"", "a", "Hello", strings.Repeat("Hello ", 10000)} {
		z := d.Compress([]byte("x"), []byte(s))
		if z[0] != 'x' {
			t.Fatal("what was there is gone")
		}
		got, err := d.Decompress([]byte("y"), z[1:], int64(len(s)))
		if string(got) != "y"+s || err != nil {
			t.Errorf("%.20q: got %.20q, %v", s, got, err)
		}
		var e *Error
		if _, err := d.Decompress(nil, z[1:], int64(len(s))-1); !errors.As(err, &e) || e.Code != MessageTooBig {
			t.Errorf("%.20q: one byte too much: %v", s, err)
		}
	}
}

// The examples of RFC 7692, section 7.2.3.
func TestDecompress(t *testing.T) {
	var d Deflater
	for _, c := range []struct{ name, in, want string }{
		{"one block", "\xf2\x48\xcd\xc9\xc9\x07\x00", "Hello"},
		{"no compression", "\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00", "Hello"},
		{"with BFINAL", "\xf3\x48\xcd\xc9\xc9\x07\x00\x00", "Hello"},
		{"with BFINAL, and another", "\xf3\x48\xcd\xc9\xc9\x07\x00\xf2\x48\xcd\xc9\xc9\x07\x00", "HelloHello"},
		{"with BFINAL, both", "\xf3\x48\xcd\xc9\xc9\x07\x00\xf3\x48\xcd\xc9\xc9\x07\x00\x00", "HelloHello"},
		{"the window goes on", "\xf3\x48\xcd\xc9\xc9\x07\x00\x02\x13\x00\x00", "HelloHello"},
		{"two blocks", "\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00", "Hello"},
		{"nothing", "\x00", ""},
	} {
		got, err := d.Decompress(nil, []byte(c.in), 100)
		if string(got) != c.want || err != nil {
			t.Errorf("%s: got %q, %v", c.name, got, err)
		}
	}
	for _, in := range []string{"\xff", "\x00\x05\x00\x00\x00", "\xf2\x48\xcd", "\x06", "\xf3\x48\xcd\xc9\xc9\x07\x00garbage"} {
		var e *Error
		if got, err := d.Decompress(nil, []byte(in), 100); !errors.As(err, &e) || e.Code != InvalidPayload {
			t.Errorf("%q: got %q, %v", in, got, err)
		}
	}
}

// A small message that says a large one is stopped at the limit, not behind it.
func TestBomb(t *testing.T) {
	var d Deflater
	z := d.Compress(nil, make([]byte, 100<<20))
	got, err := d.Decompress(nil, z, 1<<20)
	var e *Error
	if !errors.As(err, &e) || e.Code != MessageTooBig || cap(got) > 4<<20 {
		t.Errorf("%d bytes of %d: %v", len(got), cap(got), err)
	}
}

// Final blocks each cost a new start, however small they are.
func TestFinalBlocks(t *testing.T) {
	const one = "\x03\x00" // and empty
	for n, code := range map[int]Code{maxFinal: 0, maxFinal + 1: PolicyViolation} {
		_, err := new(Deflater).Decompress(nil, []byte(strings.Repeat(one, n)+"\x00"), 100)
		var e *Error
		if code == 0 && err != nil || code != 0 && (!errors.As(err, &e) || e.Code != code) {
			t.Errorf("%d: %v", n, err)
		}
	}
}

func FuzzDeflate(f *testing.F) {
	f.Add([]byte("\xf2\x48\xcd\xc9\xc9\x07\x00"))
	f.Add([]byte("\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var d Deflater
		if got, err := d.Decompress(nil, b, 1<<16); err == nil && len(got) > 1<<16 {
			t.Errorf("%d bytes", len(got))
		}
		z := d.Compress(nil, b)
		if got, err := d.Decompress(nil, z, int64(len(b))); err != nil || !bytes.Equal(got, b) {
			t.Errorf("%q came back as %q, %v", b, got, err)
		}
	})
}
