package servertest

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"

	"rondo.dev/rondo/internal/leak"
	"rondo.dev/rondo/web/internal/servers"
)

var stateTests = []test{
	{"State/requests", func(r *rig) {
		r.states(hello, "new active idle active idle closed", func(c *raw) {
			c.get("/1")
			c.get("/2")
			c.Close()
		})
	}},
	{"State/close", func(r *rig) {
		r.states(hello, "new active closed", func(c *raw) {
			c.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
			c.end()
		})
	}},
	{"State/nothing_sent", func(r *rig) {
		r.states(hello, "new closed", func(c *raw) { c.Close() })
	}},
	{"State/bad_request", func(r *rig) {
		r.states(hello, "new active closed", func(c *raw) {
			c.send("nonsense\r\n\r\n")
			c.end()
		})
	}},
	{"State/half_a_request", func(r *rig) {
		r.states(hello, "new active closed", func(c *raw) {
			c.send("GET / HT")
			c.CloseWrite()
			c.end()
		})
	}},
	{"State/leaves_while_idle", func(r *rig) {
		r.states(hello, "new active idle closed", func(c *raw) {
			c.get("/")
			c.CloseWrite()
			c.end()
		})
	}},
	{"State/panic", func(r *rig) {
		r.states(func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) }, "new active closed", func(c *raw) {
			c.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
			c.end()
		})
	}},
	{"State/hijacked", func(r *rig) {
		r.states(func(w http.ResponseWriter, r *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				conn.Close()
			}
		}, "new active hijacked", func(c *raw) {
			c.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
			c.end()
		})
	}},
	{"State/pipelined", func(r *rig) {
		r.states(hello, "new active idle active closed", func(c *raw) {
			c.send("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
			c.end()
		})
	}},
	{"State/shutdown_while_idle", func(r *rig) {
		seen := newStates()
		s := r.serve(servers.Config{Handler: http.HandlerFunc(hello), ConnState: seen.add})
		c := s.dial()
		c.get("/")
		seen.eventually(r, "new active idle") // the response comes earlier
		r.check(s.Shutdown(r.soon()))
		c.end()
		seen.eventually(r, "new active idle closed")
	}},
	{"State/many", manyStates},
	{"State/the_connection", stateConn},
}

// states has one conversation and compares the states that its connection has seen.
func (r *rig) states(h http.HandlerFunc, want string, talk func(c *raw)) {
	seen := newStates()
	s := r.serve(servers.Config{Handler: h, ConnState: seen.add})
	talk(s.dial())
	seen.eventually(r, want)
}

// states are those of each connection, in order.
type states struct {
	mu sync.Mutex
	of map[net.Conn][]string
}

func newStates() *states { return &states{of: map[net.Conn][]string{}} }

func (s *states) add(c net.Conn, state http.ConnState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.of[c] = append(s.of[c], state.String())
}

// count returns how many connections have gone that way.
func (s *states) count(way string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, all := range s.of {
		if strings.Join(all, " ") == way {
			n++
		}
	}
	return n
}

func (s *states) eventually(r *rig, way string) {
	r.Helper()
	leak.Eventually(r.T, "the states are not "+way, func() bool { return s.count(way) == 1 })
	if r.Failed() {
		s.mu.Lock()
		defer s.mu.Unlock()
		r.Log(s.of)
	}
}

// manyStates has connections that come and go at the same time.
func manyStates(r *rig) {
	const clients = 50
	seen := newStates()
	s := r.serve(servers.Config{Handler: http.HandlerFunc(hello), ConnState: seen.add})
	var all sync.WaitGroup
	for range clients {
		c := s.dial()
		all.Go(func() {
			io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")
			c.CloseWrite()
			io.Copy(io.Discard, c)
		})
	}
	all.Wait()
	leak.Eventually(r.T, "not all connections have been seen to the end", func() bool {
		return seen.count("new active idle active idle closed") == clients
	})
}

// stateConn checks that the hook gets the connection that BaseContext's listener
// accepted: its addresses are those that the client has.
func stateConn(r *rig) {
	addrs := make(chan string, 10)
	s := r.serve(servers.Config{Handler: http.HandlerFunc(hello), ConnState: func(c net.Conn, state http.ConnState) {
		addrs <- fmt.Sprint(state, " ", c.LocalAddr(), " ", c.RemoteAddr())
	}})
	c := s.dial()
	c.get("/")
	for _, state := range []string{"new", "active", "idle"} {
		want := fmt.Sprint(state, " ", c.RemoteAddr(), " ", c.LocalAddr())
		if got := get(r, addrs, state); got != want {
			r.Errorf("got %q, want %q", got, want)
		}
	}
}
