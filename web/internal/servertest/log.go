package servertest

import (
	"io"
	"log/slog"
	"net/http"

	"rondo.dev/rondo/internal/leak"
	"rondo.dev/rondo/web/internal/servers"
)

var logTests = []test{
	{"Log/panic", func(r *rig) {
		log := r.logged(func(w http.ResponseWriter, req *http.Request) { panic("the reason") }, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		log.eventually(r, "the reason")
		log.eventually(r, "panic")
		log.eventually(r, "servertest") // a stack
	}},
	{"Log/panic_with_an_error", func(r *rig) {
		log := r.logged(func(w http.ResponseWriter, req *http.Request) { panic(io.ErrNoProgress) }, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		log.eventually(r, io.ErrNoProgress.Error())
	}},
	{"Log/abort_is_silent", func(r *rig) {
		log := r.logged(func(w http.ResponseWriter, req *http.Request) { panic(http.ErrAbortHandler) }, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		if text := log.String(); text != "" {
			r.Errorf("it says %q", text)
		}
	}},
	{"Log/superfluous_status", func(r *rig) {
		log := r.logged(func(w http.ResponseWriter, req *http.Request) {
			w.WriteHeader(200)
			w.WriteHeader(500)
		}, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
		log.eventually(r, "superfluous")
	}},
	{"Log/bad_requests_are_silent", func(r *rig) {
		log := r.logged(hello, "nonsense\r\n\r\n")
		if text := log.String(); text != "" {
			r.Errorf("it says %q", text)
		}
	}},
	{"Log/handshake", func(r *rig) {
		log := &lines{}
		s, _, _ := r.secured(servers.Config{Handler: http.HandlerFunc(hello), ErrorLog: log.logger()})
		c := s.dial()
		c.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		c.end()
		log.eventually(r, "TLS handshake")
		log.eventually(r, c.LocalAddr().String())
	}},
	{"Log/accept", func(r *rig) {
		log := &lines{}
		ln := &scripted{Listener: r.listen(), errors: []error{passing{}}}
		s := r.start(servers.Config{Handler: http.HandlerFunc(hello), ErrorLog: log.logger()}, ln.Addr().String(), func(s servers.Server) error { return s.Serve(ln) })
		s.dial().get("/")
		log.eventually(r, "passing")
	}},
}

// logged has one conversation to its end, and returns what the server says of it.
func (r *rig) logged(h http.HandlerFunc, text string) *lines {
	log := &lines{}
	seen := newStates()
	s := r.serve(servers.Config{Handler: h, ErrorLog: log.logger(), ConnState: seen.add})
	c := s.dial()
	c.send(text)
	c.end()
	seen.eventually(r, "new active closed")
	return log
}

func (l *lines) logger() *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }

func (l *lines) eventually(r *rig, text string) {
	r.Helper()
	leak.Eventually(r.T, "the log does not say "+text, func() bool { return l.contain(text) })
	if r.Failed() {
		r.Log(l.String())
	}
}
