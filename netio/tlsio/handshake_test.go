package tlsio_test

import (
	"crypto/tls"
	"errors"
	"io"
	"os"
	"syscall"
	"testing"
	"time"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/green"
	"rondo.dev/rondo/internal/testworld"
	"rondo.dev/rondo/netio"
	"rondo.dev/rondo/netio/tlsio"
)

// ends runs both handshakes, and returns how they went.
func ends(e *env, forClient, forServer *tls.Config) (client, server *tlsio.Conn, clientErr, serverErr error) {
	a, b := e.Pair()
	acceptor := e.server(forServer)
	accepting := e.Spawn(func(e *testworld.Env) {
		server, serverErr = acceptor.Accept(e.Task, b)
		if serverErr == nil {
			// With TLS 1.3 the client's part may turn out badly when its own end is
			// content already.
			_, serverErr = server.Write([]byte("hello")).Await(e.Task)
		}
	})
	client, clientErr = tlsio.Client(e.Task, a, forClient)
	if clientErr == nil {
		_, clientErr = client.Read(make([]byte, 5)).Await(e.Task)
	}
	e.Check(accepting.Await(e.Task))
	return client, server, clientErr, serverErr
}

func TestHandshake(t *testing.T) {
	for name, c := range map[string]struct {
		change func(t *testing.T, client, server *tls.Config)
		fails  bool
		proto  string
	}{
		"plain": {func(*testing.T, *tls.Config, *tls.Config) {}, false, ""},
		"alpn": {func(_ *testing.T, client, server *tls.Config) {
			client.NextProtos, server.NextProtos = []string{"a", "b"}, []string{"b", "c"}
		}, false, "b"},
		"alpn mismatch": {func(_ *testing.T, client, server *tls.Config) {
			client.NextProtos, server.NextProtos = []string{"a"}, []string{"b"}
		}, true, ""},
		"version mismatch": {func(_ *testing.T, client, server *tls.Config) {
			client.MaxVersion, server.MinVersion = tls.VersionTLS12, tls.VersionTLS13
		}, true, ""},
		"another name":   {func(_ *testing.T, client, _ *tls.Config) { client.ServerName = "other.test" }, true, ""},
		"untrusted":      {func(_ *testing.T, client, _ *tls.Config) { client.RootCAs = nil }, true, ""},
		"client without": {func(_ *testing.T, _, server *tls.Config) { server.ClientAuth = tls.RequireAnyClientCert }, true, ""},
		"untrusted client": {func(t *testing.T, client, server *tls.Config) {
			_, _, strange := configs(t)
			cert, err := strange.Issue("client.test")
			if err != nil {
				t.Fatal(err)
			}
			client.Certificates = []tls.Certificate{cert}
			server.ClientAuth, server.ClientCAs = tls.RequireAndVerifyClientCert, client.RootCAs
		}, true, ""},
		"by name": {func(_ *testing.T, client, server *tls.Config) {
			own := server.Certificates
			server.Certificates = nil
			server.GetCertificate = func(h *tls.ClientHelloInfo) (*tls.Certificate, error) {
				if h.ServerName != "server.test" || h.Conn.RemoteAddr() == nil {
					return nil, errTest
				}
				return &own[0], nil
			}
		}, false, ""},
		"renegotiation": {func(_ *testing.T, client, _ *tls.Config) { client.Renegotiation = tls.RenegotiateFreelyAsClient }, true, ""},
	} {
		t.Run(name, func(t *testing.T) {
			for _, version := range []uint16{tls.VersionTLS12, 0} {
				forServer, forClient, _ := configs(t)
				forClient.MaxVersion = version
				c.change(t, forClient, forServer)
				onEach(t, func(e *env) {
					client, server, clientErr, serverErr := ends(e, forClient, forServer)
					failed := clientErr != nil || serverErr != nil
					if failed != c.fails {
						e.Errorf("client: %v; server: %v", clientErr, serverErr)
					}
					if !failed {
						e.Equal(client.ConnectionState().NegotiatedProtocol, c.proto)
					}
					for _, c := range []*tlsio.Conn{client, server} {
						if c != nil {
							closeAll(e, c)
						}
					}
				})
			}
		})
	}
}

func TestClientCertificate(t *testing.T) {
	forServer, forClient, ca := configs(t)
	cert, err := ca.Issue("client.test")
	if err != nil {
		t.Fatal(err)
	}
	forClient.Certificates = []tls.Certificate{cert}
	forServer.ClientAuth, forServer.ClientCAs = tls.RequireAndVerifyClientCert, ca.Pool()
	onEach(t, func(e *env) {
		client, server, clientErr, serverErr := ends(e, forClient, forServer)
		e.Check(clientErr)
		e.Check(serverErr)
		e.Equal(server.ConnectionState().PeerCertificates[0].Subject.CommonName, "client.test")
		closeAll(e, client, server)
	})
}

// The second connection resumes the first one's session: its ticket came with what
// was read.
func TestResumption(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		t.Run(tls.VersionName(version), func(t *testing.T) {
			onEach(t, func(e *env) {
				forServer, forClient, _ := configs(e)
				forClient.MaxVersion = version
				forClient.ClientSessionCache = tls.NewLRUClientSessionCache(1)
				for _, resumed := range []bool{false, true} {
					client, server, clientErr, serverErr := ends(e, forClient, forServer)
					e.Check(clientErr)
					e.Check(serverErr)
					e.Equal(client.ConnectionState().DidResume, resumed)
					e.Equal(server.ConnectionState().DidResume, resumed)
					closeAll(e, client, server)
				}
			})
		})
	}
}

// A handshake that is cancelled, or out of time, at every point where it waits: the
// peer says so many bytes of its part and no more.
func TestHandshakeInterrupted(t *testing.T) {
	forServer, forClient, _ := configs(t)
	for said := 0; said < 2000; said += 97 {
		onEach(t, func(e *env) {
			for i, interrupt := range []func(t *async.Task, raw *netio.Conn) (*async.Task, error){
				func(t *async.Task, _ *netio.Conn) (*async.Task, error) {
					t, cancel := t.WithCancel()
					e.Task.Go(func(t *async.Task) error {
						for range 20 {
							e.Check(async.Yield(t))
						}
						cancel(errTest)
						return nil
					})
					return t, errTest
				},
				func(t *async.Task, _ *netio.Conn) (*async.Task, error) {
					t, _ = t.WithTimeout(2 * time.Millisecond)
					return t, os.ErrDeadlineExceeded
				},
				func(t *async.Task, raw *netio.Conn) (*async.Task, error) {
					e.Check(raw.SetReadDeadline(time.Now().Add(2 * time.Millisecond)).Await(t))
					return t, os.ErrDeadlineExceeded
				},
			} {
				hello := clientHello(e, forClient)
				a, b := e.Pair()
				_, err := a.Write(hello[:min(said, len(hello))]).Await(e.Task)
				e.Check(err)
				task, want := interrupt(e.Task, b)
				_, err = e.server(forServer).Accept(task, b)
				if !errors.Is(err, want) {
					e.Fatalf("interrupt %d: got %v, want %v", i, err, want)
				}
				if _, err = io.Copy(io.Discard, green.Reader(e.Task, a)); !errors.Is(err, syscall.ECONNRESET) {
					e.Check(err)
				}
				e.Check(a.Close().Await(e.Task))
			}
		})
	}
}

// A client whose handshake fails is told what the Acceptor has for it, whoever accepts.
func TestRefuse(t *testing.T) {
	forServer, _, _ := configs(t)
	for name, accept := range map[string]func(t *async.Task, a *tlsio.Acceptor, ln *netio.Listener) error{
		"Accept": func(t *async.Task, a *tlsio.Acceptor, ln *netio.Listener) error {
			raw, err := ln.Accept().Await(t)
			if err != nil {
				return err
			}
			_, err = a.Accept(t, raw)
			return err
		},
		"Serve": func(t *async.Task, a *tlsio.Acceptor, ln *netio.Listener) error {
			return a.Serve(t, ln, func(*async.Task, *tlsio.Conn) error { return errTest })
		},
	} {
		t.Run(name, func(t *testing.T) {
			onEach(t, func(e *env) {
				ln := e.Listen()
				acceptor := e.server(forServer)
				acceptor.Refuse = func(err error) []byte {
					if !errors.As(err, new(tls.RecordHeaderError)) {
						e.Errorf("was told of %v", err)
					}
					return []byte("this is TLS")
				}
				accepting := e.Task.Go(func(t *async.Task) error { return accept(t, acceptor, ln) })
				c, err := netio.Dial(e.Task, "tcp", ln.Addr().String())
				e.Check(err)
				_, err = c.Write([]byte("GET / HTTP/1.1\r\n\r\n")).Await(e.Task)
				e.Check(err)
				answer, err := io.ReadAll(green.Reader(e.Task, c))
				e.Check(err)
				e.Equal(string(answer), "this is TLS")
				e.Check(c.Close().Await(e.Task))
				e.Check(ln.Close().Await(e.Task))
				if err = accepting.Await(e.Task); name == "Accept" && !errors.As(err, new(tls.RecordHeaderError)) {
					e.Errorf("got %v", err)
				}
			})
		})
	}
}

// clientHello returns the first bytes of a client.
func clientHello(e *env, config *tls.Config) []byte {
	a, b := e.Pair()
	client := e.Spawn(func(e *testworld.Env) {
		if _, err := tlsio.Client(e.Task, a, config); err == nil {
			e.Error("a handshake without a server")
		}
	})
	buf := make([]byte, 4096)
	n, err := b.Read(buf).Await(e.Task)
	e.Check(err)
	e.Check(b.Close().Await(e.Task))
	e.Check(client.Await(e.Task))
	return buf[:n]
}
