package web_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"rondo.dev/rondo"
	"rondo.dev/rondo/driver"
	"rondo.dev/rondo/web"
)

// TestLentBody: what has come of a body is the handler's until it has read it, whatever
// else happens on the connection and on its loop.
func TestLentBody(t *testing.T) {
	const size = 3000
	rt, err := rondo.New(rondo.Loops(1), rondo.DriverOptions(driver.Options{Buffers: 8}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { rt.Shutdown(context.Background()) })
	for name, c := range map[string]struct {
		length int // as announced: more than size is never sent
		before func(s *web.Server)
	}{
		"all has come":      {size, func(*web.Server) {}},
		"server was closed": {size + 1, func(s *web.Server) { s.Close() }},
	} {
		t.Run(name, func(t *testing.T) {
			reading, read := make(chan bool), make(chan bool)
			got := make(chan string, 1)
			s := &web.Server{Runtime: rt}
			s.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				b := make([]byte, size)
				if _, err := io.ReadFull(r.Body, b[:1]); err != nil {
					t.Error(err)
				}
				reading <- true
				<-read
				n, _ := io.ReadFull(r.Body, b[1:])
				got <- string(b[:1+n])
			})
			other := serve(t, &web.Server{Runtime: rt, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				io.Copy(io.Discard, r.Body)
			})})
			want := strings.Repeat("s", size)
			dial(t, serve(t, s)).send(fmt.Sprintf("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%s", c.length, want))
			within(t, reading, "the first byte")
			c.before(s)
			// Others receive into all the memory that is not lent.
			x := dial(t, other)
			for range 50 {
				x.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3000\r\n\r\n" + strings.Repeat("x", 3000)).response("POST")
			}
			read <- true
			if b := within(t, got, "the rest of the body"); b != want[:len(b)] {
				t.Errorf("got %d bytes of others", strings.Count(b, "x"))
			}
		})
	}
}
