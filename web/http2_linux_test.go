package web_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/web"
)

// protocols makes a set.
func protocols(set ...func(*http.Protocols)) *http.Protocols {
	p := new(http.Protocols)
	for _, f := range set {
		f(p)
	}
	return p
}

func http1(p *http.Protocols) { p.SetHTTP1(true) }
func prior(p *http.Protocols) { p.SetUnencryptedHTTP2(true) }

// client2 is net/http's client of a server that it speaks HTTP/2 with, without TLS.
func client2(t *testing.T) *http.Client {
	tr := &http.Transport{Protocols: protocols(prior)}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr}
}

// serve2 serves HTTP/2 with TLS, and returns a client that knows the server.
func serve2(t *testing.T, s *web.Server) (url string, c *http.Client) {
	cert, pool := testCert(t)
	s.TLSConfig = &tls.Config{Certificates: []tls.Certificate{cert}}
	addr := serveWith(t, s, func(l net.Listener) error { return s.ServeTLS(l, "", "") })
	tr := &http.Transport{
		TLSClientConfig:   &tls.Config{RootCAs: pool, ServerName: "localhost"},
		ForceAttemptHTTP2: true,
		DialContext:       func(ctx context.Context, _, _ string) (net.Conn, error) { return net.Dial("tcp", addr) },
	}
	t.Cleanup(tr.CloseIdleConnections)
	return "https://localhost", &http.Client{Transport: tr}
}

func body(t *testing.T, resp *http.Response, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if resp.ProtoMajor != 2 {
		t.Fatal(resp.Proto)
	}
	return string(b)
}

// TestHTTP2 has many requests at once on one connection, of handlers of each kind.
func TestHTTP2(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/hello/{who}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "Hello, %s! %s", r.PathValue("who"), r.Proto)
	})
	mux.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) })
	mux.Handle("/inline", web.Inline(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) })))
	mux.Handle("/async", web.Async(func(t *async.Task, w http.ResponseWriter, r *http.Request) error {
		buf := make([]byte, 4096)
		for {
			n, err := web.ReadBody(t, r, buf)
			w.Write(buf[:n])
			if err == io.EOF {
				return nil
			}
			if err != nil {
				return err
			}
			if err := web.Flush(t, w); err != nil {
				return err
			}
		}
	}))
	run := func(t *testing.T, url string, c *http.Client) {
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				resp, err := c.Get(url + "/hello/you")
				if got := body(t, resp, err); got != "Hello, you! HTTP/2.0" {
					t.Errorf("%q", got)
				}
				want := strings.Repeat("0123456789abcdef", i*10_000)
				for _, path := range []string{"/echo", "/inline", "/async"} {
					resp, err := c.Post(url+path, "text/plain", strings.NewReader(want))
					if got := body(t, resp, err); got != want {
						t.Errorf("%s: %d bytes of %d", path, len(got), len(want))
					}
				}
			})
		}
		wg.Wait()
	}
	t.Run("tls", func(t *testing.T) {
		url, c := serve2(t, &web.Server{Handler: mux})
		run(t, url, c)
	})
	t.Run("prior", func(t *testing.T) {
		addr := serve(t, &web.Server{Handler: mux, Protocols: protocols(http1, prior)})
		run(t, "http://"+addr, client2(t))
	})
}
