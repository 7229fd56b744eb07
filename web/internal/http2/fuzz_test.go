package http2

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// fragments are what clients may send, in the language of the stories. The corpus has indices
// into them, so new ones go to the end.
var fragments = []string{
	"preface", "SETTINGS 0", "SETTINGS 0 ack", "SETTINGS 0 set=4:0", "SETTINGS 0 set=4:100000", "SETTINGS 0 set=4:0x7fffffff",
	"SETTINGS 0 set=5:16384 set=1:0", "SETTINGS 0 set=1:4096", "HEADERS 1 headers end GET", "HEADERS 1 headers GET", "HEADERS 3 headers GET content-length=3",
	"HEADERS 5 headers end GET priority=u=1,i", "HEADERS 1 headers end a=b", "HEADERS 1 end hex=8284", "CONTINUATION 1 headers hex=87", "CONTINUATION 1",
	"HEADERS 7 headers padded end hex=0182848700", "HEADERS 9 headers end hex=828487", "HEADERS 2 headers end hex=828487", "HEADERS 11 headers hex=3fe11f828487",
	"DATA 1 text=abc", "DATA 1 end", "DATA 1", "DATA 1 text=abc end", "DATA 3 text=abc end", "DATA 3 text=abcd", "DATA 5 size=100", "DATA 1 size=16384", "DATA 3 padded hex=02610000",
	"DATA 0", "RST_STREAM 1 u32=8", "RST_STREAM 3 u32=0", "RST_STREAM 99 u32=0", "PING 0 size=8", "PING 0 ack text=rondo.. hex=00", "PING 1 size=8",
	"GOAWAY 0 u32=0 u32=0", "WINDOW_UPDATE 0 u32=1000", "WINDOW_UPDATE 1 u32=1000", "WINDOW_UPDATE 3 u32=0x7fffffff", "WINDOW_UPDATE 0 u32=0x7fffffff", "WINDOW_UPDATE 1 u32=0",
	"PRIORITY 1 size=5", "PRIORITY_UPDATE 0 u32=1 text=u=0", "PUSH_PROMISE 1 headers u32=2", "UNKNOWN 0 size=3", "CONTINUATION 3 headers", "DATA 1 length=20000", "HEADERS 13 headers end hex=ff",
}

// FuzzFrames has a client that sends such frames, and then some bytes. What comes of it does
// not depend on how the bytes come, and what must hold of a connection does.
func FuzzFrames(f *testing.F) {
	all := make([]byte, len(fragments))
	for i := range all {
		all[i] = byte(i)
	}
	for i := range fragments {
		f.Add([]byte{0, 1, 2, byte(i)}, []byte{})
		f.Add([]byte{0, 1, 8, byte(i), 2, byte(i)}, []byte("\x00\x00\x01\x00"))
		f.Add([]byte{0, 1, 2, 9, 10, byte(i), 3, byte(i), 33}, []byte{})
	}
	f.Add(all, []byte(Preface))
	f.Fuzz(func(t *testing.T, indices, rest []byte) {
		if len(indices) > 200 || len(rest) > 1000 {
			return
		}
		whole := play(t, indices, rest, false)
		if again := play(t, indices, rest, true); !slices.Equal(whole, again) {
			t.Errorf("whole:\n%s\nbyte by byte:\n%s", strings.Join(whole, "\n"), strings.Join(again, "\n"))
		}
	})
}

// play plays such a client, and returns what comes of it.
func play(t *testing.T, indices, rest []byte, bytewise bool) (log []string) {
	s := newStory(Config{MaxStreams: 3, StreamWindow: 100, ConnWindow: initialWindow})
	s.bytewise = bytewise
	for _, i := range indices {
		s.in = append(s.in, s.frame(t, fragments[int(i)%len(fragments)])...)
		s.receive()
		s.sent()
		s.check(t)
	}
	s.in = bytes.Clone(rest)
	s.receive()
	s.sent()
	s.check(t)
	for id, st := range s.streams {
		s.c.Head(st, s.list([]string{":status=200"}))
		s.c.Data(st, make([]byte, id), make([]byte, 2*id))
		s.c.End(st, nil)
	}
	var answer []byte
	answer = s.c.Append(answer, 1<<20, func(*Stream) {})
	for _, st := range s.streams {
		s.c.Forget(st)
	}
	if len(s.c.streams) > 0 || len(s.c.ready) > 0 {
		t.Error("a stream is still known")
	}
	return append(s.log, fmt.Sprintf("%d bytes of answers", len(answer)))
}

// check is what holds of every connection.
func (s *story) check(t *testing.T) {
	t.Helper()
	c := s.c
	if len(c.streams) > c.shared.MaxStreams {
		t.Errorf("%d streams", len(c.streams))
	}
	if !slices.IsSortedFunc(c.streams, func(a, b *Stream) int { return int(a.ID) - int(b.ID) }) {
		t.Error("streams are not in their order")
	}
	if c.recv < 0 || c.recv > c.shared.ConnWindow || c.window < 0 {
		t.Errorf("windows of %d and %d", c.recv, c.window)
	}
	held := int32(0)
	for _, st := range c.streams {
		if st.window > maxWindow && !st.Reset || st.held < 0 {
			t.Errorf("stream %d: a window of %d, %d held", st.ID, st.window, st.held)
		}
		held += st.held
	}
	// What the client may not send is either held or about to be given back.
	if !c.broken && c.recv+c.owed+held != c.shared.ConnWindow {
		t.Errorf("%d may be sent, %d are owed, %d are held", c.recv, c.owed, held)
	}
	if len(c.part) > frameHeader+c.shared.MaxFrame {
		t.Errorf("%d bytes of a frame", len(c.part))
	}
}
