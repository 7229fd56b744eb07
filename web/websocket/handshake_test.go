package websocket

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/internal/testworld"
	"rondo.dev/rondo/web/websocket/internal/wire"
)

const goodRequest = "GET / HTTP/1.1\r\nHost: example.org:80\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
	"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

func TestJudge(t *testing.T) {
	for _, c := range []struct {
		name string
		edit func(s string) string
		opts Options
		want int // the status; 0: accepted
		has  string
	}{
		{name: "good", has: "Sec-Websocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="},
		{name: "many tokens", edit: swap("Connection: Upgrade", "Connection: keep-alive, uPGRADE"), has: "Upgrade: websocket"},
		{name: "POST", edit: swap("GET", "POST"), want: 405},
		{name: "HTTP/1.0", edit: swap("HTTP/1.1", "HTTP/1.0"), want: 505},
		{name: "no Upgrade", edit: swap("Upgrade: websocket\r\n", ""), want: 426},
		{name: "another Upgrade", edit: swap("Upgrade: websocket", "Upgrade: h2c"), want: 426},
		{name: "no Connection", edit: swap("Connection: Upgrade\r\n", ""), want: 426},
		{name: "version 8", edit: swap("Version: 13", "Version: 8"), want: 426},
		{name: "two versions", edit: swap("Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Version: 8"), want: 426},
		{name: "no version", edit: swap("Sec-WebSocket-Version: 13\r\n", ""), want: 426},
		{name: "no key", edit: swap("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", ""), want: 400},
		{name: "short key", edit: swap("dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25j"), want: 400},
		{name: "two keys", edit: swap("Sec-WebSocket-Key:", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Key:"), want: 400},
		{name: "a body", edit: plus("Content-Length: 3"), want: 400},
		{name: "same origin", edit: plus("Origin: http://Example.org:80")},
		{name: "another origin", edit: plus("Origin: http://example.com"), want: 403},
		{name: "another port", edit: plus("Origin: http://example.org:81"), want: 403},
		{name: "no origin in it", edit: plus("Origin: null"), want: 403},
		{name: "two origins", edit: plus("Origin: http://example.org:80\r\nOrigin: http://example.com"), want: 403},
		{name: "allowed", edit: plus("Origin: http://example.com"), opts: Options{CheckOrigin: func(*http.Request) bool { return true }}},
		{name: "disallowed", opts: Options{CheckOrigin: func(*http.Request) bool { return false }}, want: 403},
		{name: "subprotocol", edit: plus("Sec-WebSocket-Protocol: a, b"), opts: Options{Subprotocols: []string{"c", "b", "a"}}, has: "Sec-Websocket-Protocol: b"},
		{name: "none of ours", edit: plus("Sec-WebSocket-Protocol: a"), opts: Options{Subprotocols: []string{"c"}}},
		{name: "compression", edit: plus("Sec-WebSocket-Extensions: permessage-deflate"), has: "Sec-Websocket-Extensions: permessage-deflate; server_no"},
		{name: "no compression", edit: plus("Sec-WebSocket-Extensions: permessage-deflate"), opts: Options{NoCompression: true}},
		{name: "malformed extensions", edit: plus("Sec-WebSocket-Extensions: ;"), want: 400},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := goodRequest + "\r\n"
			if c.edit != nil {
				s = c.edit(s)
			}
			r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(s)))
			if err != nil {
				t.Fatal(err)
			}
			_, answer, refused := judge(r, &c.opts)
			if refused == nil {
				got := string(response(answer, http.Header{"Set-Cookie": {"a=b"}, "Upgrade": {"x"}}))
				if !strings.Contains(strings.ToLower(got), strings.ToLower(c.has)) || c.want != 0 || !strings.Contains(got, "Set-Cookie: a=b\r\n") || strings.Contains(got, "x\r\n") {
					t.Errorf("want %d, got %q", c.want, got)
				}
				if c.has == "" && (strings.Contains(got, "Protocol:") || strings.Contains(got, "Extensions:")) {
					t.Errorf("got %q", got)
				}
				return
			}
			if refused.Status != c.want {
				t.Errorf("want %d, got %v", c.want, refused)
			}
			// A handler that was refused has an answer that says what to do.
			w := httptest.NewRecorder()
			if _, err := Accept(w, r, &c.opts); err == nil || w.Code != c.want {
				t.Errorf("answered with %d, %v", w.Code, err)
			}
			if c.want == 426 && (w.Header().Get("Sec-WebSocket-Version") != "13" || w.Header().Get("Upgrade") != "websocket") {
				t.Errorf("the header is %v", w.Header())
			}
		})
	}
}

func swap(a, b string) func(string) string {
	return func(s string) string { return strings.Replace(s, a, b, 1) }
}

func plus(field string) func(string) string { return swap("\r\n\r\n", "\r\n"+field+"\r\n\r\n") }

// A server that can't hand over its connection says so.
func TestNoHijack(t *testing.T) {
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(goodRequest + "\r\n")))
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	if _, err := Accept(w, r, nil); !errors.Is(err, http.ErrNotSupported) || w.Code != 500 {
		t.Errorf("got %d, %v", w.Code, err)
	}
}

// A client and servers of both kinds.
func TestDial(t *testing.T) {
	forServer, forClient := configs(t)
	opts := &Options{Subprotocols: []string{"b", "a"}}
	chat := func(t *async.Task, c *Conn) error {
		if c.Subprotocol() != "a" || !c.Compressed() {
			return fmt.Errorf("agreed on %q, compressed %v", c.Subprotocol(), c.Compressed())
		}
		for _, s := range []string{"", "Hello", random(100_000), strings.Repeat("x", 100_000)} {
			if _, err := c.Send(Text, []byte(s)).Await(t); err != nil {
				return err
			}
			m, err := c.Receive().Await(t)
			if err != nil {
				return err
			}
			if string(m.Data) != s {
				return fmt.Errorf("%d bytes came back as %d", len(s), len(m.Data))
			}
		}
		return c.Close().Await(t)
	}
	plain := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Set-Cookie", "a=b")
		c, err := Accept(w, r, opts)
		if err != nil {
			return
		}
		rw := context.WithoutCancel(r.Context())
		for {
			m, err := c.Receive().Wait(rw)
			if err != nil {
				break
			}
			if _, err = c.Send(m.Kind, m.Data).Wait(rw); err != nil {
				break
			}
		}
		c.Close().Wait(rw)
	})
	for _, secure := range []bool{false, true} {
		scheme, server, client := "ws", (*tls.Config)(nil), (*tls.Config)(nil)
		web := httptest.NewUnstartedServer(plain)
		if web.TLS = forServer; secure {
			scheme, server, client = "wss", forServer, forClient
			web.StartTLS()
		} else {
			web.Start()
		}
		defer web.Close()
		d := &Dialer{Options: Options{Subprotocols: []string{"x", "a"}}, TLS: client, Header: http.Header{"Origin": {"http://here"}, "Host": {"here"}}}
		t.Run(scheme, func(t *testing.T) {
			testworld.OnEach(t, func(e *testworld.Env) {
				addr, stop := listen(e, server, func(t *async.Task, w http.ResponseWriter, r *http.Request) {
					c, err := AcceptAsync(t, w, r, opts)
					if err != nil {
						return
					}
					defer c.Close().Await(t)
					echo(t, c)
				})
				c, err := d.Dial(e.Task, scheme+"://"+addr+"/path?query")
				e.Check(err)
				e.Check(chat(e.Task, c))
				_, err = (&Dialer{TLS: client, Header: http.Header{"Origin": {"http://elsewhere"}}}).Dial(e.Task, scheme+"://"+addr)
				var refused *HandshakeError
				if !errors.As(err, &refused) || refused.Status != 403 {
					e.Errorf("got %v", err)
				}
				stop()
				if e.Kernel {
					c, err := d.Dial(e.Task, scheme+"://"+web.Listener.Addr().String())
					e.Check(err)
					e.Check(chat(e.Task, c))
				}
			})
		})
	}
}

func TestBadAddress(t *testing.T) {
	testworld.OnEach(t, func(e *testworld.Env) {
		for _, address := range []string{"http://127.0.0.1:1", "ws://", "://", "ws:opaque"} {
			if _, err := Dial(e.Task, address, nil); err == nil {
				e.Errorf("dialled %q", address)
			}
		}
	})
}

// Responses that a client does not take.
func TestBadResponse(t *testing.T) {
	const good = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: upgrade\r\nSec-WebSocket-Accept: KEY\r\n"
	for _, c := range []struct {
		name string
		edit func(string) string
		bad  string
	}{
		{"good", swap("", ""), ""},
		{"subprotocol", plus("Sec-WebSocket-Protocol: a"), ""},
		{"status", swap("101", "200"), "200"},
		{"no Upgrade", swap("Upgrade: WebSocket\r\n", ""), "something else"},
		{"no Connection", swap("Connection: upgrade\r\n", ""), "something else"},
		{"another key", swap("KEY", "S3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "key"},
		{"no key", swap("Sec-WebSocket-Accept: KEY\r\n", ""), "key"},
		{"another subprotocol", plus("Sec-WebSocket-Protocol: b"), "subprotocol"},
		{"two subprotocols", plus("Sec-WebSocket-Protocol: a\r\nSec-WebSocket-Protocol: a"), "subprotocol"},
		{"an extension", plus("Sec-WebSocket-Extensions: permessage-deflate"), "extensions"},
		{"no HTTP", func(string) string { return "SSH-2.0\r\n\r\n" }, "malformed"},
		{"the end", func(s string) string { return s[:20] }, "unexpected EOF"},
		{"no end", func(s string) string { return s[:len(s)-2] + strings.Repeat("X: y\r\n", 20_000) }, "no end"},
	} {
		t.Run(c.name, func(t *testing.T) {
			testworld.OnKernel(t, func(e *testworld.Env) {
				addr, stop := listenRaw(e, func(t *async.Task, s onLoop) error {
					head, _, err := readHead(t, s)
					if err != nil {
						return err
					}
					r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(string(head))))
					if err != nil {
						return err
					}
					key := wire.Accept(r.Header.Get("Sec-Websocket-Key"))
					_, err = s.Write([]byte(strings.Replace(c.edit(good+"\r\n"), "KEY", key, 1))).Await(t)
					return err
				})
				conn, err := (&Dialer{Options: Options{Subprotocols: []string{"a"}}}).Dial(e.Task, "ws://"+addr)
				if conn != nil {
					e.Check(conn.CloseNow().Await(e.Task))
				}
				if (err == nil) != (c.bad == "") || err != nil && !strings.Contains(err.Error(), c.bad) {
					e.Errorf("got %v", err)
				}
				stop()
			})
		})
	}
}

// A dial that is cancelled leaves nothing.
func TestDialCancelled(t *testing.T) {
	testworld.OnEach(t, func(e *testworld.Env) {
		addr, stop := listenRaw(e, func(t *async.Task, s onLoop) error {
			for {
				if _, err := s.Recv().Await(t); err != nil {
					return err
				}
			}
		})
		short, lift := e.Task.WithTimeout(20 * time.Millisecond)
		defer lift()
		if _, err := Dial(short, "ws://"+addr, nil); err == nil {
			e.Error("it has dialled")
		}
		stop()
	})
}

// Goroutines at both ends: with Dial by rondo.Wait, and a handler of net/http's. Several
// send, several receive, and others ping.
func TestGoroutines(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(echoingPlainly))
	defer server.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	c, err := rondo.Wait(ctx, func(t *async.Task) (*Conn, error) {
		return Dial(t, "ws"+strings.TrimPrefix(server.URL, "http"), nil)
	})
	if err != nil {
		t.Skip(err) // no loops here
	}
	const senders, each = 4, 50
	errs := make(chan error, 2*senders+1)
	for i := range senders {
		go func() {
			for range each {
				if _, err := c.Send(Text, []byte(strings.Repeat(fmt.Sprint(i), 10+i*100))).Wait(ctx); err != nil {
					errs <- err
					return
				}
			}
			errs <- nil
		}()
		go func() {
			for range each {
				m, err := c.Receive().Wait(ctx)
				if err == nil && strings.Trim(string(m.Data), string(m.Data[:1])) != "" {
					err = fmt.Errorf("mixed: %q", m.Data)
				}
				if err != nil {
					errs <- err
					return
				}
			}
			errs <- nil
		}()
	}
	go func() { errs <- c.Ping().Wait(ctx) }()
	for range 2*senders + 1 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	short, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
	defer cancel()
	if _, err := c.Receive().Wait(short); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if err := c.CloseWith(4001, "enough").Wait(ctx); err != nil {
		t.Error(err)
	}
	if _, err := c.Receive().Wait(ctx); err == nil || errors.Is(err, io.EOF) {
		t.Errorf("got %v", err)
	}
}
