package wire

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// tell feeds a Reader in pieces, and returns what it says, with the parts of messages
// put together.
func tell(rule Rule, b []byte, pieces func() int) (story []string) {
	var r Reader
	var message []byte
	for len(b) > 0 {
		n := min(max(pieces(), 1), len(b))
		piece := bytes.Clone(b[:n])
		b = b[n:]
		for len(piece) > 0 {
			ev, used, err := r.Next(&rule, piece)
			if err != nil {
				e := err.(*Error)
				return append(story, fmt.Sprintf("error %d %s", e.Code, e.Reason))
			}
			piece = piece[used:]
			switch ev.Kind {
			case More:
				if len(piece) > 0 {
					return append(story, "wants more, and has not taken all")
				}
			case Part:
				if ev.First != (message == nil) {
					story = append(story, "first is wrong")
				}
				message = append(append([]byte{}, message...), ev.Data...)
				if ev.Last {
					story = append(story, fmt.Sprintf("message %d %v %q", ev.Message, ev.Compressed, message))
					message = nil
				}
			default:
				story = append(story, fmt.Sprintf("control %d %q", ev.Kind, ev.Data))
				if ev.Kind == CloseEvent {
					return story
				}
			}
		}
	}
	return append(story, fmt.Sprintf("between %v", r.Between()))
}

func whole(rule Rule, b []byte) []string { return tell(rule, b, func() int { return len(b) }) }

// server and client are the rules for what comes to them.
var (
	server = Rule{Masked: true, Deflate: true, MaxMessage: 1000}
	client = Rule{MaxMessage: 1000}
)

func TestReader(t *testing.T) {
	for _, c := range []struct {
		name string
		in   string
		want string
	}{
		{"text", "\x81\x05Hello", `message 1 false "Hello"; between true`}, // the examples of RFC 6455, section 5.7
		{"fragments", "\x01\x03Hel\x80\x02lo", `message 1 false "Hello"; between true`},
		{"ping", "\x89\x05Hello", `control 2 "Hello"; between true`},
		{"256 bytes", "\x82\x7e\x01\x00" + strings.Repeat("a", 256), `message 2 false "` + strings.Repeat("a", 256) + `"; between true`},
		{"empty", "\x81\x00", `message 1 false ""; between true`},
		{"empty fragments", "\x01\x00\x00\x00\x80\x00", `message 1 false ""; between true`},
		{"ping within", "\x01\x01a\x89\x01p\x80\x01b", `control 2 "p"; message 1 false "ab"; between true`},
		{"close", "\x88\x02\x03\xe8\x81\x01x", `control 4 "\x03\xe8"`},
		{"part of a header", "\x81", `between false`},
		{"part of a payload", "\x81\x02a", `between false`},
		{"between fragments", "\x01\x01a", `between false`},
		{"rsv1", "\xc1\x00", "error 1002 a frame says that it is compressed, and must not be"},
		{"rsv2", "\xa1\x00", "error 1002 a reserved bit is set"},
		{"rsv3", "\x91\x00", "error 1002 a reserved bit is set"},
		{"opcode 3", "\x83\x00", "error 1002 the opcode is reserved"},
		{"opcode 11", "\x8b\x00", "error 1002 the opcode is reserved"},
		{"fragmented ping", "\x09\x00", "error 1002 a control frame is fragmented"},
		{"long ping", "\x89\x7e\x00\x7e" + strings.Repeat("a", 126), "error 1002 a control frame is too long"},
		{"masked", "\x81\x80\x00\x00\x00\x00", "error 1002 a server's frame is masked"},
		{"longer than needed, 16", "\x81\x7e\x00\x7d", "error 1002 a length is not in its shortest form"},
		{"longer than needed, 64", "\x81\x7f\x00\x00\x00\x00\x00\x00\xff\xff", "error 1002 a length is not in its shortest form"},
		{"highest bit", "\x81\x7f\x80\x00\x00\x00\x00\x00\x00\x00", "error 1002 a length has its highest bit set"},
		{"continues nothing", "\x80\x00", "error 1002 a message continues that has not begun"},
		{"begins within", "\x01\x00\x81\x00", "error 1002 a message begins within another"},
		{"too big", "\x82\x7e\x03\xe9", "error 1009 a message is too big"},
		{"much too big", "\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff", "error 1009 a message is too big"},
		{"too big together", "\x02\x01a\x80\x7e\x03\xe8", "error 1009 a message is too big"},
		{"empty for ever", "\x02\x00" + strings.Repeat("\x00\x00", maxEmpty), "error 1008 a message has too many empty fragments"},
		{"not UTF-8", "\x81\x02\xc3(", "error 1007 a text is not UTF-8"},
		{"half a rune", "\x81\x01\xc3", "error 1007 a text is not UTF-8"},
		{"a rune in two", "\x01\x01\xc3\x80\x01\xa4", `message 1 false "ä"; between true`},
		{"not UTF-8, at once", "\x01\x05a\xed\xa0\x80b", "error 1007 a text is not UTF-8"},
		{"any bytes", "\x82\x02\xc3(", `message 2 false "\xc3("; between true`},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := []byte(c.in)
			if got := strings.Join(whole(client, b), "; "); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			if got := strings.Join(tell(client, b, func() int { return 1 }), "; "); got != c.want {
				t.Errorf("byte by byte:\ngot  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestReaderOfClient(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"masked", "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", `message 1 false "Hello"; between true`},
		{"not masked", "\x81\x05Hello", "error 1002 a client's frame is not masked"},
		{"compressed", "\xc1\x87\x00\x00\x00\x00\xf2\x48\xcd\xc9\xc9\x07\x00", `message 1 true "\xf2H\xcd\xc9\xc9\a\x00"; between true`},
		{"made longer", "\xc2\xfe\x04\xa5\x00\x00\x00\x00" + strings.Repeat("a", 1189), `message 2 true "` + strings.Repeat("a", 1189) + `"; between true`},
		{"too big", "\xc2\xfe\x04\xa6\x00\x00\x00\x00", "error 1009 a message is too big"},
		{"too big together", "\x42\x81\x00\x00\x00\x00a\x80\xfe\x04\xa5\x00\x00\x00\x00", "error 1009 a message is too big"},
		{"compressed fragment", "\x01\x80\x00\x00\x00\x00\xc0\x80\x00\x00\x00\x00", "error 1002 a frame says that it is compressed, and must not be"},
		{"compressed ping", "\xc9\x80\x00\x00\x00\x00", "error 1002 a frame says that it is compressed, and must not be"},
	} {
		if got := strings.Join(whole(server, []byte(c.in)), "; "); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}

// FuzzReader feeds any bytes in any pieces: what is said must not depend on those.
func FuzzReader(f *testing.F) {
	for _, s := range []string{
		"\x81\x05Hello", "\x01\x03Hel\x80\x02lo", "\x89\x05Hello", "\x88\x02\x03\xe8", "\x81\x7e\x00\x7e" + strings.Repeat("a", 126),
		"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", "\x01\x01a\x89\x01p\x80\x01b", "\x01\x01\xc3\x80\x01\xa4", "\xc1\x00",
		"\x01\x81aaaa\x00\x8a\x84aaaabcde\x80\x81aaaa\x01",
	} {
		f.Add([]byte(s), uint64(1), true)
		f.Add([]byte(s), uint64(7), false)
	}
	f.Fuzz(func(t *testing.T, b []byte, seed uint64, masked bool) {
		rule := client
		if masked {
			rule = server
		}
		rng := rand.New(rand.NewPCG(seed, 0))
		want := whole(rule, b)
		for _, pieces := range []func() int{func() int { return 1 }, func() int { return rng.IntN(9) }} {
			if got := tell(rule, b, pieces); strings.Join(got, "\n") != strings.Join(want, "\n") {
				t.Errorf("in pieces:\n%s\nas a whole:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		}
	})
}

func TestHeader(t *testing.T) {
	for _, n := range []int64{0, 1, 125, 126, 127, 65535, 65536, 1 << 40, 1<<63 - 1} {
		for _, h := range []Header{
			{Opcode: Text, Fin: true, Length: n},
			{Opcode: Continuation, Length: n},
			{Opcode: Binary, RSV1: true, Masked: true, Key: [4]byte{1, 2, 3, 4}, Length: n},
		} {
			b := h.Append([]byte("x"))[1:]
			var got Header
			for i := range b {
				if k, err := got.Parse(b[:i]); k != 0 || err != nil {
					t.Fatalf("%+v: of %d bytes %d, %v", h, i, k, err)
				}
			}
			if k, err := got.Parse(append(b, "rest"...)); k != len(b) || err != nil || got != h {
				t.Errorf("got %+v, %d, %v, want %+v, %d", got, k, err, h, len(b))
			}
			if len(b) > MaxHeader {
				t.Errorf("a header of %d bytes", len(b))
			}
		}
	}
}

func TestMask(t *testing.T) {
	key := [4]byte{0x37, 0xfa, 0x21, 0x3d}
	for n := range 100 {
		for pos := range 5 {
			b := bytes.Repeat([]byte{0x55}, n)
			end := Mask(b, key, pos)
			for i := range b {
				if b[i] != 0x55^key[(pos+i)%4] {
					t.Fatalf("%d bytes at %d: byte %d is %#x", n, pos, i, b[i])
				}
			}
			if end != (pos+n)%4 {
				t.Fatalf("%d bytes at %d end at %d", n, pos, end)
			}
		}
	}
}

func BenchmarkMask(b *testing.B) {
	for _, n := range []int{16, 128, 4096} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			p := make([]byte, n)
			b.SetBytes(int64(n))
			for b.Loop() {
				Mask(p, [4]byte{1, 2, 3, 4}, 1)
			}
		})
	}
}

func BenchmarkReader(b *testing.B) {
	frame := AppendFrame(nil, Text, bytes.Repeat([]byte("x"), 128), &[4]byte{})
	b.SetBytes(int64(len(frame)))
	var r Reader
	for b.Loop() {
		if ev, used, err := r.Next(&server, frame); err != nil || used != len(frame) || !ev.Last {
			b.Fatal(ev, used, err)
		}
	}
}

func TestClose(t *testing.T) {
	for _, c := range []Code{1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999} {
		code, reason, err := ParseClose(AppendClose(nil, c, "bye ä"))
		if code != c || reason != "bye ä" || err != nil {
			t.Errorf("%d: %d, %q, %v", c, code, reason, err)
		}
	}
	for _, c := range []Code{0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535} {
		if c.Valid() {
			t.Errorf("%d is valid", c)
		}
		if _, _, err := ParseClose([]byte{byte(c >> 8), byte(c)}); err == nil {
			t.Errorf("%d was parsed", c)
		}
	}
	if code, _, err := ParseClose(AppendClose(nil, NoStatus, "")); code != NoStatus || err != nil {
		t.Errorf("empty: %d, %v", code, err)
	}
	if _, _, err := ParseClose([]byte{3}); err == nil {
		t.Error("half a code was parsed")
	}
	var e *Error
	if _, _, err := ParseClose([]byte("\x03\xe8\xff")); !errors.As(err, &e) || e.Code != InvalidPayload {
		t.Errorf("a reason that is not UTF-8: %v", err)
	}
}
