package web_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"errors"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/internal/leak"
	"rondo.dev/rondo/timer"
	"rondo.dev/rondo/web"
)

// short is a limit that passes in a test.
const short = 20 * time.Millisecond

// TestLimits: who exceeds a limit is left, or answered; others go on being served.
func TestLimits(t *testing.T) {
	echo := func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		w.Write(b)
	}
	for _, c := range []struct {
		name   string
		server *web.Server
		send   string
		answer string // of the last response; "": none
	}{
		{"nothing is sent", &web.Server{ReadHeaderTimeout: short}, "", ""},
		{"half a head", &web.Server{ReadHeaderTimeout: short}, "GET / HTTP/1.1\r\nHost: ", ""},
		{"half a head, by ReadTimeout", &web.Server{ReadTimeout: short}, "GET / HTTP/1.1\r\nHost: ", ""},
		{"idle", &web.Server{IdleTimeout: short}, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "200"},
		{"half a body", &web.Server{StallTimeout: short}, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc", ""},
		{"half a body, by ReadTimeout", &web.Server{ReadTimeout: short}, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc", ""},
		{"a large head", &web.Server{MaxHeaderBytes: 1000}, "GET / HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("x", 10_000) + "\r\n\r\n", "431"},
		{"no request", &web.Server{}, "hello\r\n\r\n", "400"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.server.Handler = http.HandlerFunc(echo)
			addr := serve(t, c.server)
			x := dial(t, addr).send(c.send)
			if c.answer != "" {
				resp, _ := x.response("GET")
				if got := fmt.Sprint(resp.StatusCode); got != c.answer {
					t.Errorf("got %s", got)
				}
			}
			x.ends()
		})
	}
}

// TestFarLimits: limits that are too far away for a clock are none.
func TestFarLimits(t *testing.T) {
	const forever = time.Duration(math.MaxInt64)
	year9999 := time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	large := strings.Repeat("x", 1<<20)
	for name, s := range map[string]*web.Server{
		"limits":   {ReadTimeout: forever, ReadHeaderTimeout: forever, WriteTimeout: forever, IdleTimeout: forever, StallTimeout: forever},
		"stalls":   {StallTimeout: 12 * time.Hour, MinRate: -1},
		"deadline": {},
	} {
		t.Run(name, func(t *testing.T) {
			begun := make(chan bool)
			s.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if ctl := http.NewResponseController(w); name == "deadline" {
					ctl.SetReadDeadline(year9999)
					ctl.SetWriteDeadline(year9999)
				}
				begun <- true
				b, err := io.ReadAll(r.Body)
				if err != nil {
					t.Error(err)
				}
				io.WriteString(w, string(b)+large)
			})
			c := dial(t, serve(t, s))
			for range 2 {
				c.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc")
				within(t, begun, "the request")
				c.send("def")
				if _, body := c.response("POST"); body != "abcdef"+large {
					t.Errorf("got %d bytes", len(body))
				}
			}
		})
	}
}

// TestLoopHeld: a client is not given up for the time in which its loop was held, if it has
// sent meanwhile what it was waited for.
func TestLoopHeld(t *testing.T) {
	rt, err := rondo.New(rondo.Loops(1), rondo.Watchdog(0))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { rt.Shutdown(context.Background()) })
	for name, server := range map[string]*web.Server{
		"body": {StallTimeout: time.Second},
		"head": {ReadHeaderTimeout: time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			entered, held := make(chan bool, 2), make(chan bool)
			server.Runtime = rt
			server.Handler = web.Inline(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				entered <- true
				if r.URL.Path == "/hold" {
					<-held
					time.Sleep(2 * time.Second)
				}
				io.Copy(w, r.Body)
			}))
			addr := serve(t, server)
			holder, waiting := dial(t, addr), dial(t, addr)
			request := "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n"
			waits := len(request)
			if name == "head" {
				waits = 10
			}
			if waiting.send(request[:waits]); name == "body" {
				within(t, entered, "the request that waits")
			}
			holder.send("GET /hold HTTP/1.1\r\nHost: a\r\n\r\n")
			within(t, entered, "the request")
			waiting.send(request[waits:] + "abc")
			held <- true
			if _, body := waiting.response("POST"); body != "abc" {
				t.Errorf("got %q", body)
			}
		})
	}
}

// TestRefusedLater: a refusal has nothing to do with the limits of an earlier request.
func TestRefusedLater(t *testing.T) {
	c := dial(t, serve(t, &web.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "6")
		io.WriteString(w, "served")
		ctl := http.NewResponseController(w)
		ctl.Flush()
		ctl.SetWriteDeadline(time.Unix(1, 0)) // when nothing is left to be written
	})}))
	for range 3 {
		c.get("/")
	}
	if resp, _ := c.send("hello\r\n\r\n").response("GET"); resp.StatusCode != 400 {
		t.Error(resp.Status)
	}
}

// TestOverloadedBody: there is no waiting for the body of a request that is not handled.
func TestOverloadedBody(t *testing.T) {
	entered, leave := make(chan bool), make(chan bool)
	addr := serve(t, &web.Server{MaxRequests: 1, StallTimeout: -1, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		entered <- true
		<-leave
	})})
	first := dial(t, addr).send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	<-entered
	second := dial(t, addr).send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc")
	if resp, _ := second.response("POST"); resp.StatusCode != 503 || !resp.Close {
		t.Error(resp.Status)
	}
	second.ends()
	leave <- true
	first.response("GET")
}

// TestBodyInPieces: a body that has come is its handler's until it has read it, whatever
// comes on other connections meanwhile.
func TestBodyInPieces(t *testing.T) {
	addr := serve(t, &web.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body []byte
		for piece := make([]byte, 100); ; time.Sleep(time.Millisecond / 4) {
			n, err := r.Body.Read(piece)
			if body = append(body, piece[:n]...); err != nil {
				break
			}
		}
		w.Write(body)
	})})
	clients := make([]*client, 8)
	for i := range clients {
		clients[i] = dial(t, addr)
	}
	for range 10 {
		for i, c := range clients {
			c.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2000\r\n\r\n" + strings.Repeat(string(rune('a'+i)), 2000))
		}
		for i, c := range clients {
			if _, body := c.response("POST"); body != strings.Repeat(string(rune('a'+i)), 2000) {
				t.Fatalf("client %d got %q", i, body)
			}
		}
	}
}

// TestStalledReader: a client that does not take its response is given up, and the
// handler told why.
func TestStalledReader(t *testing.T) {
	for _, s := range []*web.Server{{StallTimeout: short}, {WriteTimeout: short}} {
		failed := make(chan error, 1)
		s.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			for {
				if _, err := w.Write(make([]byte, 1<<20)); err != nil {
					failed <- err
					return
				}
			}
		})
		dial(t, serve(t, s)).send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		if err := within(t, failed, "the end of the write"); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Error(err)
		}
	}
}

// TestOverload: above MaxRequests there are answers at once, and the connection goes
// on.
func TestOverload(t *testing.T) {
	entered, leave := make(chan bool), make(chan bool)
	addr := serve(t, &web.Server{MaxRequests: 1, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		entered <- true
		<-leave
		io.WriteString(w, "served")
	})})
	first := dial(t, addr).send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	<-entered
	second := dial(t, addr)
	for range 3 {
		resp, body := second.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").response("GET")
		if resp.StatusCode != 503 || resp.Header.Get("Retry-After") == "" || body != "Service Unavailable\n" {
			t.Errorf("got %v, %q", resp, body)
		}
	}
	leave <- true
	if _, body := first.response("GET"); body != "served" {
		t.Errorf("got %q", body)
	}
	// The first counts until its loop has seen that its response has gone.
	go func() {
		<-entered
		leave <- true
	}()
	leak.Eventually(t, "the second is not served", func() bool { return second.get("/") == "served" })
}

// TestMaxConns: connections above the limit wait until there is room.
func TestMaxConns(t *testing.T) {
	addr := serve(t, &web.Server{MaxConns: 2, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "served") })})
	a, b := dial(t, addr), dial(t, addr)
	a.get("/")
	b.get("/")
	c := dial(t, addr).send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	a.Close()
	if _, body := c.response("GET"); body != "served" {
		t.Errorf("got %q", body)
	}
}

// TestGone: a client that goes away ends the request's context, and cancels an async
// handler's task.
func TestGone(t *testing.T) {
	entered, left := make(chan bool, 1), make(chan error, 1)
	mux := http.NewServeMux()
	mux.HandleFunc("/plain", func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		entered <- true
		<-r.Context().Done()
		left <- r.Context().Err()
	})
	mux.Handle("/async", web.Async(func(t *async.Task, w http.ResponseWriter, r *http.Request) error {
		entered <- true
		err := timer.Sleep(time.Hour).Await(t)
		left <- err
		return err
	}))
	derived := make(chan error, 1)
	mux.HandleFunc("/derived", func(w http.ResponseWriter, r *http.Request) {
		ctx, stop := context.WithTimeout(r.Context(), time.Hour)
		defer stop()
		entered <- true
		<-ctx.Done()
		left <- ctx.Err()
		derived <- context.Cause(ctx)
	})
	addr := serve(t, &web.Server{Handler: mux})
	for _, path := range []string{"/plain", "/async", "/derived"} {
		for _, request := range []string{"GET %s HTTP/1.1\r\nHost: a\r\n\r\n", "POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"} {
			if path != "/plain" && strings.HasPrefix(request, "POST") {
				continue
			}
			c := dial(t, addr).send(fmt.Sprintf(request, path))
			within(t, entered, "the request")
			c.Close()
			if err := within(t, left, "the end of the handler at "+path); err != context.Canceled {
				t.Error(path, err)
			}
		}
	}
	if err := within(t, derived, "the cause"); err != context.Canceled {
		t.Error(err)
	}
}

// TestCloseNotify: old handlers are told that their client is gone by a channel, always the same
// one; and nothing if it stays.
func TestCloseNotify(t *testing.T) {
	type notifier interface{ CloseNotify() <-chan bool }
	entered, told := make(chan bool), make(chan bool, 1)
	stayed := make(chan (<-chan bool), 1)
	s := &web.Server{Protocols: protocols(http1, prior), Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := w.(notifier).CloseNotify()
		if r.URL.Path == "/stay" {
			stayed <- c
			return
		}
		if again := w.(notifier).CloseNotify(); again != c {
			t.Error("there is another channel")
		}
		entered <- true
		told <- <-c
		select {
		case <-w.(notifier).CloseNotify():
			t.Error("told twice")
		case <-r.Context().Done():
		}
	})}
	addr := serve(t, s)
	c := dial(t, addr)
	c.get("/stay")
	c.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	within(t, entered, "the request")
	c.Close()
	within(t, told, "the notice")
	select {
	case <-<-stayed:
		t.Error("told of a client that has stayed")
	default:
	}

	ctx, stop := context.WithCancel(context.Background())
	req, err := http.NewRequestWithContext(ctx, "GET", "http://"+addr, nil)
	if err != nil {
		t.Fatal(err)
	}
	go client2(t).Do(req)
	within(t, entered, "the request")
	stop()
	within(t, told, "the notice of HTTP/2")
}

// TestGoneUnwatched: the context ends too when it is the handler's side that comes to know
// that the client is gone.
func TestGoneUnwatched(t *testing.T) {
	name := filepath.Join(t.TempDir(), "large")
	if err := os.WriteFile(name, make([]byte, 64<<20), 0o666); err != nil {
		t.Fatal(err)
	}
	entered, left := make(chan bool, 1), make(chan error, 1)
	mux := http.NewServeMux()
	handle := func(pattern string, f func(w http.ResponseWriter, r *http.Request)) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			entered <- true
			f(w, r)
			<-r.Context().Done()
			left <- r.Context().Err()
		})
	}
	handle("/read", func(w http.ResponseWriter, r *http.Request) { io.Copy(io.Discard, r.Body) })
	handle("/write", func(w http.ResponseWriter, r *http.Request) {
		for err := error(nil); err == nil; {
			_, err = w.Write(make([]byte, 32<<10))
		}
	})
	handle("/file", func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, name) })
	addr := serve(t, &web.Server{Handler: mux, ErrorLog: slog.New(slog.DiscardHandler)})
	for path, request := range map[string]string{
		"/read":  "POST /read HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc",
		"/write": "GET /write HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\n", // nobody watches behind another request
		"/file":  "GET /file HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\n",
	} {
		c := dial(t, addr).send(request)
		within(t, entered, "the request")
		c.Conn.(*net.TCPConn).SetLinger(0)
		c.Close()
		if err := within(t, left, "the end of the handler at "+path); err != context.Canceled {
			t.Error(path, err)
		}
	}
}

// TestContextEndsFirst: the context ends with the handler, though the response waits for
// the rest of the body.
func TestContextEndsFirst(t *testing.T) {
	ended := make(chan bool, 1)
	h := func(w http.ResponseWriter, r *http.Request) {
		context.AfterFunc(r.Context(), func() { ended <- true })
		io.WriteString(w, "answered")
	}
	for name, h := range map[string]http.Handler{"goroutine": http.HandlerFunc(h), "inline": web.Inline(http.HandlerFunc(h))} {
		t.Run(name, func(t *testing.T) {
			c := dial(t, serve(t, &web.Server{Handler: h})).send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n0123")
			within(t, ended, "the end of the context")
			if _, body := c.send("456789").response("POST"); body != "answered" {
				t.Errorf("got %q", body)
			}
		})
	}
}

// TestWriteDeadline: a deadline ends what waits for the client to take the response.
func TestWriteDeadline(t *testing.T) {
	name := filepath.Join(t.TempDir(), "large")
	if err := os.WriteFile(name, make([]byte, 64<<20), 0o666); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		failed := make(chan error, 1)
		go func() {
			if r.URL.Path == "/file" {
				f, err := os.Open(name)
				if err == nil {
					defer f.Close()
					w.Header().Set("Content-Length", fmt.Sprint(64<<20))
					_, err = io.CopyN(w, f, 64<<20)
				}
				failed <- err
				return
			}
			_, err := w.Write(make([]byte, 64<<20))
			failed <- err
		}()
		if r.URL.Path == "/file" {
			waits(t, "web.(*response).sendFile(", "net.(*TCPConn).ReadFrom(")
		} else {
			waits(t, "web.(*response).Write(", "web.(*exchange).ask(")
		}
		if err := http.NewResponseController(w).SetWriteDeadline(time.Unix(1, 0)); err != nil {
			t.Error(err)
		}
		ended <- <-failed
	})
	for name, begin := range map[string]func(t *testing.T, s *web.Server){
		"HTTP1": func(t *testing.T, s *web.Server) { dial(t, serve(t, s)).send("GET / HTTP/1.1\r\nHost: a\r\n\r\n") },
		"file":  func(t *testing.T, s *web.Server) { dial(t, serve(t, s)).send("GET /file HTTP/1.1\r\nHost: a\r\n\r\n") },
		"HTTP2": func(t *testing.T, s *web.Server) { open(t, s).request(1, 1, "GET", "/") },
	} {
		t.Run(name, func(t *testing.T) {
			begin(t, &web.Server{Handler: h, ErrorLog: slog.New(slog.DiscardHandler)})
			if err := within(t, ended, "the end of the write"); !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Error(err)
			}
		})
	}
}
