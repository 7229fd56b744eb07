package oracle

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestEscapes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := string(rapid.SliceOf(rapid.OneOf(rapid.Byte(), rapid.SampledFrom([]byte("\r\n\\\\}}{{aa")))).Draw(t, "bytes"))
		s = strings.Repeat(s, rapid.IntRange(1, 100).Draw(t, "times"))
		if got, err := unescape(strings.ReplaceAll(escape(s), "\n", "")); err != nil || got != s {
			t.Fatalf("%q became %q, %v", s, got, err)
		}
	})
	for text, want := range map[string]string{
		`a\r\n\t\0\\\x41`: "a\r\n\t\x00\\A",
		`\{3:ab\n}c`:      "ab\nab\nab\nc",
		`\{0:a}`:          "",
	} {
		if got, err := unescape(text); err != nil || got != want {
			t.Errorf("%s is %q, %v", text, got, err)
		}
	}
	for _, wrong := range []string{`\`, `\q`, `\x`, `\x4`, `\xzz`, `\{a:b}`, `\{3}`, `\{3:a`, `\{-1:a}`} {
		if got, err := unescape(wrong); err == nil {
			t.Errorf("%s is %q", wrong, got)
		}
	}
}

func TestParse(t *testing.T) {
	for name, text := range map[string]string{
		"a step before a case":   "> a",
		"a word that is unknown": "case a\nhandler echo\njump\n> a",
		"a name that is there":   "case a\nhandler echo\n> a\ncase a\nhandler echo\n> a",
		"no name":                "case \nhandler echo\n> a",
		"a name of two words":    "case a b\nhandler echo\n> a",
		"no steps":               "case a\nhandler echo",
		"no handler":             "case a\n> a",
		"two handlers":           "case a\nhandler echo\ndo write a\n> a",
		"an unknown handler":     "case a\nhandler echoes\n> a",
		"an unknown act":         "case a\ndo nothing\n> a",
		"an unknown wrap":        "case a\nwrap paper\ndo write a\n> a",
		"a bad escape":           "case a\nhandler echo\n> \\q",
		"a bad number":           "case a\nmax-header-bytes many\nhandler echo\n> a",
	} {
		if _, err := parse("theme", text); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	cases, err := parse("theme", "# About it.\ncase a\nwant 200 eof\nhandler echo\n> one\\n\n> two\nsplit\n> three\nawait x\n> four\n")
	if err != nil {
		t.Fatal(err)
	}
	var steps []string
	for _, s := range cases[0].steps {
		steps = append(steps, s.verb+" "+s.data)
	}
	if got, want := strings.Join(steps, "|"), "send one\ntwo|send three|await x|send four"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAnyChunks(t *testing.T) {
	const head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	for text, want := range map[string]string{
		"":                                      "",
		"HTTP/1.1 200 OK\r\n\r\n1\r\na\r\n":     "HTTP/1.1 200 OK\r\n\r\n1\r\na\r\n",
		head + "1\r\na\r\n2\r\nbc\r\n0\r\n\r\n": head + "3\r\nabc\r\n0\r\n\r\n",
		head + "1\r\na\r\n0\r\nX: 1\r\n\r\n" + head + "1\r\nb\r\n1\r\nc\r\n0\r\n\r\n": head + "1\r\na\r\n0\r\nX: 1\r\n\r\n" + head + "2\r\nbc\r\n0\r\n\r\n",
		head + "1\r\na\r\n5\r\nbc":  head + "1\r\na\r\n5\r\nbc",
		head + "1\r\na\r\n2\r\nbcd": head + "1\r\na\r\n2\r\nbcd",
	} {
		if got := (&Transcript{Bytes: text}).anyChunks().Bytes; got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}
