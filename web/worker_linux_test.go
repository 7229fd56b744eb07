package web_test

import (
	"context"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"

	"rondo.dev/rondo"
	"rondo.dev/rondo/internal/leak"
	"rondo.dev/rondo/web"
)

// TestWorkersEnd: goroutines that wait for requests end with what could give them one, the
// server or its runtime.
func TestWorkersEnd(t *testing.T) {
	const many = 10
	for name, end := range map[string]func(s *web.Server, rt *rondo.Runtime) error{
		"server":  func(s *web.Server, rt *rondo.Runtime) error { return s.Shutdown(t.Context()) },
		"runtime": func(s *web.Server, rt *rondo.Runtime) error { return rt.Shutdown(t.Context()) },
	} {
		t.Run(name, func(t *testing.T) {
			rt, err := rondo.New(rondo.Loops(2))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { rt.Shutdown(context.Background()) })
			var all sync.WaitGroup
			all.Add(many)
			s := &web.Server{Runtime: rt, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				all.Done()
				all.Wait() // so that there are as many
			})}
			ln := listen(t)
			served := make(chan error, 1)
			go func() { served <- s.Serve(ln) }()
			var clients []*client
			for range many {
				clients = append(clients, dial(t, ln.Addr().String()).send("GET / HTTP/1.1\r\nHost: a\r\n\r\n"))
			}
			for _, c := range clients {
				c.response("GET")
			}
			if err := end(s, rt); err != nil {
				t.Error(err)
			}
			within(t, served, "the end of Serve")
			leak.Eventually(t, "workers are left", func() bool { return workers() == 0 })
		})
	}
}

// workers counts the goroutines that run handlers, or wait to.
func workers() (n int) {
	b := make([]byte, 4<<20)
	return strings.Count(string(b[:runtime.Stack(b, true)]), "web.(*worker).run(")
}
