package abuse

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"time"
)

// patience is how long anything may take that has to happen. It is for failures only.
const patience = time.Minute

// goodClients is how many there are.
const goodClients = 4

// An errand is what a good client asks for, and has to get.
type errand struct {
	method, path, body string
	chunked            bool // the length of the body is not said
	answer             string
}

var errands = []errand{
	{"GET", "/", "", false, "hello"},
	{"GET", "/async", "", false, "awaited"},
	{"POST", "/echo", tale, false, tale},
	{"POST", "/echo", tale, true, tale},
}

// text is the request in HTTP/1.1.
func (e errand) text() string {
	switch {
	case e.body == "":
		return e.method + " " + e.path + " HTTP/1.1\r\nHost: a\r\n\r\n"
	case e.chunked:
		return fmt.Sprintf("%s %s HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", e.method, e.path, len(e.body), e.body)
	}
	return fmt.Sprintf("%s %s HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%s", e.method, e.path, len(e.body), e.body)
}

var tale = strings.Repeat("once upon a time ", 600)

// good is a client that keeps its connection, and runs errands until it is called back.
func (f *fight) good() error {
	if f.limits.HTTP2 {
		return f.goodHTTP2()
	}
	return f.goodHTTP1()
}

func (f *fight) goodHTTP1() error {
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
		resp, body, err := run(c, r, e.text())
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
		f.took(time.Since(began))
		began = time.Now()
		time.Sleep(time.Millisecond)
	}
	return nil
}

// took keeps what the slowest answer took.
func (f *fight) took(d time.Duration) {
	for {
		if was := f.slowest.Load(); int64(d) <= was || f.slowest.CompareAndSwap(was, int64(d)) {
			return
		}
	}
}

// goodHTTP2 is the same with HTTP/2.
func (f *fight) goodHTTP2() error {
	protocols := new(http.Protocols)
	protocols.SetHTTP2(true)
	protocols.SetUnencryptedHTTP2(true)
	transport := &http.Transport{Protocols: protocols, TLSClientConfig: &tls.Config{RootCAs: f.pool, ServerName: "localhost"}}
	defer transport.CloseIdleConnections()
	c := &http.Client{Transport: transport, Timeout: patience}
	base := "http://" + f.Addr
	if f.limits.TLS {
		base = "https://" + f.Addr
	}
	last := time.Now() // when an errand was done
	for i := 0; !f.recalled(); i++ {
		e := errands[i%len(errands)]
		var body io.Reader = strings.NewReader(e.body)
		if e.chunked {
			body = io.MultiReader(body)
		}
		r, err := http.NewRequest(e.method, base+e.path, body)
		if err != nil {
			return err
		}
		var again bool
		r = r.WithContext(httptrace.WithClientTrace(context.Background(), &httptrace.ClientTrace{
			GotConn: func(got httptrace.GotConnInfo) { again = got.Reused },
		}))
		began := time.Now()
		resp, err := c.Do(r)
		var answer []byte
		if err == nil {
			answer, err = io.ReadAll(resp.Body)
			resp.Body.Close()
		}
		late := f.late(time.Since(last))
		last = time.Now()
		switch {
		case err != nil && late:
			continue
		case err != nil:
			return fmt.Errorf("after %d answers: %w", i, err)
		case resp.StatusCode == 503 && f.limits.MaxRequests > 0:
			f.refused.Add(1)
			time.Sleep(time.Millisecond)
			continue
		case resp.StatusCode != 200 || string(answer) != e.answer || resp.ProtoMajor != 2:
			return fmt.Errorf("answer %d is %v %v with %d bytes", i, resp.Proto, resp.Status, len(answer))
		case again != (i > 0) && !late:
			return fmt.Errorf("answer %d is on another connection", i)
		}
		f.answers.Add(1)
		f.took(time.Since(began))
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
