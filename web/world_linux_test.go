package web_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"rondo.dev/rondo/internal/testcert"
	"rondo.dev/rondo/web"
)

// patience is how long a test waits for what has to happen.
const patience = time.Minute

// serve serves with s until the test is over, and returns the address.
func serve(t *testing.T, s *web.Server) string {
	t.Helper()
	return serveWith(t, s, s.Serve)
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func serveWith(t *testing.T, s *web.Server, with func(net.Listener) error) string {
	t.Helper()
	l := listen(t)
	done := make(chan error, 1)
	go func() { done <- with(l) }()
	t.Cleanup(func() {
		ctx, stop := context.WithTimeout(context.Background(), patience)
		defer stop()
		if err := s.Shutdown(ctx); err != nil {
			t.Error("Shutdown:", err)
		}
		if err := <-done; err != http.ErrServerClosed {
			t.Error("Serve:", err)
		}
	})
	return l.Addr().String()
}

// client is a connection that a test speaks HTTP on by hand.
type client struct {
	t *testing.T
	net.Conn
	r *bufio.Reader
}

func dial(t *testing.T, addr string) *client {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(patience))
	return &client{t, c, bufio.NewReader(c)}
}

func (c *client) send(text string) *client {
	c.t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		c.t.Fatal(err)
	}
	return c
}

// response reads one, and its body.
func (c *client) response(method string) (*http.Response, string) {
	c.t.Helper()
	c.SetDeadline(time.Now().Add(patience))
	resp, err := http.ReadResponse(c.r, &http.Request{Method: method})
	if err != nil {
		c.t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatalf("after %q: %v", body, err)
	}
	return resp, string(body)
}

// get asks for a path and returns the body of the answer.
func (c *client) get(path string) string {
	c.t.Helper()
	_, body := c.send("GET " + path + " HTTP/1.1\r\nHost: test\r\n\r\n").response("GET")
	return body
}

// ends waits until the server has closed the connection, in whichever way.
func (c *client) ends() {
	c.t.Helper()
	c.SetDeadline(time.Now().Add(patience))
	if b, err := io.ReadAll(c.r); len(b) > 0 || isTimeout(err) {
		c.t.Fatalf("the connection goes on: %q, %v", b, err)
	}
}

func isTimeout(err error) bool {
	e, ok := err.(net.Error)
	return ok && e.Timeout()
}

// within waits for c to be closed or sent to.
func within[T any](t *testing.T, c <-chan T, what string) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(patience):
		t.Fatal(what + " did not happen")
	}
	return v
}

// testCert returns a certificate for localhost, and who trusts it.
func testCert(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	a, err := testcert.New()
	if err != nil {
		t.Fatal(err)
	}
	cert, err := a.Issue("localhost")
	if err != nil {
		t.Fatal(err)
	}
	return cert, a.Pool()
}
