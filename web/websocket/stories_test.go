package websocket

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/asynctest"
	"rondo.dev/rondo/internal/testcert"
	"rondo.dev/rondo/internal/testworld"
	"rondo.dev/rondo/netio"
	"rondo.dev/rondo/netio/netiotest"
	"rondo.dev/rondo/netio/tlsio"
)

// configs are the TLS configs of both sides.
func configs(t testing.TB) (server, client *tls.Config) {
	t.Helper()
	ca, err := testcert.New()
	if err != nil {
		t.Fatal(err)
	}
	cert, err := ca.Issue("server.test")
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{cert}}, &tls.Config{RootCAs: ca.Pool(), ServerName: "server.test"}
}

// A writer is the ResponseWriter of a small server on a loop.
type writer struct {
	conn   any
	rest   []byte
	header http.Header
	status int
	body   bytes.Buffer
}

func (w *writer) Header() http.Header         { return w.header }
func (w *writer) WriteHeader(status int)      { w.status = status }
func (w *writer) Write(b []byte) (int, error) { return w.body.Write(b) }
func (w *writer) HijackAsync() (any, []byte, error) {
	conn := w.conn
	w.conn = nil
	return conn, w.rest, nil
}

// wrapped is a ResponseWriter of a middleware's.
type wrapped struct{ http.ResponseWriter }

func (w wrapped) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// serveOne reads a request from a connection and has it handled.
func serveOne(t *async.Task, s onLoop, handler func(*async.Task, http.ResponseWriter, *http.Request)) error {
	head, rest, err := readHead(t, s)
	if err != nil {
		return err
	}
	r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(head)))
	if err != nil {
		return err
	}
	w := &writer{conn: s, rest: rest, header: http.Header{}}
	handler(t, wrapped{w}, r.WithContext(t))
	if w.conn == nil {
		return nil
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "HTTP/1.1 %d Refused\r\n", w.status)
	w.header.Write(&b)
	fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n%s", w.body.Len(), w.body.Bytes())
	_, err = s.Write(b.Bytes()).Await(t)
	return err
}

// listen serves connections, one request each, until stop.
func listen(e *testworld.Env, config *tls.Config, handler func(*async.Task, http.ResponseWriter, *http.Request)) (addr string, stop func()) {
	return listenWith(e, config, func(t *async.Task, s onLoop) error { return serveOne(t, s, handler) })
}

// listenRaw serves connections by hand.
func listenRaw(e *testworld.Env, handler func(*async.Task, onLoop) error) (addr string, stop func()) {
	return listenWith(e, nil, handler)
}

func listenWith(e *testworld.Env, config *tls.Config, handler func(*async.Task, onLoop) error) (addr string, stop func()) {
	ln := e.Listen()
	server := e.Task.Go(func(t *async.Task) error {
		if config == nil {
			return netio.Serve(t, ln, func(t *async.Task, c *netio.Conn) error { return handler(t, c) }, netio.Drain(time.Minute))
		}
		return tlsio.Serve(t, ln, config, func(t *async.Task, c *tlsio.Conn) error { return handler(t, c) }, netio.Drain(time.Minute))
	})
	return ln.Addr().String(), func() {
		e.Check(ln.Close().Await(e.Task))
		e.Check(server.Await(e.Task))
	}
}

// dialRaw makes the connection of a client that does the rest by hand.
func dialRaw(t *async.Task, addr string, config *tls.Config) (onLoop, error) {
	if config == nil {
		c, err := netio.Dial(t, "tcp", addr)
		return c, err
	}
	c, err := tlsio.Dial(t, "tcp", addr, config)
	return c, err
}

// tellStory plays a story on a stream, and returns what was answered, with the response.
func tellStory(t *async.Task, s stream, x story) (res *http.Response, answer []string, err error) {
	request := "GET /story HTTP/1.1\r\nHost: example.org\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
	if x.offer != "" {
		request += "Sec-WebSocket-Extensions: " + x.offer + "\r\n"
	}
	// The first frames come right behind the request: they must not be lost.
	writes := t.Go(func(t *async.Task) error {
		all := append([]byte(request+"\r\n"), x.send...)
		if x.chop == 0 {
			s.Write(all).Await(t)
			return nil
		}
		for piece := range slices.Chunk(all, x.chop) {
			if _, err := s.Write(piece).Await(t); err != nil {
				return nil // it has been told why, and reads no more
			}
		}
		return nil
	})
	head, rest, err := readHead(t, s)
	if err != nil {
		return nil, nil, err
	}
	res, err = http.ReadResponse(bufio.NewReader(bytes.NewReader(head)), nil)
	if err != nil {
		return nil, nil, err
	}
	rest = bytes.Clone(rest)
	for {
		b, err := s.Recv().Await(t)
		if err != nil {
			if err != io.EOF {
				return nil, nil, fmt.Errorf("behind %q: %w", heard(rest), err)
			}
			break
		}
		rest = append(rest, b...)
	}
	err = s.Close().Await(t)
	writes.Await(t)
	return res, heard(rest), err
}

// play tells all stories to a server.
func play(t *async.Task, x story, s stream, err error) error {
	if err != nil {
		return err
	}
	t, stop := t.WithTimeout(2 * time.Minute)
	defer stop()
	res, got, err := tellStory(t, s, x)
	if err != nil {
		return fmt.Errorf("%s: %w", x.name, err)
	}
	if res.StatusCode != http.StatusSwitchingProtocols || res.Header.Get("Sec-Websocket-Accept") != "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" {
		return fmt.Errorf("%s: the response is %v", x.name, res)
	}
	if strings.Join(got, "\n") != strings.Join(x.want, "\n") {
		return fmt.Errorf("%s: got\n%s\nwant\n%s", x.name, strings.Join(got, "\n"), strings.Join(x.want, "\n"))
	}
	return nil
}

var storyOptions = &Options{MaxMessage: storyLimit}

// echoing is the async handler of the stories.
func echoing(t *async.Task, w http.ResponseWriter, r *http.Request) {
	c, err := AcceptAsync(t, w, r, storyOptions)
	if err != nil {
		return
	}
	defer c.Close().Await(t)
	echo(t, c)
}

// echoingPlainly is the plain one.
func echoingPlainly(w http.ResponseWriter, r *http.Request) {
	c, err := Accept(w, r, storyOptions)
	if err != nil {
		return
	}
	ctx := context.Background()
	defer c.Close().Wait(ctx)
	for {
		m, err := c.Receive().Wait(ctx)
		if err != nil {
			return
		}
		if _, err := c.Send(m.Kind, m.Data).Wait(ctx); err != nil {
			return
		}
	}
}

// few is every nth story, where all would take long.
func few(n int) (some []story) {
	if testing.Short() {
		n *= 5
	}
	for i, x := range stories() {
		if i%n == 0 {
			some = append(some, x)
		}
	}
	return some
}

// In memory, with directions that hold little.
func TestStoriesInMemory(t *testing.T) {
	for _, x := range stories() {
		t.Run(x.name, func(t *testing.T) {
			e := asynctest.New(t)
			size := 1 + len(x.send)/50
			a, b := netiotest.Duplex(e.Executor(), size)
			p := &place{exec: e.Executor()}
			asynctest.Go(e, func(t *async.Task) (struct{}, error) {
				head, rest, err := readHead(t, b)
				if err != nil {
					return struct{}{}, err
				}
				r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(head)))
				if err != nil {
					return struct{}{}, err
				}
				agreed, answer, refused := judge(r, storyOptions)
				if refused != nil {
					return struct{}{}, refused
				}
				if _, err := b.Write(response(answer, nil)).Await(t); err != nil {
					return struct{}{}, err
				}
				c := newConn(b, p, rest, storyOptions, false, agreed.deflate, agreed.subprotocol)
				echo(t, c)
				c.Close().Await(t)
				return struct{}{}, nil
			})
			run(t, e, func(t *async.Task) error { return play(t, x, a, nil) })
			if a.InFlight()+b.InFlight() > 0 {
				t.Error("operations are left")
			}
		})
	}
}

// On loops, over TCP and TLS.
func TestStories(t *testing.T) {
	forServer, forClient := configs(t)
	for _, secure := range []bool{false, true} {
		server, client := forServer, forClient
		if !secure {
			server, client = nil, nil
		}
		t.Run(fmt.Sprintf("TLS %v", secure), func(t *testing.T) {
			testworld.OnEach(t, func(e *testworld.Env) {
				addr, stop := listen(e, server, echoing)
				n := 1
				if !e.Kernel {
					n = 5
				}
				for _, x := range few(n) {
					s, err := dialRaw(e.Task, addr, client)
					e.Check(play(e.Task, x, s, err))
				}
				stop()
			})
		})
	}
}

// With plain handlers: of a server on a loop, and of net/http's.
func TestStoriesOnGoroutines(t *testing.T) {
	t.Run("rondo", func(t *testing.T) {
		testworld.OnKernel(t, func(e *testworld.Env) {
			addr, stop := listen(e, nil, func(t *async.Task, w http.ResponseWriter, r *http.Request) {
				rondo.Blocking(t, func() (struct{}, error) {
					echoingPlainly(w, r.WithContext(context.Background()))
					return struct{}{}, nil
				})
			})
			for _, x := range few(3) {
				s, err := dialRaw(e.Task, addr, nil)
				e.Check(play(e.Task, x, s, err))
			}
			stop()
		})
	})
	forServer, forClient := configs(t)
	for _, secure := range []bool{false, true} {
		t.Run(fmt.Sprintf("net/http, TLS %v", secure), func(t *testing.T) {
			server := httptest.NewUnstartedServer(http.HandlerFunc(echoingPlainly))
			server.Config.ErrorLog = log.New(io.Discard, "", 0)
			var client *tls.Config
			if server.TLS = forServer; secure {
				client = forClient
				server.StartTLS()
			} else {
				server.Start()
			}
			defer server.Close()
			testworld.OnKernel(t, func(e *testworld.Env) {
				for _, x := range few(2) {
					s, err := dialRaw(e.Task, server.Listener.Addr().String(), client)
					e.Check(play(e.Task, x, s, err))
				}
			})
		})
	}
}
