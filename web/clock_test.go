package web_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/driver"
	"rondo.dev/rondo/netio"
	"rondo.dev/rondo/web"
)

// inMemory serves on a machine in memory, for a client that is a task there. Its clock
// jumps from event to event, so that time passes as the test says, however slow the real
// machine is. The handler must be one for loops: a goroutine is not waited for.
func inMemory(t *testing.T, s *web.Server, client func(task *async.Task, c *netio.Conn) error) {
	t.Helper()
	memory := rondo.OpenDriver(func() (driver.Driver, error) { return driver.NewMemory(driver.MemoryOptions{}), nil })
	err := rondo.Run(func(task *async.Task) error {
		ln, err := netio.Listen(task, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		server := task.Go(func(task *async.Task) error { return s.Run(task, ln) })
		c, err := netio.Dial(task, "tcp", ln.Addr().String())
		if err != nil {
			return err
		}
		err = client(task, c)
		c.Close().Await(task)
		s.Close()
		if ended := server.Await(task); ended != http.ErrServerClosed {
			err = errors.Join(err, ended)
		}
		return err
	}, memory, rondo.Loops(1), rondo.Watchdog(0))
	if err != nil {
		t.Error(err)
	}
}

// reader reads from a connection for a task.
type reader struct {
	task *async.Task
	c    *netio.Conn
}

func (r reader) Read(b []byte) (int, error) { return r.c.Read(b).Await(r.task) }

// TestSlowBody: bytes now and then don't hold a request, unless the server is told so.
func TestSlowBody(t *testing.T) {
	const few = 50
	for rate, served := range map[int]bool{0: false, -1: true} {
		s := &web.Server{StallTimeout: few * time.Second, MinRate: rate, Handler: web.Inline(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if _, err := io.Copy(io.Discard, r.Body); err != nil {
				panic(http.ErrAbortHandler)
			}
			w.Header().Set("Connection", "close")
			io.WriteString(w, "served")
		}))}
		inMemory(t, s, func(task *async.Task, c *netio.Conn) error {
			c.Write(fmt.Appendf(nil, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n", few+10)).Await(task)
			for range few + 10 {
				async.Sleep(time.Second).Await(task)
				if _, err := c.Write([]byte("x")).Await(task); err != nil {
					break
				}
			}
			if answer, _ := io.ReadAll(reader{task, c}); strings.HasSuffix(string(answer), "served") != served {
				t.Errorf("with a MinRate of %d got %q", rate, answer)
			}
			return nil
		})
	}
}

// TestFlushTogether: children of a handler may wait for the same bytes to be sent, and all
// are told.
func TestFlushTogether(t *testing.T) {
	const size = 1 << 20
	s := &web.Server{Handler: web.Async(func(t *async.Task, w http.ResponseWriter, r *http.Request) error {
		w.Header().Set("Connection", "close")
		var flushed [4]*async.Child
		writes := t.Go(func(t *async.Task) error { // collects, for it is not the handler's own stack
			w.Write(make([]byte, size))
			return nil
		})
		if err := writes.Await(t); err != nil {
			return err
		}
		for i := range flushed {
			flushed[i] = t.Go(func(t *async.Task) error { return web.Flush(t, w) })
		}
		for _, c := range flushed {
			if err := c.Await(t); err != nil {
				return err
			}
		}
		return nil
	})}
	inMemory(t, s, func(task *async.Task, c *netio.Conn) error {
		task, stop := task.WithTimeout(time.Hour)
		defer stop()
		c.Write([]byte("GET / HTTP/1.0\r\nHost: a\r\n\r\n")).Await(task)
		if answer, err := io.ReadAll(reader{task, c}); len(answer) < size || err != nil {
			t.Errorf("got %d bytes, %v", len(answer), err)
		}
		return nil
	})
}

// TestSteadyReader: a client that takes its response slowly, but steadily, is not given
// up, however much was written at once; one that stops is.
func TestSteadyReader(t *testing.T) {
	const size = 8 << 20
	for pause, whole := range map[time.Duration]bool{100 * time.Millisecond: true, 3 * time.Second: false} {
		s := &web.Server{StallTimeout: time.Second, Handler: web.Inline(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Connection", "close")
			w.Write(make([]byte, size))
		}))}
		inMemory(t, s, func(task *async.Task, c *netio.Conn) error {
			c.Write([]byte("GET / HTTP/1.1\r\nHost: a\r\n\r\n")).Await(task)
			var err error
			n, b := 0, make([]byte, 100<<10)
			for err == nil {
				async.Sleep(pause).Await(task)
				var m int
				m, err = io.ReadFull(reader{task, c}, b)
				n += m
			}
			if n > size != whole {
				t.Errorf("with pauses of %v got %d bytes, and then %v", pause, n, err)
			}
			return nil
		})
	}
}
