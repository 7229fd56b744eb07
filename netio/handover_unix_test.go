//go:build unix

package netio_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/driver"
	"rondo.dev/rondo/netio"
)

// netPair returns the ends of a connection of package net.
func (e *env) netPair() (a, b net.Conn) {
	e.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	e.check(err)
	defer ln.Close()
	a, err = net.Dial("tcp", ln.Addr().String())
	e.check(err)
	b, err = ln.Accept()
	e.check(err)
	return a, b
}

func TestFromNetConn(t *testing.T) {
	onKernel(t, func(e *env) {
		a, b := e.netPair()
		a.Write([]byte("before"))
		c, err := netio.FromNetConn(e.task, b)
		e.check(err)
		_, err = b.Write([]byte("x"))
		e.is(err, net.ErrClosed)
		e.equal(c.RemoteAddr().String(), a.LocalAddr().String())
		e.equal(e.read(c, 6), "before")
		e.write(c, "after")
		e.equal(e.netRead(a, 5), "after")
		e.close(c)
		e.equal(e.netReadErr(a), io.EOF)
		a.Close()
		_, err = netio.FromNetConn(e.task, a)
		e.is(err, net.ErrClosed)

		p, q := net.Pipe()
		_, err = netio.FromNetConn(e.task, p)
		e.is(err, errors.ErrUnsupported)
		p.Close()
		q.Close()
	})
}

// netRead reads from a connection of package net, on a goroutine.
func (e *env) netRead(c net.Conn, n int) string {
	e.Helper()
	b := make([]byte, n)
	e.check(e.elsewhere(func() error {
		c.SetReadDeadline(time.Now().Add(10 * time.Second))
		_, err := io.ReadFull(c, b)
		return err
	}))
	return string(b)
}

func (e *env) netReadErr(c net.Conn) error {
	return e.elsewhere(func() error {
		c.SetReadDeadline(time.Now().Add(10 * time.Second))
		_, err := c.Read(make([]byte, 1))
		return err
	})
}

func TestFromNetListener(t *testing.T) {
	onKernel(t, func(e *env) {
		nl, err := net.Listen("tcp", "127.0.0.1:0")
		e.check(err)
		waiting, err := net.Dial("tcp", nl.Addr().String()) // in the backlog
		e.check(err)
		ln, err := netio.FromNetListener(e.task, nl)
		e.check(err)
		e.equal(ln.Addr().String(), nl.Addr().String())
		e.is(nl.Close(), net.ErrClosed)
		first := e.accept(ln)
		e.equal(first.RemoteAddr().String(), waiting.LocalAddr().String())
		a := e.dial(ln)
		e.close(a, e.accept(ln), first, ln)
		waiting.Close()
	})
}

// Connections that had come before the listener was taken over have the options of others,
// whichever loop accepts them.
func TestOptionsOfQueued(t *testing.T) {
	eachKernel(t, func(t *testing.T, w *world) {
		for _, w.loops = range []int{1, 3} {
			w.run(t, func(e *env) {
				nl, err := net.Listen("tcp", "127.0.0.1:0")
				e.check(err)
				const queued = 30
				var clients [queued + 1]net.Conn
				for i := range queued {
					clients[i], err = net.Dial("tcp", nl.Addr().String())
					e.check(err)
				}
				ln, err := netio.FromNetListener(e.task, nl)
				e.check(err)
				clients[queued], err = net.Dial("tcp", ln.Addr().String())
				e.check(err)
				var served atomic.Int32
				server := e.task.Go(func(t *async.Task) error {
					return netio.Serve(t, ln, func(t *async.Task, c *netio.Conn) error {
						for o, want := range map[driver.Option]int{driver.NoDelay: 1, driver.KeepAlive: 1, driver.KeepAliveIdle: 15} {
							if got, err := netio.GetOption(c, o); got != want || err != nil {
								e.Errorf("option %d is %d, %v", o, got, err)
							}
						}
						served.Add(1)
						return nil
					})
				})
				e.until(func() bool { return served.Load() == queued+1 })
				e.close(ln)
				e.check(server.Await(e.task))
				for _, c := range clients {
					c.Close()
				}
			})
		}
	})
}

// What was received and not read goes along, wherever it lies, and comes first.
func TestNetConn(t *testing.T) {
	prepare := map[string]func(e *env, a, b *netio.Conn) (first string){
		"nothing": func(e *env, a, b *netio.Conn) string { return "" },
		"armed": func(e *env, a, b *netio.Conn) string {
			e.write(a, "x")
			e.equal(e.recv(b), "x")
			e.settle()
			return ""
		},
		"chunks": func(e *env, a, b *netio.Conn) string {
			e.write(a, "x")
			e.equal(e.recv(b), "x")
			op := b.Recv()
			op.Poll(e.task)
			e.equal(op.Cancel(e.task, true), true)
			for _, s := range []string{"ab", "cd", "ef"} {
				e.write(a, s)
				e.settle()
			}
			e.equal(e.read(b, 1), "a")
			return "bcdef"
		},
		"stash": func(e *env, a, b *netio.Conn) string {
			op := b.Read(make([]byte, 3))
			lose(e, &op, func() { e.write(a, "abcdef") })
			return "abcdef"
		},
		"lent": func(e *env, a, b *netio.Conn) string {
			e.write(a, "gone")
			e.equal(e.recv(b), "gone")
			e.write(a, "here")
			e.settle()
			return "here"
		},
	}
	for name, f := range prepare {
		t.Run(name, func(t *testing.T) {
			onKernel(t, func(e *env) {
				for _, copied := range []bool{false, true} {
					a, b := e.pair()
					first := f(e, a, b)
					nc, err := b.NetConn(e.task)
					e.check(err)
					e.is(b.Close().Await(e.task), net.ErrClosed)
					e.write(a, "next")
					if copied {
						e.close(a)
						var got strings.Builder
						e.check(e.elsewhere(func() error {
							nc.SetReadDeadline(time.Now().Add(10 * time.Second))
							_, err := io.Copy(&got, nc)
							return err
						}))
						e.equal(got.String(), first+"next")
					} else {
						e.equal(e.netRead(nc, len(first)+4), first+"next")
						nc.Write([]byte("back"))
						e.equal(e.read(a, 4), "back")
						e.check(nc.(interface{ CloseWrite() error }).CloseWrite())
						e.wantEOF(a)
						e.close(a)
						e.equal(e.netReadErr(nc), io.EOF)
					}
					nc.Close()
				}
			})
		})
	}
}

// There and back again, with bytes under way.
func TestNetConnAndBack(t *testing.T) {
	onKernel(t, func(e *env) {
		a, b := e.pair()
		for range 5 {
			e.write(a, "12")
			e.equal(e.recv(b), "12")
			e.settle()
			e.write(a, "34")
			e.settle()
			nc, err := b.NetConn(e.task)
			e.check(err)
			e.write(a, "56")
			b, err = netio.FromNetConn(e.task, nc)
			e.check(err)
			e.equal(e.read(b, 4), "3456")
		}
		e.close(a, b)
	})
}

func TestNetConnInUse(t *testing.T) {
	onKernel(t, func(e *env) {
		a, b := e.pair()
		reader := e.spawn(func(e *env) { e.equal(e.read(b, 2), "ok") })
		if _, err := b.NetConn(e.task); err == nil {
			e.Error("a connection with a read in flight was handed over")
		}
		e.write(a, "ok")
		e.check(reader.Await(e.task))
		n := e.fill(b)
		writer := e.spawn(func(e *env) {
			_, err := b.Write(pattern(n, e.tooMuch())).Await(e.task)
			e.is(err, net.ErrClosed)
		})
		if _, err := b.NetConn(e.task); err == nil {
			e.Error("a connection with a write in flight was handed over")
		}
		e.close(b)
		e.check(writer.Await(e.task))
		_, err := b.NetConn(e.task)
		e.is(err, net.ErrClosed)
		_, err = b.File(e.task)
		e.is(err, net.ErrClosed)
		e.close(a)
	})
}

// duringNetConn hands a connection over to which the peer sends, and has another task do
// something with it while that waits for the driver, if it does.
func duringNetConn(e *env, sends func(peer net.Conn), meanwhile func(e *env, b *netio.Conn)) (peer, nc net.Conn, err error) {
	peer, q := e.netPair()
	b, err := netio.FromNetConn(e.task, q)
	e.check(err)
	peer.Write([]byte("x"))
	e.equal(e.recv(b), "x") // and the driver goes on receiving
	e.settle()
	begun := false
	other := e.spawn(func(e *env) {
		for !begun {
			e.yield()
		}
		meanwhile(e, b)
	})
	sends(peer)
	begun = true
	nc, err = b.NetConn(e.task)
	e.check(other.Await(e.task))
	return peer, nc, err
}

// Of a Close and a NetConn only one has the connection.
func TestNetConnClosedMeanwhile(t *testing.T) {
	onKernel(t, func(e *env) {
		var closed error
		peer, nc, err := duringNetConn(e,
			func(peer net.Conn) { peer.Write([]byte("bytes")) },
			func(e *env, b *netio.Conn) { closed = b.Close().Await(e.task) })
		if closed == nil {
			e.is(err, net.ErrClosed)
			if err := e.netReadErr(peer); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
				e.Errorf("the connection lives on: %v", err)
			}
		} else {
			e.check(err)
			e.is(closed, net.ErrClosed)
			e.equal(e.netRead(nc, 5), "bytes")
			nc.Close()
		}
		peer.Close()
	})
}

// A deadline that passes meanwhile is one of reads, and not of handing over: what the
// driver receives until it has stopped goes along.
func TestNetConnDeadlineMeanwhile(t *testing.T) {
	onKernel(t, func(e *env) {
		const n = 100
		for range 50 {
			var sent sync.WaitGroup
			peer, nc, err := duringNetConn(e,
				func(peer net.Conn) {
					sent.Go(func() {
						for i := range n {
							peer.Write(pattern(i, 1))
						}
					})
				},
				func(e *env, b *netio.Conn) { b.SetReadDeadline(time.Unix(1, 0)).Await(e.task) })
			e.check(err)
			e.same([]byte(e.netRead(nc, n)), 0)
			sent.Wait()
			nc.Close()
			peer.Close()
		}
	})
}

func TestFile(t *testing.T) {
	onKernel(t, func(e *env) {
		a, b := e.pair()
		f, err := b.File(e.task)
		e.check(err)
		e.close(b)
		_, err = f.Write([]byte("still open"))
		e.check(err)
		e.equal(e.read(a, 10), "still open")
		e.check(f.Close())
		e.wantEOF(a)
		e.close(a)
	})
}

func TestHandoverElsewhere(t *testing.T) {
	onTwoLoops(t, func(e *env, other *rondo.Loop) {
		a, b := e.pair()
		e.check(e.there(other, func(e *env) {
			if _, err := b.NetConn(e.task); err == nil {
				e.Error("a connection was handed over by another loop")
			}
			if _, err := b.File(e.task); err == nil {
				e.Error("a file was made by another loop")
			}
		}).Await(e.task))
		e.close(a, b)
	})
	worlds()[0].run(t, func(e *env) {
		a, b := e.pair()
		_, err := a.NetConn(e.task)
		e.is(err, errors.ErrUnsupported)
		_, err = a.File(e.task)
		e.is(err, errors.ErrUnsupported)
		p, q := e.netPair()
		_, err = netio.FromNetConn(e.task, p)
		e.is(err, errors.ErrUnsupported)
		_, err = p.Write([]byte("x")) // is still as it was
		e.check(err)
		p.Close()
		q.Close()
		e.close(a, b)
	})
}

// A goroutine uses what a task handed over, and the reverse.
func TestHandoverToGoroutine(t *testing.T) {
	onKernel(t, func(e *env) {
		a, b := e.pair()
		nc, err := b.NetConn(e.task)
		e.check(err)
		e.check(e.elsewhere(func() error {
			defer nc.Close()
			if _, err := a.Write([]byte("question")).Wait(context.Background()); err != nil {
				return err
			}
			buf := make([]byte, 8)
			if _, err := io.ReadFull(nc, buf); err != nil {
				return err
			}
			_, err := nc.Write([]byte("answer"))
			return err
		}))
		e.equal(e.read(a, 6), "answer")
		e.close(a)
	})
}
