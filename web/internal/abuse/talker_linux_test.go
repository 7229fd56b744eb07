package abuse

import (
	"bytes"
	"crypto/tls"
	"io"
	"net"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// A talker is a bully that speaks HTTP/2. What its Framer writes goes out with flush.
type talker struct {
	*bully
	*http2.Framer
	conn  net.Conn
	out   bytes.Buffer
	block bytes.Buffer // of fields
	enc   *hpack.Encoder
	last  uint32 // stream that was begun
}

// talk begins to speak HTTP/2 without TLS.
func (b *bully) talk(settings ...http2.Setting) *talker { return b.talkOn(b.conn, settings...) }

func (b *bully) talkOn(c net.Conn, settings ...http2.Setting) *talker {
	t := &talker{bully: b, conn: c}
	t.Framer = http2.NewFramer(&t.out, c)
	t.AllowIllegalWrites = true
	t.enc = hpack.NewEncoder(&t.block)
	t.out.WriteString(http2.ClientPreface)
	t.WriteSettings(settings...)
	return t
}

// talkTLS is talk over TLS; nil if that can't be had.
func (b *bully) talkTLS(settings ...http2.Setting) *talker {
	c := tls.Client(b.conn, &tls.Config{RootCAs: b.pool, ServerName: "localhost", NextProtos: []string{"h2"}})
	if !b.went(c.Handshake()) {
		return nil
	}
	return b.talkOn(c, settings...)
}

// flush sends what was written, and reports whether that went.
func (t *talker) flush() bool {
	_, err := t.conn.Write(t.out.Bytes())
	t.out.Reset()
	return t.went(err)
}

// fields returns the block of a request with more fields, in pairs of name and value.
func (t *talker) fields(method, path string, more ...string) []byte {
	return t.encode(append([]string{":method", method, ":scheme", "http", ":authority", "a", ":path", path}, more...)...)
}

func (t *talker) encode(pairs ...string) []byte {
	t.block.Reset()
	for i := 0; i < len(pairs); i += 2 {
		t.enc.WriteField(hpack.HeaderField{Name: pairs[i], Value: pairs[i+1]})
	}
	return t.block.Bytes()
}

// begin writes the head of a request on a new stream.
func (t *talker) begin(block []byte, end bool) {
	t.next()
	t.WriteHeaders(http2.HeadersFrameParam{StreamID: t.last, BlockFragment: block, EndHeaders: true, EndStream: end})
}

// next numbers a new stream.
func (t *talker) next() uint32 {
	if t.last == 0 {
		t.last = 1
	} else {
		t.last += 2
	}
	return t.last
}

// get writes a request without a body, and post one whose body is to come.
func (t *talker) get(path string)  { t.begin(t.fields("GET", path), true) }
func (t *talker) post(path string) { t.begin(t.fields("POST", path), false) }

// discard reads what comes and looks at nothing of it, until the connection ends.
func (t *talker) discard() { go io.Copy(io.Discard, t.conn) }

// listen reads frames until the fight is over, or the server has had enough of the
// connection or of a stream.
func (t *talker) listen() {
	for {
		frame, err := t.ReadFrame()
		if !t.went(err) {
			return
		}
		switch frame := frame.(type) {
		case *http2.SettingsFrame:
			if !frame.IsAck() {
				t.WriteSettingsAck()
				t.flush()
			}
		case *http2.RSTStreamFrame, *http2.GoAwayFrame:
			t.lost.Store(true)
			return
		}
	}
}

// wait is listen for those who write meanwhile.
func (t *talker) wait() {
	for {
		frame, err := t.ReadFrame()
		if !t.went(err) {
			return
		}
		switch frame.(type) {
		case *http2.RSTStreamFrame, *http2.GoAwayFrame:
			t.lost.Store(true)
			return
		}
	}
}

// hold is listen once it is where it wants to be.
func (t *talker) hold() {
	if t.flush() {
		t.ready()
		t.listen()
	}
}

// flood writes something a number of times and sends it, again and again, and looks at no
// answer. There are pauses, for it is not how much the machine can take that is looked at.
func (t *talker) flood(n int, write func()) {
	if !t.flush() {
		return
	}
	t.ready()
	for {
		for range n {
			write()
		}
		if !t.flush() || !t.pause(drip) {
			return
		}
	}
}
