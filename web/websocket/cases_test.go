package websocket

import (
	"bytes"
	"fmt"
	"strings"

	"rondo.dev/rondo/web/websocket/internal/wire"
)

// A story is what a client sends, byte by byte, and what an echoing server has to say to
// that. The names are those of the groups of the Autobahn test suite, in whose spirit
// they are.
type story struct {
	name string
	send []byte
	chop int // bytes a write; 0 is all at once
	want []string
	// offer is the client's Sec-WebSocket-Extensions.
	offer string
}

const (
	fin  = 0x80
	rsv1 = 0x40
)

// fr is a frame of a client's.
func fr(first byte, payload string) []byte {
	h := wire.Header{Masked: true, Key: [4]byte{0x1f, 0x80, 0, 0xc3}, Length: int64(len(payload))}
	b := h.Append(nil)
	b[0] = first
	n := len(b)
	b = append(b, payload...)
	wire.Mask(b[n:], h.Key, 0)
	return b
}

func text(s string) []byte { return fr(fin|byte(wire.Text), s) }
func bin(s string) []byte  { return fr(fin|byte(wire.Binary), s) }
func ping(s string) []byte { return fr(fin|byte(wire.Ping), s) }
func pong(s string) []byte { return fr(fin|byte(wire.Pong), s) }
func bye(payload string) []byte {
	return fr(fin|byte(wire.Close), payload)
}

// first is the beginning of a message, more goes on, and last ends it.
func first(s string) []byte { return fr(byte(wire.Text), s) }
func more(s string) []byte  { return fr(byte(wire.Continuation), s) }
func last(s string) []byte  { return fr(fin|byte(wire.Continuation), s) }

const code1000 = "\x03\xe8"

var done = bye(code1000)

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// says is what a server's message looks like in a story.
func says(kind, s string) string {
	if len(s) > 200 {
		return fmt.Sprintf("%s of %d bytes, %08x", kind, len(s), checksum(s))
	}
	return fmt.Sprintf("%s %q", kind, s)
}

func checksum(s string) (sum uint32) {
	for i := range len(s) {
		sum = sum*31 + uint32(s[i])
	}
	return sum
}

func want(s ...string) []string { return s }

// zip compresses a message as a client would.
func zip(s string) string { return string(new(wire.Deflater).Compress(nil, []byte(s))) }

// fragments sends s in frames of n bytes.
func fragments(s string, n int) []byte {
	b := first(s[:n])
	for s = s[n:]; len(s) > n; s = s[n:] {
		b = append(b, more(s[:n])...)
	}
	return append(b, last(s)...)
}

// random is a text that does not compress well.
func random(n int) string {
	var b strings.Builder
	x := uint32(1)
	for b.Len() < n {
		x = x*1664525 + 1013904223
		b.WriteByte(' ' + byte(x>>24)%95)
	}
	return b.String()
}

const deflate = "permessage-deflate"

func stories() (all []story) {
	add := func(name string, send []byte, chop int, want []string) {
		all = append(all, story{name: name, send: send, chop: chop, want: want})
	}
	closes := func(name string, code int, send ...[]byte) {
		add(name, join(send...), 0, want(says("close", fmt.Sprint(code))))
	}
	const bye1000 = `close "1000"`

	// 1: framing.
	for _, n := range []int{0, 1, 125, 126, 127, 128, 65535, 65536} {
		s := strings.Repeat("*", n)
		add(fmt.Sprintf("1.1 text of %d", n), join(text(s), done), 0, want(says("text", s), bye1000))
		add(fmt.Sprintf("1.2 binary of %d", n), join(bin(strings.Repeat("\xfe", n)), done), 0, want(says("binary", strings.Repeat("\xfe", n)), bye1000))
	}
	s := strings.Repeat("*", 65536)
	add("1.1.8 in pieces", join(text(s), done), 997, want(says("text", s), bye1000))

	// 2: pings.
	add("2.1 empty ping", join(ping(""), done), 0, want(`pong ""`, bye1000))
	add("2.2 ping", join(ping("Hello"), done), 0, want(`pong "Hello"`, bye1000))
	add("2.3 binary ping", join(ping("\x00\xff\xfe"), done), 0, want(`pong "\x00\xff\xfe"`, bye1000))
	add("2.4 ping of 125", join(ping(strings.Repeat("\xfe", 125)), done), 0, want(says("pong", strings.Repeat("\xfe", 125)), bye1000))
	closes("2.5 ping of 126", 1002, ping(strings.Repeat("\xfe", 126)))
	add("2.6 byte by byte", join(ping(strings.Repeat("\xfe", 125)), done), 1, want(says("pong", strings.Repeat("\xfe", 125)), bye1000))
	add("2.7 pong", join(pong(""), done), 0, want(bye1000))
	add("2.8 pong with a payload", join(pong("unasked"), done), 0, want(bye1000))
	add("2.9 pong and ping", join(pong("unasked"), ping("asked"), done), 0, want(`pong "asked"`, bye1000))

	// 3: reserved bits.
	for _, bits := range []byte{0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70} {
		for _, op := range []wire.Opcode{wire.Text, wire.Binary, wire.Ping, wire.Close} {
			closes(fmt.Sprintf("3 bits %#x, opcode %d", bits, op), 1002, fr(fin|bits|byte(op), ""))
		}
	}
	add("3.2 behind a message", join(text("a"), fr(fin|0x20|byte(wire.Text), "b"), ping("")), 0, want(`text "a"`, `close "1002"`))

	// 4: opcodes.
	for _, op := range []byte{3, 4, 5, 6, 7, 11, 12, 13, 14, 15} {
		closes(fmt.Sprintf("4 opcode %d", op), 1002, fr(fin|op, ""))
		add(fmt.Sprintf("4 opcode %d behind a message", op), join(text("a"), fr(fin|op, "b"), ping("")), 0, want(`text "a"`, `close "1002"`))
	}

	// 5: fragments.
	closes("5.1 ping in fragments", 1002, fr(byte(wire.Ping), "a"), last("b"))
	closes("5.2 pong in fragments", 1002, fr(byte(wire.Pong), "a"), last("b"))
	for _, chop := range []int{0, 1} {
		add("5.3 two", join(first("a"), last("b"), done), chop, want(`text "ab"`, bye1000))
		add("5.6 ping between", join(first("a"), ping("p"), last("b"), done), chop, want(`pong "p"`, `text "ab"`, bye1000))
		add("5.19 pings and pauses", join(first("a"), more("b"), ping("p"), more("c"), pong("x"), last("d"), done), chop, want(`pong "p"`, `text "abcd"`, bye1000))
	}
	closes("5.9 continues nothing", 1002, more("a"), text("b"))
	closes("5.11 ends nothing", 1002, last("a"), text("b"))
	closes("5.15 begins again", 1002, first("a"), text("b"))
	closes("5.17 after the end", 1002, first("a"), more(""), fr(0, ""), text("b"))
	add("5.15 continues after the end", join(first("a"), last("b"), more("c")), 0, want(`text "ab"`, `close "1002"`))

	// 6: UTF-8.
	for _, s := range []string{"", "κόσμε", "Hello-µ@ßöäüàá-UTF-8!!", "\u0080", "\u07ff", "\uffff", "\U0010ffff", "\x7f", "\u200b\ufeff\ufffe"} {
		add(fmt.Sprintf("6 %q", s), join(text(s), done), 0, want(says("text", s), bye1000))
		add(fmt.Sprintf("6 %q, byte by byte", s), join(text(s), done), 1, want(says("text", s), bye1000))
		all := first("")
		for i := range len(s) {
			all = append(all, more(s[i:i+1])...)
		}
		add(fmt.Sprintf("6 %q, a frame a byte", s), join(all, last(""), done), 0, want(says("text", s), bye1000))
	}
	for _, s := range []string{
		"κόσμε\xed\xa0\x80edited", "\xf4\x90\x80\x80", "\x80", "\xbf", "\xc0\xaf", "\xe0\x80\xaf", "\xf8\x88\x80\x80\x80", "\xfe", "\xff",
		"\xed\xbf\xbf", "\xed\xa0\x80\xed\xb0\x80", "\xce", "\xce\xba\xe1", "\xc1\xbf",
	} {
		closes(fmt.Sprintf("6 %q", s), 1007, text(s))
		closes(fmt.Sprintf("6 %q at the end", s), 1007, text("fine "+s))
		closes(fmt.Sprintf("6 %q in fragments", s), 1007, first(s[:1]), last(s[1:]))
	}
	// It does not wait for what can't make up for it.
	closes("6.4 at once, in a fragment", 1007, first("κόσμε\xf4\x90"))
	closes("6.4 at once, in a frame", 1007, text("κόσμε\xf4\x90\x80\x80" + strings.Repeat("x", 1000))[:30])

	// 7: closing.
	add("7.1.1 after a message", join(text("a"), done), 0, want(`text "a"`, bye1000))
	add("7.1.2 twice", join(done, done), 0, want(bye1000))
	add("7.1.3 ping behind", join(done, ping("p")), 0, want(bye1000))
	add("7.1.4 text behind", join(done, text("a")), 0, want(bye1000))
	add("7.1.5 amid a message", join(first("a"), done, last("b")), 0, want(bye1000))
	add("7.1.6 large one before", join(text(s), done, ping("")), 0, want(says("text", s), bye1000))
	add("7.3.1 empty", bye(""), 0, want(`close ""`))
	closes("7.3.2 half a code", 1002, bye("\x03"))
	add("7.3.4 with a reason", bye(code1000+"Hello"), 0, want(bye1000))
	add("7.3.5 with a long one", bye(code1000+strings.Repeat("*", 123)), 0, want(bye1000))
	closes("7.3.6 with one that is too long", 1002, bye(code1000+strings.Repeat("*", 124)))
	closes("7.5.1 with one that is not UTF-8", 1007, bye(code1000+"κόσμε\xed\xa0\x80"))
	for _, code := range []int{1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999} {
		closes(fmt.Sprintf("7.7 code %d", code), code, bye(string([]byte{byte(code >> 8), byte(code)})))
	}
	for _, code := range []int{0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535} {
		closes(fmt.Sprintf("7.9 code %d", code), 1002, bye(string([]byte{byte(code >> 8), byte(code)})))
	}
	closes("5.1 of the RFC: not masked", 1002, wire.AppendFrame(nil, wire.Text, []byte("a"), nil))

	// 9: limits.
	large := random(storyLimit)
	add("9.1 as large as may be", join(text(large), done), 0, want(says("text", large), bye1000))
	add("9.2 binary", join(bin(large), done), 0, want(says("binary", large), bye1000))
	add("9.3 in fragments of 64", join(fragments(large, 64), done), 0, want(says("text", large), bye1000))
	add("9.4 in fragments of 16k", join(fragments(large, 16<<10), done), 0, want(says("text", large), bye1000))
	add("9.5 in pieces of 256", join(text(large), done), 256, want(says("text", large), bye1000))
	closes("9 too large", 1009, text(large + "x")[:14])
	closes("9 too large together", 1009, fragments(large+"x", 16<<10))
	many, answers := []byte(nil), []string(nil)
	for i := range 300 {
		many = append(many, text(fmt.Sprint(i))...)
		answers = append(answers, says("text", fmt.Sprint(i)))
	}
	add("9.7 many", join(many, done), 0, append(answers, bye1000))

	// 12 and 13: compression.
	zipped := func(name string, send []byte, want ...string) {
		all = append(all, story{name: "12 " + name, send: join(send, done), want: append(want, bye1000), offer: deflate})
		all = append(all, story{name: "12 " + name + ", in pieces", send: join(send, done), chop: 3, want: append(want, bye1000), offer: deflate})
	}
	zipText := func(s string) []byte { return fr(fin|rsv1|byte(wire.Text), zip(s)) }
	long := strings.Repeat("a long one ", 100)
	zipped("empty", zipText(""), `text ""`)
	zipped("text", zipText("Hello"), `text "Hello"`)
	zipped("long text", zipText(long), says("zipped text", long))
	zipped("not compressed", text("Hello"), `text "Hello"`)
	zipped("one and the other", join(zipText("a"), text("b"), zipText("c")), `text "a"`, `text "b"`, `text "c"`)
	z := zip(long)
	zipped("fragments", join(fr(rsv1|byte(wire.Text), z[:5]), ping("p"), more(z[5:7]), last(z[7:])), `pong "p"`, says("zipped text", long))
	zipped("BFINAL", fr(fin|rsv1|byte(wire.Text), "\xf3\x48\xcd\xc9\xc9\x07\x00\x00"), `text "Hello"`)
	for _, n := range []int{127, 128, 4096, storyLimit} {
		kind := "zipped text"
		if n < minCompress || len(zip(random(n))) >= n {
			kind = "text"
		}
		zipped(fmt.Sprintf("%d bytes", n), zipText(random(n)), says(kind, random(n)))
	}
	wrong := func(name string, code int, send ...[]byte) {
		all = append(all, story{name: "12 " + name, send: join(send...), want: want(says("close", fmt.Sprint(code))), offer: deflate})
	}
	wrong("compressed ping", 1002, fr(fin|rsv1|byte(wire.Ping), ""))
	wrong("compressed continuation", 1002, first("a"), fr(fin|rsv1, "b"))
	wrong("rubbish", 1007, fr(fin|rsv1|byte(wire.Binary), "\xff\xff"))
	wrong("a text that is not UTF-8", 1007, fr(fin|rsv1|byte(wire.Text), zip("\xff")))
	wrong("a bomb", 1009, fr(fin|rsv1|byte(wire.Text), zip(strings.Repeat("x", 10*storyLimit))))
	for _, c := range []struct{ offer, kind string }{
		{"permessage-deflate; client_max_window_bits", "zipped text"},
		{"permessage-deflate; client_no_context_takeover; client_max_window_bits=9; server_max_window_bits=15", "zipped text"},
		{"permessage-deflate; server_max_window_bits=9", "text"}, // more than 512 bytes
		{"permessage-deflate; server_max_window_bits=11", "zipped text"},
		{"permessage-deflate; server_max_window_bits=99, permessage-deflate", "zipped text"},
		{"permessage-deflate; server_max_window_bits=99", "refused"},
		{"x-other", "refused"},
	} {
		send, kind := zipText(long), c.kind
		if c.kind == "refused" {
			send, kind = text(long), "text"
		}
		all = append(all, story{name: "13 " + c.offer, send: join(send, done), want: want(says(kind, long), bye1000), offer: c.offer})
	}
	return all
}

// storyLimit is the server's Options.MaxMessage.
const storyLimit = 200 << 10

// heard tells what a server has sent.
func heard(b []byte) (story []string) {
	rule := wire.Rule{Deflate: true, MaxMessage: 1 << 30}
	var r wire.Reader
	var message []byte
	for {
		ev, used, err := r.Next(&rule, b)
		if err != nil {
			return append(story, err.Error())
		}
		b = b[used:]
		switch ev.Kind {
		case wire.More:
			if !r.Between() {
				story = append(story, "the end comes too early")
			}
			return story
		case wire.Part:
			message = append(message, ev.Data...)
			if !ev.Last {
				continue
			}
			kind := Kind(ev.Message).String()
			if ev.Compressed {
				plain, err := new(wire.Deflater).Decompress(nil, message, 1<<30)
				if err != nil {
					return append(story, err.Error())
				}
				kind, message = "zipped "+kind, plain
			}
			story = append(story, says(kind, string(message)))
			message = nil
		case wire.PingEvent:
			story = append(story, says("ping", string(ev.Data)))
		case wire.PongEvent:
			story = append(story, says("pong", string(ev.Data)))
		case wire.CloseEvent:
			code, _, err := wire.ParseClose(ev.Data)
			switch {
			case err != nil:
				story = append(story, err.Error())
			case code == wire.NoStatus:
				story = append(story, says("close", ""))
			default:
				story = append(story, says("close", fmt.Sprint(code)))
			}
			if len(b) > 0 {
				story = append(story, fmt.Sprintf("%d bytes behind the close", len(b)))
			}
			return story
		}
	}
}
