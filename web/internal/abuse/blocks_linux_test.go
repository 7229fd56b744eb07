package abuse

import (
	"encoding/binary"
	"fmt"
	"strings"

	"golang.org/x/net/http2"
)

// blockAttacks are those with the fields of requests of HTTP/2.
func blockAttacks() []attack {
	return overHTTP2([]attack{
		{name: "half a head", memory: speaking, limits: limits{ReadHeader: soon}, ends: true, run: func(b *bully) {
			t := b.talk()
			t.half(t.fields("GET", "/"))
			t.hold()
		}},
		{name: "half a frame", memory: speaking, limits: limits{ReadHeader: soon}, ends: true, run: func(b *bully) {
			t := b.talk()
			t.get("/")
			t.out.Truncate(t.out.Len() - 1)
			t.hold()
		}},
		{name: "a slow head", memory: speaking, limits: limits{ReadHeader: soon}, ends: true, run: func(b *bully) {
			t := b.talk()
			t.half(t.fields("GET", "/"))
			t.ready()
			for t.flush() && t.pause(drip) {
				t.WriteContinuation(t.last, false, t.encode("a", "b"))
			}
		}},
		{name: "continuations without an end", memory: headed, ends: true, limits: limits{MaxHead: maxHead}, run: func(b *bully) {
			t := b.talk()
			t.discard()
			t.half(t.fields("GET", "/"))
			// No entry of a table is made of these, so each takes the space that it says.
			field := append([]byte{0x10, 1, 'a', 100}, strings.Repeat("b", 100)...)
			t.flood(10, func() { t.WriteContinuation(t.last, false, field) })
		}},
		{name: "continuations of nothing", memory: speaking, ends: true, run: func(b *bully) {
			t := b.talk()
			t.discard()
			t.half(t.fields("GET", "/"))
			t.flood(10, func() { t.WriteContinuation(t.last, false, nil) })
		}},
		{name: "a field that goes on and on", memory: headed, ends: true, limits: limits{MaxHead: maxHead}, run: func(b *bully) {
			t := b.talk()
			t.discard()
			// The length of the value is said to be a quarter of a gigabyte.
			t.half(append(t.fields("GET", "/"), 0x10, 1, 'a', 0x7f, 0x81, 0xff, 0xff, 0x7f))
			t.flood(10, func() { t.WriteContinuation(t.last, false, megabyte[:1000]) })
		}},
		{name: "an endless trailer", memory: headed + streaming, ends: true, limits: limits{MaxHead: maxHead}, run: func(b *bully) {
			t := b.talk()
			t.discard()
			t.post("/echo")
			t.WriteHeaders(http2.HeadersFrameParam{StreamID: t.last, EndStream: true, BlockFragment: t.encode("a", "b")})
			field := append([]byte{0x10, 1, 'a', 100}, strings.Repeat("b", 100)...)
			t.flood(10, func() { t.WriteContinuation(t.last, false, field) })
		}},
		{name: "a bomb of fields", memory: bombed, limits: limits{MaxHead: maxHead}, run: func(b *bully) {
			// A large field is put into the table once, and then named by one byte.
			t := b.talk()
			t.discard()
			t.begin(t.fields("GET", "/", "bomb", strings.Repeat("x", 3000)), true)
			bomb := append(t.fields("GET", "/"), strings.Repeat("\xbe", 10_000)...)
			t.flood(1, func() { t.begin(bomb, true) })
		}},
		{name: "fields of nothing", memory: bombed, limits: limits{MaxHead: maxHead}, run: func(b *bully) {
			t := b.talk()
			t.discard()
			fields := append(t.fields("GET", "/"), strings.Repeat("\x10\x01a\x00", 3000)...)
			t.flood(1, func() { t.begin(fields, true) })
		}},
		{name: "cookies in crumbs", memory: bombed, limits: limits{MaxHead: maxHead}, run: func(b *bully) {
			// They are put together again to one field, which is then a long one.
			t := b.talk()
			t.discard()
			crumbs := t.fields("GET", "/")
			for range 4000 {
				crumbs = append(crumbs, 0x0f, 0x11, 1, 'a') // cookie, not for the table
			}
			t.flood(1, func() { t.begin(crumbs, true) })
		}},
		{name: "tables that change", memory: maxed, run: func(b *bully) {
			t := b.talk(http2.Setting{ID: http2.SettingHeaderTableSize, Val: 1<<32 - 1})
			t.discard()
			n := 0
			t.flood(1, func() {
				n++
				t.enc.SetMaxDynamicTableSize(uint32(n % 4096))
				t.begin(t.fields("GET", "/", fmt.Sprint("a", n), strings.Repeat("x", 100)), true)
			})
		}},
		{name: "a table that is too large", memory: speaking, ends: true, run: func(b *bully) {
			t := b.talk()
			block := binary.AppendUvarint([]byte{0x3f}, 1<<20)
			t.begin(append(block, t.fields("GET", "/")...), true)
			t.hold()
		}},
	})
}

// half writes the beginning of a head.
func (t *talker) half(block []byte) {
	t.WriteHeaders(http2.HeadersFrameParam{StreamID: t.next(), BlockFragment: block, EndStream: true})
}
