package web_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/internal/leak"
	"rondo.dev/rondo/web"
)

// inBoth runs f with what posts a request to a server in HTTP/1, and in HTTP/2. The body
// does not come to its end until the test does; in HTTP/1 no other request follows.
func inBoth(t *testing.T, h http.Handler, f func(t *testing.T, post func() (status int, body string, err error))) {
	begin := func(t *testing.T) (addr string) {
		return serve(t, &web.Server{Handler: h, Protocols: protocols(http1, prior), ErrorLog: slog.New(slog.DiscardHandler)})
	}
	answer := func(resp *http.Response, err error) (int, string, error) {
		if err != nil {
			return 0, "", err
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		return resp.StatusCode, string(b), err
	}
	t.Run("HTTP1", func(t *testing.T) {
		addr := begin(t)
		f(t, func() (int, string, error) {
			c := dial(t, addr).send("POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 10\r\n\r\nsome")
			return answer(http.ReadResponse(c.r, nil))
		})
	})
	t.Run("HTTP2", func(t *testing.T) {
		url, client := "http://"+begin(t), client2(t)
		f(t, func() (int, string, error) {
			r, w := io.Pipe()
			ctx, stop := context.WithTimeout(t.Context(), patience)
			t.Cleanup(func() {
				w.Close()
				stop()
			})
			go io.WriteString(w, "some")
			req, _ := http.NewRequestWithContext(ctx, "POST", url, r)
			return answer(client.Do(req))
		})
	})
}

// read reads a body to its end on a goroutine, and waits until that waits for the client.
func read(t *testing.T, r *http.Request) (failed <-chan error) {
	c := make(chan error, 1)
	go func() {
		_, err := io.Copy(io.Discard, r.Body)
		c <- err
	}()
	waits(t, "web.(*body).Read(", "web.(*exchange).ask(")
	return c
}

// waits waits until a goroutine is in a function, and in another that it has called.
func waits(t *testing.T, function, in string) {
	leak.Eventually(t, "nobody is in "+function, func() bool {
		b := make([]byte, 4<<20)
		for g := range strings.SplitSeq(string(b[:runtime.Stack(b, true)]), "\n\n") {
			if strings.Contains(g, function) && strings.Contains(g, in) {
				return true
			}
		}
		return false
	})
}

// TestReturnWhileReading: a response is not held back by those who still read the body: they
// are told that it is over.
func TestReturnWhileReading(t *testing.T) {
	failed := make(chan error, 1)
	answers := func(w http.ResponseWriter, r *http.Request) {
		c := read(t, r)
		io.WriteString(w, "answered")
		go func() { failed <- <-c }()
	}
	panics := func(w http.ResponseWriter, r *http.Request) {
		answers(w, r)
		panic(http.ErrAbortHandler)
	}
	slow := http.TimeoutHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, err := io.Copy(io.Discard, r.Body)
		failed <- err
	}), short, "too slow")
	for name, c := range map[string]struct {
		h      http.Handler
		status int
		body   string
	}{
		"return":  {http.HandlerFunc(answers), 200, "answered"},
		"panic":   {http.HandlerFunc(panics), 0, ""},
		"timeout": {slow, 503, "too slow"},
	} {
		t.Run(name, func(t *testing.T) {
			inBoth(t, c.h, func(t *testing.T, post func() (int, string, error)) {
				status, body, err := post()
				if status != c.status || body != c.body || (err == nil) != (status != 0) {
					t.Errorf("got %d, %q, %v", status, body, err)
				}
				if err := within(t, failed, "the end of the read"); err != http.ErrBodyReadAfterClose {
					t.Error(err)
				}
			})
		})
	}
}

// TestCloseWhileReading: who closes the body takes it from those who read it.
func TestCloseWhileReading(t *testing.T) {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		failed := read(t, r)
		go r.Body.Close() // which may wait for the rest
		if err := within(t, failed, "the end of the read"); err != http.ErrBodyReadAfterClose {
			t.Error(err)
		}
		io.WriteString(w, "closed")
	})
	inBoth(t, h, func(t *testing.T, post func() (int, string, error)) {
		if _, body, err := post(); body != "closed" {
			t.Errorf("got %q, %v", body, err)
		}
	})
}

// TestHijackWhileReading: a connection can be taken over while others begin to read the body
// of a client that waits to be told to send it.
func TestHijackWhileReading(t *testing.T) {
	read := make(chan bool)
	addr := serve(t, &web.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		go func() {
			r.Body.Read(make([]byte, 1))
			read <- true
		}()
		time.Sleep(20 * time.Microsecond) // so that now and then it comes first
		if c, _, err := http.NewResponseController(w).Hijack(); err != nil {
			t.Error(err)
		} else {
			c.Close()
		}
	})})
	for range 1000 {
		c := dial(t, addr).send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
		if b, err := io.ReadAll(c); isTimeout(err) {
			t.Fatalf("got %q, %v", b, err)
		}
		within(t, read, "the end of the read")
		c.Close()
	}
}

// TestReadAfterReturn: a body that was read to its end is still at its end when the request
// is over, or closed.
func TestReadAfterReturn(t *testing.T) {
	answered, failed := make(chan bool), make(chan error, 1)
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		go func() {
			<-answered
			_, err := r.Body.Read(make([]byte, 1))
			failed <- err
		}()
	})
	addr := serve(t, &web.Server{Handler: h, Protocols: protocols(http1, prior)})
	dial(t, addr).send("POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc").response("POST")
	answered <- true
	if err := within(t, failed, "the end of the read"); err != http.ErrBodyReadAfterClose {
		t.Error(err)
	}
	resp, err := client2(t).Post("http://"+addr, "text/plain", strings.NewReader("abc"))
	body(t, resp, err)
	answered <- true
	if err := within(t, failed, "the end of the read"); err != io.EOF {
		t.Error(err)
	}
}

// TestUnasked: a client that announces that it waits, and does not, keeps its connection.
func TestUnasked(t *testing.T) {
	c := dial(t, serve(t, &web.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) })}))
	for range 2 {
		c.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc")
		resp, body := c.response("POST")
		if resp.StatusCode == http.StatusContinue { // if it came in two pieces
			resp, body = c.response("POST")
		}
		if body != "abc" || resp.Close {
			t.Errorf("got %q, close %v", body, resp.Close)
		}
	}
}

// TestReadAfterDeadline: a deadline ends a Read, not the body: with another there is more.
func TestReadAfterDeadline(t *testing.T) {
	got, more := make(chan string, 1), make(chan bool, 1)
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctl := http.NewResponseController(w)
		b := make([]byte, 6)
		io.ReadFull(r.Body, b[:3])
		ctl.SetReadDeadline(time.Unix(1, 0))
		if _, err := r.Body.Read(b[3:]); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Error(err)
		}
		ctl.SetReadDeadline(time.Time{})
		more <- true
		_, err := io.ReadFull(r.Body, b[3:])
		got <- fmt.Sprintf("%s %v", b, err)
	})
	t.Run("HTTP1", func(t *testing.T) {
		c := dial(t, serve(t, &web.Server{Handler: h})).send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc")
		within(t, more, "the deadline")
		c.send("def")
		if s := within(t, got, "the body"); s != "abcdef <nil>" {
			t.Errorf("got %q", s)
		}
	})
	t.Run("HTTP2", func(t *testing.T) {
		c := open(t, &web.Server{Handler: h})
		c.request(1, 0, "POST", "/")
		c.write(frameData, 0, 1, []byte("abc"))
		within(t, more, "the deadline")
		c.write(frameData, 1, 1, []byte("def"))
		if s := within(t, got, "the body"); s != "abcdef <nil>" {
			t.Errorf("got %q", s)
		}
	})
}

// TestDrainLast: in full duplex the response is not held back for the rest of the body,
// which is out of the way of the next request then.
func TestDrainLast(t *testing.T) {
	h := func(w http.ResponseWriter, r *http.Request) {
		http.NewResponseController(w).EnableFullDuplex()
		io.WriteString(w, "answered")
	}
	for name, h := range map[string]http.Handler{
		"goroutine": http.HandlerFunc(h),
		"inline":    web.Inline(http.HandlerFunc(h)),
		"async": web.Async(func(t *async.Task, w http.ResponseWriter, r *http.Request) error {
			h(w, r)
			return nil
		}),
	} {
		t.Run(name, func(t *testing.T) {
			c := dial(t, serve(t, &web.Server{Handler: h}))
			for range 3 {
				if _, body := c.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n0123").response("POST"); body != "answered" {
					t.Errorf("got %q", body)
				}
				c.send("456789")
			}
		})
	}
}
