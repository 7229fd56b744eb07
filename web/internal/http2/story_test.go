package http2

import (
	"bytes"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/http2/hpack"
)

var update = flag.Bool("update", false, "write what comes of the stories into their files")

// TestStories has the conversations of testdata: lines of what the client sends and of what
// the owner of the connection does, and below each what comes of it. A story is told twice, the
// second time byte by byte.
func TestStories(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		whole := tell(t, string(text), false)
		if *update {
			if err := os.WriteFile(name, []byte(whole), 0o666); err != nil {
				t.Fatal(err)
			}
			continue
		}
		compareStories(t, name, string(text), whole)
		compareStories(t, name+", byte by byte", string(text), tell(t, string(text), true))
	}
}

func compareStories(t *testing.T, name, want, got string) {
	t.Helper()
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range w {
		if i >= len(g) || w[i] != g[i] {
			title := ""
			for _, line := range w[:i] {
				if strings.HasPrefix(line, "story ") {
					title = line
				}
			}
			t.Errorf("%s, %s, line %d:\n%s\nbut:\n%s", name, title, i+1, w[i], strings.Join(g[i:min(i+4, len(g))], "\n"))
			return
		}
	}
}

// tell has the conversations of a text, and returns it with what comes of them.
func tell(t *testing.T, text string, bytewise bool) string {
	var out strings.Builder
	var s *story
	for line := range strings.SplitSeq(strings.TrimSuffix(text, "\n"), "\n") {
		if strings.HasPrefix(line, "  ") {
			continue // what came of it the last time
		}
		fmt.Fprintln(&out, line)
		switch verb, rest, _ := strings.Cut(line, " "); verb {
		case "story":
			s = newStory(Config{})
			s.bytewise = bytewise
			s.sent() // the same each time
			s.log = nil
		case "config":
			s = newStory(config(t, rest))
			s.bytewise = bytewise
		case ">":
			for _, f := range strings.Split(rest, " | ") {
				s.in = append(s.in, s.frame(t, f)...)
			}
			s.receive()
		case "do":
			s.do(t, rest)
		case "", "#":
			continue
		default:
			t.Fatalf("unknown: %q", line)
		}
		if s != nil {
			s.sent()
			for _, what := range s.log {
				fmt.Fprintln(&out, "  "+what)
			}
			s.log = nil
		}
	}
	return out.String()
}

func config(t *testing.T, text string) (c Config) {
	for _, f := range strings.Fields(text) {
		name, value, _ := strings.Cut(f, "=")
		n := number(t, value)
		switch name {
		case "streams":
			c.MaxStreams = n
		case "head":
			c.MaxHead = n
		case "conn-window":
			c.ConnWindow = int32(n)
		case "stream-window":
			c.StreamWindow = int32(n)
		case "decoder-table":
			c.DecoderTable = uint32(n)
		case "encoder-table":
			c.EncoderTable = uint32(n)
		default:
			t.Fatalf("no setting %q", name)
		}
	}
	return c
}

func number(t *testing.T, s string) int {
	n, err := strconv.ParseInt(s, 0, 64)
	if err != nil {
		t.Fatal(err)
	}
	return int(n)
}

// story is one conversation.
type story struct {
	c        *Conn
	in       []byte
	log      []string
	streams  map[int]*Stream // also of those that were forgotten
	block    bytes.Buffer
	encoder  *hpack.Encoder // the client's
	decoder  *hpack.Decoder
	fields   []string
	bytewise bool
	ended    bool
}

func newStory(c Config) *story {
	if c.MaxHead == 0 {
		c.MaxHead = 1000
	}
	c.Fill()
	s := &story{c: NewConn(NewShared(c)), streams: map[int]*Stream{}}
	s.encoder = hpack.NewEncoder(&s.block)
	s.decoder = hpack.NewDecoder(initialTable, func(f hpack.HeaderField) { s.fields = append(s.fields, f.Name+"="+f.Value) })
	return s
}

func (s *story) say(format string, args ...any) { s.log = append(s.log, fmt.Sprintf(format, args...)) }

// receive gives the connection what was sent.
func (s *story) receive() {
	for len(s.in) > 0 && !s.ended {
		n := len(s.in)
		if s.bytewise {
			n = 1
		}
		part := bytes.Clone(s.in[:n])
		s.in = s.in[n:]
		for {
			ev, err := s.c.Next(&part)
			if err != nil {
				s.say("error: %v", err)
				s.ended = true
				return
			}
			if ev.Kind == Nothing {
				break
			}
			s.event(&ev)
		}
	}
	s.in = nil
}

func (s *story) event(ev *Event) {
	ended := ""
	if ev.Ended {
		ended = " ended"
	}
	switch ev.Kind {
	case Request:
		r := ev.Request
		text := fmt.Sprintf("request %d: %s %s host=%q length=%d", ev.ID, r.Method, r.RequestURI, r.Host, r.ContentLength)
		for _, f := range appendFields(nil, r.Header) {
			text += fmt.Sprintf(" %s=%q", f.Name, f.Value)
		}
		if ev.TooLarge {
			text += " too large"
		}
		if r.Trailer != nil {
			text += fmt.Sprintf(" trailer=%v", r.Trailer)
		}
		if ev.Priority != unsaid {
			text += fmt.Sprintf(" priority=%v", ev.Priority)
		}
		s.say("%s%s", text, ended)
		st := new(Stream)
		s.c.Open(st, ev)
		s.streams[int(ev.ID)] = st
	case Data:
		s.say("data %d: %d bytes%s", ev.Stream.ID, len(ev.Data), ended)
	case Trailers:
		s.say("trailers %d: %v%s", ev.Stream.ID, ev.Trailers, ended)
	case Reset:
		s.say("reset %d: %v", ev.Stream.ID, ev.Code)
	case Pong:
		s.say("pong")
	}
}

// do is what the owner does.
func (s *story) do(t *testing.T, text string) {
	f := strings.Fields(text)
	arg := func(i int) int { return number(t, f[i]) }
	stream := func() *Stream {
		st := s.streams[arg(1)]
		if st == nil {
			t.Fatalf("%q: there was no such stream", text)
		}
		return st
	}
	switch f[0] {
	case "head":
		s.c.Head(stream(), s.list(f[2:]))
	case "data":
		s.c.Data(stream(), bytes.Repeat([]byte("a"), arg(2)/2), bytes.Repeat([]byte("b"), arg(2)-arg(2)/2))
	case "answer":
		s.c.Head(stream(), s.list(f[2:]))
		s.c.End(stream(), nil)
	case "end":
		h := map[string][]string{}
		for _, f := range s.list(f[2:]) {
			h[f.Name] = []string{f.Value}
		}
		s.c.End(stream(), h)
	case "took":
		s.c.Took(stream(), arg(2))
	case "discard":
		s.c.Discard(stream())
	case "forget":
		s.c.Forget(stream())
	case "abort":
		s.c.Abort(stream(), Cancel)
	case "drain":
		s.c.Drain()
		s.c.Ping()
	case "goaway":
		s.c.GoAway(NoError)
	case "calm":
		s.c.Calm()
	case "rest":
		s.c.Rest()
	case "look":
		s.say("streams %d, full %v, partial %v", len(s.c.Streams()), s.c.Full(), s.c.Partial())
	case "fields":
		s.say("%d entries in the decoder's table", s.entries())
	default:
		t.Fatalf("the owner can't do %q", text)
	}
}

// TestPingsBesideData: a client that measures the round trip all the while, with one ping for
// each piece of data that comes or goes, does not use up its budget; with two it does.
func TestPingsBesideData(t *testing.T) {
	for pings, fine := range map[int]bool{1: true, 2: false} {
		for _, sends := range []bool{false, true} {
			s := newStory(Config{})
			s.in = append(s.frame(t, "begin"), s.frame(t, "HEADERS 1 headers GET")...)
			s.receive()
			st := s.streams[1]
			s.c.Head(st, s.list([]string{":status=200"}))
			for range budget + 1 {
				if sends {
					s.c.Data(st, []byte("x"), nil)
				} else {
					s.in = s.frame(t, "DATA 1 size=1")
				}
				s.sent()
				s.in = append(s.in, s.frame(t, fmt.Sprintf("PING 0 size=8 times=%d", pings))...)
				s.receive()
			}
			if s.ended == fine {
				t.Errorf("with %d pings beside data, sent by the server %v, it ended: %v", pings, sends, s.ended)
			}
		}
	}
}

// entries reports whether there is a table, by whether there is a decoder of its own.
func (s *story) entries() int {
	if s.c.decoder == nil {
		return 0
	}
	return 1
}

func (s *story) list(fields []string) (list []hpack.HeaderField) {
	for _, f := range fields {
		i := strings.IndexByte(f[1:], '=') + 1
		value, err := strconv.Unquote(`"` + f[i+1:] + `"`)
		if err != nil {
			panic(err)
		}
		if n, ok := strings.CutPrefix(value, "x*"); ok {
			k, _ := strconv.Atoi(n)
			value = strings.Repeat("x", k)
		}
		list = append(list, hpack.HeaderField{Name: f[:i], Value: strings.ReplaceAll(value, "_", " ")})
	}
	return list
}

var get = []string{":method=GET", ":scheme=https", ":path=/", ":authority=a"}

var types = map[string]uint8{"DATA": 0, "HEADERS": 1, "PRIORITY": 2, "RST_STREAM": 3, "SETTINGS": 4, "PUSH_PROMISE": 5, "PING": 6, "GOAWAY": 7, "WINDOW_UPDATE": 8, "CONTINUATION": 9, "PRIORITY_UPDATE": 16, "UNKNOWN": 99}

var flags = map[string]uint8{"end": 1, "ack": 1, "headers": 4, "padded": 8, "priority": 32}

// frame makes the bytes of a frame: its type, stream, flags, and what is in it: hex=..,
// size=N zeros, set=ID:VALUE, text=.., fields, or GET. There may be times=N.
func (s *story) frame(t *testing.T, text string) (b []byte) {
	f := strings.Fields(text)
	switch f[0] {
	case "preface":
		return []byte(Preface)
	case "begin":
		s.encoder.SetMaxDynamicTableSizeLimit(s.c.shared.DecoderTable)
		return append(append([]byte(Preface), s.frame(t, "SETTINGS 0")...), s.frame(t, "SETTINGS 0 ack")...)
	case "table":
		s.encoder.SetMaxDynamicTableSize(uint32(number(t, f[1])))
		return nil
	}
	if strings.HasPrefix(text, "SETTINGS 0 ack") {
		s.encoder.SetMaxDynamicTableSizeLimit(s.c.shared.DecoderTable)
	}
	kind, ok := types[f[0]]
	if !ok {
		t.Fatalf("no frame %q", text)
	}
	var payload []byte
	var flag uint8
	times, length, hasFields := 1, -1, false
	for _, w := range f[2:] {
		name, value, has := strings.Cut(w, "=")
		switch {
		case w == "GET":
			hasFields = true
			for _, f := range s.list(get) {
				s.encoder.WriteField(f)
			}
		case !has:
			v, ok := flags[w]
			if !ok {
				t.Fatalf("no flag %q", w)
			}
			flag |= v
		case name == "hex":
			h, err := hex.DecodeString(value)
			if err != nil {
				t.Fatal(err)
			}
			payload = append(payload, h...)
		case name == "size":
			payload = append(payload, make([]byte, number(t, value))...)
		case name == "text":
			payload = append(payload, value...)
		case name == "u32":
			n := number(t, value)
			payload = append(payload, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
		case name == "set":
			id, v, _ := strings.Cut(value, ":")
			n := number(t, v)
			payload = append(payload, 0, byte(number(t, id)), byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
		case name == "times":
			times = number(t, value)
		case name == "length":
			length = number(t, value)
		default:
			hasFields = true
			for _, f := range s.list([]string{w}) {
				s.encoder.WriteField(f)
			}
		}
	}
	if hasFields {
		payload = append(payload, s.block.Bytes()...)
		s.block.Reset()
	}
	if length < 0 {
		length = len(payload)
	}
	id := uint32(number(t, f[1]))
	for range times {
		b = append(appendHeader(b, length, kind, flag, id), payload...)
	}
	return b
}

// sent tells what the connection sends.
func (s *story) sent() {
	var out []byte
	for s.c.Sendable() {
		out = s.c.Append(out, len(out)+1, func(*Stream) {})
	}
	same := 0
	before := ""
	flush := func() {
		if same > 1 {
			before += fmt.Sprintf(", %d times", same)
		}
		if same > 0 {
			s.say("%s", before)
		}
	}
	for len(out) > 0 {
		n := frameHeader + frameLength(out)
		f := parseFrame(out[:n])
		out = out[n:]
		text := s.told(&f)
		if text == before {
			same++
			continue
		}
		flush()
		before, same = text, 1
	}
	flush()
}

func (s *story) told(f *frame) string {
	name := "?"
	for k, v := range types {
		if v == f.kind {
			name = k
		}
	}
	text := fmt.Sprintf("< %s %d", name, f.id)
	u32 := func(i int) uint32 {
		return uint32(f.body[i])<<24 | uint32(f.body[i+1])<<16 | uint32(f.body[i+2])<<8 | uint32(f.body[i+3])
	}
	switch name {
	case "DATA":
		text += fmt.Sprintf(" %d bytes", len(f.body))
	case "HEADERS", "CONTINUATION":
		if len(f.body) > 0 && f.body[0] == 0x20 {
			text += " (no table)"
		}
		s.fields = nil
		if _, err := s.decoder.Write(f.body); err != nil {
			text += " " + err.Error()
		}
		if f.has(flagEndHeaders) {
			if err := s.decoder.Close(); err != nil {
				text += " " + err.Error()
			}
		} else {
			text += " more"
		}
		for _, f := range s.fields {
			if len(f) > 60 {
				f = fmt.Sprintf("%s... %d bytes", f[:8], len(f))
			}
			text += " " + f
		}
	case "RST_STREAM":
		text += " " + Code(u32(0)).String()
	case "GOAWAY":
		text += fmt.Sprintf(" last=%d %v", u32(0), Code(u32(4)))
	case "WINDOW_UPDATE":
		text += fmt.Sprintf(" %d", u32(0))
	case "SETTINGS":
		if f.has(flagAck) {
			return text + " ack"
		}
		for b := f.body; len(b) > 0; b = b[6:] {
			text += fmt.Sprintf(" %d=%d", b[1], uint32(b[2])<<24|uint32(b[3])<<16|uint32(b[4])<<8|uint32(b[5]))
		}
		return text
	case "PING":
		if f.has(flagAck) {
			text += " ack"
		}
		return text
	}
	if (name == "DATA" || name == "HEADERS") && f.has(flagEndStream) {
		text += " end"
	}
	return text
}
