package green_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"rondo.dev/rondo/green"
	"rondo.dev/rondo/internal/testworld"
	"rondo.dev/rondo/netio"
)

// While one task is suspended in a call that blocks, others run.
func TestSuspends(t *testing.T) {
	testworld.OnEach(t, func(e *testworld.Env) {
		a, b := e.Pair()
		c, d := green.Conn(e.Task, a), green.Conn(e.Task, b)
		order := ""
		reader := e.Spawn(func(e *testworld.Env) {
			buf := make([]byte, 10)
			n, err := c.Read(buf)
			e.Check(err)
			order += string(buf[:n])
		})
		order += "before "
		_, err := io.WriteString(d, "read")
		e.Check(err)
		e.Check(reader.Await(e.Task))
		e.Equal(order, "before read")
		e.Check(c.Close())
		e.Check(d.Close())
		e.Is(c.Close(), net.ErrClosed)
		_, err = d.Read(make([]byte, 1))
		e.Is(err, net.ErrClosed)
		_, err = d.Write(make([]byte, 1))
		e.Is(err, net.ErrClosed)
		e.Is(d.SetDeadline(time.Time{}), net.ErrClosed)
	})
}

// A goroutine's call ends what a task is suspended in.
func TestGoroutineInterruptsTask(t *testing.T) {
	for name, c := range map[string]struct {
		interrupt func(c net.Conn) error
		want      error
	}{
		"close":         {net.Conn.Close, net.ErrClosed},
		"deadline":      {func(c net.Conn) error { return c.SetDeadline(time.Now()) }, os.ErrDeadlineExceeded},
		"past deadline": {func(c net.Conn) error { return c.SetReadDeadline(time.Unix(1, 0)) }, os.ErrDeadlineExceeded},
		"soon":          {func(c net.Conn) error { return c.SetReadDeadline(time.Now().Add(time.Millisecond)) }, os.ErrDeadlineExceeded},
	} {
		t.Run(name, func(t *testing.T) {
			testworld.OnEach(t, func(e *testworld.Env) {
				a, b := e.Pair()
				g := green.Conn(e.Task, a)
				reader := e.Spawn(func(e *testworld.Env) {
					_, err := g.Read(make([]byte, 1))
					e.Is(err, c.want)
				})
				e.Elsewhere(func() error { return c.interrupt(g) })
				e.Check(reader.Await(e.Task))
				g.Close()
				e.Check(b.Close().Await(e.Task))
			})
		})
	}
}

// Of deadlines that a goroutine and a task set, the last one counts, although the
// goroutine's reaches the loop later: here the goroutine sets its own while the task
// holds the loop.
func TestLastDeadlineCounts(t *testing.T) {
	testworld.OnEach(t, func(e *testworld.Env) {
		a, b := e.Pair()
		g := green.Conn(e.Task, a)
		while := func(f func()) {
			done := make(chan struct{})
			go func() { defer close(done); f() }()
			<-done
		}
		while(func() { e.Check(g.SetReadDeadline(time.Unix(1, 0))) })
		e.Check(g.SetReadDeadline(time.Time{}))
		_, err := b.Write([]byte("x")).Await(e.Task)
		e.Check(err)
		n, err := g.Read(make([]byte, 1))
		e.Check(err)
		e.Equal(n, 1)

		while(func() { e.Check(g.SetReadDeadline(time.Unix(1, 0))) })
		_, err = g.Read(make([]byte, 1))
		e.Is(err, os.ErrDeadlineExceeded)

		// A goroutine that closes does not wait for a loop that waits for it.
		while(func() { e.Check(g.Close()) })
		_, err = g.Read(make([]byte, 1))
		e.Is(err, net.ErrClosed)
		e.Check(b.Close().Await(e.Task))
	})
}

// Cancelling a task ends its calls with the cause, and those of no other.
func TestCancel(t *testing.T) {
	testworld.OnEach(t, func(e *testworld.Env) {
		a, b := e.Pair()
		g := green.Conn(e.Task, a)
		errTest := errors.New("cancelled by the test")
		child := e.Spawn(func(e *testworld.Env) {
			_, err := g.Read(make([]byte, 1))
			e.Is(err, errTest)
			_, err = g.Write([]byte("x"))
			e.Is(err, errTest)
		})
		child.Stop(errTest)
		e.Check(child.Await(e.Task))

		view, cancel := e.Task.WithCancel()
		limited := green.Reader(view, a)
		cancel(errTest)
		_, err := limited.Read(make([]byte, 1))
		e.Is(err, errTest)

		_, err = io.WriteString(green.Writer(e.Task, b), "still there")
		e.Check(err)
		buf := make([]byte, 20)
		n, err := g.Read(buf)
		e.Check(err)
		e.Equal(string(buf[:n]), "still there")
		e.Check(g.Close())
		e.Check(b.Close().Await(e.Task))
	})
}

func TestCloseWrite(t *testing.T) {
	testworld.OnEach(t, func(e *testworld.Env) {
		a, b := e.Pair()
		c, d := green.Conn(e.Task, a), green.Conn(e.Task, b)
		e.Check(c.(interface{ CloseWrite() error }).CloseWrite())
		all, err := io.ReadAll(d)
		e.Check(err)
		e.Equal(len(all), 0)
		_, err = io.WriteString(d, "answer")
		e.Check(err)
		e.Elsewhere(func() error { return d.(interface{ CloseWrite() error }).CloseWrite() })
		all, err = io.ReadAll(c)
		e.Check(err)
		e.Equal(string(all), "answer")
		e.Equal(c.RemoteAddr().String(), d.LocalAddr().String())
		e.Equal(d.RemoteAddr().String(), c.LocalAddr().String())
		e.Check(c.Close())
		e.Check(d.Close())
	})
}

// A listener accepts and is closed by tasks and by goroutines.
func TestListener(t *testing.T) {
	testworld.OnEach(t, func(e *testworld.Env) {
		ln := green.Listener(e.Task, e.Listen())
		dial := green.Dialer(e.Task, nil)
		var server net.Conn
		accept := func() (err error) { server, err = ln.Accept(); return err }
		for name, f := range map[string]func(func() error) error{
			"task":      func(f func() error) error { return f() },
			"goroutine": func(f func() error) error { e.Elsewhere(f); return nil },
		} {
			client, err := dial(e.Task, "tcp", ln.Addr().String())
			e.Check(err)
			e.Check(f(accept))
			_, err = io.WriteString(server, name)
			e.Check(err)
			e.Check(f(server.Close))
			all, err := io.ReadAll(client)
			e.Check(err)
			e.Equal(string(all), name)
			e.Check(client.Close())
		}
		waiting := e.Spawn(func(e *testworld.Env) { e.Is(accept(), net.ErrClosed) })
		e.Elsewhere(ln.Close)
		e.Check(waiting.Await(e.Task))
		e.Is(ln.Close(), net.ErrClosed)
		e.Is(accept(), net.ErrClosed)
	})
}

// A connection serves the task that holds the loop and the goroutine that the task
// waits for, in whatever order they come, and whoever dialled.
func TestDialerSharesWithGoroutines(t *testing.T) {
	testworld.OnKernel(t, func(e *testworld.Env) {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		e.Check(err)
		defer ln.Close()
		go func() {
			for {
				c, err := ln.Accept()
				if err != nil {
					return
				}
				// Not as they are: between two sockets io.Copy keeps a pipe for the next time.
				go func() { io.Copy(struct{ io.Writer }{c}, struct{ io.Reader }{c}); c.Close() }()
			}
		}()
		// held runs f on a goroutine while this task holds the loop.
		held := func(f func() error) error {
			done := make(chan error)
			go func() { done <- f() }()
			return <-done
		}
		byTask := func(f func() error) error { return f() }
		echo := func(c net.Conn) func() error {
			return func() error {
				if _, err := io.WriteString(c, "hello"); err != nil {
					return err
				}
				b := make([]byte, 5)
				if _, err := io.ReadFull(c, b); err != nil || string(b) != "hello" {
					return errors.Join(err, errors.New("read "+string(b)))
				}
				return nil
			}
		}
		for _, by := range [][]func(func() error) error{
			{held, held, byTask, held, byTask}, {byTask, held, byTask}, {held, byTask}, {held}, {byTask}, {held, held},
		} {
			var c net.Conn
			dial := green.Dialer(e.Task, nil)
			e.Check(by[0](func() (err error) {
				c, err = dial(context.Background(), "tcp", ln.Addr().String())
				return err
			}))
			for _, f := range by[1:] {
				e.Check(f(echo(c)))
			}
			// A deadline counts for both sides, whoever sets it.
			for i, set := range by {
				e.Check(set(func() error { return c.SetDeadline(time.Unix(1, 0)) }))
				for _, read := range []func(func() error) error{held, byTask} {
					e.Is(read(func() error { _, err := c.Read(make([]byte, 1)); return err }), os.ErrDeadlineExceeded)
				}
				e.Check(by[len(by)-1-i](func() error { return c.SetDeadline(time.Time{}) }))
				e.Check(byTask(echo(c)))
				e.Check(held(echo(c)))
			}
			e.Check(by[len(by)-1](c.Close))
			e.Is(byTask(c.Close), net.ErrClosed)
			for _, read := range []func(func() error) error{held, byTask} {
				e.Is(read(func() error { _, err := c.Read(make([]byte, 1)); return err }), net.ErrClosed)
			}
		}
	})
}

func TestDialErrors(t *testing.T) {
	testworld.OnEach(t, func(e *testworld.Env) {
		ln := e.Listen()
		addr := ln.Addr().String()
		e.Check(ln.Close().Await(e.Task))
		errTest := errors.New("cancelled by the test")
		ctx, cancel := context.WithCancelCause(context.Background())
		cancel(errTest)
		dial := green.Dialer(e.Task, &netio.Dialer{Timeout: time.Minute})
		_, err := dial(context.Background(), "tcp", addr)
		var op *net.OpError
		if !errors.As(err, &op) || op.Op != "dial" {
			e.Errorf("got %v", err)
		}
		e.Elsewhere(func() error {
			_, err := dial(context.Background(), "tcp", addr)
			if !errors.As(err, &op) || op.Op != "dial" {
				e.Errorf("got %v", err)
			}
			return nil
		})
		if _, err := dial(ctx, "tcp", "127.0.0.1:http-no-such"); err == nil || strings.Contains(err.Error(), "panic") {
			e.Errorf("got %v", err)
		}
		view, stop := e.Task.WithCancel()
		stop(errTest)
		_, err = green.Dialer(view, nil)(context.Background(), "tcp", addr)
		e.Is(err, errTest)
	})
}
