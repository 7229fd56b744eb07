package abuse

import (
	"io"
	"math/rand/v2"
	"net"
	"os"
	"strings"
	"sync"
	"time"
)

// valid are requests that malformed ones are made of.
var valid = sync.OnceValue(func() []string {
	all := []string{
		head + "\r\n", "GET /async HTTP/1.1\r\n" + host + "\r\n", hijack,
		"POST /echo HTTP/1.1\r\n" + host + "Content-Length: 10\r\n\r\n0123456789",
		post + "3;a=\"b\"\r\nabc\r\n0\r\nA: b\r\n\r\n",
		"POST / HTTP/1.1\r\n" + host + "Expect: 100-continue\r\nContent-Length: 3\r\n\r\nabc",
		"HEAD /large HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
		"OPTIONS * HTTP/1.1\r\n" + host + "\r\n", "CONNECT b:1 HTTP/1.1\r\n" + host + "\r\n",
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", head + "Connection: upgrade\r\nUpgrade: h2c\r\n\r\n",
	}
	for _, name := range []string{"browser", "curl"} {
		b, err := os.ReadFile("../http1/testdata/" + name + ".http")
		check(err)
		all = append(all, string(b))
	}
	return all
})

// pieces are what is put where it does not belong.
var pieces = []string{
	"\r\n", "\n", "\r", "\x00", "\x7f", "\xff", " ", "\t", ":", ",", ";", "-", "+", "%", "%00", "..//", "0x", "\r\n ", "\r\n\r\n",
	"18446744073709551616", "-1", "9223372036854775807", "ffffffffffffffff\r\n", "0\r\n\r\n", "HTTP/1.1", "HTTP/9.9",
	"Content-Length: 5\r\n", "Content-Length: 6\r\n", "Transfer-Encoding: chunked\r\n", "Transfer-Encoding: gzip, chunked\r\n",
	host, "Connection: close\r\n", "Expect: 200-ok\r\n", "Trailer: Host\r\n", "Range: bytes=0-,0-,0-\r\n", strings.Repeat("a", 5000),
}

// mutate makes something else of requests.
func mutate() string {
	all := valid()
	var text []byte
	for range 1 + rand.IntN(3) {
		text = append(text, all[rand.IntN(len(all))]...)
	}
	for range rand.IntN(6) {
		if len(text) < 2 {
			break
		}
		i := rand.IntN(len(text))
		j := min(len(text), i+1+rand.IntN(16))
		switch rand.IntN(6) {
		case 0:
			text[i] ^= 1 << rand.IntN(8)
		case 1:
			text[i] = byte(rand.Uint32())
		case 2:
			text = append(text[:i:i], text[j:]...)
		case 3:
			text = append(text[:j:j], text[i:]...)
		case 4:
			text = append(append(text[:i:i], pieces[rand.IntN(len(pieces))]...), text[i:]...)
		case 5:
			text = text[:j]
		}
	}
	return string(text)
}

// malformed sends what it makes of good requests, in pieces, and what is answered has
// to look like HTTP.
func malformed(b *bully) {
	b.ready()
	text := mutate()
	for len(text) > 0 {
		n := len(text)
		if rand.IntN(2) == 0 {
			n = 1 + rand.IntN(n)
		}
		if _, err := io.WriteString(b.conn, text[:n]); err != nil {
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
	b.conn.SetReadDeadline(time.Now().Add(drip))
	answer := make([]byte, 7)
	if n, _ := io.ReadFull(b.conn, answer); !strings.HasPrefix("HTTP/1.", string(answer[:n])) {
		b.Errorf("an answer begins with %q", answer[:n])
	}
	b.read(1 << 20)
}

// A recorder is a connection of which nothing comes back.
type recorder struct {
	net.Conn
	sent []byte
}

func (r *recorder) Write(b []byte) (int, error) {
	r.sent = append(r.sent, b...)
	return len(b), nil
}

func (r *recorder) Read([]byte) (int, error) { return 0, io.EOF }
func (r *recorder) Close() error             { return nil }
