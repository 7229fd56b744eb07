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
const patience = 30 * time.Second

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
	c, err := f.connect(patience)
	if err != nil {
		return err
	}
	defer func() { c.Close() }()
	r := bufio.NewReader(c)
	for i := 0; !f.recalled(); i++ {
		e := errands[i%len(errands)]
		c.SetDeadline(time.Now().Add(patience))
		began := time.Now()
		if _, err := io.WriteString(c, e.request); err != nil {
			return err
		}
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			return fmt.Errorf("after %d answers: %w", i, err)
		}
		body, err := io.ReadAll(resp.Body)
		switch {
		case err != nil:
			return err
		case resp.StatusCode == 503 && f.limits.MaxRequests > 0:
			f.refused.Add(1)
			if resp.Close {
				c.Close()
				if c, err = f.connect(patience); err != nil {
					return err
				}
				r.Reset(c)
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
		time.Sleep(time.Millisecond)
	}
	return nil
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
