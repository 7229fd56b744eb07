package servertest

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"

	"rondo.dev/rondo/web/internal/servers"
)

var contextTests = []test{
	{"Context/base_and_conn", baseAndConn},
	{"Context/conn_once", connContextOnce},
	{"Context/ends_with_the_handler", endsWithHandler},
	{"Context/request_of_a_client_that_left", clientLeft},
	{"Context/base_cancelled", baseCancelled},
	{"Context/addresses", addresses},
}

type key string

// baseAndConn checks that a request's context comes from the listener's through the
// connection's.
func baseAndConn(r *rig) {
	ln := r.listen()
	base := make(chan net.Listener, 1)
	s := r.start(servers.Config{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			for _, k := range []key{"base", "conn"} {
				v, _ := req.Context().Value(k).(string)
				io.WriteString(w, v+" ")
			}
		}),
		BaseContext: func(l net.Listener) context.Context {
			base <- l
			return context.WithValue(context.Background(), key("base"), "from the listener")
		},
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			v, _ := ctx.Value(key("base")).(string)
			return context.WithValue(ctx, key("conn"), v+" at "+c.RemoteAddr().String())
		},
	}, ln.Addr().String(), func(s servers.Server) error { return s.Serve(ln) })
	c := s.dial()
	want := "from the listener from the listener at " + c.LocalAddr().String() + " "
	for range 2 {
		if _, got := c.get("/"); got != want {
			r.Errorf("got %q, want %q", got, want)
		}
	}
	if l := get(r, base, "BaseContext"); l.Addr().String() != ln.Addr().String() {
		r.Errorf("BaseContext got %v", l.Addr())
	}
	if len(base) != 0 {
		r.Error("BaseContext was called again")
	}
}

// connContextOnce checks that it is called for each connection, not for each request.
func connContextOnce(r *rig) {
	calls := make(chan string, 100)
	s := r.serve(servers.Config{
		Handler: http.HandlerFunc(hello),
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			calls <- c.RemoteAddr().String()
			return ctx
		},
	})
	a, b := s.dial(), s.dial()
	for range 3 {
		a.get("/")
		b.get("/")
	}
	got := []string{get(r, calls, "ConnContext"), get(r, calls, "ConnContext")}
	if len(calls) != 0 {
		r.Error("ConnContext was called again")
	}
	for _, c := range []*raw{a, b} {
		if !strings.Contains(strings.Join(got, " "), c.LocalAddr().String()) {
			r.Errorf("ConnContext got %q and not %v", got, c.LocalAddr())
		}
	}
}

func endsWithHandler(r *rig) {
	contexts := make(chan context.Context, 1)
	s := r.handle(func(w http.ResponseWriter, req *http.Request) {
		if err := req.Context().Err(); err != nil {
			r.Errorf("the context is over in the handler: %v", err)
		}
		contexts <- req.Context()
	})
	c := s.dial()
	for range 2 {
		c.get("/")
		ctx := get(r, contexts, "the handler")
		get(r, ctx.Done(), "the end of the context")
		if ctx.Err() != context.Canceled {
			r.Errorf("the context ends with %v", ctx.Err())
		}
	}
}

// clientLeft checks that a handler hears of it, and that others don't.
func clientLeft(r *rig) {
	there := make(chan string)
	gone := make(chan string)
	stay := make(chan struct{})
	s := r.handle(func(w http.ResponseWriter, req *http.Request) {
		there <- req.URL.Path
		select {
		case <-req.Context().Done():
			gone <- req.URL.Path
		case <-stay:
		}
	})
	leaver, stayer := s.dial(), s.dial()
	stayer.send("GET /stays HTTP/1.1\r\nHost: a\r\n\r\n")
	get(r, there, "the first handler")
	leaver.send("GET /leaves HTTP/1.1\r\nHost: a\r\n\r\n")
	get(r, there, "the second handler")
	leaver.Close()
	if got := get(r, gone, "a handler to hear of it"); got != "/leaves" {
		r.Errorf("%s is cancelled", got)
	}
	close(stay)
	if resp, _ := stayer.response(); resp.StatusCode != http.StatusOK {
		r.Errorf("the other one got %s", resp.Status)
	}
}

// baseCancelled checks that requests hear of the end of their base.
func baseCancelled(r *rig) {
	ctx, cancel := context.WithCancelCause(context.Background())
	there := make(chan struct{})
	s := r.serve(servers.Config{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			close(there)
			<-req.Context().Done()
			io.WriteString(w, context.Cause(req.Context()).Error())
		}),
		BaseContext: func(net.Listener) context.Context { return ctx },
	})
	c := s.dial()
	c.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	get(r, there, "the handler")
	cancel(errOver)
	if _, got := c.response(); got != errOver.Error() {
		r.Errorf("got %q", got)
	}
}

func addresses(r *rig) {
	s := r.handle(func(w http.ResponseWriter, req *http.Request) {
		local, _ := req.Context().Value(http.LocalAddrContextKey).(net.Addr)
		if local == nil {
			return
		}
		io.WriteString(w, local.String()+" "+req.RemoteAddr)
	})
	c := s.dial()
	if _, got := c.get("/"); got != c.RemoteAddr().String()+" "+c.LocalAddr().String() {
		r.Errorf("got %q, want %v %v", got, c.RemoteAddr(), c.LocalAddr())
	}
}
