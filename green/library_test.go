package green_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"strings"
	"testing"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/green"
	"rondo.dev/rondo/internal/testcert"
	"rondo.dev/rondo/internal/testworld"
	"rondo.dev/rondo/netio"
)

// ends runs two functions as tasks with the ends of a connection, and fails the test
// unless both return nil. Either closes its end.
func ends(e *testworld.Env, client, server func(e *testworld.Env, c net.Conn) error) {
	e.Helper()
	a, b := e.Pair()
	g := async.NewGroup(e.Task, 0)
	begin := func(f func(e *testworld.Env, c net.Conn) error, c *netio.Conn) {
		g.Go(func(t *async.Task) error {
			c := green.Conn(t, c)
			defer c.Close()
			return f(e.With(t), c)
		})
	}
	begin(client, a)
	begin(server, b)
	e.Check(g.Wait(e.Task))
}

func certificates(t testing.TB) (server, client *tls.Config) {
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

// crypto/tls, both ends, with messages of many records.
func TestTLS(t *testing.T) {
	forServer, forClient := certificates(t)
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		t.Run(tls.VersionName(version), func(t *testing.T) {
			testworld.OnEach(t, func(e *testworld.Env) {
				forClient := forClient.Clone()
				forClient.MaxVersion = version
				message := strings.Repeat("a message of many records. ", 10_000)
				ends(e, func(e *testworld.Env, c net.Conn) error {
					s := tls.Client(c, forClient)
					if _, err := io.WriteString(s, message); err != nil {
						return err
					}
					if err := s.CloseWrite(); err != nil {
						return err
					}
					all, err := io.ReadAll(s)
					if err == nil && string(all) != message {
						e.Error("got another message")
					}
					return err
				}, func(e *testworld.Env, c net.Conn) error {
					s := tls.Server(c, forServer)
					all, err := io.ReadAll(s)
					if err != nil {
						return err
					}
					if _, err := s.Write(all); err != nil {
						return err
					}
					return s.Close()
				})
			})
		})
	}
}

func TestHTTP(t *testing.T) {
	testworld.OnEach(t, func(e *testworld.Env) {
		ends(e, func(e *testworld.Env, c net.Conn) error {
			r := bufio.NewReader(c)
			for _, body := range []string{"", "small", strings.Repeat("large", 20_000)} {
				req, err := http.NewRequest("POST", "http://server.test/", strings.NewReader(body))
				if err != nil {
					return err
				}
				if err := req.Write(c); err != nil {
					return err
				}
				resp, err := http.ReadResponse(r, req)
				if err != nil {
					return err
				}
				b, err := io.ReadAll(resp.Body)
				if err != nil {
					return err
				}
				e.Equal(string(b), body)
			}
			return nil
		}, func(e *testworld.Env, c net.Conn) error {
			r := bufio.NewReader(c)
			for {
				req, err := http.ReadRequest(r)
				if err == io.EOF {
					return nil
				}
				if err != nil {
					return err
				}
				body, err := io.ReadAll(req.Body)
				if err != nil {
					return err
				}
				resp := http.Response{StatusCode: 200, ProtoMajor: 1, ProtoMinor: 1, ContentLength: int64(len(body)), Body: io.NopCloser(strings.NewReader(string(body)))}
				if err := resp.Write(c); err != nil {
					return err
				}
			}
		})
	})
}

func TestTextproto(t *testing.T) {
	testworld.OnEach(t, func(e *testworld.Env) {
		ends(e, func(e *testworld.Env, c net.Conn) error {
			p := textproto.NewConn(c)
			if _, _, err := p.ReadResponse(220); err != nil {
				return err
			}
			id, err := p.Cmd("DATA")
			if err != nil {
				return err
			}
			p.StartResponse(id)
			defer p.EndResponse(id)
			if _, _, err := p.ReadResponse(354); err != nil {
				return err
			}
			w := p.DotWriter()
			io.WriteString(w, ".a line\r\n..another\r\n")
			return w.Close()
		}, func(e *testworld.Env, c net.Conn) error {
			p := textproto.NewConn(c)
			if err := p.PrintfLine("220 here"); err != nil {
				return err
			}
			line, err := p.ReadLine()
			if err != nil {
				return err
			}
			e.Equal(line, "DATA")
			if err := p.PrintfLine("354 go on"); err != nil {
				return err
			}
			lines, err := p.ReadDotLines()
			if err != nil {
				return err
			}
			e.Equal(strings.Join(lines, "|"), ".a line|..another")
			return nil
		})
	})
}

// An http.Client has goroutines of its own for a connection, and waits for them: it
// is called with Blocking, and may dial through the loop all the same.
func TestHTTPClient(t *testing.T) {
	testworld.OnKernel(t, func(e *testworld.Env) {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			io.Copy(w, r.Body)
		}))
		defer srv.Close()
		transport := &http.Transport{DialContext: green.Dialer(e.Task, nil)}
		defer transport.CloseIdleConnections()
		client := &http.Client{Transport: transport}
		post := func() (string, error) {
			resp, err := client.Post(srv.URL, "text/plain", strings.NewReader("hello"))
			if err != nil {
				return "", err
			}
			defer resp.Body.Close()
			b, err := io.ReadAll(resp.Body)
			return string(b), err
		}
		for range 3 {
			got, err := rondo.Blocking(e.Task, post)
			e.Check(err)
			e.Equal(got, "hello")
		}
		// It holds the loop, but is not held up by that.
		got, err := post()
		e.Check(err)
		e.Equal(got, "hello")
	})
}

// A RoundTripper without goroutines lets an http.Client be called by a task.
func TestHTTPClientInTask(t *testing.T) {
	testworld.OnKernel(t, func(e *testworld.Env) {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/there" {
				http.Redirect(w, r, "/there", http.StatusFound)
				return
			}
			io.WriteString(w, "hello")
		}))
		defer srv.Close()
		client := &http.Client{Transport: oneShot(green.Dialer(e.Task, nil))}
		resp, err := client.Get(srv.URL)
		e.Check(err)
		b, err := io.ReadAll(resp.Body)
		e.Check(err)
		e.Equal(string(b), "hello")
		e.Check(resp.Body.Close())
	})
}

// oneShot is a RoundTripper with a connection for each request.
type oneShot func(ctx context.Context, network, address string) (net.Conn, error)

func (dial oneShot) RoundTrip(r *http.Request) (*http.Response, error) {
	c, err := dial(r.Context(), "tcp", r.URL.Host)
	if err != nil {
		return nil, err
	}
	r.Close = true
	if err := r.Write(c); err != nil {
		c.Close()
		return nil, err
	}
	resp, err := http.ReadResponse(bufio.NewReader(c), r)
	if err != nil {
		c.Close()
		return nil, err
	}
	resp.Body = struct {
		io.Reader
		io.Closer
	}{resp.Body, c}
	return resp, nil
}
