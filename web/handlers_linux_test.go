package web_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/web"
)

// TestHandlersLiberties: what handlers may do under net/http.
func TestHandlersLiberties(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/continue", func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusContinue)
		b, _ := io.ReadAll(r.Body)
		w.Write(b)
	})
	mux.HandleFunc("/nobody", func(w http.ResponseWriter, r *http.Request) { r.Body = nil })
	mux.HandleFunc("/context", func(w http.ResponseWriter, r *http.Request) {
		*r = *r.WithContext(context.Background())
		w.WriteHeader(200)
		w.WriteHeader(200) // superfluous
	})
	addr := serve(t, &web.Server{Handler: mux, ErrorLog: slog.New(slog.DiscardHandler)})
	for _, request := range []string{
		"POST /continue HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\nabc",
		"POST /continue HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
		"GET /continue HTTP/1.1\r\nHost: a\r\n\r\n",
	} {
		c := dial(t, addr).send(request)
		if line, _ := c.r.ReadString('\n'); line != "HTTP/1.1 100 Continue\r\n" {
			t.Errorf("got %q", line)
		}
		c.r.ReadString('\n')
		if resp, err := http.ReadResponse(c.r, nil); err != nil || resp.StatusCode != 200 {
			t.Error(resp, err)
		}
	}
	c := dial(t, addr)
	for _, path := range []string{"/nobody", "/context"} {
		c.send("POST " + path + " HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc").response("POST")
	}
}

// TestManyAsk: the context may be asked by many goroutines while the handler goes on, and
// after its end.
func TestManyAsk(t *testing.T) {
	l, err := net.Listen("tcp", ":0")
	if err != nil {
		t.Skip(err)
	}
	const requests, askers = 200, 4
	asked := make(chan bool, requests*askers)
	h := func(w http.ResponseWriter, r *http.Request) {
		for range askers {
			go func() {
				for range 3 {
					r.Context().Value(http.LocalAddrContextKey)
				}
				asked <- true
			}()
		}
		http.NewResponseController(w).SetReadDeadline(time.Now().Add(time.Hour))
	}
	s := &web.Server{Handler: http.HandlerFunc(h)}
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	c := dial(t, "127.0.0.1:"+port)
	for range requests {
		c.get("/")
	}
	for range requests * askers {
		within(t, asked, "the answers")
	}
	s.Close()
	within(t, done, "the end")
}

// TestHijackedGoesOn: a connection that was taken over is none of the server's, also
// while the handler that has taken it still runs.
func TestHijackedGoesOn(t *testing.T) {
	for name, end := range map[string]func(s *web.Server) error{
		"shutdown": func(s *web.Server) error { return s.Shutdown(t.Context()) },
		"close":    (*web.Server).Close,
	} {
		t.Run(name, func(t *testing.T) {
			entered := make(chan bool, 1)
			s := &web.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				c, rw, err := http.NewResponseController(w).Hijack()
				if err != nil {
					t.Error(err)
					return
				}
				defer c.Close()
				entered <- true
				line, err := rw.ReadString('\n')
				fmt.Fprintf(c, "got %q, %v\n", line, err)
			})}
			c := dial(t, serve(t, s)).send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
			within(t, entered, "the request")
			ended := make(chan error, 1)
			go func() { ended <- end(s) }()
			if err := within(t, ended, "the end of the server"); err != nil {
				t.Error(err)
			}
			if line, err := c.send("hello\n").r.ReadString('\n'); line != "got \"hello\\n\", <nil>\n" {
				t.Errorf("got %q, %v", line, err)
			}
		})
	}
}

// TestContinueAside: a body is read on one goroutine while another answers.
func TestContinueAside(t *testing.T) {
	addr := serve(t, &web.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		done := make(chan bool)
		go func() {
			io.Copy(io.Discard, r.Body)
			close(done)
		}()
		io.WriteString(w, "hello")
		http.NewResponseController(w).Flush()
		<-done
	})})
	for range 300 {
		c := dial(t, addr).send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
		line, err := c.r.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(line, "100") {
			c.r.ReadString('\n')
		} else {
			c.r = bufio.NewReader(io.MultiReader(strings.NewReader(line), c.r))
		}
		c.send("abc").response("POST")
		c.Close()
	}
}

// TestContinueBehind: whoever reads the body when the response has begun does not wait for
// a client that waits for the response.
func TestContinueBehind(t *testing.T) {
	addr := serve(t, &web.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "hello")
		read := make(chan bool)
		go func() {
			io.Copy(io.Discard, r.Body)
			close(read)
		}()
		time.Sleep(time.Millisecond) // so that it most likely reads
		http.NewResponseController(w).Flush()
		<-read
	})})
	for range 10 {
		c := dial(t, addr).send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
		if _, err := c.r.Peek(1); err != nil {
			t.Fatal(err)
		}
		if resp, body := c.send("abc").response("POST"); body != "hello" || !resp.Close {
			t.Errorf("got %q, close %v", body, resp.Close)
		}
	}
}

// wrapped is a ResponseWriter of a middleware.
type wrapped struct{ http.ResponseWriter }

func (w wrapped) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// TestWrapped: Flush and ReadBody work below what middleware puts around requests.
func TestWrapped(t *testing.T) {
	h := web.Async(func(t *async.Task, w http.ResponseWriter, r *http.Request) error {
		w = wrapped{w}
		r.Body = http.MaxBytesReader(w, r.Body, 1000)
		b := make([]byte, 20)
		for n := 0; n < len(b); {
			m, err := web.ReadBody(t, r, b[n:])
			if n += m; err != nil && n < len(b) {
				return err
			}
		}
		w.Write(b[:10])
		if err := web.Flush(t, w); err != nil {
			return err
		}
		w.Write(b[10:])
		return nil
	})
	for name, h := range map[string]http.Handler{
		"task":       h,
		"middleware": http.HandlerFunc(h.ServeHTTP),
	} {
		t.Run(name, func(t *testing.T) {
			c := dial(t, serve(t, &web.Server{Handler: h}))
			c.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 20\r\n\r\n0123456789")
			if _, body := c.send("abcdefghij").response("POST"); body != "0123456789abcdefghij" {
				t.Errorf("got %q", body)
			}
		})
	}
}
