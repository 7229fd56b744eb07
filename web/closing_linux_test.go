package web_test

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"rondo.dev/rondo/web"
)

// TestTLSCloses: a connection with TLS is closed below TLS, too.
func TestTLSCloses(t *testing.T) {
	cert, pool := testCert(t)
	s := &web.Server{
		IdleTimeout: short,
		TLSConfig:   &tls.Config{Certificates: []tls.Certificate{cert}},
		Handler:     http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {}),
	}
	addr := serveWith(t, s, func(l net.Listener) error { return s.ServeTLS(l, "", "") })
	for _, request := range []string{"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "no request\r\n\r\n"} {
		raw := dial(t, addr)
		c := tls.Client(raw.Conn, &tls.Config{RootCAs: pool, ServerName: "localhost"})
		if _, err := io.WriteString(c, request); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadAll(c); err != nil {
			t.Error(err)
		}
		raw.ends()
	}
}

// TestPipelinedClose: a connection is closed after its last request, however many came
// at once before it.
func TestPipelinedClose(t *testing.T) {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {})
	addr := serve(t, &web.Server{Handler: web.Inline(h)})
	for n := range 200 {
		c := dial(t, addr)
		c.send(strings.Repeat("GET / HTTP/1.1\r\nHost: a\r\n\r\n", n) + "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
		if _, err := io.Copy(io.Discard, c); err != nil {
			t.Fatal(n, err)
		}
	}
}

// TestServeReturns: Serve returns when the server is shut down or closed, while a handler
// goes on.
func TestServeReturns(t *testing.T) {
	for name, end := range map[string]func(s *web.Server) error{
		"shutdown": func(s *web.Server) error {
			ctx, stop := context.WithCancel(t.Context())
			stop()
			if err := s.Shutdown(ctx); err != context.Canceled {
				t.Error(err)
			}
			return nil
		},
		"close": (*web.Server).Close,
	} {
		t.Run(name, func(t *testing.T) {
			entered, leave := make(chan bool), make(chan bool)
			s := &web.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				entered <- true
				<-leave
			})}
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			done := make(chan error, 1)
			go func() { done <- s.Serve(l) }()
			dial(t, l.Addr().String()).send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
			within(t, entered, "the request")
			end(s)
			if err := within(t, done, "the end of Serve"); err != http.ErrServerClosed {
				t.Error(err)
			}
			leave <- true
		})
	}
}
