package wire

import (
	"fmt"
	"testing"
)

func TestAccept(t *testing.T) {
	// RFC 6455, section 1.3.
	if got := Accept("dGhlIHNhbXBsZSBub25jZQ=="); got != "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" {
		t.Error(got)
	}
}

func TestValidKey(t *testing.T) {
	for key, want := range map[string]bool{
		"dGhlIHNhbXBsZSBub25jZQ==": true,
		"dGhlIHNhbXBsZSBub25jZQ":   false,
		"dGhlIHNhbXBsZSBub25j":     false,
		"":                         false,
		"?":                        false,
	} {
		if ValidKey(key) != want {
			t.Errorf("%q: %v", key, !want)
		}
	}
}

func TestHasToken(t *testing.T) {
	for _, c := range []struct {
		values []string
		want   bool
	}{
		{[]string{"Upgrade"}, true},
		{[]string{"keep-alive, UPGRADE"}, true},
		{[]string{"keep-alive", "\tupgrade ,"}, true},
		{[]string{"upgraded"}, false},
		{[]string{"up grade"}, false},
		{nil, false},
	} {
		if HasToken(c.values, "upgrade") != c.want {
			t.Errorf("%q: %v", c.values, !c.want)
		}
	}
}

func TestParseExtensions(t *testing.T) {
	for _, c := range []struct {
		in, want string
		bad      bool
	}{
		{in: "", want: "[]"},
		{in: "a", want: "[{a []}]"},
		{in: " a , b ;\tx ; y = 1;z=\"q\\u\"", want: "[{a []} {b [{x } {y 1} {z qu}]}]"},
		{in: ",a,,b,", want: "[{a []} {b []}]"},
		{in: "a;x=\"\"", bad: true},
		{in: "a;x=\"a b\"", bad: true},
		{in: "a;x=\"q", bad: true},
		{in: "a;x=", bad: true},
		{in: "a;", bad: true},
		{in: "a b", bad: true},
		{in: ";", bad: true},
		{in: "a;=1", bad: true},
	} {
		got, ok := ParseExtensions([]string{c.in})
		if ok == c.bad || ok && fmt.Sprint(got) != c.want {
			t.Errorf("%q: %v, %v", c.in, got, ok)
		}
	}
}

func TestAgree(t *testing.T) {
	const plain = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
	for _, c := range []struct {
		offer, want string
		window      int
	}{
		{"permessage-deflate", plain, unlimited},
		{"permessage-deflate; client_max_window_bits", plain, unlimited},
		{"permessage-deflate; client_max_window_bits=9", plain, unlimited},
		{"permessage-deflate; server_no_context_takeover; client_no_context_takeover", plain, unlimited},
		{"permessage-deflate; server_max_window_bits=9", plain + "; server_max_window_bits=9", 512},
		{"permessage-deflate; server_max_window_bits=15", plain + "; server_max_window_bits=15", unlimited},
		{"permessage-deflate; server_max_window_bits=\"10\"", plain + "; server_max_window_bits=10", 1024},
		{"permessage-deflate; server_max_window_bits=16, permessage-deflate", plain, unlimited},
		{"permessage-deflate; server_max_window_bits", "", 0},
		{"permessage-deflate; server_max_window_bits=7", "", 0},
		{"permessage-deflate; server_max_window_bits=08", "", 0},
		{"permessage-deflate; client_max_window_bits=16", "", 0},
		{"permessage-deflate; server_no_context_takeover=1", "", 0},
		{"permessage-deflate; client_no_context_takeover; client_no_context_takeover", "", 0},
		{"permessage-deflate; huh", "", 0},
		{"x-webkit-deflate-frame, permessage-deflate", plain, unlimited},
		{"other", "", 0},
		{"", "", 0},
	} {
		offers, ok := ParseExtensions([]string{c.offer})
		d, got := Agree(offers)
		if !ok || got != c.want || d.Window != c.window || d.On != (c.want != "") {
			t.Errorf("%q: %q, %+v", c.offer, got, d)
		}
	}
}

func TestAgreed(t *testing.T) {
	for _, c := range []struct {
		answer string
		on, ok bool
	}{
		{"", false, true},
		{Offer, true, true},
		{"permessage-deflate; server_no_context_takeover", true, true},
		{"permessage-deflate; server_no_context_takeover; server_max_window_bits=8", true, true},
		{"permessage-deflate", false, false},
		{"permessage-deflate; server_no_context_takeover; client_max_window_bits=9", false, false},
		{Offer + ", " + Offer, false, false},
		{"other", false, false},
	} {
		answer, _ := ParseExtensions([]string{c.answer})
		d, ok := Agreed(true, answer)
		if ok != c.ok || ok && d.On != c.on {
			t.Errorf("%q: %+v, %v", c.answer, d, ok)
		}
		if _, ok := Agreed(false, answer); ok != (c.answer == "") {
			t.Errorf("%q, not offered: %v", c.answer, ok)
		}
	}
}

// FuzzExtensions: what was parsed and agreed on is understood by the other side.
func FuzzExtensions(f *testing.F) {
	for _, s := range []string{Offer, "permessage-deflate; server_max_window_bits=9, a;b=\"c\"", ","} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		offers, ok := ParseExtensions([]string{s})
		if !ok {
			return
		}
		d, response := Agree(offers)
		if !d.On {
			return
		}
		answer, ok := ParseExtensions([]string{response})
		if _, agreed := Agreed(true, answer); !ok || !agreed || d.Window < 256 {
			t.Errorf("%q was answered with %q", s, response)
		}
	})
}
