package servertest

import (
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"rondo.dev/rondo/web/internal/servers"
)

// The timeouts are short, but no test depends on how short: it waits for what they do.
const short = 50 * time.Millisecond

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
	{"Timeout/header_of_the_second", func(r *rig) {
		s := r.serve(servers.Config{Handler: http.HandlerFunc(hello), ReadHeaderTimeout: short})
		c := s.dial()
		c.get("/")
		c.send("GET / HT")
		if got := c.end(); strings.Contains(got, "hello") {
			r.Errorf("got %q", got)
		}
	}},
	{"Timeout/header_is_not_for_bodies", headerNotBody},
	{"Timeout/header_is_not_for_idle_connections", headerNotIdle},
	{"Timeout/read", readTimeout},
	{"Timeout/read_is_for_headers", func(r *rig) {
		s := r.serve(servers.Config{Handler: http.HandlerFunc(hello), ReadTimeout: short})
		c := s.dial()
		c.send("GET / HTTP/1.1\r\nHost: a\r\n")
		c.end()
	}},
	{"Timeout/read_is_for_idle_connections", func(r *rig) {
		s := r.serve(servers.Config{Handler: http.HandlerFunc(hello), ReadTimeout: short})
		c := s.dial()
		c.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		if got := c.end(); !strings.HasSuffix(got, "hello") {
			r.Errorf("got %q", got)
		}
	}},
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
	{"Timeout/longer_by_the_handler", longerByHandler},
	{"Timeout/none", noTimeout},
}

// elapse returns when the short timeout has passed: a server of net/http has seen one
// that is longer.
func (r *rig) elapse() {
	r.Helper()
	other := (&rig{T: r.T, kind: servers.Standard}).serve(servers.Config{Handler: http.HandlerFunc(hello), ReadHeaderTimeout: 2 * short})
	conn := other.dial()
	conn.send("GET")
	conn.end()
}

func headerNotBody(r *rig) {
	config := servers.Config{ReadHeaderTimeout: short, Handler: http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) { io.Copy(w, req.Body) })}
	c := r.serve(config).dial()
	c.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc")
	r.elapse()
	c.send("def")
	if _, got := c.response(); got != "abcdef" {
		r.Errorf("got %q", got)
	}
}

func headerNotIdle(r *rig) {
	config := servers.Config{ReadHeaderTimeout: short, IdleTimeout: time.Hour, Handler: http.HandlerFunc(hello)}
	c := r.serve(config).dial()
	c.get("/")
	r.elapse()
	if _, got := c.get("/"); got != "hello" {
		r.Errorf("got %q", got)
	}
}

// isTimeout reports whether it is an error of a deadline as package net has them.
func isTimeout(err error) bool {
	var e net.Error
	return errors.Is(err, os.ErrDeadlineExceeded) && errors.As(err, &e) && e.Timeout()
}

// readTimeout: a body that does not come fails to be read, and the answer comes all the
// same.
func readTimeout(r *rig) {
	errs := make(chan error, 1)
	s := r.serve(servers.Config{ReadTimeout: short, Handler: http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		b, err := io.ReadAll(req.Body)
		errs <- err
		w.Write(b)
	})})
	c := s.dial()
	c.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc")
	if err := get(r, errs, "an error"); !isTimeout(err) {
		r.Errorf("the body ends with %v", err)
	}
	resp, body := c.response()
	if body != "abc" || !resp.Close {
		r.Errorf("got %q, close %v", body, resp.Close)
	}
	c.end()
}

func idleNotRequests(r *rig) {
	release := make(chan struct{})
	config := servers.Config{IdleTimeout: short, Handler: http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		<-release
		io.Copy(w, req.Body)
	})}
	c := r.serve(config).dial()
	c.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc")
	r.elapse()
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
	r.elapse()
	close(release)
	if got := c.end(); got != "" {
		r.Errorf("got %q", got)
	}
}

// longerByHandler takes the server's deadlines back for one request.
func longerByHandler(r *rig) {
	there, release := make(chan struct{}), make(chan struct{})
	config := servers.Config{ReadTimeout: short, WriteTimeout: short, Handler: http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
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
	// The first deadlines may have passed before they could be taken back.
	get(r, there, "the handler")
	r.elapse()
	close(release)
	c.send("def")
	if _, got := c.response(); got != "abcdef" {
		r.Errorf("got %q", got)
	}
}

// noTimeout: negative ones are none.
func noTimeout(r *rig) {
	config := servers.Config{ReadTimeout: -1, ReadHeaderTimeout: -1, WriteTimeout: -1, IdleTimeout: -1, Handler: http.HandlerFunc(hello)}
	c := r.serve(config).dial()
	r.elapse()
	for range 2 {
		if _, got := c.get("/"); got != "hello" {
			r.Errorf("got %q", got)
		}
	}
}
