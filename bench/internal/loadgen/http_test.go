package loadgen

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// serveHTTP serves a handler, until the test ends.
func serveHTTP(t *testing.T, h http.HandlerFunc) netip.AddrPort {
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.Listener.Addr().(*net.TCPAddr).AddrPort()
}

func greet(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, hello) }

func greetInChunks(w http.ResponseWriter, _ *http.Request) {
	_, _ = io.WriteString(w, hello[:5])
	w.(http.Flusher).Flush()
	_, _ = io.WriteString(w, hello[5:])
}

func TestHTTPLoad(t *testing.T) {
	var besides atomic.Int64
	addr := serveHTTP(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/beside":
			besides.Add(1)
			fallthrough
		case "/":
			greet(w, r)
		case "/chunks":
			greetInChunks(w, r)
		}
	})
	for _, cfg := range []Config{
		{Conns: 1, Path: "/", Threads: 1},
		{Conns: 50, Path: "/", Threads: 2},
		{Conns: 5, Path: "/chunks", Threads: 1},
		{Conns: 20, Active: 3, Path: "/", Threads: 2},
		{Conns: 20, Active: 10, Rate: 2000, Path: "/", Threads: 2},
		{Conns: 5, Beside: 7, BesidePath: "/beside", Path: "/", Threads: 1},
	} {
		cfg.Protocol, cfg.Addr, cfg.Body = HTTP, addr, hello
		r := runUntil(t, cfg, func(r Result) bool { return r.Silent == 0 || r.Errors > 0 })
		if r.Errors != 0 {
			t.Errorf("%+v: %d failed: %s", cfg, r.Errors, r.Error)
		}
		if r.Requests < uint64(cfg.active()) || r.Beside.Requests < uint64(cfg.Beside) {
			t.Errorf("%+v: %d answers and %d beside", cfg, r.Requests, r.Beside.Requests)
		}
		if cfg.Beside == 0 && r.Beside != (Latency{}) {
			t.Errorf("%+v: something beside: %+v", cfg, r.Beside)
		}
	}
	if besides.Load() == 0 {
		t.Error("nobody asked for what was to be asked for beside")
	}
}

// What is not the response that is wanted must be noticed.
func TestWrongResponses(t *testing.T) {
	for _, test := range []struct {
		name   string
		want   string
		answer http.HandlerFunc
	}{
		{"status", "status 503", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(503) }},
		{"body", errBody.Error(), func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "Good bye!") }},
		{"excess", errExcess.Error(), func(w http.ResponseWriter, r *http.Request) {
			conn, _, _ := w.(http.Hijacker).Hijack()
			defer conn.Close()
			_, _ = io.WriteString(conn, strings.Repeat("HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n"+hello, 2))
			_, _ = io.Copy(io.Discard, conn)
		}},
		{"half", io.ErrUnexpectedEOF.Error(), func(w http.ResponseWriter, r *http.Request) {
			conn, _, _ := w.(http.Hijacker).Hijack()
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Le")
			conn.Close()
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var known sync.Map
			addr := serveHTTP(t, func(w http.ResponseWriter, r *http.Request) {
				if _, asked := known.LoadOrStore(r.RemoteAddr, true); asked {
					test.answer(w, r)
				} else {
					greet(w, r)
				}
			})
			cfg := Config{Protocol: HTTP, Addr: addr, Conns: 3, Path: "/", Body: hello, Threads: 1}
			r := runUntil(t, cfg, func(r Result) bool { return r.Errors == cfg.Conns })
			if r.Error != test.want {
				t.Errorf("error %q, want %q", r.Error, test.want)
			}
		})
	}
}

// A connection that waits and is told something, or is closed, has failed.
func TestWaitingConnectionsAreWatched(t *testing.T) {
	for _, test := range []struct {
		want string
		harm func(net.Conn)
	}{
		{io.ErrUnexpectedEOF.Error(), func(c net.Conn) { c.Close() }},
		{errExcess.Error(), func(c net.Conn) { _, _ = io.WriteString(c, "HTTP/1.1 408 Request Timeout\r\n\r\n") }},
	} {
		var mu sync.Mutex
		var conns []net.Conn
		addr := serveHTTP(t, func(w http.ResponseWriter, r *http.Request) {
			conn, _, _ := w.(http.Hijacker).Hijack()
			mu.Lock()
			defer mu.Unlock()
			conns = append(conns, conn) // they are dialed one after the other
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n"+hello)
			if len(conns) == 4 {
				test.harm(conns[0]) // the last one is active
			}
		})
		r, err := Run(Config{Protocol: HTTP, Addr: addr, Conns: 4, Active: 1, Rate: 1, Path: "/", Body: hello, Threads: 1, Duration: 500 * time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		if r.Errors != 1 || r.Error != test.want {
			t.Errorf("%d errors, %q, want %q", r.Errors, r.Error, test.want)
		}
		mu.Lock()
		for _, c := range conns {
			c.Close()
		}
		mu.Unlock()
	}
}

// While it runs, the generator allocates nothing.
func TestRepliesAllocateNothing(t *testing.T) {
	text := []byte(replies[0].text)
	conns := []conn{{fd: -1, role: waiting}}
	l, err := newLoop(conns[:0], talk{pages: make([]page, 2)}, newClock(0, time.Second), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	l.talk.pages[0].body = hello
	conns[0].reply = new(reply)
	allocs := testing.AllocsPerRun(100, func() {
		for _, cut := range []int{len(text), 5, 0} { // the first time it is read, then it is known
			for _, part := range [][]byte{text[:cut], text[cut:]} {
				if len(part) == 0 {
					continue
				}
				if all, err := l.takeReply(&conns[0], part); err != nil || all != (cut != 5 || len(part) != 5) {
					t.Fatal(all, err)
				}
			}
		}
	})
	if allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}
