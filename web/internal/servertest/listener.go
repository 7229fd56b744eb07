package servertest

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"rondo.dev/rondo/internal/leak"
	"rondo.dev/rondo/web/internal/servers"
)

var listenerTests = []test{
	{"Listener/fails", listenerFails},
	{"Listener/fails_for_a_moment", listenerRecovers},
	{"Listener/closed_by_its_owner", listenerClosed},
	{"Listener/wrapped", listenerWrapped},
	{"Listener/in_memory", listenerPipe},
	{"Listener/unix", listenerUnix},
	{"Listener/listen_and_serve", listenAndServe},
	{"Listener/address_in_use", func(r *rig) {
		taken := r.listen()
		defer taken.Close()
		var op *net.OpError
		if err := r.kind(servers.Config{Addr: taken.Addr().String()}).ListenAndServe(); !errors.As(err, &op) {
			r.Errorf("ListenAndServe returned %v", err)
		}
	}},
}

// A scripted listener returns these errors before it accepts.
type scripted struct {
	net.Listener
	mu     sync.Mutex
	errors []error
}

func (l *scripted) Accept() (net.Conn, error) {
	l.mu.Lock()
	if len(l.errors) > 0 {
		err := l.errors[0]
		l.errors = l.errors[1:]
		l.mu.Unlock()
		return nil, err
	}
	l.mu.Unlock()
	return l.Listener.Accept()
}

type passing struct{}

func (passing) Error() string   { return "passing" }
func (passing) Timeout() bool   { return false }
func (passing) Temporary() bool { return true }

func listenerFails(r *rig) {
	ln := &scripted{Listener: r.listen(), errors: []error{errOver}}
	s := r.kind(servers.Config{Handler: http.HandlerFunc(hello)})
	defer s.Close()
	if err := s.Serve(ln); err != errOver {
		r.Errorf("Serve returned %v", err)
	}
	// It has been closed.
	if _, err := ln.Listener.Accept(); !errors.Is(err, net.ErrClosed) {
		r.Errorf("Accept returned %v", err)
	}
}

func listenerRecovers(r *rig) {
	ln := &scripted{Listener: r.listen(), errors: []error{passing{}, passing{}}}
	s := r.start(servers.Config{Handler: http.HandlerFunc(hello)}, ln.Addr().String(), func(s servers.Server) error { return s.Serve(ln) })
	if _, got := s.dial().get("/"); got != "hello" {
		r.Errorf("got %q", got)
	}
}

// listenerClosed: Serve ends, but its connections go on.
func listenerClosed(r *rig) {
	ln := r.listen()
	s := r.start(servers.Config{Handler: http.HandlerFunc(hello)}, ln.Addr().String(), func(s servers.Server) error { return s.Serve(ln) })
	c := s.dial()
	c.get("/")
	ln.Close()
	if err := get(r, s.served, "Serve to return"); !errors.Is(err, net.ErrClosed) {
		r.Errorf("Serve returned %v", err)
	}
	if _, got := c.get("/"); got != "hello" {
		r.Errorf("got %q", got)
	}
}

// A counting connection knows what passes through it.
type counting struct {
	net.Conn
	count func(in, out int)
}

func (c counting) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.count(n, 0)
	return n, err
}

func (c counting) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.count(0, n)
	return n, err
}

type wrapping struct {
	net.Listener
	count func(in, out int)
}

func (l wrapping) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return counting{c, l.count}, nil
}

// listenerWrapped checks that a connection is used through the methods that its listener
// gave it, and handed out as it is.
func listenerWrapped(r *rig) {
	var mu sync.Mutex
	var in, out int
	ln := wrapping{r.listen(), func(i, o int) {
		mu.Lock()
		defer mu.Unlock()
		in, out = in+i, out+o
	}}
	kinds := make(chan bool, 1)
	s := r.start(servers.Config{
		Handler: http.HandlerFunc(hello),
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			_, ok := c.(counting)
			kinds <- ok
			return ctx
		},
	}, ln.Addr().String(), func(s servers.Server) error { return s.Serve(ln) })
	c := s.dial()
	c.get("/")
	leak.Eventually(r.T, "no bytes are counted", func() bool { // the response comes earlier
		mu.Lock()
		defer mu.Unlock()
		return in > 0 && out > 0
	})
	if !get(r, kinds, "ConnContext") {
		r.Error("ConnContext got another connection than was accepted")
	}
}

// A pipeListener accepts one end of each net.Pipe that is dialled.
type pipeListener struct {
	conns chan net.Conn
	once  sync.Once
	done  chan struct{}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error   { l.once.Do(func() { close(l.done) }); return nil }
func (l *pipeListener) Addr() net.Addr { return pipeAddr{} }

type pipeAddr struct{}

func (pipeAddr) Network() string { return "pipe" }
func (pipeAddr) String() string  { return "pipe" }

func listenerPipe(r *rig) {
	ln := &pipeListener{conns: make(chan net.Conn), done: make(chan struct{})}
	s := r.start(servers.Config{Handler: http.HandlerFunc(hello)}, "", func(s servers.Server) error { return s.Serve(ln) })
	tr := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		a, b := net.Pipe()
		select {
		case ln.conns <- b:
			return a, nil
		case <-time.After(*patience):
			return nil, errors.New("nobody accepts")
		}
	}}
	defer tr.CloseIdleConnections()
	for range 3 {
		if _, got := r.do(&http.Client{Transport: tr, Timeout: *patience}, "GET", "http://pipe.test/", nil); got != "hello" {
			r.Errorf("got %q", got)
		}
	}
	tr.CloseIdleConnections()
	r.check(s.Shutdown(r.soon()))
	s.ended()
}

func listenerUnix(r *rig) {
	// t.TempDir is too long a name for a socket in some places.
	dir, err := os.MkdirTemp("", "web")
	r.check(err)
	defer os.RemoveAll(dir)
	name := filepath.Join(dir, "socket")
	ln, err := net.Listen("unix", name)
	if err != nil {
		r.Skip(err)
	}
	s := r.start(servers.Config{Handler: http.HandlerFunc(hello)}, name, func(s servers.Server) error { return s.Serve(ln) })
	tr := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{Timeout: *patience}).DialContext(ctx, "unix", name)
	}}
	defer tr.CloseIdleConnections()
	if _, got := r.do(&http.Client{Transport: tr, Timeout: *patience}, "GET", "http://unix.test/", nil); got != "hello" {
		r.Errorf("got %q", got)
	}
	tr.CloseIdleConnections()
	r.check(s.Shutdown(r.soon()))
	s.ended()
}

func listenAndServe(r *rig) {
	addr := make(chan string, 1)
	s := r.kind(servers.Config{
		Addr:    "127.0.0.1:0",
		Handler: http.HandlerFunc(hello),
		BaseContext: func(l net.Listener) context.Context {
			addr <- l.Addr().String()
			return context.Background()
		},
	})
	served := make(chan error, 1)
	go func() { served <- s.ListenAndServe() }()
	defer s.Close()
	conn, err := net.DialTimeout("tcp", get(r, addr, "an address"), *patience)
	r.check(err)
	conn.Close()
	r.check(s.Shutdown(r.soon()))
	if err := get(r, served, "ListenAndServe"); !errors.Is(err, http.ErrServerClosed) {
		r.Errorf("ListenAndServe returned %v", err)
	}
}
