package loadgen

import (
	"bufio"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os/exec"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"rondo.dev/rondo/bench/internal/proc"
)

func TestIdleHolds(t *testing.T) {
	gone := make(chan struct{}, 100)
	addr := listen(t, func(conn net.Conn) {
		echo(conn)
		gone <- struct{}{}
	})
	held, r, err := Idle(Config{Protocol: Echo, Addr: addr, Conns: 40, Size: 8, Threads: 1, Sources: 4, Duration: 1})
	if err != nil {
		t.Fatal(err)
	}
	if r.Conns != 40 {
		t.Errorf("%d connections idle, want 40", r.Conns)
	}
	for range warmConns {
		<-gone
	}
	select {
	case <-gone:
		t.Error("a held connection has ended")
	default:
	}
	held.Close()
	for range r.Conns {
		<-gone
	}
}

func TestIdleProtocols(t *testing.T) {
	var socket websocket.Upgrader
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/":
			greet(w, r)
		case "/ws":
			c, err := socket.Upgrade(w, r, nil)
			if err != nil {
				return
			}
			for {
				kind, data, err := c.ReadMessage()
				if err != nil {
					return
				}
				_ = c.WriteMessage(kind, data)
			}
		case "/mute":
			c, err := socket.Upgrade(w, r, nil)
			if err == nil {
				c.Close()
			}
		}
	})
	plain := serveHTTP(t, handler)
	secure := httptest.NewTLSServer(handler)
	defer secure.Close()
	for _, test := range []struct {
		protocol Protocol
		addr     netip.AddrPort
		path     string
		fails    bool
	}{
		{HTTP, plain, "/", false},
		{HTTP, plain, "/nothing", true},
		{HTTPS, secure.Listener.Addr().(*net.TCPAddr).AddrPort(), "/", false},
		{HTTPS, plain, "/", true},
		{WebSocket, plain, "/ws", false},
		{WebSocket, plain, "/", true},
		{WebSocket, plain, "/mute", true},
	} {
		held, r, err := Idle(Config{Protocol: test.protocol, Addr: test.addr, Path: test.path, Body: hello, Size: 200, Conns: 3, Threads: 1, Duration: 1})
		if (err != nil) != test.fails {
			t.Errorf("%s %s: %v", test.protocol, test.path, err)
		}
		if err == nil {
			if r.Conns != 3 {
				t.Errorf("%s: %d connections", test.protocol, r.Conns)
			}
			held.Close()
		}
	}
}

// Memory is read when the server does nothing, and told to collect, has collected.
func TestIdleMemory(t *testing.T) {
	// A signal ends the shell's wait, but not cat, which waits for the end of the input.
	cmd := exec.Command("sh", "-c", "exec 3<&0; cat <&3 & trap 'echo told' USR1; echo ready; until wait $!; do :; done")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer stdin.Close()
	r := bufio.NewReader(stdout)
	if line, err := r.ReadString('\n'); err != nil || line != "ready\n" {
		t.Fatal(line, err)
	}
	held, idle, err := Idle(Config{Protocol: HTTP, Addr: serveHTTP(t, greet), Path: "/", Body: hello, Conns: 2, Threads: 1, Duration: 1,
		Warmup: time.Millisecond, Watch: cmd.Process.Pid, Collect: true})
	if err != nil {
		t.Fatal(err)
	}
	held.Close()
	if idle.Before.RSS == 0 || idle.Idle.RSS == 0 {
		t.Errorf("no memory: %+v", idle)
	}
	if line, err := r.ReadString('\n'); err != nil || line != "told\n" {
		t.Errorf("it was not told to collect: %q, %v", line, err)
	}
}

// A server that never rests cannot be measured, and neither can one that is gone.
func TestRest(t *testing.T) {
	cfg := Config{Warmup: time.Millisecond, Watch: 1 << 22}
	if _, err := cfg.settled(); err == nil {
		t.Error("no error for a server that is not there")
	}
	if err := cfg.rest(proc.Family{cfg.Watch}); err == nil {
		t.Error("no error for the rest of a server that is not there")
	}
}
