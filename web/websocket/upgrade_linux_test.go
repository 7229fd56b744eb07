package websocket_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"weak"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/internal/testcert"
	"rondo.dev/rondo/web"
	"rondo.dev/rondo/web/websocket"
)

// patience is how long a test waits for what has to happen.
const patience = 20 * time.Second

// place is somewhere that handlers run, and whose connections functions go on with.
type place struct {
	name   string
	secure bool
	// serve serves handle, which returns what Upgrade does, and returns the address.
	serve func(t *testing.T, p *place, handle func(w http.ResponseWriter, r *http.Request) error) string
	// ours is the server's, if it is rondo's.
	ours *web.Server
}

// places are all of them: servers of both kinds, handlers of all, behind middleware too.
func places(t *testing.T) (list []*place, pool *x509.CertPool) {
	t.Helper()
	a, err := testcert.New()
	if err != nil {
		t.Fatal(err)
	}
	cert, err := a.Issue("localhost")
	if err != nil {
		t.Fatal(err)
	}
	config := &tls.Config{Certificates: []tls.Certificate{cert}}
	plain := func(handle func(http.ResponseWriter, *http.Request) error) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handle(w, r) })
	}
	task := func(handle func(http.ResponseWriter, *http.Request) error) http.Handler {
		mux := http.NewServeMux()
		mux.Handle("/", web.Async(func(t *async.Task, w http.ResponseWriter, r *http.Request) error {
			var refused *websocket.HandshakeError
			if err := handle(w, r); !errors.As(err, &refused) {
				return err
			}
			return nil // it has been answered
		}))
		return mux
	}
	for name, h := range map[string]func(handle func(http.ResponseWriter, *http.Request) error) http.Handler{
		"goroutine": plain,
		"inline":    func(f func(http.ResponseWriter, *http.Request) error) http.Handler { return web.Inline(plain(f)) },
		"task":      task,
		"goroutine, middleware": func(f func(http.ResponseWriter, *http.Request) error) http.Handler {
			return wrap(plain(f))
		},
		"task, middleware": func(f func(http.ResponseWriter, *http.Request) error) http.Handler { return wrap(task(f)) },
		"task, inline middleware": func(f func(http.ResponseWriter, *http.Request) error) http.Handler {
			return web.Inline(wrap(task(f)))
		},
	} {
		for _, secure := range []bool{false, true} {
			list = append(list, &place{name: name, secure: secure, serve: func(t *testing.T, p *place, handle func(http.ResponseWriter, *http.Request) error) string {
				if p.ours == nil {
					p.ours = new(web.Server)
				}
				s := p.ours
				s.Handler = h(handle)
				if s.ErrorLog == nil {
					s.ErrorLog = slog.New(slog.DiscardHandler)
				}
				l, err := net.Listen("tcp", "127.0.0.1:0")
				if err != nil {
					t.Fatal(err)
				}
				done := make(chan error, 1)
				go func() {
					if secure {
						s.TLSConfig = config
						done <- s.ServeTLS(l, "", "")
					} else {
						done <- s.Serve(l)
					}
				}()
				t.Cleanup(func() {
					ctx, stop := context.WithTimeout(context.Background(), patience)
					defer stop()
					if err := s.Shutdown(ctx); err != nil {
						t.Error("Shutdown:", err)
					}
					<-done
				})
				return l.Addr().String()
			}})
			if strings.Contains(name, "line") {
				continue
			}
			list = append(list, &place{name: "net/http, " + name, secure: secure, serve: func(t *testing.T, p *place, handle func(http.ResponseWriter, *http.Request) error) string {
				s := httptest.NewUnstartedServer(h(handle))
				s.Config.ErrorLog = log.New(io.Discard, "", 0)
				if s.TLS = config; secure {
					s.StartTLS()
				} else {
					s.TLS = nil
					s.Start()
				}
				t.Cleanup(s.Close)
				return s.Listener.Addr().String()
			}})
		}
	}
	return list, a.Pool()
}

// wrap is a middleware that has a ResponseWriter of its own.
func wrap(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(&wrapped{ResponseWriter: w}, r)
	})
}

type wrapped struct{ http.ResponseWriter }

func (w *wrapped) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// atEach runs a test at each place, for the names that begin so.
func atEach(t *testing.T, prefix string, test func(t *testing.T, p *place, dial func(t *testing.T, addr string) *peer)) {
	list, pool := places(t)
	for _, p := range list {
		if !strings.HasPrefix(p.name, prefix) {
			continue
		}
		t.Run(fmt.Sprintf("%s, TLS %v", p.name, p.secure), func(t *testing.T) {
			test(t, p, func(t *testing.T, addr string) *peer {
				t.Helper()
				c, err := net.Dial("tcp", addr)
				if err != nil {
					t.Fatal(err)
				}
				if p.secure {
					c = tls.Client(c, &tls.Config{RootCAs: pool, ServerName: "localhost"})
				}
				t.Cleanup(func() { c.Close() })
				c.SetDeadline(time.Now().Add(patience))
				return &peer{t, c, bufio.NewReader(c)}
			})
		})
	}
}

// peer is a client that speaks by hand.
type peer struct {
	t *testing.T
	net.Conn
	r *bufio.Reader
}

const request = "GET /path HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
	"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"

// frame is a short one of a client's, masked with zeros.
func frame(op byte, payload string) string {
	return string([]byte{0x80 | op, 0x80 | byte(len(payload)), 0, 0, 0, 0}) + payload
}

func (p *peer) send(s string) *peer {
	p.t.Helper()
	if _, err := io.WriteString(p, s); err != nil {
		p.t.Fatal(err)
	}
	return p
}

func (p *peer) response() *http.Response {
	p.t.Helper()
	resp, err := http.ReadResponse(p.r, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	return resp
}

// upgrade asks, and sees that it is done.
func (p *peer) upgrade() *peer {
	p.t.Helper()
	if resp := p.send(request).response(); resp.StatusCode != http.StatusSwitchingProtocols {
		p.t.Fatal(resp.Status)
	}
	return p
}

// receive returns the next frame, "" at the end of the stream.
func (p *peer) receive() string {
	p.t.Helper()
	var head [2]byte
	if _, err := io.ReadFull(p.r, head[:]); err != nil {
		if e, ok := err.(net.Error); ok && e.Timeout() {
			p.t.Fatal("nothing comes")
		}
		return ""
	}
	payload := make([]byte, head[1])
	if _, err := io.ReadFull(p.r, payload); err != nil {
		p.t.Fatal(err)
	}
	if op := head[0] & 15; op == 8 && len(payload) >= 2 {
		return fmt.Sprint("close ", int(payload[0])<<8|int(payload[1]))
	}
	return string(payload)
}

func (p *peer) wants(want string) {
	p.t.Helper()
	if got := p.receive(); got != want {
		p.t.Fatalf("got %q, want %q", got, want)
	}
}

func within[T any](t *testing.T, c <-chan T, what string) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(patience):
		t.Fatal(what + " did not happen")
	}
	return v
}

// shout echoes in capitals.
func shout(t *async.Task, c *websocket.Conn) error {
	for {
		m, err := c.Receive().Await(t)
		if err != nil {
			return err
		}
		if _, err := c.Send(m.Kind, []byte(strings.ToUpper(string(m.Data)))).Await(t); err != nil {
			return err
		}
	}
}

// TestUpgrade: wherever a handler runs, its connection goes on without it, with what has
// come along with the request, until one of the two closes it.
func TestUpgrade(t *testing.T) {
	atEach(t, "", func(t *testing.T, p *place, dial func(t *testing.T, addr string) *peer) {
		ended := make(chan error, 1)
		addr := p.serve(t, p, func(w http.ResponseWriter, r *http.Request) error {
			w.Header().Set("Set-Cookie", "a=b")
			path := r.URL.Path
			return websocket.Upgrade(w, r, nil, func(t *async.Task, c *websocket.Conn) (err error) {
				defer func() { ended <- err }()
				if _, err := c.Send(websocket.Text, []byte(path)).Await(t); err != nil {
					return err
				}
				return shout(t, c)
			})
		})
		c := dial(t, addr).send(request + frame(1, "early"))
		if resp := c.response(); resp.StatusCode != 101 || resp.Header.Get("Set-Cookie") != "a=b" {
			t.Fatal(resp)
		}
		c.wants("/path")
		c.wants("EARLY")
		for _, s := range []string{"", "hello", "once more"} {
			c.send(frame(1, s)).wants(strings.ToUpper(s))
		}
		c.send(frame(8, "\x03\xe8")).wants("close 1000")
		c.wants("")
		if err := within(t, ended, "the end"); !errors.Is(err, io.EOF) {
			t.Error(err)
		}

		// A request that is none is answered, and the next one may be one.
		c = dial(t, addr)
		resp := c.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").response()
		if io.Copy(io.Discard, resp.Body); resp.StatusCode != http.StatusUpgradeRequired {
			t.Fatal(resp)
		}
		c.upgrade().wants("/path")
		c.Close()
		if err := within(t, ended, "the end"); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Error(err)
		}
	})
}

// TestUpgradeEnds: however the function ends, the peer is told, the connection is closed,
// and what the function has spawned is cancelled.
func TestUpgradeEnds(t *testing.T) {
	was := slog.Default()
	slog.SetDefault(slog.New(slog.DiscardHandler)) // panics below net/http
	t.Cleanup(func() { slog.SetDefault(was) })
	for name, c := range map[string]struct {
		f    func(t *async.Task, c *websocket.Conn) error
		want string
	}{
		"returns": {func(t *async.Task, c *websocket.Conn) error { return nil }, "close 1000"},
		"fails": {func(t *async.Task, c *websocket.Conn) error {
			async.Yield(t)
			return errors.New("as it should")
		}, "close 1011"},
		"closes": {func(t *async.Task, c *websocket.Conn) error { return c.CloseWith(4000, "enough").Await(t) }, "close 4000"},
		"panics": {func(t *async.Task, c *websocket.Conn) error { panic("as it should") }, ""},
		"panics later": {func(t *async.Task, c *websocket.Conn) error {
			async.Yield(t)
			panic("as it should")
		}, ""},
		"exits": {func(t *async.Task, c *websocket.Conn) error {
			async.Yield(t)
			runtime.Goexit()
			return nil
		}, ""},
		"a child panics": {func(t *async.Task, c *websocket.Conn) error {
			t.Go(func(t *async.Task) error { panic("as it should") })
			_, err := c.Receive().Await(t)
			if t.Cause() == nil {
				return nil
			}
			return err
		}, "close 1001"},
	} {
		t.Run(name, func(t *testing.T) {
			atEach(t, "", func(t *testing.T, p *place, dial func(t *testing.T, addr string) *peer) {
				spawned := make(chan error, 1)
				addr := p.serve(t, p, func(w http.ResponseWriter, r *http.Request) error {
					return websocket.Upgrade(w, r, nil, func(t *async.Task, conn *websocket.Conn) error {
						t.Go(func(t *async.Task) error {
							err := async.Sleep(time.Hour).Await(t)
							spawned <- err
							return err
						})
						return c.f(t, conn)
					})
				})
				peer := dial(t, addr).upgrade()
				peer.wants(c.want)
				if c.want != "" {
					peer.send(frame(8, "\x03\xe8"))
					peer.wants("")
				}
				if within(t, spawned, "the end of a child") == nil {
					t.Error("a child was left alone")
				}
				dial(t, addr).upgrade() // others are served
			})
		})
	}
}

// TestUpgradeMisuse: after Upgrade there is nothing to be written, and nothing to be
// taken over.
func TestUpgradeMisuse(t *testing.T) {
	for _, where := range []string{"goroutine, TLS", "task, TLS", "inline, TLS"} {
		atEach(t, strings.TrimSuffix(where, ", TLS"), func(t *testing.T, p *place, dial func(t *testing.T, addr string) *peer) {
			if strings.Contains(p.name, "middleware") {
				t.Skip("the same, by another way")
			}
			errs := make(chan error, 4)
			addr := p.serve(t, p, func(w http.ResponseWriter, r *http.Request) error {
				err := websocket.Upgrade(w, r, nil, shout)
				_, e := w.Write([]byte("x"))
				errs <- e
				errs <- websocket.Upgrade(w, r, nil, shout)
				_, _, e = http.NewResponseController(w).Hijack()
				errs <- e
				errs <- http.NewResponseController(w).Flush()
				return err
			})
			dial(t, addr).upgrade().send(frame(1, "a")).wants("A")
			for range 4 {
				if err := within(t, errs, "a call"); !errors.Is(err, http.ErrHijacked) {
					t.Error(err)
				}
			}
		})
	}
}

// TestUpgradeInVain: a handler that does not come to its end in order has no connection
// that goes on.
func TestUpgradeInVain(t *testing.T) {
	for name, leave := range map[string]func() error{
		"panic": func() error { panic("as it should") },
		"exit": func() error {
			runtime.Goexit()
			return nil
		},
		"error": func() error { return errors.New("as it should") },
	} {
		for _, where := range []string{"goroutine", "task", "inline"} {
			if name == "error" && where != "task" {
				continue // those have none
			}
			atEach(t, where, func(t *testing.T, p *place, dial func(t *testing.T, addr string) *peer) {
				if strings.Contains(p.name, "middleware") {
					t.Skip("the same, by another way")
				}
				began := make(chan bool, 1)
				addr := p.serve(t, p, func(w http.ResponseWriter, r *http.Request) error {
					if err := websocket.Upgrade(w, r, nil, func(t *async.Task, c *websocket.Conn) error {
						began <- true
						return nil
					}); err != nil {
						return err
					}
					return leave()
				})
				if b, err := io.ReadAll(dial(t, addr).send(request)); len(b) > 0 && strings.Contains(string(b), " 101 ") || errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("answered %q, %v", b, err)
				}
				select {
				case <-began:
					t.Error("the function was called")
				default:
				}
			})
		}
	}
}

// TestUpgradeShutdown: a Shutdown waits for functions, a Close cancels them, and the peer
// is told, but not waited for.
func TestUpgradeShutdown(t *testing.T) {
	for _, where := range []string{"goroutine", "task", "inline"} {
		atEach(t, where, func(t *testing.T, p *place, dial func(t *testing.T, addr string) *peer) {
			p.ours = new(web.Server)
			causes := make(chan error, 2)
			addr := p.serve(t, p, func(w http.ResponseWriter, r *http.Request) error {
				return websocket.Upgrade(w, r, &websocket.Options{CloseWithin: time.Hour}, func(t *async.Task, c *websocket.Conn) error {
					defer func() { causes <- t.Cause() }()
					return shout(t, c)
				})
			})
			leaves, stays := dial(t, addr).upgrade(), dial(t, addr).upgrade()
			short, stop := context.WithTimeout(t.Context(), 30*time.Millisecond)
			defer stop()
			if err := p.ours.Shutdown(short); err != context.DeadlineExceeded {
				t.Error(err)
			}
			leaves.send(frame(1, "still here")).wants("STILL HERE")
			leaves.send(frame(8, "\x03\xe8")).wants("close 1000")
			if err := within(t, causes, "the end of a function"); err != nil {
				t.Error(err)
			}
			p.ours.Close()
			if within(t, causes, "the end of a function") == nil {
				t.Error("it was not cancelled")
			}
			stays.wants("close 1001")
			stays.wants("") // although it does not answer
		})
	}
}

// TestUpgradeShutdownEnds: a Shutdown is over when the last function is.
func TestUpgradeShutdownEnds(t *testing.T) {
	atEach(t, "task", func(t *testing.T, p *place, dial func(t *testing.T, addr string) *peer) {
		p.ours = new(web.Server)
		leave := make(chan struct{})
		addr := p.serve(t, p, func(w http.ResponseWriter, r *http.Request) error {
			return websocket.Upgrade(w, r, nil, func(t *async.Task, c *websocket.Conn) error {
				_, err := rondo.Blocking(t, func() (struct{}, error) { return <-leave, nil })
				return err
			})
		})
		var peers []*peer
		for range 3 {
			peers = append(peers, dial(t, addr).upgrade())
		}
		p.ours.RegisterOnShutdown(sync.OnceFunc(func() { close(leave) }))
		over := make(chan error, 1)
		go func() { over <- p.ours.Shutdown(t.Context()) }()
		for _, c := range peers {
			c.wants("close 1000")
			c.send(frame(8, "\x03\xe8")).wants("")
		}
		if err := within(t, over, "the end of Shutdown"); err != nil {
			t.Error(err)
		}
	})
}

// TestUpgradeCounts: a connection that goes on is one of MaxConns, but no request.
func TestUpgradeCounts(t *testing.T) {
	for _, where := range []string{"goroutine", "task"} {
		atEach(t, where, func(t *testing.T, p *place, dial func(t *testing.T, addr string) *peer) {
			states := make(chan http.ConnState, 100)
			p.ours = &web.Server{MaxConns: 2, MaxRequests: 1, ConnState: func(_ net.Conn, s http.ConnState) { states <- s }}
			addr := p.serve(t, p, func(w http.ResponseWriter, r *http.Request) error {
				return websocket.Upgrade(w, r, nil, shout)
			})
			first := dial(t, addr).upgrade()
			for _, want := range []http.ConnState{http.StateNew, http.StateActive, http.StateHijacked} {
				if got := within(t, states, "a change of state"); got != want {
					t.Errorf("got %v, want %v", got, want)
				}
			}
			dial(t, addr).upgrade().send(frame(1, "a")).wants("A")
			third := dial(t, addr)
			answered := make(chan string, 1)
			go func() {
				third.send(request)
				line, _ := third.r.ReadString('\n')
				answered <- line
			}()
			select {
			case line := <-answered:
				t.Errorf("there are three: %q", line)
			case <-time.After(30 * time.Millisecond):
			}
			first.Close()
			if line := within(t, answered, "an answer"); !strings.Contains(line, "101") {
				t.Errorf("got %q", line)
			}
		})
	}
}

// TestUpgradeForgets: nothing of a request is left that its connection goes on without.
func TestUpgradeForgets(t *testing.T) {
	atEach(t, "", func(t *testing.T, p *place, dial func(t *testing.T, addr string) *peer) {
		requests := make(chan weak.Pointer[http.Request], 1)
		addr := p.serve(t, p, func(w http.ResponseWriter, r *http.Request) error {
			requests <- weak.Make(r)
			return websocket.Upgrade(w, r, nil, shout)
		})
		c := dial(t, addr).upgrade()
		c.send(frame(1, "a")).wants("A")
		r := within(t, requests, "a request")
		for until := time.Now().Add(patience); r.Value() != nil; time.Sleep(time.Millisecond) {
			if runtime.GC(); time.Now().After(until) {
				t.Fatal("the request is kept")
			}
		}
		c.send(frame(1, "b")).wants("B")
	})
}

// TestUpgradeGone: clients that go away whenever they like leave nothing behind.
func TestUpgradeGone(t *testing.T) {
	for _, where := range []string{"goroutine", "task", "inline"} {
		atEach(t, where, func(t *testing.T, p *place, dial func(t *testing.T, addr string) *peer) {
			p.ours = new(web.Server)
			entered, leave := make(chan bool, 1), make(chan bool)
			var began, ended atomic.Int32
			addr := p.serve(t, p, func(w http.ResponseWriter, r *http.Request) error {
				if r.URL.Path == "/waits" && where == "goroutine" {
					entered <- true
					<-leave
				}
				return websocket.Upgrade(w, r, nil, func(t *async.Task, c *websocket.Conn) error {
					began.Add(1)
					defer ended.Add(1)
					return shout(t, c)
				})
			})
			if where == "goroutine" {
				c := dial(t, addr).send(strings.Replace(request, "/path", "/waits", 1))
				<-entered
				reset(c)
				leave <- true
			}
			for n := range len(request) + 20 {
				if p.secure && n%11 > 0 {
					continue // handshakes take most of the time
				}
				c := dial(t, addr)
				all := request + frame(1, strings.Repeat("x", 14))
				c.send(all[:n])
				if n%2 == 0 {
					reset(c)
				} else {
					c.Close()
				}
			}
			if err := p.ours.Shutdown(t.Context()); err != nil {
				t.Error(err)
			}
			if began.Load() != ended.Load() {
				t.Errorf("%d began, %d ended", began.Load(), ended.Load())
			}
		})
	}
}

// reset ends a connection so that the server is told at once.
func reset(c *peer) {
	raw := c.Conn
	if s, ok := raw.(*tls.Conn); ok {
		raw = s.NetConn()
	}
	raw.(*net.TCPConn).SetLinger(0)
	raw.Close()
}

// TestUpgradeAmid: a server that is closed while connections come, say something and go
// ends, and so do all functions.
func TestUpgradeAmid(t *testing.T) {
	for _, where := range []string{"goroutine", "task", "inline"} {
		atEach(t, where, func(t *testing.T, p *place, dial func(t *testing.T, addr string) *peer) {
			if p.secure {
				t.Skip("handshakes take most of the time")
			}
			for round := range 10 {
				p.ours = new(web.Server)
				var running atomic.Int32
				addr := p.serve(t, p, func(w http.ResponseWriter, r *http.Request) error {
					return websocket.Upgrade(w, r, nil, func(t *async.Task, c *websocket.Conn) error {
						running.Add(1)
						defer running.Add(-1)
						return shout(t, c)
					})
				})
				var clients sync.WaitGroup
				for i := range 20 {
					clients.Go(func() {
						c, err := net.Dial("tcp", addr)
						if err != nil {
							return // it is closed already
						}
						defer c.Close()
						c.SetDeadline(time.Now().Add(patience))
						io.WriteString(c, request+frame(1, "a"))
						buf := make([]byte, 1+i*30)
						for err == nil {
							_, err = c.Read(buf)
						}
						if errors.Is(err, os.ErrDeadlineExceeded) {
							t.Error("it was not closed")
						}
					})
				}
				time.Sleep(time.Duration(round) * time.Millisecond)
				p.ours.Close()
				clients.Wait()
				for until := time.Now().Add(patience); running.Load() > 0; time.Sleep(time.Millisecond) {
					if time.Now().After(until) {
						t.Fatalf("%d functions go on", running.Load())
					}
				}
			}
		})
	}
}

// TestUpgradeTakenBy: a server that only knows HijackAsync will do.
func TestUpgradeTakenBy(t *testing.T) {
	atEach(t, "task", func(t *testing.T, p *place, dial func(t *testing.T, addr string) *peer) {
		if strings.Contains(p.name, "middleware") {
			t.Skip("the same, by another way")
		}
		addr := p.serve(t, p, func(w http.ResponseWriter, r *http.Request) error {
			return websocket.Upgrade(onlyHijack{w, w.(websocket.Hijacker)}, r, nil, shout)
		})
		c := dial(t, addr).send(request + frame(1, "early"))
		if resp := c.response(); resp.StatusCode != 101 {
			t.Fatal(resp)
		}
		c.wants("EARLY")
		c.send(frame(8, "\x03\xe8")).wants("close 1000")
		c.wants("")
	})
}

type onlyHijack struct {
	http.ResponseWriter
	websocket.Hijacker
}
