package interop

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	rondows "rondo.dev/rondo/web/websocket"
)

// sizes are what the two are asked to carry.
func sizes() (all []string) {
	for _, n := range []int{0, 1, 125, 126, 127, 128, 1000, 65535, 65536, 300_000} {
		all = append(all, strings.Repeat("x", n))
	}
	return all
}

// Gorilla's client, with and without compression, and a server of rondo's.
func TestGorillaClient(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := rondows.Accept(w, r, nil)
		if err != nil {
			return
		}
		ctx := context.Background()
		for {
			m, err := c.Receive().Wait(ctx)
			if err != nil {
				break
			}
			if _, err := c.Send(m.Kind, m.Data).Wait(ctx); err != nil {
				break
			}
		}
		c.Close().Wait(ctx)
	}))
	defer server.Close()
	for _, zip := range []bool{false, true} {
		d := websocket.Dialer{EnableCompression: zip}
		c, res, err := d.Dial("ws"+strings.TrimPrefix(server.URL, "http"), nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := res.Header.Get("Sec-Websocket-Extensions"); (got != "") != zip {
			t.Errorf("agreed on %q", got)
		}
		for _, s := range sizes() {
			if err := c.WriteMessage(websocket.TextMessage, []byte(s)); err != nil {
				t.Fatal(err)
			}
			if _, b, err := c.ReadMessage(); err != nil || string(b) != s {
				t.Fatalf("%d bytes came back as %d, %v", len(s), len(b), err)
			}
		}
		c.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(4000, "bye"), time.Now().Add(time.Second))
		var end *websocket.CloseError
		if _, _, err := c.ReadMessage(); !errors.As(err, &end) || end.Code != 4000 {
			t.Errorf("the end is %v", err)
		}
		c.Close()
	}
}

// A client of rondo's, and gorilla's server.
func TestGorillaServer(t *testing.T) {
	u := websocket.Upgrader{EnableCompression: true, Subprotocols: []string{"a"}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := u.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer c.Close()
		for {
			kind, b, err := c.ReadMessage()
			if err != nil {
				return
			}
			if err := c.WriteMessage(kind, b); err != nil {
				return
			}
		}
	}))
	defer server.Close()
	for _, plain := range []bool{false, true} {
		err := rondo.Run(func(t *async.Task) error {
			c, err := rondows.Dial(t, "ws"+strings.TrimPrefix(server.URL, "http"), &rondows.Options{NoCompression: plain, Subprotocols: []string{"a"}})
			if err != nil {
				return err
			}
			if c.Compressed() == plain || c.Subprotocol() != "a" {
				return fmt.Errorf("agreed on %v, %q", c.Compressed(), c.Subprotocol())
			}
			for _, s := range sizes() {
				if _, err := c.Send(rondows.Text, []byte(s)).Await(t); err != nil {
					return err
				}
				m, err := c.Receive().Await(t)
				if err != nil || string(m.Data) != s {
					return fmt.Errorf("%d bytes came back as %d, %w", len(s), len(m.Data), err)
				}
			}
			return c.Close().Await(t)
		})
		if err != nil {
			t.Error(err)
		}
	}
}

// judge feeds frames to a server's handler, and returns when that has made of them what
// it does.
func judge(t *testing.T, frames []byte, handler http.HandlerFunc) {
	t.Helper()
	ended := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(ended)
		handler(w, r)
	}))
	defer server.Close()
	c, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Extensions: permessage-deflate\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
	// Gorilla takes nothing before it has answered.
	answers := bufio.NewReader(c)
	if _, err := http.ReadResponse(answers, nil); err != nil {
		t.Fatal(err)
	}
	c.Write(frames)
	c.(*net.TCPConn).CloseWrite()
	io.Copy(io.Discard, answers)
	<-ended
}

// byGorilla and byRondo return the messages that each finds.
func byGorilla(t *testing.T, frames []byte) (story []string) {
	u := websocket.Upgrader{EnableCompression: true}
	judge(t, frames, func(w http.ResponseWriter, r *http.Request) {
		c, err := u.Upgrade(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		c.SetReadLimit(1 << 20)
		for {
			kind, b, err := c.ReadMessage()
			if err != nil {
				return
			}
			story = append(story, fmt.Sprintf("%d %q", kind, b))
		}
	})
	return story
}

func byRondo(t *testing.T, frames []byte) (story []string, end error) {
	judge(t, frames, func(w http.ResponseWriter, r *http.Request) {
		c, err := rondows.Accept(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		ctx := context.Background()
		defer c.CloseNow().Wait(ctx)
		for {
			var m rondows.Message
			if m, end = c.Receive().Wait(ctx); end != nil {
				return
			}
			story = append(story, fmt.Sprintf("%d %q", m.Kind, m.Data))
		}
	})
	return story, end
}

// draw makes frames, most of them right.
func draw(rng *rand.Rand) (b []byte) {
	inside := false
	for range 1 + rng.IntN(8) {
		first := byte(1 + rng.IntN(2))
		if inside && rng.IntN(20) > 0 {
			first = 0
		}
		if inside = rng.IntN(3) == 0; !inside {
			first |= 0x80
		}
		n := rng.IntN(40)
		switch {
		case rng.IntN(5) == 0:
			first, n = 0x89+byte(rng.IntN(2)), rng.IntN(126) // between frames; or at the end
		case rng.IntN(20) == 0:
			first = byte(rng.IntN(256))
		}
		key := [4]byte{byte(rng.Uint32()), 1, 2, 3}
		switch {
		case n < 126:
			b = append(b, first, 0x80|byte(n))
		default:
			b = append(b, first, 0x80|126, byte(n>>8), byte(n))
		}
		b = append(b, key[:]...)
		for i := range n {
			b = append(b, 'a'+byte(rng.IntN(26))^key[i%4])
		}
	}
	return b
}

// What gorilla finds in frames that were drawn by chance, rondo finds. Gorilla looks at
// less: where rondo has found fault, it may go on.
func TestBesideGorilla(t *testing.T) {
	stricter := 0
	const rounds = 400
	for seed := range uint64(rounds) {
		frames := draw(rand.New(rand.NewPCG(seed, 3)))
		want := byGorilla(t, bytes.Clone(frames))
		got, end := byRondo(t, bytes.Clone(frames))
		var fault *rondows.ViolationError
		if errors.As(end, &fault) && len(got) < len(want) {
			stricter++
			want = want[:len(got)]
		}
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Fatalf("seed %d, %q:\nrondo %q, %v\ngorilla %q", seed, frames, got, end, want)
		}
	}
	if stricter > rounds/10 {
		t.Errorf("%d times of %d it was stricter", stricter, rounds)
	}
	t.Logf("%d times of %d it was stricter", stricter, rounds)
}
