package servertest

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"rondo.dev/rondo/internal/testcert"
	"rondo.dev/rondo/web/internal/servers"
)

var tlsTests = []test{
	{"TLS/config", tlsConfig},
	{"TLS/files", tlsFiles},
	{"TLS/no_certificate", func(r *rig) {
		s := r.kind(servers.Config{Handler: http.HandlerFunc(hello)})
		defer s.Close()
		if err := s.ServeTLS(r.listen(), "no/such/file", "no/such/file"); err == nil || strings.Contains(err.Error(), "closed") {
			r.Errorf("ServeTLS returned %v", err)
		}
	}},
	{"TLS/client_certificate", tlsClient},
	{"TLS/plain_request", tlsPlain},
	{"TLS/handshake_fails", tlsBroken},
	{"TLS/silent_client", tlsSilent},
	{"TLS/shutdown", tlsShutdown},
	{"TLS/large_bodies", tlsLarge},
	{"TLS/many", tlsMany},
	{"TLS/hijack", tlsHijack},
	{"TLS/config_for_client", tlsForClient},
}

// secured serves with TLS. The client speaks HTTP/1.1.
func (r *rig) secured(c servers.Config, change ...func(*tls.Config)) (*site, *http.Client, *testcert.Authority) {
	r.Helper()
	ca, err := testcert.New()
	r.check(err)
	cert, err := ca.Issue("server.test")
	r.check(err)
	c.TLSConfig = &tls.Config{Certificates: []tls.Certificate{cert}, NextProtos: []string{"http/1.1"}}
	for _, f := range change {
		f(c.TLSConfig)
	}
	ln := r.listen()
	s := r.start(c, ln.Addr().String(), func(s servers.Server) error { return s.ServeTLS(ln, "", "") })
	client := r.client()
	client.Transport.(*http.Transport).TLSClientConfig = trusting(ca)
	return s, client, ca
}

func trusting(ca *testcert.Authority) *tls.Config {
	return &tls.Config{RootCAs: ca.Pool(), ServerName: "server.test"}
}

func (s *site) secureURL(path string) string { return "https://" + s.addr + path }

// tellTLS says what a request knows of its connection.
func tellTLS(w http.ResponseWriter, req *http.Request) {
	if req.TLS == nil {
		io.WriteString(w, "plain")
		return
	}
	fmt.Fprintf(w, "%v %s %q", req.TLS.HandshakeComplete, tls.VersionName(req.TLS.Version), req.TLS.ServerName)
	for _, c := range req.TLS.PeerCertificates {
		fmt.Fprintf(w, " %s", c.Subject.CommonName)
	}
}

func tlsConfig(r *rig) {
	s, client, _ := r.secured(servers.Config{Handler: http.HandlerFunc(tellTLS)})
	for range 2 {
		resp, got := r.do(client, "GET", s.secureURL("/"), nil)
		if got != `true TLS 1.3 "server.test"` || resp.ProtoMajor != 1 || resp.TLS == nil {
			r.Errorf("got %q, %s", got, resp.Proto)
		}
	}
	client.Transport.(*http.Transport).TLSClientConfig.MaxVersion = tls.VersionTLS12
	client.CloseIdleConnections()
	if _, got := r.do(client, "GET", s.secureURL("/"), nil); got != `true TLS 1.2 "server.test"` {
		r.Errorf("got %q", got)
	}
	plain := r.handle(tellTLS)
	if _, got := r.do(client, "GET", plain.url("/"), nil); got != "plain" {
		r.Errorf("got %q without TLS", got)
	}
}

func tlsFiles(r *rig) {
	ca, err := testcert.New()
	r.check(err)
	cert, err := ca.Issue("server.test")
	r.check(err)
	key, err := x509.MarshalPKCS8PrivateKey(cert.PrivateKey)
	r.check(err)
	dir := r.TempDir()
	certFile, keyFile := filepath.Join(dir, "cert"), filepath.Join(dir, "key")
	r.check(os.WriteFile(certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Certificate[0]}), 0o600))
	r.check(os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}), 0o600))
	ln := r.listen()
	s := r.start(servers.Config{Handler: http.HandlerFunc(tellTLS)}, ln.Addr().String(), func(s servers.Server) error { return s.ServeTLS(ln, certFile, keyFile) })
	client := r.client()
	client.Transport.(*http.Transport).TLSClientConfig = trusting(ca)
	if _, got := r.do(client, "GET", s.secureURL("/"), nil); got != `true TLS 1.3 "server.test"` {
		r.Errorf("got %q", got)
	}
}

func tlsClient(r *rig) {
	var ca *testcert.Authority
	s, client, ca := r.secured(servers.Config{Handler: http.HandlerFunc(tellTLS)}, func(c *tls.Config) { c.ClientAuth = tls.RequireAnyClientCert })
	if _, err := client.Get(s.secureURL("/")); err == nil {
		r.Error("no certificate is as good as one")
	}
	cert, err := ca.Issue("client.test")
	r.check(err)
	client.Transport.(*http.Transport).TLSClientConfig.Certificates = []tls.Certificate{cert}
	if _, got := r.do(client, "GET", s.secureURL("/"), nil); !strings.HasSuffix(got, `"server.test" client.test`) {
		r.Errorf("got %q", got)
	}
}

// tlsPlain: who speaks without TLS is told so.
func tlsPlain(r *rig) {
	s, _, _ := r.secured(servers.Config{Handler: http.HandlerFunc(hello)})
	c := s.dial()
	c.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	if got := c.end(); got != "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n" {
		r.Errorf("got %q", got)
	}
}

func tlsBroken(r *rig) {
	seen := newStates()
	s, client, _ := r.secured(servers.Config{Handler: http.HandlerFunc(hello), ConnState: seen.add})
	c := s.dial()
	c.send("\x16\x03\x01\x00\x05nonsense that is no hello")
	c.end()
	seen.eventually(r, "new closed")
	if _, got := r.do(client, "GET", s.secureURL("/"), nil); got != "hello" {
		r.Errorf("got %q", got)
	}
}

// tlsSilent: the handshake has the time of the headers.
func tlsSilent(r *rig) {
	s, client, _ := r.secured(servers.Config{Handler: http.HandlerFunc(hello), ReadHeaderTimeout: time.Second})
	c := s.dial()
	if _, got := r.do(client, "GET", s.secureURL("/"), nil); got != "hello" {
		r.Errorf("got %q", got)
	}
	c.end()
}

func tlsShutdown(r *rig) {
	s, client, _ := r.secured(servers.Config{Handler: http.HandlerFunc(hello)})
	r.do(client, "GET", s.secureURL("/"), nil)
	r.check(s.Shutdown(r.soon()))
	s.ended()
	if _, err := client.Get(s.secureURL("/")); err == nil {
		r.Error("served after Shutdown")
	}
}

func tlsLarge(r *rig) {
	s, client, _ := r.secured(servers.Config{Handler: http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		http.NewResponseController(w).EnableFullDuplex()
		io.Copy(w, req.Body)
	})})
	text := pattern(3 << 20)
	if _, got := r.do(client, "POST", s.secureURL("/"), strings.NewReader(text)); got != text {
		r.Errorf("%d bytes came back, or others than were sent", len(got))
	}
}

func tlsMany(r *rig) {
	s, client, _ := r.secured(servers.Config{Handler: http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) { io.Copy(w, req.Body) })})
	var all sync.WaitGroup
	for i := range 30 {
		all.Go(func() {
			for j := range 10 {
				text := fmt.Sprint(i, ".", j)
				if _, got, err := try(client, "POST", s.secureURL("/"), strings.NewReader(text)); got != text {
					r.Errorf("got %q, %v, want %q", got, err, text)
				}
			}
		})
	}
	all.Wait()
}

// tlsHijack takes over a connection under TLS.
func tlsHijack(r *rig) {
	s, _, ca := r.secured(servers.Config{Handler: http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			r.Error(err)
			return
		}
		defer conn.Close()
		if _, ok := conn.(interface{ ConnectionState() tls.ConnectionState }); !ok {
			r.Errorf("a %T has no state of TLS", conn)
		}
		io.WriteString(conn, "taken\n")
		io.Copy(conn, rw)
	})})
	conn, err := tls.DialWithDialer(&net.Dialer{Timeout: *patience}, "tcp", s.addr, trusting(ca))
	r.check(err)
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(*patience))
	io.WriteString(conn, "GET / HTTP/1.1\r\nHost: a\r\n\r\nahead ")
	buf := make([]byte, len("taken\nahead "))
	_, err = io.ReadFull(conn, buf)
	r.check(err)
	io.WriteString(conn, "after")
	conn.CloseWrite()
	rest, err := io.ReadAll(conn)
	r.check(err)
	if got := string(buf) + string(rest); got != "taken\nahead after" {
		r.Errorf("got %q", got)
	}
}

// tlsForClient: certificates are chosen at each handshake.
func tlsForClient(r *rig) {
	ca, err := testcert.New()
	r.check(err)
	names := make(chan string, 10)
	s, client, _ := r.secured(servers.Config{Handler: http.HandlerFunc(tellTLS)}, func(c *tls.Config) {
		c.Certificates = nil
		c.GetCertificate = func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			names <- hello.ServerName
			cert, err := ca.Issue(hello.ServerName)
			return &cert, err
		}
	})
	client.Transport.(*http.Transport).TLSClientConfig = &tls.Config{RootCAs: ca.Pool(), ServerName: "other.test"}
	if _, got := r.do(client, "GET", s.secureURL("/"), nil); got != `true TLS 1.3 "other.test"` {
		r.Errorf("got %q", got)
	}
	if name := get(r, names, "GetCertificate"); name != "other.test" {
		r.Errorf("asked for %q", name)
	}
}
