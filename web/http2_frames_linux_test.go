package web_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2/hpack"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/web"
)

// The types of frames that these tests are about.
const (
	frameData = iota
	frameHeaders
	_
	frameReset
	frameSettings
	_
	framePing
	frameGoAway
	frameWindow
	frameContinuation
)

// frames is a connection that a test speaks HTTP/2 on frame by frame.
type frames struct {
	*client
	block   bytes.Buffer
	encoder *hpack.Encoder
	decoder *hpack.Decoder
}

// frame is one that the server has sent.
type frame struct {
	kind, flags byte
	id          uint32
	body        []byte
}

func (f frame) ended() bool { return f.flags&1 != 0 }

func (f frame) u32(i int) uint32 { return binary.BigEndian.Uint32(f.body[i:]) }

// open opens a connection to a server that speaks HTTP/2 without TLS, with these settings.
func open(t *testing.T, s *web.Server, settings ...uint32) *frames {
	t.Helper()
	s.Protocols = protocols(http1, prior)
	c := &frames{client: dial(t, serve(t, s))}
	c.encoder = hpack.NewEncoder(&c.block)
	c.encoder.SetMaxDynamicTableSizeLimit(0)
	c.decoder = hpack.NewDecoder(4096, nil)
	var b []byte
	for i := 0; i < len(settings); i += 2 {
		b = binary.BigEndian.AppendUint16(b, uint16(settings[i]))
		b = binary.BigEndian.AppendUint32(b, settings[i+1])
	}
	c.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
	c.write(frameSettings, 0, 0, b)
	c.write(frameSettings, 1, 0, nil)
	return c
}

func (c *frames) write(kind, flags byte, id uint32, body []byte) {
	b := []byte{byte(len(body) >> 16), byte(len(body) >> 8), byte(len(body)), kind, flags}
	b = binary.BigEndian.AppendUint32(b, id)
	c.Write(append(b, body...)) // what comes of it is seen by reading
}

func (c *frames) write32(kind byte, id uint32, n uint32) {
	c.write(kind, 0, id, binary.BigEndian.AppendUint32(nil, n))
}

// request asks for a path. flags has 1 for the end.
func (c *frames) request(id uint32, flags byte, method, path string, fields ...string) {
	c.block.Reset()
	all := append([]string{":method", method, ":scheme", "http", ":path", path, ":authority", "test"}, fields...)
	for i := 0; i < len(all); i += 2 {
		c.encoder.WriteField(hpack.HeaderField{Name: all[i], Value: all[i+1]})
	}
	c.write(frameHeaders, flags|4, id, c.block.Bytes())
}

// read returns the next frame but settings and windows; an error is the end.
func (c *frames) read() (f frame, err error) {
	for {
		if f, err = c.any(); err != nil || f.kind != frameSettings && f.kind != frameWindow {
			return f, err
		}
	}
}

// any returns the next frame of whichever kind.
func (c *frames) any() (f frame, err error) {
	var h [9]byte
	if _, err := io.ReadFull(c.r, h[:]); err != nil {
		return f, err
	}
	f = frame{h[3], h[4], binary.BigEndian.Uint32(h[5:]), make([]byte, int(h[0])<<16|int(h[1])<<8|int(h[2]))}
	_, err = io.ReadFull(c.r, f.body)
	return f, err
}

// room waits until there is more room on a stream, or, with 0, on the connection, and returns
// how much more.
func (c *frames) room(id uint32) int {
	c.t.Helper()
	for {
		f, err := c.any()
		if err != nil {
			c.t.Fatal(err)
		}
		if f.kind == frameWindow && f.id == id {
			return int(f.u32(0))
		}
	}
}

// next returns the next frame of a kind, which has to be of that kind.
func (c *frames) next(kind byte) frame {
	c.t.Helper()
	f, err := c.read()
	if err != nil || f.kind != kind {
		c.t.Fatalf("wanted a frame of type %d, got %+v, %v", kind, f, err)
	}
	return f
}

// head reads a head, as text.
func (c *frames) head() (text string, f frame) {
	c.t.Helper()
	f = c.next(frameHeaders)
	fields, err := c.decoder.DecodeFull(f.body)
	if err != nil {
		c.t.Fatal(err)
	}
	for _, f := range fields {
		if f.Name != "date" {
			text += f.Name + "=" + f.Value + " "
		}
	}
	return text, f
}

// goneWith reads up to the end of the connection, and returns the last GOAWAY's code.
func (c *frames) goneWith() (code uint32) {
	c.t.Helper()
	code = 1 << 31
	for {
		f, err := c.read()
		if isTimeout(err) {
			c.t.Fatal("the connection goes on")
		}
		if err != nil {
			return code
		}
		if f.kind == frameGoAway {
			code = f.u32(4)
		}
	}
}

// TestStreams2: what happens to one stream happens to no other.
func TestStreams2(t *testing.T) {
	started, gone := make(chan struct{}, 1), make(chan error, 1)
	mux := http.NewServeMux()
	mux.HandleFunc("/panic", func(w http.ResponseWriter, r *http.Request) { panic("on purpose") })
	mux.HandleFunc("/abort", func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "some")
		http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	})
	mux.HandleFunc("/wait", func(w http.ResponseWriter, r *http.Request) {
		started <- struct{}{}
		<-r.Context().Done()
		gone <- r.Context().Err()
	})
	mux.Handle("/wait-async", web.Async(func(t *async.Task, w http.ResponseWriter, r *http.Request) error {
		started <- struct{}{}
		_, err := web.ReadBody(t, r, make([]byte, 1))
		gone <- err
		return err
	}))
	mux.HandleFunc("/hijack", func(w http.ResponseWriter, r *http.Request) {
		_, _, err := http.NewResponseController(w).Hijack()
		fmt.Fprint(w, errors.Is(err, errors.ErrUnsupported))
	})
	mux.HandleFunc("/hints", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Link", "</a>")
		w.WriteHeader(http.StatusEarlyHints)
		w.Header().Set("Trailer", "T")
		io.WriteString(w, "ok")
		w.Header().Set("T", "1")
	})
	mux.HandleFunc("/read", func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %v %v", b, err, r.Trailer)
	})
	mux.HandleFunc("/deadline", func(w http.ResponseWriter, r *http.Request) {
		http.NewResponseController(w).SetReadDeadline(time.Now().Add(short))
		_, err := io.ReadAll(r.Body)
		fmt.Fprint(w, errors.Is(err, os.ErrDeadlineExceeded))
	})
	mux.HandleFunc("/close", func(w http.ResponseWriter, r *http.Request) { w.Header().Set("Connection", "close") })
	c := open(t, &web.Server{Handler: mux, ErrorLog: slog.New(slog.DiscardHandler)})
	body := func(id uint32, want string) {
		t.Helper()
		if f := c.next(frameData); string(f.body) != want || f.id != id {
			t.Fatalf("got %+v, %q", f, f.body)
		}
	}
	reset := func(id, code uint32) {
		t.Helper()
		if f := c.next(frameReset); f.id != id || f.u32(0) != code {
			t.Fatalf("got %+v", f)
		}
	}

	c.request(1, 1, "GET", "/panic")
	reset(1, 2)
	c.request(3, 1, "GET", "/abort")
	c.head()
	body(3, "some")
	reset(3, 2)
	for i, path := range []string{"/wait", "/wait-async"} {
		id := uint32(5 + 2*i)
		c.request(id, 0, "POST", path)
		within(t, started, "the request")
		c.write32(frameReset, id, 8)
		if err := within(t, gone, "the end of the context"); err == nil {
			t.Error("no error")
		}
	}
	c.request(11, 1, "GET", "/hijack")
	c.head()
	body(11, "true")
	c.request(13, 1, "GET", "/hints")
	if h, _ := c.head(); h != ":status=103 link=</a> " {
		t.Error(h)
	}
	if h, _ := c.head(); !strings.HasPrefix(h, ":status=200 link=</a> trailer=T ") {
		t.Error(h)
	}
	body(13, "ok")
	if h, f := c.head(); h != "t=1 " || !f.ended() {
		t.Error(h, f)
	}
	c.request(15, 0, "POST", "/read", "expect", "100-continue", "trailer", "t")
	if h, _ := c.head(); h != ":status=100 " {
		t.Error(h)
	}
	c.write(frameData, 0, 15, []byte("abc"))
	c.block.Reset()
	c.encoder.WriteField(hpack.HeaderField{Name: "t", Value: "2"})
	c.write(frameHeaders, 5, 15, c.block.Bytes())
	c.head()
	body(15, "abc <nil> map[T:[2]]")
	c.request(17, 0, "POST", "/deadline")
	c.head()
	body(17, "true")
	reset(17, 0) // nobody reads the rest
	c.request(19, 1, "HEAD", "/hints")
	c.head()
	if h, f := c.head(); !strings.Contains(h, "content-length=2") {
		t.Error(h, f)
	}
	if h, _ := c.head(); h != "t=1 " {
		t.Error(h)
	}
	c.request(21, 1, "GET", "/close")
	if h, _ := c.head(); strings.Contains(h, "connection") {
		t.Error(h)
	}
	if f := c.next(frameGoAway); f.u32(0) != 1<<31-1 {
		t.Errorf("%+v", f)
	}
}

// TestLimits2: who exceeds a limit is told so, or left.
func TestLimits2(t *testing.T) {
	const calm = 11
	wait := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	for _, c := range []struct {
		name   string
		server *web.Server
		do     func(c *frames)
		code   uint32 // of the last GOAWAY
	}{
		{"nothing is sent", &web.Server{ReadHeaderTimeout: short}, func(c *frames) { c.write(frameHeaders, 0, 1, nil) }, 0},
		{"half a frame", &web.Server{ReadHeaderTimeout: short}, func(c *frames) { c.send("\x00\x00") }, 0},
		{"half a block", &web.Server{ReadHeaderTimeout: short}, func(c *frames) { c.write(frameHeaders, 1, 1, []byte{0x82}) }, 0},
		{"idle", &web.Server{IdleTimeout: short}, func(c *frames) {}, 0},
		{"pings", &web.Server{}, func(c *frames) {
			for range 5000 {
				c.write(framePing, 0, 0, make([]byte, 8))
			}
		}, calm},
		{"settings", &web.Server{}, func(c *frames) {
			for range 5000 {
				c.write(frameSettings, 0, 0, nil)
			}
		}, calm},
		{"empty data", &web.Server{Handler: wait}, func(c *frames) {
			c.request(1, 0, "POST", "/")
			for range 5000 {
				c.write(frameData, 0, 1, nil)
			}
		}, calm},
		{"continuations", &web.Server{}, func(c *frames) {
			c.write(frameHeaders, 1, 1, []byte{0x82})
			for range 5000 {
				c.write(frameContinuation, 0, 1, nil)
			}
		}, calm},
		{"resets", &web.Server{Handler: wait}, func(c *frames) {
			for i := range uint32(5000) {
				c.request(2*i+1, 1, "GET", "/")
				c.write32(frameReset, 2*i+1, 8)
			}
		}, calm},
		{"a promise", &web.Server{}, func(c *frames) { c.write(5, 4, 1, make([]byte, 4)) }, 1},
		{"a window that is too large", &web.Server{}, func(c *frames) { c.write32(frameWindow, 0, 1<<31-1) }, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := open(t, c.server)
			c.do(x)
			if code := x.goneWith(); code != c.code && !(code == 1<<31 && c.code == calm) {
				t.Errorf("code %d", code)
			}
		})
	}
}

// TestRapidReset: requests that their client has reset count until their handlers return.
func TestRapidReset(t *testing.T) {
	running := make(chan int, 1000)
	let := make(chan struct{})
	c := open(t, &web.Server{HTTP2: &http.HTTP2Config{MaxConcurrentStreams: 3}, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		running <- 1
		<-let
	})})
	for i := range uint32(20) {
		c.request(2*i+1, 1, "GET", "/")
		c.write32(frameReset, 2*i+1, 8)
	}
	refused := 0
	for refused < 17 {
		if f := c.next(frameReset); f.u32(0) == 7 {
			refused++
		}
	}
	if n := len(running); n > 3 {
		t.Errorf("%d handlers", n)
	}
	close(let)
	c.write(framePing, 0, 0, make([]byte, 8))
	c.next(framePing)
}

// TestWindowStall: a client that opens no window is waited for as long as any other, and
// costs its stream only.
func TestWindowStall(t *testing.T) {
	failed := make(chan error, 2)
	mux := http.NewServeMux()
	mux.HandleFunc("/large", func(w http.ResponseWriter, r *http.Request) {
		_, err := w.Write(make([]byte, 100_000))
		failed <- err
	})
	mux.HandleFunc("/small", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusNoContent) })
	c := open(t, &web.Server{StallTimeout: short, Handler: mux}, 4, 10)
	c.request(1, 1, "GET", "/large")
	c.head()
	if f := c.next(frameData); len(f.body) != 10 {
		t.Errorf("%d bytes", len(f.body))
	}
	if f := c.next(frameReset); f.id != 1 || f.u32(0) != 2 {
		t.Errorf("got %+v", f)
	}
	if err := within(t, failed, "the end of the write"); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error(err)
	}
	c.request(3, 1, "GET", "/small")
	if h, f := c.head(); h != ":status=204 " || f.id != 3 {
		t.Error(h, f)
	}
}

// TestOverload2: above MaxRequests there is 503, a stream at a time.
func TestOverload2(t *testing.T) {
	let := make(chan struct{})
	c := open(t, &web.Server{MaxRequests: 1, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { <-let })})
	c.request(1, 1, "GET", "/")
	c.request(3, 1, "GET", "/")
	if h, f := c.head(); !strings.HasPrefix(h, ":status=503 ") || f.id != 3 {
		t.Error(h, f)
	}
	c.next(frameData)
	close(let)
	if h, f := c.head(); !strings.HasPrefix(h, ":status=200 ") || f.id != 1 {
		t.Error(h, f)
	}
}

// TestBackpressure2: a client may send as much as fits its window until the handler reads.
func TestBackpressure2(t *testing.T) {
	read := make(chan struct{})
	c := open(t, &web.Server{HTTP2: &http.HTTP2Config{MaxReceiveBufferPerStream: 70_000}, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		<-read
		n, err := io.Copy(io.Discard, r.Body)
		fmt.Fprint(w, n, err)
	})})
	c.request(1, 0, "POST", "/")
	for range 7 {
		c.write(frameData, 0, 1, make([]byte, 10_000))
	}
	close(read)
	c.room(1) // for the handler has read
	c.write(frameData, 1, 1, make([]byte, 10_000))
	c.head()
	if f := c.next(frameData); string(f.body) != "80000 <nil>" {
		t.Errorf("%q", f.body)
	}
}

// TestDroppedBodies: what has come for a stream that was reset, or whose body was closed, is
// room on the connection for others while its handler goes on; and so is what still comes.
func TestDroppedBodies(t *testing.T) {
	const window, part = 65535, 16000
	entered, shut, left := make(chan bool), make(chan bool), make(chan error, 1)
	mux := http.NewServeMux()
	mux.HandleFunc("/reset", func(w http.ResponseWriter, r *http.Request) {
		entered <- true
		<-shut
		_, err := io.ReadAll(r.Body)
		left <- err
	})
	closing := func(w http.ResponseWriter, r *http.Request) {
		one := make([]byte, 1)
		r.Body.Read(one) // the rest of the piece is lent
		r.Body.Close()
		_, err := r.Body.Read(one)
		left <- err
	}
	mux.HandleFunc("/close", func(w http.ResponseWriter, r *http.Request) {
		entered <- true
		closing(w, r)
		<-shut
	})
	mux.Handle("/close/async", web.Async(func(t *async.Task, w http.ResponseWriter, r *http.Request) error {
		entered <- true
		closing(w, r)
		return async.Sleep(time.Hour).Await(t)
	}))
	for _, path := range []string{"/reset", "/close", "/close/async"} {
		t.Run(path, func(t *testing.T) {
			c := open(t, &web.Server{HTTP2: &http.HTTP2Config{MaxReceiveBufferPerConnection: window}, Handler: mux})
			sent := 0
			send := func() {
				for range window / part {
					c.write(frameData, 0, 1, make([]byte, part))
					sent += part
				}
			}
			given := func() { // but for less than a half of the window, which is not told of
				for sent >= window/2 {
					sent -= c.room(0)
				}
			}
			c.request(1, 0, "POST", path)
			send()
			within(t, entered, "the request")
			if path == "/reset" {
				c.write32(frameReset, 1, 8)
			}
			given()
			if path == "/reset" {
				shut <- true
			}
			if err := within(t, left, "the end of the body"); err == nil {
				t.Error("the body was read")
			}
			if path != "/reset" {
				send()
				given()
				c.write32(frameReset, 1, 8)
			}
			if path == "/close" {
				shut <- true
			}
		})
	}
}

// TestShutdown2: a connection is drained: first the client is told to ask no more, then which
// requests are answered.
func TestShutdown2(t *testing.T) {
	let, started := make(chan struct{}), make(chan struct{}, 1)
	s := &web.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		started <- struct{}{}
		<-let
	})}
	c := open(t, s)
	c.request(1, 1, "GET", "/")
	within(t, started, "the request")
	done := make(chan error, 1)
	go func() {
		ctx, stop := context.WithTimeout(context.Background(), patience)
		defer stop()
		done <- s.Shutdown(ctx)
	}()
	if f := c.next(frameGoAway); f.u32(0) != 1<<31-1 || f.u32(4) != 0 {
		t.Errorf("got %+v", f)
	}
	c.request(3, 1, "GET", "/") // it was on its way
	within(t, started, "the second request")
	c.write(framePing, 1, 0, c.next(framePing).body)
	if f := c.next(frameGoAway); f.u32(0) != 3 || f.u32(4) != 0 {
		t.Errorf("got %+v", f)
	}
	c.request(5, 1, "GET", "/") // it is too late
	close(let)
	for range 2 {
		if _, f := c.head(); f.id > 3 {
			t.Errorf("got %+v", f)
		}
	}
	c.goneWith()
	if err := within(t, done, "the end of Shutdown"); err != nil {
		t.Error(err)
	}
}

// TestClose2: Close ends connections and what they serve.
func TestClose2(t *testing.T) {
	started, gone := make(chan struct{}, 1), make(chan struct{}, 1)
	s := &web.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		started <- struct{}{}
		<-r.Context().Done()
		gone <- struct{}{}
	})}
	c := open(t, s)
	c.request(1, 1, "GET", "/")
	within(t, started, "the request")
	s.Close()
	within(t, gone, "the end of the context")
	c.goneWith()
}

// TestKeepAlivesOff2: a connection is for those requests then that come before it has heard.
func TestKeepAlivesOff2(t *testing.T) {
	s := &web.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusNoContent) })}
	s.SetKeepAlivesEnabled(false)
	c := open(t, s)
	c.request(1, 1, "GET", "/")
	for heads, goAways := 0, 0; heads < 1 || goAways < 1; {
		f, err := c.read()
		if err != nil {
			t.Fatal(err)
		}
		switch f.kind {
		case frameHeaders:
			heads++
		case frameGoAway:
			goAways++
		}
	}
	if code := c.goneWith(); code != 0 {
		t.Error(code)
	}
}

// TestPrior: how a connection begins says what is spoken on it, also if that comes in pieces.
func TestPrior(t *testing.T) {
	hello := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.Proto) })
	both := serve(t, &web.Server{Handler: hello, Protocols: protocols(http1, prior)})
	only := serve(t, &web.Server{Handler: hello, Protocols: protocols(prior)})
	for _, addr := range []string{both, only} {
		c := &frames{client: dial(t, addr)}
		for _, b := range "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" {
			c.send(string(b))
		}
		c.write(frameSettings, 0, 0, nil)
		c.write(framePing, 0, 0, make([]byte, 8))
		c.next(framePing)
	}
	if got := dial(t, both).get("/"); got != "HTTP/1.1" {
		t.Error(got)
	}
	dial(t, only).send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").ends()
	dial(t, both).send("PRI * HTTP/2.0\r\n\r\nSX\r\n\r\n").response("GET")
}

// TestHeartbeat: a client that answers no pings is left.
func TestHeartbeat(t *testing.T) {
	c := open(t, &web.Server{HTTP2: &http.HTTP2Config{SendPingTimeout: short, PingTimeout: short}})
	f := c.next(framePing)
	c.write(framePing, 1, 0, f.body)
	c.next(framePing)
	c.goneWith()
}

// TestErrorsAreCounted: CountError is told of what clients do wrong.
func TestErrorsAreCounted(t *testing.T) {
	told := make(chan string, 10)
	c := open(t, &web.Server{HTTP2: &http.HTTP2Config{CountError: func(what string) { told <- what }}})
	c.write(framePing, 0, 1, make([]byte, 8))
	if got := within(t, told, "the error"); got != "conn_ping_stream" {
		t.Error(got)
	}
	if code := c.goneWith(); code != 1 {
		t.Error(code)
	}
}
