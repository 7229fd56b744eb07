package loadgen

import (
	"io"
	"net"
	"net/netip"
	"testing"
	"time"
)

// listen serves each connection with handle, until the test ends.
func listen(t *testing.T, handle func(net.Conn)) netip.AddrPort {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				handle(conn)
			}()
		}
	}()
	return ln.Addr().(*net.TCPAddr).AddrPort()
}

func echo(conn net.Conn) { _, _ = io.Copy(conn, conn) }

// runUntil runs ever longer loads, until one has what the test waits for: how
// fast the machine is does not matter.
func runUntil(t *testing.T, cfg Config, enough func(Result) bool) Result {
	t.Helper()
	for cfg.Duration = 20 * time.Millisecond; ; cfg.Duration *= 2 {
		r, err := Run(cfg)
		if err != nil {
			t.Fatal(err)
		}
		if enough(r) {
			return r
		}
	}
}

func TestLoad(t *testing.T) {
	addr := listen(t, echo)
	for _, cfg := range []Config{
		{Conns: 1, Size: 1, Threads: 1},
		{Conns: 50, Size: 128, Threads: 1},
		{Conns: 7, Size: 4096, Threads: 3, Sources: 3},
		// More than sockets buffer: written and read in parts.
		{Conns: 3, Size: 8 << 20, Threads: 2},
	} {
		cfg.Protocol, cfg.Addr = Echo, addr
		everyone := func(r Result) bool { return r.Silent == 0 || r.Errors > 0 }
		r := runUntil(t, cfg, everyone)
		if r.Errors != 0 {
			t.Errorf("%d connections, %d bytes: %d failed: %s", cfg.Conns, cfg.Size, r.Errors, r.Error)
		}
		if r.Requests < uint64(cfg.Conns) {
			t.Errorf("%d connections heard %d echoes", cfg.Conns, r.Requests)
		}
		if r.P50 <= 0 || r.P50 > r.P99 || r.P99 > r.P999 || r.P999 > r.Max {
			t.Errorf("latencies out of order: %v, %v, %v, %v", r.P50, r.P99, r.P999, r.Max)
		}
	}
}

// What a broken server does to the third message must be noticed.
func TestBrokenServers(t *testing.T) {
	const size = 100
	for _, test := range []struct {
		name string
		want string
		harm func(conn net.Conn, message []byte)
	}{
		{"wrong byte", errMismatch.Error(), func(conn net.Conn, message []byte) {
			message[size-1] ^= 1
			_, _ = conn.Write(message)
		}},
		{"lost byte", errMismatch.Error(), func(conn net.Conn, message []byte) {
			_, _ = conn.Write(append(message[1:], message[0]))
		}},
		{"excess byte", errExcess.Error(), func(conn net.Conn, message []byte) {
			_, _ = conn.Write(append(message, 0))
		}},
		{"close", io.ErrUnexpectedEOF.Error(), func(net.Conn, []byte) {}},
		{"half an echo", io.ErrUnexpectedEOF.Error(), func(conn net.Conn, message []byte) {
			_, _ = conn.Write(message[:size/2])
		}},
		{"reset", "connection reset by peer", func(conn net.Conn, _ []byte) {
			_ = conn.(*net.TCPConn).SetLinger(0)
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			addr := listen(t, func(conn net.Conn) {
				message := make([]byte, size)
				for range 2 {
					_, _ = io.ReadFull(conn, message)
					_, _ = conn.Write(message)
				}
				_, _ = io.ReadFull(conn, message)
				test.harm(conn, message)
			})
			cfg := Config{Protocol: Echo, Addr: addr, Conns: 5, Size: size, Threads: 1}
			r := runUntil(t, cfg, func(r Result) bool { return r.Errors == cfg.Conns })
			if r.Error != test.want {
				t.Errorf("error %q, want %q", r.Error, test.want)
			}
		})
	}
}

// The echo of one connection must not pass for that of another, nor an old one
// for a new one.
func TestMessagesDiffer(t *testing.T) {
	m := newMessages(16)
	seen := map[string][2]uint32{}
	const conns, numbers = 20, 20
	for conn := range uint32(conns) {
		for number := range uint32(numbers) {
			text := string(m.message(conn, number))
			if before, ok := seen[text]; ok {
				t.Errorf("messages %v and %v are the same", before, [2]uint32{conn, number})
			}
			seen[text] = [2]uint32{conn, number}
		}
	}
	if !m.equal(3, 4, 5, m.message(3, 4)[5:9]) || m.equal(3, 4, 5, m.message(3, 4)[6:10]) {
		t.Error("equal does not compare at the offset")
	}
}

func TestConfigIsChecked(t *testing.T) {
	good := Config{Protocol: Echo, Addr: netip.MustParseAddrPort("127.0.0.1:1"), Conns: 2, Size: 1, Threads: 2, Duration: 1}
	if err := good.check(); err != nil {
		t.Fatal(err)
	}
	for _, spoil := range []func(*Config){
		func(c *Config) { c.Addr = netip.MustParseAddrPort("[::1]:1") },
		func(c *Config) { c.Addr = netip.AddrPort{} },
		func(c *Config) { c.Conns = 0 },
		func(c *Config) { c.Size = 0 },
		func(c *Config) { c.Threads = 3 },
		func(c *Config) { c.Protocol = "gopher" },
		func(c *Config) { c.Protocol = HTTPS },
		func(c *Config) { c.Active = 3 },
		func(c *Config) { c.Rate = -1 },
		func(c *Config) { c.Beside = 1 },
		func(c *Config) { c.Sources = 201 },
		func(c *Config) { c.Duration = 0 },
		func(c *Config) { c.Addr = netip.MustParseAddrPort("10.0.0.1:1"); c.Sources = 1 },
	} {
		bad := good
		spoil(&bad)
		if _, err := Run(bad); err == nil {
			t.Errorf("no error for %+v", bad)
		}
	}
}
