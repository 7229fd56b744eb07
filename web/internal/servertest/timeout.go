package servertest

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"rondo.dev/rondo/web/internal/servers"
)

// The timeouts are short, but no test depends on how short: it waits for what they do, or
// is timely.
const short = 50 * time.Millisecond

// timely makes a test of what a client may do that has kept to a limit, as far as it did.
// Where the machine was too slow for that, try is called again with a longer one. It
// returns what was wrong.
func timely(try func(r *rig, limit time.Duration) error) func(r *rig) {
	return func(r *rig) {
		limit := short
		err := try(r, limit)
		for ; err != nil && limit < *patience/16; err = try(r, limit) {
			limit *= 4
		}
		r.check(err)
	}
}

// talk sends, and returns what is answered.
func (c *raw) talk(text string) (*http.Response, string, error) {
	if _, err := io.WriteString(c, text); err != nil {
		return nil, "", err
	}
	resp, err := http.ReadResponse(c.in, nil)
	if err != nil {
		return nil, "", err
	}
	body, err := io.ReadAll(resp.Body)
	return resp, string(body), err
}

// hears has c say something, and get that answer.
func (c *raw) hears(text, want string) error {
	_, got, err := c.talk(text)
	if err == nil && got != want {
		err = fmt.Errorf("got %q", got)
	}
	return err
}

const simple = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

var timeoutTests = []test{
	{"Timeout/header", func(r *rig) {
		s := r.serve(servers.Config{Handler: http.HandlerFunc(hello), ReadHeaderTimeout: short})
		c := s.dial()
		c.send("GET / HTTP/1.1\r\nHost: a\r\n")
		c.end()
	}},
	{"Timeout/header_of_a_silent_client", func(r *rig) {
		s := r.serve(servers.Config{Handler: http.HandlerFunc(hello), ReadHeaderTimeout: short})
		if got := s.dial().end(); got != "" {
			r.Errorf("got %q", got)
		}
	}},
	{"Timeout/header_of_the_second", timely(func(r *rig, limit time.Duration) error {
		s := r.serve(servers.Config{Handler: http.HandlerFunc(hello), ReadHeaderTimeout: limit})
		c := s.dial()
		if err := c.hears(simple, "hello"); err != nil {
			return err
		}
		io.WriteString(c, "GET / HT")
		if got := c.end(); strings.Contains(got, "hello") {
			r.Errorf("got %q", got)
		}
		return nil
	})},
	{"Timeout/header_is_not_for_bodies", timely(headerNotBody)},
	{"Timeout/header_is_not_for_idle_connections", timely(headerNotIdle)},
	{"Timeout/read", timely(readTimeout)},
	{"Timeout/read_is_for_headers", func(r *rig) {
		s := r.serve(servers.Config{Handler: http.HandlerFunc(hello), ReadTimeout: short})
		c := s.dial()
		c.send("GET / HTTP/1.1\r\nHost: a\r\n")
		c.end()
	}},
	{"Timeout/read_is_for_idle_connections", timely(func(r *rig, limit time.Duration) error {
		s := r.serve(servers.Config{Handler: http.HandlerFunc(hello), ReadTimeout: limit})
		c := s.dial()
		if err := c.hears(simple, "hello"); err != nil {
			return err
		}
		c.end()
		return nil
	})},
	{"Timeout/idle", func(r *rig) {
		s := r.serve(servers.Config{Handler: http.HandlerFunc(hello), IdleTimeout: short})
		c := s.dial()
		c.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		if got := c.end(); !strings.HasSuffix(got, "hello") {
			r.Errorf("got %q", got)
		}
	}},
	{"Timeout/idle_is_not_for_requests", idleNotRequests},
	{"Timeout/write", writeTimeout},
	{"Timeout/write_ends_the_connection", writeTimeoutEnds},
	{"Timeout/longer_by_the_handler", timely(longerByHandler)},
	{"Timeout/none", noTimeout},
}

// elapse returns when a limit has passed: a server of net/http has seen one that is
// longer.
func (r *rig) elapse(limit time.Duration) {
	r.Helper()
	other := (&rig{T: r.T, kind: servers.Standard}).serve(servers.Config{Handler: http.HandlerFunc(hello), ReadHeaderTimeout: 2 * limit})
	conn := other.dial()
	conn.send("GET")
	conn.end()
}

func headerNotBody(r *rig, limit time.Duration) error {
	config := servers.Config{ReadHeaderTimeout: limit, Handler: http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) { io.Copy(w, req.Body) })}
	c := r.serve(config).dial()
	c.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc")
	r.elapse(limit)
	return c.hears("def", "abcdef")
}

func headerNotIdle(r *rig, limit time.Duration) error {
	config := servers.Config{ReadHeaderTimeout: limit, IdleTimeout: time.Hour, Handler: http.HandlerFunc(hello)}
	c := r.serve(config).dial()
	if err := c.hears(simple, "hello"); err != nil {
		return err
	}
	r.elapse(limit)
	return c.hears(simple, "hello")
}

// isTimeout reports whether it is an error of a deadline as package net has them.
func isTimeout(err error) bool {
	var e net.Error
	return errors.Is(err, os.ErrDeadlineExceeded) && errors.As(err, &e) && e.Timeout()
}

// readTimeout: a body that does not come fails to be read, and the answer comes all the
// same.
func readTimeout(r *rig, limit time.Duration) error {
	errs := make(chan error, 1)
	s := r.serve(servers.Config{ReadTimeout: limit, Handler: http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		b, err := io.ReadAll(req.Body)
		errs <- err
		w.Write(b)
	})})
	c := s.dial()
	resp, body, err := c.talk("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc")
	if err != nil {
		return err
	}
	if err := get(r, errs, "an error"); !isTimeout(err) {
		r.Errorf("the body ends with %v", err)
	}
	if body != "abc" || !resp.Close {
		return fmt.Errorf("got %q, close %v", body, resp.Close)
	}
	c.end()
	return nil
}

func idleNotRequests(r *rig) {
	release := make(chan struct{})
	config := servers.Config{IdleTimeout: short, Handler: http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		<-release
		io.Copy(w, req.Body)
	})}
	c := r.serve(config).dial()
	c.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc")
	r.elapse(short)
	close(release)
	c.send("def")
	if _, got := c.response(); got != "abcdef" {
		r.Errorf("got %q", got)
	}
}

// writeTimeout: who does not read an answer fails its handler.
func writeTimeout(r *rig) {
	errs := make(chan error, 1)
	s := r.serve(servers.Config{WriteTimeout: short, Handler: http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		block := make([]byte, 64<<10)
		for {
			if _, err := w.Write(block); err != nil {
				errs <- err
				return
			}
		}
	})})
	c := s.dial()
	c.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	if err := get(r, errs, "an error"); !isTimeout(err) {
		r.Errorf("a write fails with %v", err)
	}
	c.end()
}

// writeTimeoutEnds: what is written too late is lost, and so is the connection.
func writeTimeoutEnds(r *rig) {
	release := make(chan struct{})
	config := servers.Config{WriteTimeout: short, Handler: http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		<-release
		io.WriteString(w, "late")
	})}
	c := r.serve(config).dial()
	c.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	r.elapse(short)
	close(release)
	if got := c.end(); got != "" {
		r.Errorf("got %q", got)
	}
}

// longerByHandler takes the server's deadlines back for one request.
func longerByHandler(r *rig, limit time.Duration) error {
	there, release := make(chan struct{}), make(chan struct{})
	config := servers.Config{ReadTimeout: limit, WriteTimeout: limit, Handler: http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		rc := http.NewResponseController(w)
		if err := errors.Join(rc.SetReadDeadline(time.Time{}), rc.SetWriteDeadline(time.Time{})); err != nil {
			r.Error(err)
		}
		close(there)
		<-release
		io.Copy(w, req.Body)
	})}
	c := r.serve(config).dial()
	c.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc")
	gone := make(chan error, 1)
	go func() {
		_, err := c.in.Peek(1)
		gone <- err
	}()
	// The first deadlines may pass before they can be taken back.
	select {
	case <-there:
	case err := <-gone:
		return err
	}
	r.elapse(limit)
	close(release)
	if _, err := io.WriteString(c, "def"); err != nil {
		return err
	}
	if err := get(r, gone, "an answer"); err != nil {
		return err
	}
	return c.hears("", "abcdef")
}

// noTimeout: negative ones are none.
func noTimeout(r *rig) {
	config := servers.Config{ReadTimeout: -1, ReadHeaderTimeout: -1, WriteTimeout: -1, IdleTimeout: -1, Handler: http.HandlerFunc(hello)}
	c := r.serve(config).dial()
	r.elapse(short)
	for range 2 {
		if _, got := c.get("/"); got != "hello" {
			r.Errorf("got %q", got)
		}
	}
}
