package websocket

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
	"unsafe"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/asynctest"
	"rondo.dev/rondo/future"
	"rondo.dev/rondo/netio/netiotest"
	"rondo.dev/rondo/web/websocket/internal/wire"
)

// ends are the two ends of a connection in memory.
type ends struct {
	client, server   *Conn
	clientIO, peerIO *netiotest.End
}

// connect makes them; size is how much each direction holds.
func connect(e *asynctest.Executor, size int, opts Options) *ends {
	p := &place{exec: e.Executor()}
	a, b := netiotest.Duplex(e.Executor(), size)
	d := wire.Deflate{On: !opts.NoCompression, Window: 1 << 20}
	return &ends{
		client:   newConn(a, p, nil, &opts, true, d, ""),
		server:   newConn(b, p, nil, &opts, false, d, ""),
		clientIO: a, peerIO: b,
	}
}

// checkIdle fails the test unless a connection holds nothing.
func checkIdle(t *testing.T, name string, c *Conn) {
	t.Helper()
	if c.in != nil || c.out != nil {
		t.Errorf("the %s holds %+v, %+v", name, c.in, c.out)
	}
}

// run runs f as a task, to its end.
func run(t *testing.T, e *asynctest.Executor, f func(t *async.Task) error) {
	t.Helper()
	r := asynctest.Go(e, func(t *async.Task) (struct{}, error) { return struct{}{}, f(t) })
	e.Advance(time.Hour)
	if !r.Done {
		t.Fatal("the task has not ended")
	}
	if r.Err != nil {
		t.Fatal(r.Err)
	}
}

func is(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("got error %v, want %v", err, want)
	}
}

// echo sends back what it receives, until the end.
func echo(t *async.Task, c *Conn) error {
	for {
		m, err := c.Receive().Await(t)
		if err != nil {
			return err
		}
		if _, err := c.Send(m.Kind, m.Data).Await(t); err != nil {
			return err
		}
	}
}

func TestSize(t *testing.T) {
	if n := unsafe.Sizeof(Conn{}); unsafe.Sizeof(uintptr(0)) == 8 && n > 96 {
		t.Errorf("a Conn has %d bytes", n)
	}
	if n := unsafe.Sizeof(upgraded{}); unsafe.Sizeof(uintptr(0)) == 8 && n > 128 {
		t.Errorf("one with its function has %d", n)
	}
}

func TestEcho(t *testing.T) {
	for _, opts := range []Options{{}, {NoCompression: true}} {
		for _, size := range []int{1, 7, 100, 1 << 20} {
			t.Run(fmt.Sprintf("%v,%d", !opts.NoCompression, size), func(t *testing.T) {
				e := asynctest.New(t)
				x := connect(e, size, opts)
				served := asynctest.Go(e, func(t *async.Task) (struct{}, error) {
					err := echo(t, x.server)
					return struct{}{}, errors.Join(err, x.server.Close().Await(t))
				})
				run(t, e, func(task *async.Task) error {
					for _, n := range []int{0, 1, 125, 126, 127, 128, 65535, 65536, 100_000} {
						if size == 1 && n > 1000 {
							continue
						}
						want := bytes.Repeat([]byte("abcdefg"), n/7+1)[:n]
						if k, err := x.client.Send(Text, want).Await(task); k != n || err != nil {
							return fmt.Errorf("sent %d, %w", k, err)
						}
						m, err := x.client.Receive().Await(task)
						if err != nil {
							return err
						}
						if m.Kind != Text || !bytes.Equal(m.Data, want) {
							t.Errorf("%d bytes came back as %v, %d", n, m.Kind, len(m.Data))
						}
					}
					waits := task.Go(func(t *async.Task) error {
						_, err := x.client.Receive().Await(t)
						return err
					})
					async.Yield(task)
					checkIdle(t, "client", x.client)
					checkIdle(t, "server", x.server)
					if err := x.client.CloseWith(4000, "enough").Await(task); err != nil {
						return err
					}
					var end *CloseError
					if err := waits.Await(task); !errors.As(err, &end) || end.Code != 4000 {
						t.Errorf("the client's receive ended with %v", err)
					}
					return nil
				})
				var end *CloseError
				if !errors.As(served.Err, &end) || *end != (CloseError{4000, "enough"}) {
					t.Errorf("the server ended with %v", served.Err)
				}
				if x.clientIO.InFlight()+x.peerIO.InFlight() > 0 {
					t.Error("operations are left")
				}
			})
		}
	}
}

// What does not become smaller is sent as it is; and a peer that has compressed it may do so
// up to the limit.
func TestIncompressible(t *testing.T) {
	const size = 100_000
	e := asynctest.New(t)
	x := connect(e, 1<<20, Options{MaxMessage: size})
	want := make([]byte, size)
	rand.NewChaCha8([32]byte{}).Read(want)
	run(t, e, func(task *async.Task) error {
		if _, err := x.server.Send(Binary, want).Await(task); err != nil {
			return err
		}
		b, err := x.clientIO.Recv().Await(task)
		if len(b) == 0 || b[0] != fin|byte(wire.Binary) {
			t.Errorf("the frame begins with %.1x, %v", b, err)
		}
		if _, err := x.clientIO.Write(fr(fin|rsv1|byte(wire.Binary), zip(string(want)))).Await(task); err != nil {
			return err
		}
		m, err := x.server.Receive().Await(task)
		if !bytes.Equal(m.Data, want) || err != nil {
			t.Errorf("%d bytes came back, %v", len(m.Data), err)
		}
		return x.server.CloseNow().Await(task)
	})
}

// TestSends: messages of several tasks are not mixed, and pings come between them.
func TestSends(t *testing.T) {
	e := asynctest.New(t)
	x := connect(e, 10, Options{NoCompression: true})
	run(t, e, func(task *async.Task) error {
		const tasks, each = 5, 10
		for i := range tasks {
			task.Go(func(t *async.Task) error {
				for j := range each {
					text := strings.Repeat(string(rune('a'+i)), 1+j*20)
					if _, err := x.server.Send(Text, []byte(text)).Await(t); err != nil {
						return err
					}
				}
				return nil
			})
		}
		pings := task.Go(func(t *async.Task) error {
			for range 5 {
				if err := x.client.Ping().Await(t); err != nil {
					return err
				}
			}
			return nil
		})
		hears := task.Go(func(t *async.Task) error {
			_, err := x.server.Receive().Await(t)
			return err
		})
		for range tasks * each {
			m, err := x.client.Receive().Await(task)
			if err != nil {
				return err
			}
			if s := string(m.Data); s != strings.Repeat(s[:1], len(s)) {
				t.Errorf("mixed: %q", s)
			}
		}
		waits := task.Go(func(t *async.Task) error {
			_, err := x.client.Receive().Await(t)
			return err
		})
		if err := pings.Await(task); err != nil {
			return err
		}
		is(t, x.client.Close().Await(task), nil)
		is(t, hears.Await(task), io.EOF)
		is(t, waits.Await(task), io.EOF)
		is(t, x.server.Close().Await(task), nil)
		return nil
	})
}

// TestLosesNothing sends and receives with operations that lose and are cancelled.
func TestLosesNothing(t *testing.T) {
	for seed := range uint64(200) {
		e := asynctest.New(t)
		rng := rand.New(rand.NewPCG(seed, 0))
		x := connect(e, 1+rng.IntN(300), Options{NoCompression: seed%2 == 0})
		from, to := x.client, x.server
		if seed%4 < 2 {
			from, to = to, from
		}
		some := func(t *async.Task) (*async.Task, func()) {
			scope, cancel := t.WithCancel()
			n := rng.IntN(6)
			child := t.Go(func(t *async.Task) error {
				for range n {
					async.Yield(t)
				}
				cancel(asynctest.ErrTest)
				return nil
			})
			return scope, func() { child.Await(t) }
		}
		const messages = 20
		asynctest.Go(e, func(t *async.Task) (struct{}, error) {
			for i := 0; i < messages; {
				data := []byte(strings.Repeat(fmt.Sprintf("%d;", i), 1+rng.IntN(100)))
				scope, done := some(t)
				n, err := from.Send(Text, data).Await(scope)
				done()
				if err == nil && n != len(data) || err != nil && n != 0 {
					panic(fmt.Sprint("sent ", n, err))
				}
				if err == nil {
					i++
				}
			}
			return struct{}{}, nil
		})
		// What a cancelled send has left goes as the connection is used.
		asynctest.Go(e, func(t *async.Task) (struct{}, error) {
			_, err := from.Receive().Await(t)
			from.Close().Await(t)
			return struct{}{}, err
		})
		run(t, e, func(t *async.Task) error {
			for i := 0; i < messages; {
				var m Message
				var err error
				if rng.IntN(2) == 0 {
					scope, done := some(t)
					m, err = to.Receive().Await(scope)
					if errors.Is(err, asynctest.ErrTest) {
						done()
						continue
					}
					m.Data = bytes.Clone(m.Data)
					done()
				} else {
					one, two := to.Receive(), to.Receive()
					var r future.Either[Message, Message]
					r, err = async.Await(t, future.Select(&one, &two))
					m = r.A
					if r.A.Kind == 0 {
						m = r.B
					}
				}
				if err != nil {
					return err
				}
				part := fmt.Sprintf("%d;", i)
				if s := string(m.Data); s != strings.Repeat(part, len(s)/len(part)) || s == "" {
					return fmt.Errorf("seed %d: message %d is %q", seed, i, s)
				}
				i++
			}
			return to.Close().Await(t)
		})
		if n := x.clientIO.InFlight() + x.peerIO.InFlight(); n > 0 {
			t.Fatalf("seed %d: %d in flight", seed, n)
		}
	}
}
