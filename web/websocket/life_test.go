package websocket

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/asynctest"
	"rondo.dev/rondo/channel"
	"rondo.dev/rondo/internal/testworld"
	"rondo.dev/rondo/netio"
	"rondo.dev/rondo/netio/netiotest"
	"rondo.dev/rondo/web/websocket/internal/wire"
)

// scripted is a server's connection whose client is a script.
func scripted(t *testing.T, e *asynctest.Executor, opts Options, script func(s *netiotest.Script)) *Conn {
	t.Helper()
	s := netiotest.NewScript(t, e.Executor())
	script(s)
	return newConn(s, &place{exec: e.Executor()}, nil, &opts, false, wire.Deflate{}, "")
}

func TestKeepalive(t *testing.T) {
	opts := Options{PingEvery: time.Minute, PongWithin: 10 * time.Second, NoCompression: true}
	t.Run("answered", func(t *testing.T) {
		e := asynctest.New(t)
		c := scripted(t, e, opts, func(s *netiotest.Script) {
			s.Writes("\x89\x00").Waits(9 * time.Second).Reads(string(pong(""))).
				Writes("\x89\x00").Waits(9 * time.Second).Reads(string(text("late"))).
				Writes("\x88\x02\x03\xe8").Reads(string(done))
		})
		run(t, e, func(t *async.Task) error {
			m, err := c.Receive().Await(t)
			if string(m.Data) != "late" || err != nil {
				return errors.Join(err, errors.New(string(m.Data)))
			}
			if passed := e.Now(); passed < 2*time.Minute || passed > 3*time.Minute {
				return errors.New(passed.String())
			}
			// Without a Receive there is nobody to listen to an answer.
			if err := async.Sleep(10 * time.Minute).Await(t); err != nil {
				return err
			}
			return c.Close().Await(t)
		})
	})
	t.Run("not answered", func(t *testing.T) {
		e := asynctest.New(t)
		c := scripted(t, e, opts, func(s *netiotest.Script) { s.Writes("\x89\x00").Waits(10 * time.Minute) })
		run(t, e, func(task *async.Task) error {
			_, err := c.Receive().Await(task)
			is(t, err, os.ErrDeadlineExceeded)
			if passed := e.Now(); passed < 70*time.Second || passed > 80*time.Second {
				t.Error(passed)
			}
			_, err = c.Send(Text, []byte("x")).Await(task)
			is(t, err, os.ErrDeadlineExceeded)
			is(t, c.Close().Await(task), os.ErrDeadlineExceeded)
			return async.Sleep(20 * time.Minute).Await(task)
		})
	})
	t.Run("amid a message that the peer takes", func(t *testing.T) {
		e := asynctest.New(t)
		x := connect(e, 1000, opts)
		run(t, e, func(task *async.Task) error {
			sends := task.Go(func(t *async.Task) error {
				_, err := x.server.Send(Binary, make([]byte, 200_000)).Await(t)
				return err
			})
			peer := task.Go(func(t *async.Task) error {
				for {
					b, err := x.clientIO.Recv().Await(t)
					if err != nil {
						return err
					}
					if bytes.HasSuffix(b, []byte("\x89\x00")) {
						_, err := x.clientIO.Write(text("here")).Await(t)
						return err
					}
					if err := async.Sleep(time.Second).Await(t); err != nil {
						return err
					}
				}
			})
			m, err := x.server.Receive().Await(task)
			if string(m.Data) != "here" || err != nil {
				t.Errorf("after %v: got %q, %v", e.Now(), m.Data, err)
			}
			return errors.Join(x.server.CloseNow().Await(task), peer.Await(task), sends.Await(task))
		})
	})
	t.Run("amid a message that the peer does not take", func(t *testing.T) {
		e := asynctest.New(t)
		x := connect(e, 1000, opts)
		run(t, e, func(task *async.Task) error {
			sends := task.Go(func(task *async.Task) error {
				_, err := x.server.Send(Binary, make([]byte, 200_000)).Await(task)
				is(t, err, net.ErrClosed)
				return nil
			})
			_, err := x.server.Receive().Await(task)
			is(t, err, os.ErrDeadlineExceeded)
			if passed := e.Now(); passed < 70*time.Second || passed > 80*time.Second {
				t.Error(passed)
			}
			is(t, x.server.CloseNow().Await(task), nil)
			return sends.Await(task)
		})
	})
}

func TestPing(t *testing.T) {
	e := asynctest.New(t)
	x := connect(e, 100, Options{})
	run(t, e, func(task *async.Task) error {
		short, stop := task.WithTimeout(time.Minute)
		defer stop()
		is(t, x.client.Ping().Await(short), os.ErrDeadlineExceeded) // nobody receives
		server := task.Go(func(t *async.Task) error { return echo(t, x.server) })
		client := task.Go(func(t *async.Task) error {
			_, err := x.client.Receive().Await(t)
			return err
		})
		for range 3 {
			if err := x.client.Ping().Await(task); err != nil {
				return err
			}
		}
		waits := task.Go(func(t *async.Task) error {
			async.Yield(t)
			return x.client.Close().Await(t)
		})
		is(t, server.Await(task), io.EOF)
		is(t, x.client.Ping().Await(task), net.ErrClosed)
		is(t, x.server.Close().Await(task), nil)
		is(t, client.Await(task), io.EOF)
		is(t, waits.Await(task), nil)
		is(t, x.server.Ping().Await(task), net.ErrClosed)
		return nil
	})
	checkIdle(t, "client", x.client)
}

// A peer that asks and takes no answer makes nothing grow.
func TestPingFlood(t *testing.T) {
	e := asynctest.New(t)
	x := connect(e, 300, Options{})
	raw := x.clientIO
	asynctest.Go(e, func(t *async.Task) (struct{}, error) {
		for i := range 10_000 {
			if _, err := raw.Write(ping(strings.Repeat("x", 100+i%25))).Await(t); err != nil {
				return struct{}{}, err
			}
		}
		_, err := raw.Write(text("end")).Await(t)
		return struct{}{}, err
	})
	run(t, e, func(t *async.Task) error {
		m, err := x.server.Receive().Await(t)
		if string(m.Data) != "end" || err != nil {
			return errors.Join(err, errors.New(string(m.Data)))
		}
		out := x.server.out
		if n := len(out.ready) + len(out.sending) + len(out.pong); n > 1000 {
			return errors.New("too much is kept")
		}
		return x.server.CloseNow().Await(t)
	})
}

func TestClosing(t *testing.T) {
	within := Options{CloseWithin: time.Second}
	t.Run("the peer does not answer", func(t *testing.T) {
		e := asynctest.New(t)
		c := scripted(t, e, within, func(s *netiotest.Script) { s.Writes("\x88\x05\x0f\xa0bye").Waits(10 * time.Minute) })
		run(t, e, func(task *async.Task) error {
			waits := task.Go(func(t *async.Task) error {
				_, err := c.Receive().Await(t)
				return err
			})
			async.Yield(task)
			is(t, c.CloseWith(4000, "bye").Await(task), os.ErrDeadlineExceeded)
			is(t, waits.Await(task), net.ErrClosed)
			is(t, c.Close().Await(task), net.ErrClosed)
			_, err := c.Receive().Await(task)
			is(t, err, net.ErrClosed)
			_, err = c.Send(Text, nil).Await(task)
			is(t, err, net.ErrClosed)
			if e.Now() > 2*time.Second {
				t.Error(e.Now())
			}
			return async.Sleep(20 * time.Minute).Await(task)
		})
	})
	t.Run("the peer takes nothing", func(t *testing.T) {
		e := asynctest.New(t)
		x := connect(e, 10, within)
		run(t, e, func(task *async.Task) error {
			var sends []*async.Child
			for range 3 {
				sends = append(sends, task.Go(func(t *async.Task) error {
					_, err := x.server.Send(Binary, random2(100)).Await(t)
					return err
				}))
			}
			async.Yield(task)
			closes := task.Go(func(t *async.Task) error { return x.server.Close().Await(t) })
			async.Yield(task)
			sends = append(sends, task.Go(func(t *async.Task) error {
				_, err := x.server.Send(Text, nil).Await(t)
				return err
			}))
			is(t, closes.Await(task), os.ErrDeadlineExceeded)
			for _, s := range sends {
				is(t, s.Await(task), net.ErrClosed)
			}
			return nil
		})
	})
	t.Run("a deadline of the transport's has passed", func(t *testing.T) {
		e := asynctest.New(t)
		c := scripted(t, e, within, func(s *netiotest.Script) {
			s.Writes("\x88\x02\x03\xe8").Reads(string(done))
		})
		run(t, e, func(t *async.Task) error {
			if err := c.stream.SetWriteDeadline(time.Now().Add(-time.Second)).Await(t); err != nil {
				return err
			}
			return c.Close().Await(t)
		})
	})
	t.Run("messages that come meanwhile are dropped", func(t *testing.T) {
		e := asynctest.New(t)
		c := scripted(t, e, within, func(s *netiotest.Script) {
			s.Writes("\x88\x02\x03\xe8").Reads(string(join(text("a"), first("b"), ping("c"), last("d"), done)))
		})
		run(t, e, func(t *async.Task) error { return c.Close().Await(t) })
	})
	t.Run("or go to who receives", func(t *testing.T) {
		e := asynctest.New(t)
		c := scripted(t, e, within, func(s *netiotest.Script) {
			s.Writes("\x88\x02\x03\xe8").Reads(string(join(text("a"), text("b"), done)))
		})
		run(t, e, func(task *async.Task) error {
			var got []string
			waits := task.Go(func(t *async.Task) error {
				for {
					m, err := c.Receive().Await(t)
					if err != nil {
						return err
					}
					got = append(got, string(m.Data))
				}
			})
			async.Yield(task)
			is(t, c.Close().Await(task), nil)
			is(t, waits.Await(task), io.EOF)
			if strings.Join(got, "") != "ab" {
				t.Errorf("got %q", got)
			}
			return nil
		})
	})
	t.Run("now", func(t *testing.T) {
		e := asynctest.New(t)
		c := scripted(t, e, Options{CloseWithin: time.Hour}, func(s *netiotest.Script) { s.Writes("\x88\x02\x03\xe8").Waits(10 * time.Minute) })
		run(t, e, func(task *async.Task) error {
			closes := task.Go(func(t *async.Task) error { return c.Close().Await(t) })
			async.Sleep(2 * time.Minute).Await(task)
			is(t, c.CloseNow().Await(task), net.ErrClosed)
			is(t, closes.Await(task), os.ErrDeadlineExceeded)
			if e.Now() > 5*time.Minute {
				t.Error(e.Now())
			}
			return async.Sleep(20 * time.Minute).Await(task)
		})
	})
	t.Run("what can't be said", func(t *testing.T) {
		e := asynctest.New(t)
		c := scripted(t, e, within, func(s *netiotest.Script) {
			s.Reads(string(bye("\x03\xe9"))).Writes("\x88\x02\x03\xe9")
		})
		run(t, e, func(task *async.Task) error {
			for _, code := range []Code{0, 999, 1006, 1004, 5000} {
				if err := c.CloseWith(code, "").Await(task); err == nil {
					t.Errorf("closed with %d", code)
				}
			}
			for _, reason := range []string{"\xff", strings.Repeat("x", 124)} {
				if err := c.CloseWith(1000, reason).Await(task); err == nil {
					t.Errorf("closed with %q", reason)
				}
			}
			_, err := c.Receive().Await(task)
			is(t, err, io.EOF)
			_, err = c.Send(Text, nil).Await(task)
			is(t, err, io.EOF)
			return c.Close().Await(task)
		})
	})
	t.Run("the stream ends", func(t *testing.T) {
		e := asynctest.New(t)
		c := scripted(t, e, within, func(s *netiotest.Script) { s.Reads("\x81").ReadFails(io.EOF).Writes("\x88\x02\x03\xe8") })
		run(t, e, func(task *async.Task) error {
			for range 2 {
				_, err := c.Receive().Await(task)
				is(t, err, io.ErrUnexpectedEOF)
			}
			is(t, c.Close().Await(task), io.ErrUnexpectedEOF)
			return nil
		})
	})
	t.Run("the transport fails", func(t *testing.T) {
		e := asynctest.New(t)
		c := scripted(t, e, within, func(s *netiotest.Script) {
			s.WriteFails(asynctest.ErrTest).ReadFails(io.ErrNoProgress)
		})
		run(t, e, func(task *async.Task) error {
			for range 2 {
				_, err := c.Send(Text, nil).Await(task)
				is(t, err, asynctest.ErrTest)
			}
			for range 2 {
				_, err := c.Receive().Await(task)
				is(t, err, io.ErrNoProgress)
			}
			is(t, c.Close().Await(task), io.ErrNoProgress)
			return nil
		})
	})
}

// random2 are bytes that do not compress.
func random2(n int) []byte { return []byte(random(n)) }

// A message that one task has is not spoilt by another that closes, and does not keep that
// from hearing the peer. What comes behind it is dropped.
func TestCloseByAnother(t *testing.T) {
	for name, message := range map[string][]byte{
		"as a whole": text("keep me"),
		"in parts":   join(first("keep "), last("me")),
	} {
		t.Run(name, func(t *testing.T) {
			e := asynctest.New(t)
			c := scripted(t, e, Options{CloseWithin: 10 * time.Minute}, func(s *netiotest.Script) {
				s.Reads(string(join(message, text("not me")))).Writes("\x88\x02\x03\xe8").Reads(string(join(first("nor me"), last(""), done)))
			})
			run(t, e, func(task *async.Task) error {
				reader := task.Go(func(task *async.Task) error {
					m, err := c.Receive().Await(task)
					if err != nil {
						return err
					}
					async.Sleep(time.Minute).Await(task)
					if string(m.Data) != "keep me" {
						t.Errorf("it has become %q", m.Data)
					}
					_, err = c.Receive().Await(task)
					is(t, err, net.ErrClosed)
					return nil
				})
				async.Sleep(time.Second).Await(task)
				is(t, c.Close().Await(task), nil)
				if e.Now() > time.Minute {
					t.Error("the close has waited for who has the message")
				}
				return reader.Await(task)
			})
		})
	}
}

// talk has another connection use all memory that is free.
func talk(e *testworld.Env, x, y *netio.Conn) {
	for range 300 {
		_, err := x.Write([]byte("of another connection")).Await(e.Task)
		e.Check(err)
		_, err = y.Recv().Await(e.Task)
		e.Check(err)
	}
}

// Nor does it become another connection's.
func TestCloseBesideLentChunk(t *testing.T) {
	testworld.OnEach(t, func(e *testworld.Env) {
		a, b := e.Pair()
		x, y := e.Pair()
		c := newConn(b, placeOf(b.Home()), nil, &defaults, false, wire.Deflate{}, "")
		_, err := a.Write(text("keep me")).Await(e.Task)
		e.Check(err)
		has, closed := false, new(channel.Oneshot[bool])
		reader := e.Spawn(func(e *testworld.Env) {
			m, err := c.Receive().Await(e.Task)
			e.Check(err)
			has = true
			_, err = closed.Recv().Await(e.Task)
			e.Check(err)
			e.Equal(string(m.Data), "keep me")
		})
		for !has {
			e.Check(async.Yield(e.Task))
		}
		_, err = a.Write(done).Await(e.Task)
		e.Check(err)
		e.Check(c.Close().Await(e.Task))
		talk(e, x, y)
		e.Check(closed.Send(true))
		e.Check(reader.Await(e.Task))
		e.Check(errors.Join(a.Close().Await(e.Task), x.Close().Await(e.Task), y.Close().Await(e.Task)))
	})
}

// A message of one task's does not become another connection's bytes when the task closes
// that has received the chunk they came in, or when that has ended and a third one closes.
func TestMessageOfAnothersChunk(t *testing.T) {
	for name, ended := range map[string]bool{"the first closes": false, "the first has ended": true} {
		t.Run(name, func(t *testing.T) {
			testworld.OnEach(t, func(e *testworld.Env) {
				a, b := e.Pair()
				x, y := e.Pair()
				c := newConn(b, placeOf(b.Home()), nil, &defaults, false, wire.Deflate{}, "")
				_, err := a.Write(join(text("first"), text("second"))).Await(e.Task)
				e.Check(err)
				receive := func(t *async.Task) (string, []byte) {
					m, err := c.Receive().Await(t)
					e.Check(err)
					return string(m.Data), m.Data
				}
				first := func(t *async.Task) error {
					got, _ := receive(t)
					e.Equal(got, "first")
					return nil
				}
				if ended {
					e.Check(e.Task.Go(first).Await(e.Task))
				} else {
					e.Check(first(e.Task))
				}
				has, closed := false, new(channel.Oneshot[bool])
				second := e.Spawn(func(e *testworld.Env) {
					got, data := receive(e.Task)
					e.Equal(got, "second")
					has = true
					_, err := closed.Recv().Await(e.Task)
					e.Check(err)
					e.Equal(string(data), "second")
				})
				for !has {
					e.Check(async.Yield(e.Task))
				}
				e.Check(c.CloseNow().Await(e.Task))
				talk(e, x, y)
				e.Check(closed.Send(true))
				e.Check(second.Await(e.Task))
				e.Check(errors.Join(a.Close().Await(e.Task), x.Close().Await(e.Task), y.Close().Await(e.Task)))
			})
		})
	}
}

// Deadlines of the transport lose nothing.
func TestTransportDeadlines(t *testing.T) {
	e := asynctest.New(t)
	x := connect(e, 50, Options{NoCompression: true})
	want := random2(400)
	run(t, e, func(task *async.Task) error {
		if err := x.clientIO.SetDeadline(time.Now().Add(time.Second)).Await(task); err != nil {
			return err
		}
		_, err := x.client.Receive().Await(task)
		is(t, err, os.ErrDeadlineExceeded)
		// The first is taken, and goes later.
		_, err = x.client.Send(Binary, want).Await(task)
		is(t, err, nil)
		_, err = x.client.Send(Binary, want).Await(task)
		is(t, err, os.ErrDeadlineExceeded)
		if err := x.clientIO.SetDeadline(time.Time{}).Await(task); err != nil {
			return err
		}
		client := task.Go(func(t *async.Task) error {
			_, err := x.client.Receive().Await(t)
			return err
		})
		m, err := x.server.Receive().Await(task)
		if !bytes.Equal(m.Data, want) || err != nil {
			t.Errorf("got %d bytes, %v", len(m.Data), err)
		}
		is(t, errors.Join(x.server.Close().Await(task)), nil)
		is(t, client.Await(task), io.EOF)
		return x.client.Close().Await(task)
	})
}

// A deadline of the transport's that has passed for what an earlier Send has left, and was
// taken away since, is not a later Send's.
func TestDeadlineOfBefore(t *testing.T) {
	e := asynctest.New(t)
	x := connect(e, 50, Options{NoCompression: true})
	long := random2(400)
	run(t, e, func(task *async.Task) error {
		if err := x.peerIO.SetWriteDeadline(time.Now().Add(2 * time.Second)).Await(task); err != nil {
			return err
		}
		short, stop := task.WithTimeout(time.Second)
		defer stop()
		n, err := x.server.Send(Binary, long).Await(short)
		if n != len(long) || err != nil {
			t.Errorf("the first: %d, %v", n, err)
		}
		if err := async.Sleep(time.Minute).Await(task); err != nil {
			return err
		}
		if err := x.peerIO.SetWriteDeadline(time.Time{}).Await(task); err != nil {
			return err
		}
		peer := task.Go(func(task *async.Task) error {
			for _, want := range []string{string(long), "short"} {
				m, err := x.client.Receive().Await(task)
				if string(m.Data) != want || err != nil {
					t.Errorf("got %d bytes, %v", len(m.Data), err)
				}
			}
			return nil
		})
		_, err = x.server.Send(Text, []byte("short")).Await(task)
		is(t, err, nil)
		return errors.Join(peer.Await(task), x.server.CloseNow().Await(task), x.client.CloseNow().Await(task))
	})
}

// A send that loses before it has begun is sent when it is awaited again, and one that
// has begun is not sent twice.
func TestLosingSend(t *testing.T) {
	for _, data := range []string{"", "a", strings.Repeat("ab", 300)} {
		for _, c := range []struct {
			size    int
			blocked bool
		}{{50, true}, {50, false}, {1, false}} {
			blocked := c.blocked
			e := asynctest.New(t)
			x := connect(e, c.size, Options{NoCompression: true})
			run(t, e, func(task *async.Task) error {
				var before *async.Child
				if blocked {
					before = task.Go(func(t *async.Task) error {
						_, err := x.server.Send(Text, random2(100)).Await(t)
						return err
					})
					async.Yield(task)
				}
				op := x.server.Send(Text, []byte(data))
				p := asynctest.NewPoller(e, &op)
				_, err, ready := p.Poll()
				if !ready && !p.Cancel(true) {
					if _, _, ready := p.Poll(); !ready {
						t.Error("a loser waits")
					}
				}
				reads := task.Go(func(task *async.Task) error {
					if blocked {
						if m, err := x.client.Receive().Await(task); len(m.Data) != 100 {
							return errors.Join(err, errors.New("lost"))
						}
					}
					m, err := x.client.Receive().Await(task)
					if string(m.Data) != data || err != nil {
						t.Errorf("%.10q, blocked %v: got %q, %v", data, blocked, m.Data, err)
					}
					_, err = x.client.Receive().Await(task)
					is(t, err, io.EOF)
					return x.client.Close().Await(task)
				})
				if !ready {
					var n int
					n, err = op.Await(task)
					if n != len(data) {
						t.Errorf("%.10q: sent %d, %v", data, n, err)
					}
				}
				is(t, err, nil)
				if before != nil {
					is(t, before.Await(task), nil)
				}
				is(t, x.server.Close().Await(task), nil)
				return reads.Await(task)
			})
		}
	}
}

// TestCancelEverywhere cancels a conversation at every place.
func TestCancelEverywhere(t *testing.T) {
	asynctest.CancelEverywhere(t, func(t *testing.T, e *asynctest.Executor) (func(*async.Task) error, func(error)) {
		x := connect(e, 150, Options{CloseWithin: time.Minute})
		var got []string
		served := asynctest.Go(e, func(t *async.Task) (struct{}, error) {
			defer x.server.Close().Await(t)
			for {
				m, err := x.server.Receive().Await(t)
				if err != nil {
					return struct{}{}, err
				}
				got = append(got, string(m.Data))
				if _, err := x.server.Send(m.Kind, m.Data).Await(t); err != nil {
					return struct{}{}, err
				}
			}
		})
		said := 0
		text := func(i int) string { return strings.Repeat(string(rune('a'+i)), 1+i*200) + random(i*50) }
		f := func(t *async.Task) error {
			defer x.client.Close().Await(t)
			pings := t.Go(func(t *async.Task) error { return x.client.Ping().Await(t) })
			for said < 4 {
				if _, err := x.client.Send(Text, []byte(text(said))).Await(t); err != nil {
					return err
				}
				said++
				if _, err := x.client.Receive().Await(t); err != nil {
					return err
				}
			}
			return pings.Await(t)
		}
		return f, func(err error) {
			e.Advance(time.Hour)
			if err != nil && !errors.Is(err, asynctest.ErrTest) {
				t.Errorf("ended with %v", err)
			}
			if !served.Done || !errors.Is(served.Err, io.EOF) {
				t.Errorf("the server: %v, %v", served.Done, served.Err)
			}
			if len(got) != said {
				t.Errorf("%d messages were sent, and %d came", said, len(got))
			}
			for i, s := range got {
				if s != text(i) {
					t.Errorf("message %d has become %q", i, s)
				}
			}
			if n := x.clientIO.InFlight() + x.peerIO.InFlight(); n > 0 {
				t.Errorf("%d operations are left", n)
			}
		}
	})
}
