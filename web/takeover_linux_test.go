package web_test

import (
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/async/lowered"
	"rondo.dev/rondo/netio"
	"rondo.dev/rondo/netio/tlsio"
	"rondo.dev/rondo/web"
)

// takeOverer is what a handler looks for in its ResponseWriter.
type takeOverer interface {
	TakeOver(first []byte, begin func(conn any, received []byte) async.Frame) error
}

// heir goes on with a connection: what f does, on a coroutine.
type heir struct {
	callee lowered.Callee
	begun  bool
	f      func(t *async.Task)
}

func (h *heir) Step(t *async.Task) (done bool) {
	if h.begun {
		return h.callee.Resume(t)
	}
	h.begun = true
	return h.callee.Begin(t, func() { h.f(t) })
}

// stream is what both kinds of connections are to it.
type stream interface {
	Recv() async.Op[[]byte]
	Write(b []byte) async.Op[int]
}

// repeat says what it is told, until the end.
func repeat(t *async.Task, s stream, received []byte) {
	for b, err := received, error(nil); err == nil; b, err = s.Recv().Await(t) {
		if _, err := s.Write(b).Await(t); err != nil {
			return
		}
	}
}

// TestTakeOver: a protocol that begins with a request goes on behind what the handler has
// begun to answer, with all that has come.
func TestTakeOver(t *testing.T) {
	cert, pool := testCert(t)
	handler := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Upgrade", "repeat")
		w.Header().Set("Connection", "Upgrade")
		w.WriteHeader(http.StatusSwitchingProtocols)
		err := w.(takeOverer).TakeOver([]byte("hello,"), func(conn any, received []byte) async.Frame {
			switch conn := conn.(type) {
			case *netio.Conn:
				return &heir{f: func(t *async.Task) { repeat(t, conn, received) }}
			case *tlsio.Conn:
				return &heir{f: func(t *async.Task) { repeat(t, conn, received) }}
			}
			panic("another kind of connection")
		})
		if err != nil {
			panic(err)
		}
		if err := w.(takeOverer).TakeOver(nil, nil); err != http.ErrHijacked {
			t.Error(err)
		}
	}
	for name, h := range map[string]http.Handler{
		"goroutine": http.HandlerFunc(handler),
		"inline":    web.Inline(http.HandlerFunc(handler)),
		"task": web.Async(func(t *async.Task, w http.ResponseWriter, r *http.Request) error {
			handler(w, r)
			return async.Yield(t)
		}),
	} {
		t.Run(name, func(t *testing.T) {
			plain := serve(t, &web.Server{Handler: h})
			s := &web.Server{Handler: h, TLSConfig: &tls.Config{Certificates: []tls.Certificate{cert}}}
			secure := serveWith(t, s, func(l net.Listener) error { return s.ServeTLS(l, "", "") })
			for _, addr := range []string{plain, secure} {
				c := dial(t, addr)
				if addr == secure {
					c.Conn = tls.Client(c.Conn, &tls.Config{RootCAs: pool, ServerName: "localhost"})
					c.r.Reset(c.Conn)
				}
				c.send("GET / HTTP/1.1\r\nHost: a\r\n\r\nearly,")
				resp, err := http.ReadResponse(c.r, nil)
				if err != nil || resp.StatusCode != 101 || resp.Header.Get("Upgrade") != "repeat" {
					t.Fatal(resp, err)
				}
				for _, s := range []string{"hello,early,", "late", strings.Repeat("long", 20_000)} {
					if s != "hello,early," {
						go io.WriteString(c, s)
					}
					got := make([]byte, len(s))
					if _, err := io.ReadFull(c.r, got); err != nil || string(got) != s {
						t.Fatalf("got %.20q, %v", got, err)
					}
				}
				c.Conn.(interface{ CloseWrite() error }).CloseWrite()
				c.ends()
			}
		})
	}
}

// TestTakeOverFails: who can't go on costs its connection, and is told to the log.
func TestTakeOverFails(t *testing.T) {
	for name, begin := range map[string]func(conn any, received []byte) async.Frame{
		"begin panics": func(any, []byte) async.Frame { panic("as it should") },
		"no frame":     func(any, []byte) async.Frame { return nil },
		"a frame panics": func(any, []byte) async.Frame {
			return &heir{f: func(t *async.Task) { panic("as it should") }}
		},
		"a frame is done": func(any, []byte) async.Frame { return &heir{f: func(t *async.Task) {}} },
	} {
		t.Run(name, func(t *testing.T) {
			told := make(chan string, 10)
			s := &web.Server{ErrorLog: slog.New(slog.NewTextHandler(tell(told), nil)), Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/" {
					io.WriteString(w, "fine")
				} else if err := w.(takeOverer).TakeOver([]byte("first"), begin); err != nil {
					t.Error(err)
				}
			})}
			addr := serve(t, s)
			other := dial(t, addr)
			other.get("/")
			c := dial(t, addr).send("GET /over HTTP/1.1\r\nHost: a\r\n\r\n")
			if b, err := io.ReadAll(c.r); string(b) != "first" || isTimeout(err) {
				t.Errorf("got %q, %v", b, err)
			}
			if name != "a frame is done" {
				if line := within(t, told, "a line in the log"); !strings.Contains(line, "panic") && !strings.Contains(line, "given up") {
					t.Error(line)
				}
			}
			if other.get("/") != "fine" {
				t.Error("others are not served")
			}
		})
	}
}

// tell is a writer for one who waits.
type tell chan string

func (c tell) Write(p []byte) (int, error) {
	select {
	case c <- string(p):
		return len(p), nil
	default:
		return 0, errors.New("nobody listens")
	}
}

// TestLocalAddrAfterHijack: the context of a request knows the local address when the connection
// is the handler's, also that of a listener on all addresses.
func TestLocalAddrAfterHijack(t *testing.T) {
	l, err := net.Listen("tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	got := make(chan any, 1)
	s := &web.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		got <- r.Context().Value(http.LocalAddrContextKey)
	})}
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	c := dial(t, net.JoinHostPort("127.0.0.1", strconv.Itoa(l.Addr().(*net.TCPAddr).Port))).send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	if a, _ := within(t, got, "the request").(net.Addr); a == nil || a.String() != c.RemoteAddr().String() {
		t.Errorf("got %v", a)
	}
	s.Close()
	<-done
}

// TestTakeOverBody: who takes a connection over gets what of the body was not read, as it
// came, and what is behind it.
func TestTakeOverBody(t *testing.T) {
	const rest = "3456789\r\n3\r\nabc\r\n0\r\n\r\nMORE"
	mux := http.NewServeMux()
	mux.HandleFunc("/hijack", func(w http.ResponseWriter, r *http.Request) {
		io.ReadFull(r.Body, make([]byte, 3))
		c, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		io.CopyN(c, rw, int64(len(rest)))
	})
	mux.HandleFunc("/takeover", func(w http.ResponseWriter, r *http.Request) {
		io.ReadFull(r.Body, make([]byte, 3))
		err := w.(takeOverer).TakeOver(nil, func(conn any, received []byte) async.Frame {
			return &heir{f: func(t *async.Task) { repeat(t, conn.(*netio.Conn), received) }}
		})
		if err != nil {
			t.Error(err)
		}
	})
	for name, h := range map[string]http.Handler{"goroutine": mux, "inline": web.Inline(mux)} {
		for _, path := range []string{"/hijack", "/takeover"} {
			t.Run(name+path, func(t *testing.T) {
				c := dial(t, serve(t, &web.Server{Handler: h}))
				c.send("POST " + path + " HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\na\r\n012" + rest)
				b := make([]byte, len(rest))
				if _, err := io.ReadFull(c, b); err != nil || string(b) != rest {
					t.Errorf("got %q, %v", b, err)
				}
			})
		}
	}
}
