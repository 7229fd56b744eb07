package netio_test

import (
	"context"
	"errors"
	"net"
	"os"
	"sync"
	"testing"
	"time"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/future"
	"rondo.dev/rondo/netio"
	"rondo.dev/rondo/timer"
)

// Plain goroutines use a connection with Wait.
func TestWait(t *testing.T) {
	onEach(t, func(e *env) {
		ln := e.listen()
		addr := ln.AddrPort()
		var server *netio.Conn
		accepted := e.spawn(func(e *env) {
			e.check(e.elsewhere(func() (err error) {
				server, err = ln.Accept().Wait(context.Background())
				return err
			}))
		})
		client, err := netio.DialAddrPort(e.task, addr)
		e.check(err)
		e.check(accepted.Await(e.task))
		e.check(e.elsewhere(func() error {
			ctx := context.Background()
			for range 20 {
				if n, err := client.Write([]byte("hello")).Wait(ctx); n != 5 || err != nil {
					return err
				}
				b := make([]byte, 10)
				n, err := server.Read(b).Wait(ctx)
				if err != nil || string(b[:n]) != "hello" {
					return errors.Join(err, errors.New("read "+string(b[:n])))
				}
				if _, err := server.Writev([]byte("wor"), []byte("ld")).Wait(ctx); err != nil {
					return err
				}
				p, err := client.Recv().Wait(ctx)
				if err != nil || string(p) != "world" {
					return errors.Join(err, errors.New("received "+string(p)))
				}
			}
			ctx, cancel := context.WithTimeout(ctx, time.Millisecond)
			defer cancel()
			if _, err := server.Read(make([]byte, 1)).Wait(ctx); !errors.Is(err, context.DeadlineExceeded) {
				return errors.Join(errors.New("a Read that has to wait"), err)
			}
			if _, err := ln.Accept().Wait(ctx); !errors.Is(err, context.DeadlineExceeded) {
				return errors.Join(errors.New("an Accept that has to wait"), err)
			}
			return errors.Join(
				server.SetNoDelay(true).Wait(context.Background()),
				client.CloseWrite().Wait(context.Background()),
				ln.Close().Wait(context.Background()),
			)
		}))
		e.wantEOF(server)
		e.close(client, server)
	})
}

// onTwoLoops runs a test on two loops of each kernel driver.
func onTwoLoops(t *testing.T, f func(e *env, other *rondo.Loop)) {
	eachKernel(t, func(t *testing.T, w *world) {
		w.loops = 2
		w.run(t, func(e *env) {
			here := rondo.LoopOf(e.task)
			f(e, here.Runtime().Loops()[1-here.Index()])
		})
	})
}

// there runs f as a task of another loop.
func (e *env) there(l *rondo.Loop, f func(e *env)) *async.Child {
	return rondo.SpreadTo(e.task, l, func(t *async.Task) error {
		f(e.with(t))
		return nil
	})
}

// Tasks of another loop do the same as those of the connection's own.
func TestTasksOfAnotherLoop(t *testing.T) {
	onTwoLoops(t, func(e *env, other *rondo.Loop) {
		a, b := e.pair()
		if a.Home() != rondo.LoopOf(e.task) {
			e.Error("a connection is not at home where it was made")
		}
		e.check(e.there(other, func(e *env) {
			for range 50 {
				e.write(a, "ping")
				e.equal(e.recv(b), "ping")
				e.write(b, "pong")
				e.equal(e.read(a, 4), "pong")
			}
			// Cancelled.
			scope, cancel := e.task.WithCancel()
			child := e.with(scope).spawn(func(e *env) {
				_, err := a.Read(make([]byte, 1)).Await(e.task)
				e.is(err, errTest)
			})
			cancel(errTest)
			e.check(child.Await(e.task))
			// Timeout, and put back.
			read := a.Read(make([]byte, 1))
			_, err := async.Await(e.task, timer.Timeout(time.Millisecond, &read))
			e.is(err, os.ErrDeadlineExceeded)
			buf := make([]byte, 3)
			for range 50 {
				read := a.Read(buf)
				e.write(b, "abc")
				yes := ready{}
				first, err := async.Await(e.task, future.Select(&yes, &read))
				e.check(err)
				clear(buf[first.B:]) // a loser's buffer is the caller's again
				got := string(buf[:first.B])
				got += e.read(a, 3-len(got))
				e.equal(got, "abc")
			}
			// A losing write goes on.
			size := e.tooMuch()
			op := a.Write(pattern(0, size))
			reader := e.spawn(func(e *env) { e.check(timer.Sleep(3 * time.Millisecond).Await(e.task)); e.drain(b, size) })
			for {
				first, err := async.Await(e.task, future.Select(&op, after(time.Millisecond)))
				e.check(err)
				if first.Won == 0 {
					e.equal(first.A, size)
					break
				}
			}
			e.check(a.CloseWrite().Await(e.task))
			e.check(reader.Await(e.task))
			e.close(a)
			_, err = a.Read(buf).Await(e.task)
			e.is(err, net.ErrClosed)
			e.close(b)
		}).Await(e.task))
	})
}

// Both directions, from two loops at once.
func TestBothLoopsAtOnce(t *testing.T) {
	onTwoLoops(t, func(e *env, other *rondo.Loop) {
		a, b := e.pair()
		const size = 1 << 20
		writer := e.there(other, func(e *env) {
			e.equalWrite(a, 0, size)
			e.check(a.CloseWrite().Await(e.task))
		})
		back := e.spawn(func(e *env) {
			e.equalWrite(b, 0, size)
			e.check(b.CloseWrite().Await(e.task))
		})
		reader := e.there(other, func(e *env) { e.drain(b, size) })
		e.drain(a, size)
		for _, c := range []*async.Child{writer, back, reader} {
			e.check(c.Await(e.task))
		}
		e.close(a, b)
	})
}

// A Close from elsewhere meets operations from everywhere.
func TestCloseFromEverywhere(t *testing.T) {
	onTwoLoops(t, func(e *env, other *rondo.Loop) {
		for range 20 {
			a, b := e.pair()
			var tasks []*async.Child
			use := func(e *env) {
				for {
					p, err := a.Recv().Await(e.task)
					if err != nil {
						e.is(err, net.ErrClosed)
						return
					}
					_ = p
				}
			}
			tasks = append(tasks, e.spawn(use), e.there(other, use), e.there(other, func(e *env) {
				for range 10 {
					if _, err := b.Write([]byte("some bytes")).Await(e.task); err != nil {
						return
					}
				}
				e.close(a)
			}))
			var wg sync.WaitGroup
			wg.Go(func() {
				for {
					if _, err := a.Read(make([]byte, 3)).Wait(context.Background()); err != nil {
						return
					}
				}
			})
			for _, c := range tasks {
				e.check(c.Await(e.task))
			}
			e.check(e.elsewhere(func() error { wg.Wait(); return nil }))
			e.close(b)
		}
	})
}
