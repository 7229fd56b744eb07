package web_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/internal/leak"
	"rondo.dev/rondo/netio"
	"rondo.dev/rondo/web"
)

// TestShutdown: connections that wait are closed at once, others after their response,
// and nobody new is served.
func TestShutdown(t *testing.T) {
	entered, leave := make(chan bool), make(chan bool)
	s := &web.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			entered <- true
			<-leave
		}
		io.WriteString(w, "served")
	})}
	called := make(chan bool, 1)
	s.RegisterOnShutdown(func() { called <- true })
	addr := serve(t, s)
	idle, unused, busy := dial(t, addr), dial(t, addr), dial(t, addr)
	idle.get("/")
	busy.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
	<-entered
	short, stop := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer stop()
	if err := s.Shutdown(short); err != context.DeadlineExceeded {
		t.Error(err)
	}
	idle.ends()
	unused.ends()
	within(t, called, "the call of RegisterOnShutdown")
	leak.Eventually(t, "it still listens", func() bool {
		c, err := net.Dial("tcp", addr)
		if err == nil {
			c.Close()
		}
		return err != nil
	})
	leave <- true
	resp, body := busy.response("GET")
	if body != "served" || !resp.Close {
		t.Errorf("got %v, %q", resp, body)
	}
	busy.ends()
	if err := s.ListenAndServe(); err != http.ErrServerClosed {
		t.Error(err)
	}
}

// TestClose: whatever connections do, they are closed, and their handlers told.
func TestClose(t *testing.T) {
	entered, told := make(chan bool), make(chan string, 3)
	s := &web.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		entered <- true
		switch r.URL.Path {
		case "/reads":
			_, err := r.Body.Read(make([]byte, 1))
			told <- fmt.Sprint("read: ", err != nil)
		case "/writes":
			var err error
			for err == nil {
				_, err = w.Write(make([]byte, 1<<20))
			}
			told <- "write: true"
		case "/waits":
			<-r.Context().Done()
			told <- "wait: true"
		}
	})}
	addr := serve(t, s)
	var clients []*client
	for _, path := range []string{"/reads", "/writes", "/waits"} {
		c := dial(t, addr).send("POST " + path + " HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n")
		if path == "/waits" {
			c.send("hello")
		}
		<-entered
		clients = append(clients, c)
	}
	s.Close()
	for range clients {
		if got := within(t, told, "the end of a handler"); !strings.HasSuffix(got, "true") {
			t.Error(got)
		}
	}
	for _, c := range clients {
		io.Copy(io.Discard, c) // ends
	}
}

// TestPanics: a panic, or a Goexit, costs its connection and nothing else.
func TestPanics(t *testing.T) {
	for name, leave := range map[string]func(){
		"panic": func() { panic("as it should") },
		"abort": func() { panic(http.ErrAbortHandler) },
		"exit":  func() { runtime.Goexit() },
	} {
		t.Run(name, func(t *testing.T) {
			handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/late" {
					io.WriteString(w, strings.Repeat("x", 5000))
					w.(http.Flusher).Flush()
				}
				if r.URL.Path != "/" {
					leave()
				}
			})
			for _, h := range []http.Handler{handler, web.Inline(handler)} {
				addr := serve(t, &web.Server{Handler: h, ErrorLog: slog.New(slog.DiscardHandler)})
				other := dial(t, addr)
				other.get("/")
				dial(t, addr).send("GET /early HTTP/1.1\r\nHost: a\r\n\r\n").ends()
				c := dial(t, addr).send("GET /late HTTP/1.1\r\nHost: a\r\n\r\n")
				resp, err := http.ReadResponse(c.r, nil)
				if err != nil {
					t.Fatal(err)
				}
				if b, err := io.ReadAll(resp.Body); len(b) != 5000 || !errors.Is(err, io.ErrUnexpectedEOF) {
					t.Errorf("%d bytes, %v", len(b), err)
				}
				other.get("/")
			}
		})
	}
}

// TestHijack: who takes a connection over gets what was received, and the server
// forgets it.
func TestHijack(t *testing.T) {
	cert, pool := testCert(t)
	for _, secure := range []bool{false, true} {
		s := &web.Server{TLSConfig: &tls.Config{Certificates: []tls.Certificate{cert}}}
		s.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			c, rw, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := w.Write([]byte("x")); err != http.ErrHijacked {
				t.Error(err)
			}
			line, err := rw.ReadString('\n')
			fmt.Fprintf(rw, "got %q, %v\n", line, err)
			rw.Flush()
			go func() {
				line, err := rw.ReadString('\n')
				fmt.Fprintf(c, "then %q, %v\n", line, err)
				c.Close()
			}()
		})
		var c *client
		if secure {
			addr := serveWith(t, s, func(l net.Listener) error { return s.ServeTLS(l, "", "") })
			conn, err := tls.Dial("tcp", addr, &tls.Config{RootCAs: pool, ServerName: "localhost"})
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			conn.SetDeadline(time.Now().Add(patience))
			c = &client{t, conn, bufio.NewReader(conn)}
		} else {
			c = dial(t, serve(t, s))
		}
		c.send("GET / HTTP/1.1\r\nHost: a\r\n\r\nhello\n")
		for _, want := range []string{"got \"hello\\n\", <nil>\n", "then \"you\\n\", <nil>\n"} {
			if line, err := c.r.ReadString('\n'); line != want {
				t.Errorf("got %q, %v", line, err)
			}
			if strings.HasPrefix(want, "got") {
				c.send("you\n")
			}
		}
		c.ends()
	}
}

// TestTLS: requests know about it, and a config is not changed.
func TestTLS(t *testing.T) {
	cert, pool := testCert(t)
	config := &tls.Config{Certificates: []tls.Certificate{cert}}
	s := &web.Server{TLSConfig: config, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		fmt.Fprint(w, r.TLS.ServerName, " ", r.TLS.NegotiatedProtocol, " ", len(b))
	})}
	addr := serveWith(t, s, func(l net.Listener) error { return s.ServeTLS(l, "", "") })
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, ServerName: "localhost"}, ForceAttemptHTTP2: false}}
	defer client.CloseIdleConnections()
	for range 3 {
		resp, err := client.Post("https://"+addr, "text/plain", strings.NewReader(strings.Repeat("x", 100_000)))
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if got := string(b); got != "localhost http/1.1 100000" && got != "localhost  100000" || err != nil {
			t.Errorf("got %q, %v", b, err)
		}
	}
	if config.NextProtos != nil {
		t.Error(config.NextProtos)
	}
	dial(t, addr).send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").r.ReadByte() // no handshake: it is told, or cut off
}

// TestRun: a server is a part of a program of tasks, and ends with its task.
func TestRun(t *testing.T) {
	address := make(chan string, 1)
	served, release := make(chan bool), make(chan bool)
	err := rondo.Run(func(task *async.Task) error {
		ln, err := netio.Listen(task, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		s := &web.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "served") })}
		scope, stop := task.WithCancel()
		server := scope.Go(func(task *async.Task) error { return s.Run(task, ln) })
		address <- ln.Addr().String()
		go func() {
			c, err := net.Dial("tcp", <-address)
			if err != nil {
				t.Error(err)
			}
			defer c.Close()
			fmt.Fprint(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
			r := bufio.NewReader(c)
			resp, err := http.ReadResponse(r, nil)
			if err != nil {
				t.Error(err)
			} else if b, err := io.ReadAll(resp.Body); string(b) != "served" {
				t.Errorf("got %q, %v", b, err)
			}
			close(served)
			if _, err := r.ReadByte(); err == nil {
				t.Error("the connection goes on")
			}
			close(release)
		}()
		if _, err := rondo.Blocking(task, func() (bool, error) { return <-served, nil }); err != nil {
			return err
		}
		stop(errors.New("enough"))
		if err := server.Await(task.WithoutCancel()); err == nil || err.Error() != "enough" {
			t.Error(err)
		}
		_, err = rondo.Blocking(task, func() (bool, error) { return <-release, nil })
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
