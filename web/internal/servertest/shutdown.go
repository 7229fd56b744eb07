package servertest

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync/atomic"

	"rondo.dev/rondo/internal/leak"
	"rondo.dev/rondo/web/internal/servers"
)

var errOver = errors.New("over")

var shutdownTests = []test{
	{"Shutdown/idle", shutdownIdle},
	{"Shutdown/serve_returns_at_once", func(r *rig) {
		s, there, release := r.waiting()
		c := s.dial()
		c.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
		get(r, there, "the handler")
		go s.Shutdown(r.soon())
		s.ended()
		put(r, release, "answered", "the release")
	}},
	{"Shutdown/drains", shutdownDrains},
	{"Shutdown/body_goes_on", shutdownBody},
	{"Shutdown/gives_up", shutdownGivesUp},
	{"Shutdown/hooks", shutdownHooks},
	{"Shutdown/nothing_served", shutdownNothing},
	{"Shutdown/before_serve", shutdownBefore},
	{"Shutdown/twice", shutdownTwice},
	{"Shutdown/from_a_handler", shutdownInside},
	{"Shutdown/several_listeners", shutdownSeveral},
	{"Close/serve_returns_at_once", func(r *rig) {
		s, there, release := r.waiting()
		c := s.dial()
		c.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
		get(r, there, "the handler")
		r.check(s.Close())
		s.ended()
		put(r, release, "lost", "the release")
	}},
	{"Close/cuts", closeCuts},
	{"Close/ends_shutdown", closeEndsShutdown},
	{"Close/before_serve", func(r *rig) {
		s := r.kind(servers.Config{Handler: http.HandlerFunc(hello)})
		r.check(s.Close())
		if err := s.Serve(r.listen()); !errors.Is(err, http.ErrServerClosed) {
			r.Errorf("Serve returned %v", err)
		}
	}},
	{"Close/no_descriptor_is_left", closeLeavesNothing},
}

// waiting serves requests that wait until they are let go.
func (r *rig) waiting() (s *site, there <-chan context.Context, release chan<- string) {
	in, out := make(chan context.Context), make(chan string)
	s = r.handle(func(w http.ResponseWriter, req *http.Request) {
		if req.URL.Path != "/wait" {
			hello(w, req)
			return
		}
		in <- req.Context()
		io.WriteString(w, <-out)
	})
	return s, in, out
}

func shutdownIdle(r *rig) {
	s := r.handle(hello)
	idle := s.dial()
	idle.get("/")
	r.check(s.Shutdown(r.soon()))
	s.ended()
	if got := idle.end(); got != "" {
		r.Errorf("an idle connection got %q", got)
	}
	s.refuses("Shutdown")
}

func shutdownDrains(r *rig) {
	s, there, release := r.waiting()
	idle, busy := s.dial(), s.dial()
	idle.get("/")
	busy.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
	ctx := get(r, there, "the handler")
	down := make(chan error, 1)
	go func() { down <- s.Shutdown(r.soon()) }()
	idle.end()
	s.refuses("Shutdown")
	select {
	case err := <-down:
		r.Fatalf("Shutdown returned %v with a request in flight", err)
	default:
	}
	if ctx.Err() != nil {
		r.Error("Shutdown cancels a request")
	}
	put(r, release, "answered", "the release")
	resp, body := busy.response()
	if body != "answered" || !resp.Close {
		r.Errorf("got %q, close %v", body, resp.Close)
	}
	busy.end()
	r.check(get(r, down, "Shutdown"))
	s.ended()
}

// shutdownBody checks that a request whose body is still coming is drained, too.
func shutdownBody(r *rig) {
	there := make(chan struct{})
	s := r.handle(func(w http.ResponseWriter, req *http.Request) {
		close(there)
		io.Copy(w, req.Body)
	})
	c := s.dial()
	c.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc")
	get(r, there, "the handler")
	down := make(chan error, 1)
	go func() { down <- s.Shutdown(r.soon()) }()
	s.refuses("Shutdown")
	c.send("def")
	if _, got := c.response(); got != "abcdef" {
		r.Errorf("got %q", got)
	}
	r.check(get(r, down, "Shutdown"))
}

func shutdownGivesUp(r *rig) {
	s, there, release := r.waiting()
	c := s.dial()
	c.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
	get(r, there, "the handler")
	ctx, cancel := context.WithCancel(context.Background())
	down := make(chan error, 1)
	go func() { down <- s.Shutdown(ctx) }()
	s.refuses("Shutdown")
	cancel()
	if err := get(r, down, "Shutdown"); !errors.Is(err, context.Canceled) {
		r.Errorf("Shutdown returned %v", err)
	}
	// The connection has been left alone.
	put(r, release, "late", "the release")
	if _, got := c.response(); got != "late" {
		r.Errorf("got %q", got)
	}
}

func shutdownHooks(r *rig) {
	s := r.handle(hello)
	called := make(chan int, 10)
	s.RegisterOnShutdown(func() { called <- 1 })
	s.RegisterOnShutdown(func() { called <- 2 })
	s.dial().get("/")
	if len(called) != 0 {
		r.Error("called before")
	}
	r.check(s.Shutdown(r.soon()))
	if sum := get(r, called, "a hook") + get(r, called, "the other hook"); sum != 3 {
		r.Errorf("the hooks add up to %d", sum)
	}
}

func shutdownNothing(r *rig) {
	r.check(r.kind(servers.Config{}).Shutdown(r.soon()))
	r.check(r.kind(servers.Config{}).Close())
}

func shutdownBefore(r *rig) {
	s := r.kind(servers.Config{Handler: http.HandlerFunc(hello)})
	r.check(s.Shutdown(r.soon()))
	ln := r.listen()
	if err := s.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
		r.Errorf("Serve returned %v", err)
	}
	if err := s.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		r.Errorf("ListenAndServe returned %v", err)
	}
	if _, err := net.Dial("tcp", ln.Addr().String()); err == nil {
		r.Error("the listener stays open")
	}
}

func shutdownTwice(r *rig) {
	s := r.handle(hello)
	s.dial().get("/")
	done := make(chan error, 3)
	for range 3 {
		go func() { done <- s.Shutdown(r.soon()) }()
	}
	for range 3 {
		r.check(get(r, done, "Shutdown"))
	}
	s.ended()
	r.check(s.Shutdown(r.soon()))
	r.check(s.Close())
}

// shutdownInside starts it where it can only end later.
func shutdownInside(r *rig) {
	var s *site
	down := make(chan error, 1)
	made := make(chan struct{})
	s = r.handle(func(w http.ResponseWriter, req *http.Request) {
		<-made
		go func() { down <- s.Shutdown(r.soon()) }()
		s.refuses("Shutdown")
		io.WriteString(w, "bye")
	})
	close(made)
	c := s.dial()
	if _, got := c.get("/"); got != "bye" {
		r.Errorf("got %q", got)
	}
	r.check(get(r, down, "Shutdown"))
}

func shutdownSeveral(r *rig) {
	a := r.handle(func(w http.ResponseWriter, req *http.Request) { io.WriteString(w, req.Host) })
	ln := r.listen()
	also := &site{Server: a.Server, r: r, addr: ln.Addr().String(), served: make(chan error, 1)}
	go func() { also.served <- also.Serve(ln) }()
	for _, s := range []*site{a, also} {
		if _, got := s.dial().get("/"); got != "server.test" {
			r.Errorf("got %q", got)
		}
	}
	r.check(a.Shutdown(r.soon()))
	a.ended()
	also.ended()
	a.refuses("Shutdown")
	also.refuses("Shutdown")
}

func closeCuts(r *rig) {
	s, there, release := r.waiting()
	idle, busy := s.dial(), s.dial()
	idle.get("/")
	busy.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
	ctx := get(r, there, "the handler")
	r.check(s.Close())
	idle.end()
	if got := busy.end(); got != "" {
		r.Errorf("a request that was cut got %q", got)
	}
	get(r, ctx.Done(), "the request to hear of it")
	put(r, release, "lost", "the release")
	s.ended()
	s.refuses("Close")
}

func closeEndsShutdown(r *rig) {
	s, there, release := r.waiting()
	c := s.dial()
	c.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
	get(r, there, "the handler")
	down := make(chan error, 1)
	go func() { down <- s.Shutdown(r.soon()) }()
	s.refuses("Shutdown")
	r.check(s.Close())
	r.check(get(r, down, "Shutdown"))
	c.end()
	put(r, release, "lost", "the release")
}

func closeLeavesNothing(r *rig) {
	warm := r.handle(hello)
	warm.dial().get("/")
	warm.Close()
	warm.ended()
	before := leak.OpenFDs()
	for range 5 {
		var handled atomic.Int32
		s := r.handle(func(w http.ResponseWriter, req *http.Request) { handled.Add(1) })
		var all []*raw
		for range 10 {
			c := s.dial()
			c.get("/")
			all = append(all, c)
		}
		r.check(s.Close())
		s.ended()
		for _, c := range all {
			c.end()
			c.Close()
		}
		if handled.Load() != 10 {
			r.Errorf("handled %d of 10", handled.Load())
		}
	}
	leak.Eventually(r.T, "descriptors are left", func() bool { return leak.OpenFDs() <= before })
}
