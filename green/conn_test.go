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
	"rondo.dev/rondo/netio"
)

// While one task is suspended in a call that blocks, others run.
func TestSuspends(t *testing.T) {
	onEach(t, func(e *env) {
		a, b := e.pair()
		c, d := green.Conn(e.task, a), green.Conn(e.task, b)
		order := ""
		reader := e.spawn(func(e *env) {
			buf := make([]byte, 10)
			n, err := c.Read(buf)
			e.check(err)
			order += string(buf[:n])
		})
		order += "before "
		_, err := io.WriteString(d, "read")
		e.check(err)
		e.check(reader.Await(e.task))
		e.equal(order, "before read")
		e.check(c.Close())
		e.check(d.Close())
		e.is(c.Close(), net.ErrClosed)
		_, err = d.Read(make([]byte, 1))
		e.is(err, net.ErrClosed)
		_, err = d.Write(make([]byte, 1))
		e.is(err, net.ErrClosed)
		e.is(d.SetDeadline(time.Time{}), net.ErrClosed)
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
			onEach(t, func(e *env) {
				a, b := e.pair()
				g := green.Conn(e.task, a)
				reader := e.spawn(func(e *env) {
					_, err := g.Read(make([]byte, 1))
					e.is(err, c.want)
				})
				e.elsewhere(func() error { return c.interrupt(g) })
				e.check(reader.Await(e.task))
				g.Close()
				e.check(b.Close().Await(e.task))
			})
		})
	}
}

// Of deadlines that a goroutine and a task set, the last one counts, although the
// goroutine's reaches the loop later: here the goroutine sets its own while the task
// holds the loop.
func TestLastDeadlineCounts(t *testing.T) {
	onEach(t, func(e *env) {
		a, b := e.pair()
		g := green.Conn(e.task, a)
		while := func(f func()) {
			done := make(chan struct{})
			go func() { defer close(done); f() }()
			<-done
		}
		while(func() { e.check(g.SetReadDeadline(time.Unix(1, 0))) })
		e.check(g.SetReadDeadline(time.Time{}))
		_, err := b.Write([]byte("x")).Await(e.task)
		e.check(err)
		n, err := g.Read(make([]byte, 1))
		e.check(err)
		e.equal(n, 1)

		while(func() { e.check(g.SetReadDeadline(time.Unix(1, 0))) })
		_, err = g.Read(make([]byte, 1))
		e.is(err, os.ErrDeadlineExceeded)

		// A goroutine that closes does not wait for a loop that waits for it.
		while(func() { e.check(g.Close()) })
		_, err = g.Read(make([]byte, 1))
		e.is(err, net.ErrClosed)
		e.check(b.Close().Await(e.task))
	})
}

// Cancelling a task ends its calls with the cause, and those of no other.
func TestCancel(t *testing.T) {
	onEach(t, func(e *env) {
		a, b := e.pair()
		g := green.Conn(e.task, a)
		errTest := errors.New("cancelled by the test")
		child := e.spawn(func(e *env) {
			_, err := g.Read(make([]byte, 1))
			e.is(err, errTest)
			_, err = g.Write([]byte("x"))
			e.is(err, errTest)
		})
		child.Stop(errTest)
		e.check(child.Await(e.task))

		view, cancel := e.task.WithCancel()
		limited := green.Reader(view, a)
		cancel(errTest)
		_, err := limited.Read(make([]byte, 1))
		e.is(err, errTest)

		_, err = io.WriteString(green.Writer(e.task, b), "still there")
		e.check(err)
		buf := make([]byte, 20)
		n, err := g.Read(buf)
		e.check(err)
		e.equal(string(buf[:n]), "still there")
		e.check(g.Close())
		e.check(b.Close().Await(e.task))
	})
}

func TestCloseWrite(t *testing.T) {
	onEach(t, func(e *env) {
		a, b := e.pair()
		c, d := green.Conn(e.task, a), green.Conn(e.task, b)
		e.check(c.(interface{ CloseWrite() error }).CloseWrite())
		all, err := io.ReadAll(d)
		e.check(err)
		e.equal(len(all), 0)
		_, err = io.WriteString(d, "answer")
		e.check(err)
		e.elsewhere(func() error { return d.(interface{ CloseWrite() error }).CloseWrite() })
		all, err = io.ReadAll(c)
		e.check(err)
		e.equal(string(all), "answer")
		e.equal(c.RemoteAddr().String(), d.LocalAddr().String())
		e.equal(d.RemoteAddr().String(), c.LocalAddr().String())
		e.check(c.Close())
		e.check(d.Close())
	})
}

// A listener accepts and is closed by tasks and by goroutines.
func TestListener(t *testing.T) {
	onEach(t, func(e *env) {
		ln := green.Listener(e.task, e.listen())
		dial := green.Dialer(e.task, nil)
		var server net.Conn
		accept := func() (err error) { server, err = ln.Accept(); return err }
		for name, f := range map[string]func(func() error) error{
			"task":      func(f func() error) error { return f() },
			"goroutine": func(f func() error) error { e.elsewhere(f); return nil },
		} {
			client, err := dial(e.task, "tcp", ln.Addr().String())
			e.check(err)
			e.check(f(accept))
			_, err = io.WriteString(server, name)
			e.check(err)
			e.check(f(server.Close))
			all, err := io.ReadAll(client)
			e.check(err)
			e.equal(string(all), name)
			e.check(client.Close())
		}
		waiting := e.spawn(func(e *env) { e.is(accept(), net.ErrClosed) })
		e.elsewhere(ln.Close)
		e.check(waiting.Await(e.task))
		e.is(ln.Close(), net.ErrClosed)
		e.is(accept(), net.ErrClosed)
	})
}

// A connection serves the task that holds the loop and the goroutine that the task
// waits for, in whatever order they come, and whoever dialled.
func TestDialerSharesWithGoroutines(t *testing.T) {
	onKernel(t, func(e *env) {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		e.check(err)
		defer ln.Close()
		go func() {
			for {
				c, err := ln.Accept()
				if err != nil {
					return
				}
				go func() { io.Copy(c, c); c.Close() }()
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
			dial := green.Dialer(e.task, nil)
			e.check(by[0](func() (err error) {
				c, err = dial(context.Background(), "tcp", ln.Addr().String())
				return err
			}))
			for _, f := range by[1:] {
				e.check(f(echo(c)))
			}
			// A deadline counts for both sides, whoever sets it.
			for i, set := range by {
				e.check(set(func() error { return c.SetDeadline(time.Unix(1, 0)) }))
				for _, read := range []func(func() error) error{held, byTask} {
					e.is(read(func() error { _, err := c.Read(make([]byte, 1)); return err }), os.ErrDeadlineExceeded)
				}
				e.check(by[len(by)-1-i](func() error { return c.SetDeadline(time.Time{}) }))
				e.check(byTask(echo(c)))
				e.check(held(echo(c)))
			}
			e.check(by[len(by)-1](c.Close))
			e.is(byTask(c.Close), net.ErrClosed)
			for _, read := range []func(func() error) error{held, byTask} {
				e.is(read(func() error { _, err := c.Read(make([]byte, 1)); return err }), net.ErrClosed)
			}
		}
	})
}

func TestDialErrors(t *testing.T) {
	onEach(t, func(e *env) {
		ln := e.listen()
		addr := ln.Addr().String()
		e.check(ln.Close().Await(e.task))
		errTest := errors.New("cancelled by the test")
		ctx, cancel := context.WithCancelCause(context.Background())
		cancel(errTest)
		dial := green.Dialer(e.task, &netio.Dialer{Timeout: time.Minute})
		_, err := dial(context.Background(), "tcp", addr)
		var op *net.OpError
		if !errors.As(err, &op) || op.Op != "dial" {
			e.Errorf("got %v", err)
		}
		e.elsewhere(func() error {
			_, err := dial(context.Background(), "tcp", addr)
			if !errors.As(err, &op) || op.Op != "dial" {
				e.Errorf("got %v", err)
			}
			return nil
		})
		if _, err := dial(ctx, "tcp", "127.0.0.1:http-no-such"); err == nil || strings.Contains(err.Error(), "panic") {
			e.Errorf("got %v", err)
		}
		view, stop := e.task.WithCancel()
		stop(errTest)
		_, err = green.Dialer(view, nil)(context.Background(), "tcp", addr)
		e.is(err, errTest)
	})
}
