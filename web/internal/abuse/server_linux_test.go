package abuse

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/internal/leak"
	"rondo.dev/rondo/internal/testcert"
	"rondo.dev/rondo/timer"
	"rondo.dev/rondo/web"
)

// limits are those of the server, 0 for its defaults.
type limits struct {
	ReadHeader, Stall, Write       time.Duration
	MaxHead, MaxConns, MaxRequests int
	TLS, HTTP2                     bool
	Files                          uint64 // that it may have open
}

// greeting is the first line that the server writes.
type greeting struct {
	Addr, Driver string
	CA           []byte
}

// report is what the server says of itself when asked.
type report struct {
	Memory     uint64 // of live objects and of stacks
	Goroutines int    // but for workers that wait for work
	FDs        int
	Conns      int64    // as ConnState counts them
	Peak       int64    // most at once
	Handling   int64    // handlers that run
	Log        []string // errors
}

const inChild = "RONDO_ABUSE_SERVER"

// TestMain makes the server of the test binary.
func TestMain(m *testing.M) {
	var l limits
	text := os.Getenv(inChild)
	if text == "" {
		os.Exit(m.Run())
	}
	if err := json.Unmarshal([]byte(text), &l); err != nil {
		panic(err)
	}
	serve(l)
}

// serve serves until its input ends. Each line of that is an order, and answered.
func serve(l limits) {
	if l.Files > 0 {
		check(syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: l.Files, Max: l.Files}))
	}
	var v vitals
	s := &web.Server{
		Handler: v.handlers(), ErrorLog: slog.New(slog.NewTextHandler(&v, &slog.HandlerOptions{Level: slog.LevelError})),
		ReadHeaderTimeout: l.ReadHeader, StallTimeout: l.Stall, WriteTimeout: l.Write,
		MaxHeaderBytes: l.MaxHead, MaxConns: l.MaxConns, MaxRequests: l.MaxRequests,
		ConnState: v.count,
	}
	if l.HTTP2 {
		s.Protocols = new(http.Protocols)
		s.Protocols.SetHTTP1(true)
		s.Protocols.SetHTTP2(true)
		s.Protocols.SetUnencryptedHTTP2(true)
	}
	rt, err := rondo.Default()
	check(err)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	g := greeting{Addr: ln.Addr().String(), Driver: rt.Loops()[0].Driver().Name()}
	served := make(chan error, 1)
	if l.TLS {
		a, err := testcert.New()
		check(err)
		cert, err := a.Issue("localhost")
		check(err)
		g.CA = a.PEM()
		s.TLSConfig = tlsWith(cert)
		go func() { served <- s.ServeTLS(ln, "", "") }()
	} else {
		go func() { served <- s.Serve(ln) }()
	}
	out := json.NewEncoder(os.Stdout)
	check(out.Encode(g))
	for orders := bufio.NewScanner(os.Stdin); orders.Scan(); {
		if orders.Text() == "stop" {
			ctx, stop := context.WithTimeout(context.Background(), 50*time.Millisecond)
			if s.Shutdown(ctx) != nil {
				s.Close()
				check(s.Shutdown(context.Background()))
			}
			stop()
			if err := <-served; err != http.ErrServerClosed {
				check(err)
			}
		}
		check(out.Encode(v.report(orders.Text() == "memory")))
	}
	os.Exit(0)
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

// vitals are what the server knows of itself.
type vitals struct {
	conns, handling atomic.Int64
	peak            atomic.Int64
	mu              sync.Mutex
	log             []string
}

func (v *vitals) Write(line []byte) (int, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.log) < 100 {
		v.log = append(v.log, string(line))
	}
	return len(line), nil
}

func (v *vitals) count(_ net.Conn, s http.ConnState) {
	switch s {
	case http.StateNew:
		n := v.conns.Add(1)
		for was := v.peak.Load(); n > was && !v.peak.CompareAndSwap(was, n); was = v.peak.Load() {
		}
	case http.StateClosed, http.StateHijacked:
		v.conns.Add(-1)
	}
}

func (v *vitals) report(memory bool) (r report) {
	if memory {
		runtime.GC()
		runtime.GC() // what sync.Pools have kept
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		r.Memory = m.HeapAlloc + m.StackInuse
	} else {
		b := make([]byte, 1<<20)
		for g := range strings.SplitSeq(string(b[:runtime.Stack(b, true)]), "\n\n") {
			if !strings.Contains(g, "web.(*worker).run(") || strings.Contains(g, "ServeHTTP") {
				r.Goroutines++
			}
		}
		r.FDs = leak.OpenFDs()
	}
	r.Conns, r.Peak, r.Handling = v.conns.Load(), v.peak.Load(), v.handling.Load()
	v.mu.Lock()
	defer v.mu.Unlock()
	r.Log = v.log
	return r
}

// megabyte is what large responses repeat.
var megabyte = make([]byte, 1<<20)

const megabytes = 64

// handlers are the server's: what each does is in its name.
func (v *vitals) handlers() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "hello") })
	mux.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) {
		http.NewResponseController(w).EnableFullDuplex()
		if _, err := io.Copy(w, r.Body); err != nil {
			panic(http.ErrAbortHandler)
		}
	})
	mux.HandleFunc("/large", func(w http.ResponseWriter, r *http.Request) {
		for range megabytes {
			if _, err := w.Write(megabyte); err != nil {
				return
			}
		}
	})
	mux.HandleFunc("/hijack", func(w http.ResponseWriter, r *http.Request) {
		c, rw, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		defer c.Close()
		c.SetDeadline(time.Now().Add(time.Second))
		io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n")
		io.Copy(c, rw)
	})
	mux.Handle("/async", web.Async(func(t *async.Task, w http.ResponseWriter, r *http.Request) error {
		if err := timer.Sleep(time.Millisecond).Await(t); err != nil {
			return err
		}
		_, err := io.WriteString(w, "awaited")
		return err
	}))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/async" {
			mux.ServeHTTP(w, r)
			return
		}
		v.handling.Add(1)
		defer v.handling.Add(-1)
		mux.ServeHTTP(w, r)
	})
}
