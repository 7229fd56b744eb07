package servertest

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"rondo.dev/rondo/web/internal/servers"
)

var togetherTests = []test{
	{"Together/clients", togetherClients},
	{"Together/handlers_wait_for_each_other", togetherWait},
	{"Together/handlers_with_goroutines", togetherGoroutines},
	{"Together/connections_that_come_and_go", togetherChurn},
	{"Together/slow_readers_hold_nobody_up", togetherSlow},
	{"Together/panics_harm_nobody", togetherPanics},
	{"KeepAlives/disabled", keepAlivesDisabled},
	{"KeepAlives/disabled_while_idle", keepAlivesWhileIdle},
}

// togetherClients: a hundred clients with a hundred requests each.
func togetherClients(r *rig) {
	const clients, requests = 100, 100
	var handled atomic.Int64
	s := r.handle(func(w http.ResponseWriter, req *http.Request) {
		handled.Add(1)
		b, err := io.ReadAll(req.Body)
		if err != nil {
			r.Error(err)
		}
		w.Header().Set("Path", req.URL.Path)
		if len(b)%3 == 0 {
			http.NewResponseController(w).Flush()
		}
		w.Write(b)
	})
	client := r.client()
	var all sync.WaitGroup
	for i := range clients {
		all.Go(func() {
			for j := range requests {
				path := fmt.Sprint("/", i, "/", j)
				text := strings.Repeat(path, j)
				resp, got, err := try(client, "POST", s.url(path), strings.NewReader(text))
				if err != nil || got != text || resp.Header.Get("Path") != path {
					r.Errorf("%s: got %q, %v", path, got, err)
					return
				}
			}
		})
	}
	all.Wait()
	if n := handled.Load(); n != clients*requests {
		r.Errorf("%d requests were handled, %d sent", n, clients*requests)
	}
}

// togetherWait has handlers that go on only when all are there.
func togetherWait(r *rig) {
	const n = 100
	var there sync.WaitGroup
	there.Add(n)
	s := r.handle(func(w http.ResponseWriter, req *http.Request) {
		there.Done()
		there.Wait()
		hello(w, req)
	})
	client := r.client()
	var all sync.WaitGroup
	for range n {
		all.Go(func() {
			if _, got, err := try(client, "GET", s.url("/"), nil); got != "hello" {
				r.Errorf("got %q, %v", got, err)
			}
		})
	}
	all.Wait()
}

// togetherGoroutines has handlers whose work is done by others.
func togetherGoroutines(r *rig) {
	s := r.handle(func(w http.ResponseWriter, req *http.Request) {
		pieces := make(chan []byte)
		var all sync.WaitGroup
		all.Go(func() {
			defer close(pieces)
			for {
				buf := make([]byte, 1000)
				n, err := req.Body.Read(buf)
				if n > 0 {
					pieces <- buf[:n]
				}
				if err != nil {
					return
				}
			}
		})
		all.Go(func() {
			http.NewResponseController(w).EnableFullDuplex()
			for b := range pieces {
				w.Write(b)
				http.NewResponseController(w).Flush()
			}
		})
		all.Wait()
	})
	text := pattern(100_000)
	client := r.client()
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if _, got, err := try(client, "POST", s.url("/"), strings.NewReader(text)); got != text {
				r.Errorf("got %d bytes, or others, and %v", len(got), err)
			}
		})
	}
	all.Wait()
}

func togetherChurn(r *rig) {
	seen := newStates()
	s := r.serve(servers.Config{Handler: http.HandlerFunc(hello), ConnState: seen.add})
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			for j := range 20 {
				conn, err := net.Dial("tcp", s.addr)
				if err != nil {
					r.Error(err)
					return
				}
				switch (i + j) % 4 {
				case 0: // just closes
				case 1:
					io.WriteString(conn, "GET / HT")
					conn.(*net.TCPConn).SetLinger(0)
				case 2:
					io.WriteString(conn, "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")
				case 3:
					conn.SetDeadline(time.Now().Add(*patience))
					io.WriteString(conn, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
					if b, err := io.ReadAll(conn); !strings.HasSuffix(string(b), "hello") {
						r.Errorf("got %q, %v", b, err)
					}
				}
				conn.Close()
			}
		})
	}
	all.Wait()
	if _, got := s.dial().get("/"); got != "hello" {
		r.Errorf("got %q", got)
	}
}

// togetherSlow: who does not read his answer keeps only himself waiting.
func togetherSlow(r *rig) {
	text := pattern(4 << 20)
	s := r.handle(func(w http.ResponseWriter, req *http.Request) {
		if req.URL.Path == "/large" {
			io.WriteString(w, text)
			return
		}
		hello(w, req)
	})
	var slow []*raw
	for range 20 {
		c := s.dial()
		c.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
		slow = append(slow, c)
	}
	quick := s.dial()
	for range 100 {
		if _, got := quick.get("/"); got != "hello" {
			r.Fatalf("got %q", got)
		}
	}
	for _, c := range slow {
		if _, got := c.response(); got != text {
			r.Errorf("got %d bytes, or others", len(got))
		}
	}
}

func togetherPanics(r *rig) {
	s := r.handle(func(w http.ResponseWriter, req *http.Request) {
		if req.URL.Path == "/panic" {
			panic("on purpose")
		}
		hello(w, req)
	})
	steady := s.dial()
	for range 20 {
		c := s.dial()
		c.send("GET /panic HTTP/1.1\r\nHost: a\r\n\r\n")
		if got := c.end(); got != "" {
			r.Errorf("got %q", got)
		}
		if _, got := steady.get("/"); got != "hello" {
			r.Errorf("got %q", got)
		}
	}
}

// keepAliver returns the server's switch, where there is one.
func (r *rig) keepAliver(s *site) servers.KeepAliver {
	k, ok := s.Server.(servers.KeepAliver)
	if !ok {
		r.Skip("this server has no SetKeepAlivesEnabled")
	}
	return k
}

func keepAlivesDisabled(r *rig) {
	s := r.handle(hello)
	k := r.keepAliver(s)
	k.SetKeepAlivesEnabled(false)
	c := s.dial()
	if resp, _ := c.get("/"); !resp.Close {
		r.Error("no Connection: close")
	}
	c.end()
	k.SetKeepAlivesEnabled(true)
	c = s.dial()
	for range 2 {
		if resp, _ := c.get("/"); resp.Close {
			r.Error("Connection: close")
		}
	}
}

func keepAlivesWhileIdle(r *rig) {
	s := r.handle(hello)
	c := s.dial()
	c.get("/")
	r.keepAliver(s).SetKeepAlivesEnabled(false)
	c.end()
}
