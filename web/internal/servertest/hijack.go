package servertest

import (
	"io"
	"net"
	"net/http"
	"time"
)

var hijackTests = []test{
	{"Hijack/outlives_its_handler", hijackOutlives},
	{"Hijack/outlives_its_server", hijackOutlivesServer},
	{"Hijack/deadlines", hijackDeadlines},
	{"Hijack/both_directions_at_once", hijackBoth},
	{"Hijack/half_close", hijackHalfClose},
	{"Hijack/context_ends_with_the_handler", hijackContext},
}

// hijack serves requests by handing their connections over.
func (r *rig) hijack() (s *site, conns <-chan net.Conn) {
	c := make(chan net.Conn, 1)
	s = r.handle(func(w http.ResponseWriter, req *http.Request) {
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			r.Error(err)
			return
		}
		if err := rw.Flush(); err != nil {
			r.Error(err)
		}
		c <- conn
	})
	return s, c
}

func hijackOutlives(r *rig) {
	s, conns := r.hijack()
	c := s.dial()
	c.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	conn := get(r, conns, "the connection")
	defer conn.Close()
	for range 10 {
		c.send("ping")
		buf := make([]byte, 4)
		_, err := io.ReadFull(conn, buf)
		r.check(err)
		_, err = conn.Write(buf)
		r.check(err)
		_, err = io.ReadFull(c.in, buf)
		r.check(err)
		if string(buf) != "ping" {
			r.Errorf("got %q", buf)
		}
	}
}

// hijackOutlivesServer: neither Shutdown nor Close has anything to do with it any more.
func hijackOutlivesServer(r *rig) {
	s, conns := r.hijack()
	c := s.dial()
	c.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	conn := get(r, conns, "the connection")
	r.check(s.Shutdown(r.soon()))
	r.check(s.Close())
	_, err := io.WriteString(conn, "still here")
	r.check(err)
	r.check(conn.Close())
	if got := c.end(); got != "still here" {
		r.Errorf("got %q", got)
	}
}

func hijackDeadlines(r *rig) {
	s, conns := r.hijack()
	c := s.dial()
	c.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	conn := get(r, conns, "the connection")
	defer conn.Close()
	r.check(conn.SetReadDeadline(time.Now().Add(short)))
	buf := make([]byte, 4)
	if _, err := conn.Read(buf); !isTimeout(err) {
		r.Errorf("a read fails with %v", err)
	}
	// And it goes on.
	r.check(conn.SetReadDeadline(time.Time{}))
	c.send("late")
	_, err := io.ReadFull(conn, buf)
	r.check(err)
	if string(buf) != "late" {
		r.Errorf("got %q", buf)
	}
	// A deadline that comes while a read waits.
	failed := make(chan error, 1)
	go func() {
		_, err := conn.Read(buf)
		failed <- err
	}()
	r.check(conn.SetReadDeadline(time.Unix(1, 0)))
	if err := get(r, failed, "the read"); !isTimeout(err) {
		r.Errorf("a read fails with %v", err)
	}
}

func hijackBoth(r *rig) {
	s, conns := r.hijack()
	c := s.dial()
	c.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	conn := get(r, conns, "the connection")
	text := pattern(2 << 20)
	go func() {
		io.WriteString(c, text)
		c.CloseWrite()
	}()
	wrote := make(chan error, 1)
	go func() {
		_, err := io.WriteString(conn, text)
		wrote <- err
	}()
	got := make(chan string, 1)
	go func() {
		b, _ := io.ReadAll(conn)
		got <- string(b)
	}()
	back := make([]byte, len(text))
	_, err := io.ReadFull(c.in, back)
	r.check(err)
	r.check(get(r, wrote, "the writer"))
	if get(r, got, "the reader") != text || string(back) != text {
		r.Error("other bytes")
	}
	r.check(conn.Close())
	c.end()
}

func hijackHalfClose(r *rig) {
	s, conns := r.hijack()
	c := s.dial()
	c.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	conn := get(r, conns, "the connection")
	defer conn.Close()
	half, ok := conn.(interface{ CloseWrite() error })
	if !ok {
		r.Fatalf("a %T has no CloseWrite", conn)
	}
	r.check(half.CloseWrite())
	if got := c.end(); got != "" {
		r.Errorf("got %q", got)
	}
	c.send("still")
	c.CloseWrite()
	b, err := io.ReadAll(conn)
	r.check(err)
	if string(b) != "still" {
		r.Errorf("got %q", b)
	}
}

// hijackContext: the context of a hijacked request is not over while its handler runs,
// even if the client leaves, which only who has the connection can see.
func hijackContext(r *rig) {
	there, over := make(chan struct{}), make(chan error, 1)
	s := r.handle(func(w http.ResponseWriter, req *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			r.Error(err)
			return
		}
		defer conn.Close()
		close(there)
		io.ReadAll(conn)
		over <- req.Context().Err()
	})
	c := s.dial()
	c.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	get(r, there, "the handler")
	c.Close()
	if err := get(r, over, "the handler"); err != nil {
		r.Errorf("the context is over: %v", err)
	}
}
