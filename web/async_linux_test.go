package web_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/timer"
	"rondo.dev/rondo/web"
)

// asyncMux has async handlers of all kinds.
func asyncMux() *http.ServeMux {
	mux := http.NewServeMux()
	handle := func(pattern string, f func(t *async.Task, w http.ResponseWriter, r *http.Request) error) {
		mux.Handle(pattern, web.Async(f))
	}
	handle("/sleep/{n}", func(t *async.Task, w http.ResponseWriter, r *http.Request) error {
		if err := timer.Sleep(time.Millisecond).Await(t); err != nil {
			return err
		}
		w.Header().Set("X-Pattern", r.Pattern)
		_, err := fmt.Fprintf(w, "slept %s", r.PathValue("n"))
		return err
	})
	handle("/echo", func(t *async.Task, w http.ResponseWriter, r *http.Request) error {
		var all []byte
		buf := make([]byte, 1000)
		for {
			n, err := web.ReadBody(t, r, buf)
			all = append(all, buf[:n]...)
			if err == io.EOF {
				break
			}
			if err != nil {
				return err
			}
		}
		_, err := w.Write(all)
		return err
	})
	handle("/body", func(t *async.Task, w http.ResponseWriter, r *http.Request) error {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			return err
		}
		_, err = w.Write(b)
		return err
	})
	handle("/pieces", func(t *async.Task, w http.ResponseWriter, r *http.Request) error {
		for i := range 3 {
			fmt.Fprintf(w, "piece %d\n", i)
			if err := web.Flush(t, w); err != nil {
				return err
			}
			if err := timer.Sleep(time.Millisecond).Await(t); err != nil {
				return err
			}
		}
		return nil
	})
	handle("/large", func(t *async.Task, w http.ResponseWriter, r *http.Request) error {
		for range 100 {
			if _, err := w.Write(make([]byte, 100_000)); err != nil {
				return err
			}
			if err := web.Flush(t, w); err != nil {
				return err
			}
		}
		return nil
	})
	handle("/fail", func(t *async.Task, w http.ResponseWriter, r *http.Request) error {
		return errors.New("as it should")
	})
	handle("/fail/late", func(t *async.Task, w http.ResponseWriter, r *http.Request) error {
		io.WriteString(w, "a part")
		if err := web.Flush(t, w); err != nil {
			return err
		}
		return errors.New("as it should")
	})
	handle("/panic", func(t *async.Task, w http.ResponseWriter, r *http.Request) error { panic("as it should") })
	handle("/unread", func(t *async.Task, w http.ResponseWriter, r *http.Request) error {
		_, err := io.WriteString(w, "nothing read")
		return err
	})
	return mux
}

// TestAsync: async handlers answer the same wherever they run: as tasks of rondo's
// server, below a middleware on a goroutine, or on one that is inline, and under
// net/http.
func TestAsync(t *testing.T) {
	middleware := func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Middleware", "yes")
			h.ServeHTTP(w, r)
		})
	}
	quiet := slog.New(slog.DiscardHandler)
	for name, address := range map[string]func(t *testing.T) string{
		"task": func(t *testing.T) string { return serve(t, &web.Server{Handler: asyncMux(), ErrorLog: quiet}) },
		"middleware": func(t *testing.T) string {
			return serve(t, &web.Server{Handler: middleware(asyncMux()), ErrorLog: quiet})
		},
		"inline": func(t *testing.T) string {
			return serve(t, &web.Server{Handler: web.Inline(middleware(asyncMux())), ErrorLog: quiet})
		},
		"net/http": func(t *testing.T) string {
			s := httptest.NewUnstartedServer(asyncMux())
			s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
			s.Start()
			t.Cleanup(s.Close)
			return s.Listener.Addr().String()
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := dial(t, address(t))
			for i := range 3 {
				resp, body := c.send(fmt.Sprintf("GET /sleep/%d HTTP/1.1\r\nHost: a\r\n\r\n", i)).response("GET")
				if want := fmt.Sprint("slept ", i); body != want || resp.Header.Get("X-Pattern") != "/sleep/{n}" {
					t.Errorf("got %q, %v", body, resp)
				}
			}
			large := strings.Repeat("0123456789", 50_000)
			for _, path := range []string{"/echo", "/body"} {
				for _, want := range []string{"", "x", large} {
					_, body := c.send(fmt.Sprintf("POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%s", path, len(want), want)).response("POST")
					if body != want {
						t.Errorf("%s: got %d bytes of %d", path, len(body), len(want))
					}
				}
			}
			c.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
			if line, err := c.r.ReadString('\n'); line != "HTTP/1.1 100 Continue\r\n" {
				t.Errorf("got %q, %v", line, err)
			}
			c.r.ReadString('\n')
			if _, body := c.send("later").response("POST"); body != "later" {
				t.Errorf("got %q", body)
			}
			if got := c.get("/pieces"); got != "piece 0\npiece 1\npiece 2\n" {
				t.Errorf("got %q", got)
			}
			if got := c.get("/large"); len(got) != 10_000_000 {
				t.Errorf("got %d bytes", len(got))
			}
			if _, body := c.send("POST /unread HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n" + large[:100_000]).response("POST"); body != "nothing read" {
				t.Errorf("got %q", body)
			}
			resp, body := c.send("GET /fail HTTP/1.1\r\nHost: a\r\n\r\n").response("GET")
			if resp.StatusCode != 500 || body != "Internal Server Error\n" {
				t.Errorf("got %v, %q", resp, body)
			}
			c.get("/unread") // the connection goes on
			c.send("GET /fail/late HTTP/1.1\r\nHost: a\r\n\r\n")
			resp, err := http.ReadResponse(c.r, nil)
			if err != nil {
				t.Fatal(err)
			}
			if b, err := io.ReadAll(resp.Body); string(b) != "a part" || err == nil {
				t.Errorf("got %q, %v", b, err)
			}
			dial(t, c.RemoteAddr().String()).send("GET /panic HTTP/1.1\r\nHost: a\r\n\r\n").ends()
		})
	}
}

// TestAsyncElsewhere: an async handler below net/http sends much of its response before it
// has returned, and its failure is told to the log of the server.
func TestAsyncElsewhere(t *testing.T) {
	const piece = 64 << 10
	fails := errors.New("as it should")
	rec := httptest.NewRecorder()
	h := web.Async(func(t *async.Task, w http.ResponseWriter, r *http.Request) error {
		for i := range 20 {
			if _, err := w.Write(make([]byte, piece)); err != nil {
				return err
			}
			if collected := (i+1)*piece - rec.Body.Len(); collected > 2*piece {
				return fmt.Errorf("%d bytes are collected", collected)
			}
		}
		return nil
	})
	h.ServeHTTP(rec, httptest.NewRequest("GET", "/", nil))
	if rec.Code != 200 || rec.Body.Len() != 20*piece {
		t.Errorf("got %d, %d bytes", rec.Code, rec.Body.Len())
	}
	var text strings.Builder
	server := &http.Server{ErrorLog: log.New(&text, "", 0)}
	request := httptest.NewRequest("GET", "/where", nil)
	request = request.WithContext(context.WithValue(request.Context(), http.ServerContextKey, server))
	web.Async(func(t *async.Task, w http.ResponseWriter, r *http.Request) error { return fails }).ServeHTTP(httptest.NewRecorder(), request)
	if !strings.Contains(text.String(), fails.Error()) || !strings.Contains(text.String(), "/where") {
		t.Errorf("logged %q", text.String())
	}
}

// TestInline: a handler on the loop can wait for the client, and suspends only itself.
func TestInline(t *testing.T) {
	addr := serve(t, &web.Server{Handler: web.Inline(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		w.Write(b)
		w.Write(make([]byte, 8<<20))
	}))})
	slow := dial(t, addr).send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n")
	for range 3 {
		if _, body := dial(t, addr).send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc").response("POST"); len(body) != 3+8<<20 {
			t.Errorf("got %d bytes", len(body))
		}
	}
	if _, body := slow.send("abc").response("POST"); len(body) != 3+8<<20 {
		t.Errorf("got %d bytes", len(body))
	}
}

// TestHalfClosed: a client that has ended its direction still gets its response.
func TestHalfClosed(t *testing.T) {
	mux := asyncMux()
	mux.HandleFunc("/plain", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "plain") })
	addr := serve(t, &web.Server{Handler: mux})
	for path, want := range map[string]string{"/plain": "plain", "/unread": "nothing read"} {
		c := dial(t, addr).send("GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n")
		c.Conn.(*net.TCPConn).CloseWrite()
		if _, body := c.response("GET"); body != want {
			t.Errorf("got %q", body)
		}
		c.ends()
	}
}
