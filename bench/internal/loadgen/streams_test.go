package loadgen

import (
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"
	"time"
)

const counted = `Warm-up phase is over for thread #0.
Main benchmark duration is started for thread #0.
Application protocol: h2
Main benchmark duration is over for thread #0. Stopping all clients.

finished in 1.57s, 590.00 req/s, 19.55KB/s
requests: 354 total, 404 started, 354 done, 354 succeeded, 0 failed, 0 errored, 0 timeout
status codes: 354 2xx, 0 3xx, 0 4xx, 0 5xx
traffic: 11.73KB (12012) total, 2.24KB (2296) headers (space savings 93.17%), 4.84KB (4956) data
`

// What h2load says is understood, and what is wrong with it found.
func TestSummary(t *testing.T) {
	for _, test := range []struct{ from, to, fault string }{
		{"", "", ""},
		{"1 failed", "1 failed", ""},
		{" 0 failed", " 3 failed", "3 failed"},
		{" 0 errored", " 2 errored", "2 errored"},
		{" 0 timeout", " 1 timeout", "1 timeout"},
		{"0 5xx", "7 5xx", "7 of another status"},
		{"protocol: h2", "protocol: http/1.1", `agreed on "http/1.1"`},
		{"(4956) data", "(4000) data", "354 answers have 4000 bytes"},
		{"(4956) data", "(4942) data", "354 answers have 4942 bytes"},
		{"(4956) data", "(4957) data", "354 answers have 4957 bytes"},
		{"(4956) data", "(9912) data", ""}, // there were as many before
	} {
		var w watch
		s, err := follow(strings.NewReader(strings.Replace(counted, test.from, test.to, 1)), &w)
		if err != nil || w.err != nil {
			t.Fatal(err, w.err)
		}
		if s.done != 354 || s.from.IsZero() || s.to.Before(s.from) {
			t.Errorf("%q: %+v", test.to, s)
		}
		_, err = s.faults(Config{Conns: 2, Streams: 2, Body: hello})
		if test.fault == "" && err != nil || test.fault != "" && (err == nil || !strings.Contains(err.Error(), test.fault)) {
			t.Errorf("%q: %v, want %q", test.to, err, test.fault)
		}
	}
	if _, err := follow(strings.NewReader("starting benchmark...\n"), new(watch)); err == nil {
		t.Error("no error where nothing was counted")
	}
}

// Latencies are of the answers that came while it was counted.
func TestLatencies(t *testing.T) {
	s := summary{from: time.UnixMicro(1000), to: time.UnixMicro(2000)}
	h, err := s.latencies(strings.NewReader("400\t200\t500\n600\t200\t500\n1500\t200\t100\n1900\t200\t200\n"))
	if err != nil || h.Count() != 2 || h.Max() != 500*time.Microsecond {
		t.Errorf("%d answers, at most %v, %v", h.Count(), h.Max(), err)
	}
	for _, text := range []string{"1\t200\n", "a\t200\t1\n", "1\t200\tb\n"} {
		if _, err := s.latencies(strings.NewReader(text)); err == nil {
			t.Errorf("no error for %q", text)
		}
	}
}

// h2load and idle connections find a server of HTTP/2, and one that has none.
func TestStreams(t *testing.T) {
	start := func(h2 bool, status int) Config {
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(status)
			w.Write([]byte(hello))
		}))
		server.EnableHTTP2 = h2
		server.StartTLS()
		t.Cleanup(server.Close)
		return Config{Protocol: HTTP2, Addr: server.Listener.Addr().(*net.TCPAddr).AddrPort(), Path: "/", Body: hello,
			Conns: 3, Streams: 2, Threads: 1, Duration: 100 * time.Millisecond}
	}
	good, other, refusing := start(true, 200), start(false, 200), start(true, 404)
	held, r, err := Idle(good)
	if err != nil || r.Conns != 3 {
		t.Fatalf("%d connections, %v", r.Conns, err)
	}
	held.Close()
	for _, cfg := range []Config{other, refusing} {
		if _, _, err := Idle(cfg); err == nil {
			t.Error("idle connections to what is no server of HTTP/2 that answers")
		}
	}
	if _, err := exec.LookPath("h2load"); err != nil {
		t.Skip(err)
	}
	if r, err := Run(good); err != nil || r.Errors != 0 || r.Requests == 0 || r.P50 == 0 {
		t.Errorf("%+v, %v", r, err)
	}
	for _, cfg := range []Config{other, refusing} {
		if r, err := Run(cfg); err != nil || r.Errors == 0 || r.Error == "" {
			t.Errorf("%+v, %v", r, err)
		}
	}
	good.Streams = 0
	if _, err := Run(good); err == nil {
		t.Error("no error for connections without streams")
	}
}
