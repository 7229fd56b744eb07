package abuse

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"time"

	"golang.org/x/net/http2"
)

// malformedFrames sends what it makes of good frames, in pieces, and what is answered has
// to be frames.
func malformedFrames(b *bully) {
	b.ready()
	t := b.talk()
	for range 1 + rand.IntN(8) {
		t.something()
	}
	text := t.out.Bytes()
	skip := len(http2.ClientPreface)
	if rand.IntN(20) == 0 {
		skip = 0
	}
	text = append(text[:skip:skip], spoil(text[skip:])...)
	for len(text) > 0 {
		n := len(text)
		if rand.IntN(2) == 0 {
			n = 1 + rand.IntN(n)
		}
		if !b.send(string(text[:n])) {
			break
		}
		text = text[n:]
	}
	switch rand.IntN(4) {
	case 0:
		b.conn.SetLinger(0)
		return
	case 1:
		b.conn.CloseWrite()
	}
	if skip > 0 {
		b.conn.SetReadDeadline(time.Now().Add(drip))
		t.judge()
	}
}

// something writes a frame as it might be, on a stream that may be there.
func (t *talker) something() {
	id := uint32(1 + 2*rand.IntN(4))
	switch rand.IntN(14) {
	case 0:
		t.get(somePath())
	case 1:
		t.post(somePath())
	case 2:
		t.begin(t.fields("POST", "/echo", "content-length", "3", "cookie", "a=b", "cookie", "c=d"), false)
		t.WriteData(t.last, true, []byte("abc"))
	case 3:
		t.post("/echo")
		t.WriteData(t.last, false, []byte("abc"))
		t.WriteHeaders(http2.HeadersFrameParam{StreamID: t.last, EndStream: true, EndHeaders: true, BlockFragment: t.encode("told", "this")})
	case 4:
		block := bytes.Clone(t.fields("GET", "/large"))
		t.half(block[:2])
		t.WriteContinuation(t.last, true, block[2:])
	case 5:
		t.WriteSettings(http2.Setting{ID: http2.SettingID(rand.IntN(10)), Val: rand.Uint32() >> rand.IntN(32)})
	case 6:
		t.WriteSettingsAck()
	case 7:
		t.WritePing(rand.IntN(2) == 0, [8]byte{1})
	case 8:
		t.WriteWindowUpdate(id*uint32(rand.IntN(2)), rand.Uint32()>>rand.IntN(32))
	case 9:
		t.WriteRSTStream(id, http2.ErrCode(rand.IntN(20)))
	case 10:
		t.WriteGoAway(id, http2.ErrCodeNo, []byte("bye"))
	case 11:
		t.WriteDataPadded(id, rand.IntN(2) == 0, []byte("abc"), make([]byte, rand.IntN(256)))
	case 12:
		t.WritePriority(id, http2.PriorityParam{StreamDep: uint32(rand.IntN(10)), Exclusive: rand.IntN(2) == 0})
	case 13:
		payload := make([]byte, rand.IntN(100))
		for i := range payload {
			payload[i] = byte(rand.Uint32())
		}
		t.WriteRawFrame(http2.FrameType(rand.IntN(12)), http2.Flags(rand.Uint32()), id*uint32(rand.IntN(2)), payload)
	}
}

// spoil changes bytes: half of the time none, so that it is the order of the frames that
// is looked at.
func spoil(text []byte) []byte {
	if rand.IntN(2) == 0 {
		return text
	}
	for range 1 + rand.IntN(4) {
		if len(text) < 2 {
			break
		}
		i := rand.IntN(len(text))
		j := min(len(text), i+1+rand.IntN(16))
		switch rand.IntN(5) {
		case 0:
			text[i] ^= 1 << rand.IntN(8)
		case 1:
			text[i] = byte(rand.Uint32())
		case 2:
			text = append(text[:i:i], text[j:]...)
		case 3:
			text = append(text[:j:j], text[i:]...)
		case 4:
			text = text[:j]
		}
	}
	return text
}

// judge looks at the frames that come: the first has to be the settings, and each one
// that a server may send, where it may.
func (t *talker) judge() {
	for i := range 1000 {
		frame, err := t.ReadFrame()
		var fault http2.ConnectionError
		var streamFault http2.StreamError
		switch {
		case errors.As(err, &fault), errors.As(err, &streamFault), errors.Is(err, http2.ErrFrameTooLarge):
			t.Errorf("frame %d of the answer: %v", i, err)
			return
		case !t.went(err):
			return
		}
		first, _ := frame.(*http2.SettingsFrame)
		if i == 0 && (first == nil || first.IsAck()) {
			t.Errorf("the answer begins with %v", frame.Header())
			return
		}
		if h := frame.Header(); h.StreamID%2 == 0 && h.StreamID != 0 {
			t.Errorf("a frame of a stream that the server began: %v", h)
			return
		}
	}
}
