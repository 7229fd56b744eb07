package tlsio_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/nettest"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/green"
	"rondo.dev/rondo/internal/testcert"
	"rondo.dev/rondo/internal/testworld"
	"rondo.dev/rondo/netio"
	"rondo.dev/rondo/netio/tlsio"
)

// As a net.Conn, by way of package green, it passes the tests that package net's own
// connections pass.
func TestNettest(t *testing.T) {
	testworld.Each(t, func(t *testing.T, w *testworld.World) {
		nettest.TestConn(t, func() (c1, c2 net.Conn, stop func(), err error) {
			rt := w.Runtime(t)
			err = rt.Run(context.Background(), func(task *async.Task) error {
				client, server := pair(&env{Env: &testworld.Env{T: t, World: w, Task: task}})
				c1, c2 = green.Conn(task, client), green.Conn(task, server)
				return nil
			})
			return c1, c2, func() { c1.Close(); c2.Close(); w.Shutdown(t, rt) }, err
		})
	})
}

// program returns a command, or skips the test.
func program(t *testing.T, name string, args ...string) *exec.Cmd {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is not installed", name)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	return exec.CommandContext(ctx, path, args...)
}

// files writes an authority's certificate, and one that it issues with its key.
func files(t *testing.T, ca *testcert.Authority, cert tls.Certificate) (caFile, certFile, keyFile string) {
	t.Helper()
	key, err := x509.MarshalPKCS8PrivateKey(cert.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name string, b []byte) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	return write("ca", ca.PEM()),
		write("cert", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Certificate[0]})),
		write("key", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}))
}

// serving serves connections, until the test stops it.
func serving(e *env, config *tls.Config, handler func(t *async.Task, c *tlsio.Conn) error) (addr string, stop func()) {
	ln := e.Listen()
	acceptor := e.server(config)
	server := e.Task.Go(func(t *async.Task) error {
		return acceptor.Serve(t, ln, handler, netio.Drain(10*time.Second), netio.ServeErrors(func(_ *netio.Conn, err error) { e.Error(err) }))
	})
	return ln.Addr().String(), func() {
		e.Check(ln.Close().Await(e.Task))
		e.Check(server.Await(e.Task))
	}
}

func echo(t *async.Task, c *tlsio.Conn) error {
	for {
		b, err := c.Recv().Await(t)
		if err != nil {
			return eof(err)
		}
		if _, err := c.Write(b).Await(t); err != nil {
			return err
		}
	}
}

// openssl as the client, which asks for new keys in between: their exchange is a part
// of the server's reading.
func TestOpensslClient(t *testing.T) {
	for _, version := range []string{"-tls1_2", "-tls1_3"} {
		t.Run(version, func(t *testing.T) {
			forServer, _, ca := configs(t)
			caFile, _, _ := files(t, ca, forServer.Certificates[0])
			onKernel(t, func(e *env) {
				addr, stop := serving(e, forServer, echo)
				cmd := program(t, "openssl", "s_client", "-connect", addr, "-servername", "server.test",
					"-verify_hostname", "server.test", "-CAfile", caFile, "-verify_return_error", version)
				_, err := rondo.Blocking(e.Task, func() (struct{}, error) { return struct{}{}, talk(cmd, version == "-tls1_3") })
				e.Check(err)
				stop()
			})
		})
	}
}

// talk has an echo from a program, before and after it changes its keys.
func talk(cmd *exec.Cmd, keys bool) error {
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	cmd.Stderr = cmd.Stdout // where it says that it has done a K
	if err := cmd.Start(); err != nil {
		return err
	}
	lines := bufio.NewScanner(out)
	for _, say := range []string{"one", "K", "two", "k", "three", "K", "four"} {
		change := strings.EqualFold(say, "k")
		if change && !keys {
			continue
		}
		if _, err := io.WriteString(in, say+"\n"); err != nil {
			return err
		}
		expect := say
		if change {
			expect = "KEYUPDATE"
		}
		for lines.Scan() && lines.Text() != expect {
		}
		if lines.Text() != expect {
			return &exec.Error{Name: cmd.Path, Err: io.ErrUnexpectedEOF}
		}
	}
	in.Close()
	return cmd.Wait()
}

// openssl as the server, which turns lines round.
func TestOpensslServer(t *testing.T) {
	for _, version := range []string{"-tls1_2", "-tls1_3"} {
		t.Run(version, func(t *testing.T) {
			forServer, forClient, ca := configs(t)
			_, certFile, keyFile := files(t, ca, forServer.Certificates[0])
			onKernel(t, func(e *env) {
				cmd := program(t, "openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", certFile, "-key", keyFile, "-rev", version)
				out, err := cmd.StdoutPipe()
				e.Check(err)
				e.Check(cmd.Start())
				defer cmd.Wait()
				defer cmd.Process.Kill()
				addr := ""
				for lines := bufio.NewScanner(out); addr == "" && lines.Scan(); {
					addr, _ = strings.CutPrefix(lines.Text(), "ACCEPT ")
					if addr == lines.Text() {
						addr = ""
					}
				}
				d := tlsio.Dialer{Config: forClient}
				c, err := d.Dial(e.Task, "tcp", addr)
				e.Check(err)
				for _, line := range []string{"abc", strings.Repeat("x", 3000) + "y"} {
					_, err := c.Write([]byte(line + "\n")).Await(e.Task)
					e.Check(err)
					b := make([]byte, len(line)+1)
					_, err = netio.ReadFull(e.Task, c, b)
					e.Check(err)
					e.Equal(b[0], line[len(line)-1])
					e.Equal(b[len(line)-1], line[0])
				}
				closeAll(e, c)
			})
		})
	}
}

// curl, with HTTP by net/http's parser on the connection as a net.Conn.
func TestCurl(t *testing.T) {
	forServer, _, ca := configs(t)
	caFile, _, _ := files(t, ca, forServer.Certificates[0])
	onKernel(t, func(e *env) {
		addr, stop := serving(e, forServer, func(t *async.Task, c *tlsio.Conn) error {
			conn := green.Conn(t, c)
			r := bufio.NewReader(conn)
			for {
				req, err := http.ReadRequest(r)
				if err != nil {
					return eof(err)
				}
				body := "you asked for " + req.URL.Path
				resp := http.Response{StatusCode: 200, ProtoMajor: 1, ProtoMinor: 1, ContentLength: int64(len(body)), Body: io.NopCloser(strings.NewReader(body))}
				if err := resp.Write(conn); err != nil {
					return err
				}
			}
		})
		_, port, _ := net.SplitHostPort(addr)
		url := "https://server.test:" + port + "/"
		cmd := program(t, "curl", "-sS", "--cacert", caFile, "--resolve", "server.test:"+port+":127.0.0.1", url+"first", url+"second")
		out, err := rondo.Blocking(e.Task, cmd.CombinedOutput)
		if err != nil {
			e.Errorf("%v: %s", err, out)
		}
		e.Equal(string(out), "you asked for /firstyou asked for /second")
		stop()
	})
}
