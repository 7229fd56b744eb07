package abuse

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// patience is how long anything may take that has to happen. It is for failures only.
const patience = time.Minute

// goodClients is how many there are.
const goodClients = 4

// errands are what good clients ask for, and have to get.
var errands = []struct{ request, answer string }{
	{"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "hello"},
	{"GET /async HTTP/1.1\r\nHost: a\r\n\r\n", "awaited"},
	{fmt.Sprintf("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%s", len(tale), tale), tale},
	{fmt.Sprintf("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", len(tale), tale), tale},
}

var tale = strings.Repeat("once upon a time ", 600)

// good is a client that keeps its connection, and runs errands until it is called back.
func (f *fight) good() error {
	var began time.Time // when the connection was asked for, or began to wait for an errand
	var c net.Conn
	r := new(bufio.Reader)
	connect := func() (err error) {
		if c != nil {
			c.Close()
		}
		began = time.Now()
		if c, err = f.connect(patience); err != nil {
			c = nil // whatever kind of one it is
			return err
		}
		r.Reset(c)
		return nil
	}
	if err := connect(); err != nil {
		return err
	}
	defer func() {
		if c != nil {
			c.Close()
		}
	}()
	for i := 0; !f.recalled(); i++ {
		e := errands[i%len(errands)]
		c.SetDeadline(time.Now().Add(patience))
		resp, body, err := run(c, r, e.request)
		switch {
		case err != nil && f.late(time.Since(began)):
			if err := connect(); err != nil {
				return err
			}
			continue
		case err != nil:
			return fmt.Errorf("after %d answers: %w", i, err)
		case resp.StatusCode == 503 && f.limits.MaxRequests > 0:
			f.refused.Add(1)
			if resp.Close {
				if err := connect(); err != nil {
					return err
				}
				continue
			}
		case resp.StatusCode != 200 || string(body) != e.answer:
			return fmt.Errorf("answer %d is %v with %d bytes", i, resp.Status, len(body))
		default:
			f.answers.Add(1)
		}
		for took := time.Since(began); ; {
			if was := f.slowest.Load(); int64(took) <= was || f.slowest.CompareAndSwap(was, int64(took)) {
				break
			}
		}
		began = time.Now()
		time.Sleep(time.Millisecond)
	}
	return nil
}

// run asks for something.
func run(c net.Conn, r *bufio.Reader, request string) (*http.Response, []byte, error) {
	if _, err := io.WriteString(c, request); err != nil {
		return nil, nil, err
	}
	resp, err := http.ReadResponse(r, nil)
	if err != nil {
		return nil, nil, err
	}
	body, err := io.ReadAll(resp.Body)
	return resp, body, err
}

// late reports whether an errand has taken so long that the server could not know a good
// client any more: the machine is slow, or stood still.
func (f *fight) late(took time.Duration) bool {
	return f.limits.ReadHeader > 0 && took >= f.limits.ReadHeader || f.limits.Stall > 0 && took >= f.limits.Stall
}

// connect connects as a good client does.
func (f *fight) connect(within time.Duration) (net.Conn, error) {
	d := &net.Dialer{Timeout: within}
	if f.limits.TLS {
		return tls.DialWithDialer(d, "tcp", f.Addr, &tls.Config{RootCAs: f.pool, ServerName: "localhost"})
	}
	return d.Dial("tcp", f.Addr)
}

func tlsWith(cert tls.Certificate) *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{cert}}
}
