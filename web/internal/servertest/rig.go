package servertest

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"rondo.dev/rondo/internal/leak"
	"rondo.dev/rondo/web/internal/servers"
)

// patience is how long a test waits for what has to happen. It is for failures only.
var patience = flag.Duration("servertest.patience", 20*time.Second, "how long a test waits for what has to happen")

// Test runs all tests with one kind of server.
func Test(t *testing.T, kind servers.Maker) {
	for _, group := range [][]test{
		stateTests, contextTests, shutdownTests, listenerTests, timeoutTests, tlsTests, logTests, clientTests, togetherTests, hijackTests, proxyTests,
	} {
		for _, test := range group {
			t.Run(test.name, func(t *testing.T) { test.run(&rig{T: t, kind: kind}) })
		}
	}
}

// Test2 runs those tests that are about what clients of package net/http see, in HTTP/2.
func Test2(t *testing.T, kind servers.Maker) {
	for _, group := range [][]test{clientTests, togetherTests, proxyTests} {
		for _, test := range group {
			if !onlyHTTP1[test.name] {
				t.Run(test.name, func(t *testing.T) { test.run(&rig{t, kind, true}) })
			}
		}
	}
}

// onlyHTTP1 are tests about what HTTP/2 does not have, or that speak HTTP/1 by hand.
var onlyHTTP1 = map[string]bool{
	"Client/upgrade": true,
}

type test struct {
	name string
	run  func(r *rig)
}

// A rig is a test with the servers it is about.
type rig struct {
	*testing.T
	kind  servers.Maker
	http2 bool // that is what clients speak
}

func (r *rig) check(err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}

// A site is a server that serves.
type site struct {
	servers.Server
	r      *rig
	addr   string
	served chan error // what Serve has returned, once
}

func (r *rig) listen() net.Listener {
	r.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	r.check(err)
	return ln
}

// serve starts a server on a port of its own, until the test ends.
func (r *rig) serve(c servers.Config) *site {
	r.Helper()
	ln := r.listen()
	return r.start(c, ln.Addr().String(), func(s servers.Server) error { return s.Serve(ln) })
}

// handle serves with nothing but a handler.
func (r *rig) handle(h http.HandlerFunc) *site {
	r.Helper()
	return r.serve(servers.Config{Handler: h})
}

func (r *rig) start(c servers.Config, addr string, serve func(servers.Server) error) *site {
	if r.http2 {
		c.Protocols = new(http.Protocols)
		c.Protocols.SetHTTP1(true)
		c.Protocols.SetUnencryptedHTTP2(true)
	}
	s := &site{Server: r.kind(c), r: r, addr: addr, served: make(chan error, 1)}
	go func() { s.served <- serve(s.Server) }()
	r.Cleanup(func() { s.Close() })
	return s
}

// ended waits until Serve has returned as after Shutdown or Close.
func (s *site) ended() {
	s.r.Helper()
	if err := get(s.r, s.served, "Serve to return"); !errors.Is(err, http.ErrServerClosed) {
		s.r.Errorf("Serve returned %v", err)
	}
}

// hello is a handler for tests that need any.
func hello(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "hello") }

// get waits for a value.
func get[T any](r *rig, c <-chan T, what string) (v T) {
	r.Helper()
	select {
	case v = <-c:
	case <-time.After(*patience):
		r.Fatalf("waited in vain for %s", what)
	}
	return v
}

// put gives a value to whoever waits for it.
func put[T any](r *rig, c chan<- T, v T, what string) {
	r.Helper()
	select {
	case c <- v:
	case <-time.After(*patience):
		r.Fatalf("nobody waits for %s", what)
	}
}

// A raw is a connection of a client that speaks bytes.
type raw struct {
	*net.TCPConn
	r  *rig
	in *bufio.Reader
}

func (s *site) dial() *raw {
	s.r.Helper()
	conn, err := net.Dial("tcp", s.addr)
	s.r.check(err)
	s.r.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(*patience))
	return &raw{conn.(*net.TCPConn), s.r, bufio.NewReader(conn)}
}

// refuses checks that nothing is accepted any more. Where accepts are the kernel's affair,
// as with io_uring, it tells of the end of one a moment before it lets go of the listener.
func (s *site) refuses(after string) {
	s.r.Helper()
	leak.Eventually(s.r.T, "connections are accepted after "+after, func() bool {
		conn, err := net.Dial("tcp", s.addr)
		if err == nil {
			conn.Close()
		}
		return err != nil
	})
}

func (c *raw) send(text string) {
	c.r.Helper()
	_, err := io.WriteString(c, text)
	c.r.check(err)
}

// response reads one with its body.
func (c *raw) response() (*http.Response, string) {
	c.r.Helper()
	resp, err := http.ReadResponse(c.in, nil)
	c.r.check(err)
	body, err := io.ReadAll(resp.Body)
	c.r.check(err)
	return resp, string(body)
}

// get sends a request and reads its response.
func (c *raw) get(path string) (*http.Response, string) {
	c.r.Helper()
	c.send("GET " + path + " HTTP/1.1\r\nHost: server.test\r\n\r\n")
	return c.response()
}

// end reads to the end, and returns what came before it. A reset is an end, too.
func (c *raw) end() string {
	c.r.Helper()
	b, err := io.ReadAll(c.in)
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		c.r.Fatalf("the connection stays, after %q", b)
	}
	return string(b)
}

// client returns a client of package net/http with connections of its own.
func (r *rig) client() *http.Client {
	tr := &http.Transport{MaxIdleConnsPerHost: 200, DisableCompression: true, ExpectContinueTimeout: *patience}
	r.Cleanup(tr.CloseIdleConnections)
	if r.http2 {
		tr.Protocols = new(http.Protocols)
		tr.Protocols.SetUnencryptedHTTP2(true)
	}
	return &http.Client{Transport: tr, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

func (s *site) url(path string) string { return "http://" + s.addr + path }

// do sends a request and returns its response with the whole body.
func (r *rig) do(c *http.Client, method, url string, body io.Reader, change ...func(*http.Request)) (*http.Response, string) {
	r.Helper()
	resp, got, err := try(c, method, url, body, change...)
	r.check(err)
	return resp, got
}

// try is do for goroutines that are not the test's.
func try(c *http.Client, method, url string, body io.Reader, change ...func(*http.Request)) (*http.Response, string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), *patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		return nil, "", err
	}
	for _, f := range change {
		f(req)
	}
	resp, err := c.Do(req)
	if err != nil {
		return nil, "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return resp, string(b), err
}

// soon returns a context that ends before the test does.
func (r *rig) soon() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), *patience)
	r.Cleanup(cancel)
	return ctx
}

// lines collects text that others write.
type lines struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *lines) contain(text string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Contains(l.b.String(), text)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
