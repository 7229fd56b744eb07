package tlsio_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/future"
	"rondo.dev/rondo/green"
	"rondo.dev/rondo/internal/testcert"
	"rondo.dev/rondo/internal/testworld"
	"rondo.dev/rondo/netio"
	"rondo.dev/rondo/netio/tlsio"
	"rondo.dev/rondo/timer"
)

var _ green.Stream = (*tlsio.Conn)(nil)

var errTest = errors.New("cancelled by the test")

// configs returns the two ends' configs, fresh for each test.
func configs(t testing.TB) (server, client *tls.Config, ca *testcert.Authority) {
	t.Helper()
	ca, err := testcert.New()
	if err != nil {
		t.Fatal(err)
	}
	cert, err := ca.Issue("server.test")
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{cert}}, &tls.Config{RootCAs: ca.Pool(), ServerName: "server.test"}, ca
}

// pair returns both ends of a TLS connection.
func pair(e *env) (client, server *tlsio.Conn) {
	e.Helper()
	forServer, forClient, _ := configs(e)
	a, b := e.Pair()
	return shake(e, a, forClient, b, forServer)
}

func shake(e *env, a *netio.Conn, forClient *tls.Config, b *netio.Conn, forServer *tls.Config) (client, server *tlsio.Conn) {
	e.Helper()
	accepting := async.Spawn(e.Task, func(t *async.Task) (*tlsio.Conn, error) { return e.server(forServer).Accept(t, b) })
	client, err := tlsio.Client(e.Task, a, forClient)
	e.Check(err)
	server, err = accepting.Await(e.Task)
	e.Check(err)
	return client, server
}

func closeAll(e *env, cs ...*tlsio.Conn) {
	e.Helper()
	for _, c := range cs {
		e.Check(c.Close().Await(e.Task))
	}
}

func pattern(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i ^ i>>8*31 ^ i>>16*17)
	}
	return b
}

// readAll reads to the end of the stream, by turns with Recv and with Reads of many
// sizes.
func readAll(t *async.Task, c *tlsio.Conn) (all []byte, err error) {
	for i := 0; ; i++ {
		if i%3 == 0 {
			b, err := c.Recv().Await(t)
			if err != nil {
				return all, eof(err)
			}
			all = append(all, b...)
			continue
		}
		b := make([]byte, 1+i*37%20_000)
		n, err := c.Read(b).Await(t)
		all = append(all, b[:n]...)
		if err != nil {
			return all, eof(err)
		}
	}
}

func eof(err error) error {
	if err == io.EOF {
		return nil
	}
	return err
}

// Both directions at the same time, with two tasks at each end, and more than fits
// between them.
func TestBothWays(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		t.Run(tls.VersionName(version), func(t *testing.T) {
			forServer, forClient, _ := configs(t)
			forClient.MaxVersion = version
			onEach(t, func(e *env) {
				a, b := e.Pair()
				client, server := shake(e, a, forClient, b, forServer)
				e.Equal(client.ConnectionState().Version, version)
				message := pattern(1 << 20)
				g := async.NewGroup(e.Task, 0)
				for _, c := range []*tlsio.Conn{client, server} {
					g.Go(func(t *async.Task) error {
						n, err := c.Write(message).Await(t)
						e.Equal(n, len(message))
						if err != nil {
							return err
						}
						return c.CloseWrite().Await(t)
					})
					g.Go(func(t *async.Task) error {
						all, err := readAll(t, c)
						if err == nil && !bytes.Equal(all, message) {
							e.Errorf("%d bytes came, not those that were sent", len(all))
						}
						return err
					})
				}
				e.Check(g.Wait(e.Task))
				_, err := client.Write([]byte("x")).Await(e.Task)
				if err == nil {
					e.Error("wrote after CloseWrite")
				}
				closeAll(e, client, server)
				e.Is(client.Close().Await(e.Task), net.ErrClosed)
				_, err = client.Recv().Await(e.Task)
				e.Is(err, net.ErrClosed)
				_, err = client.Write([]byte("x")).Await(e.Task)
				e.Is(err, net.ErrClosed)
			})
		})
	}
}

// A peer of crypto/tls's own, on goroutines, over a record layer that is cut to
// pieces: every chunk is a byte.
func TestBytewise(t *testing.T) {
	forServer, forClient, _ := configs(t)
	onEach(t, func(e *env) {
		a, b := e.Pair()
		peer := tls.Server(green.Conn(e.Task, b), forServer)
		message := pattern(500)
		answering := e.Task.Go(func(t *async.Task) error {
			got := make([]byte, len(message))
			if _, err := io.ReadFull(peer, got); err != nil {
				return err
			}
			for i := range got {
				if _, err := peer.Write(got[i : i+1]); err != nil {
					return err
				}
			}
			return peer.Close()
		})
		c, err := tlsio.Client(e.Task, a, forClient)
		e.Check(err)
		for i := range message {
			_, err := c.Write(message[i : i+1]).Await(e.Task)
			e.Check(err)
		}
		all, err := readAll(e.Task, c)
		e.Check(err)
		e.Check(answering.Await(e.Task))
		e.Equal(string(all), string(message))
		closeAll(e, c)
	})
}

// A Read that is cancelled, is out of time or has lost a Select at any moment, in the
// middle of records too, loses nothing.
func TestInterruptedReadsLoseNothing(t *testing.T) {
	onEach(t, func(e *env) {
		client, server := pair(e)
		message := pattern(200_000)
		writing := e.Spawn(func(e *testworld.Env) {
			for rest := message; len(rest) > 0; {
				n := min(len(rest), 1+len(rest)%5_000)
				_, err := client.Write(rest[:n]).Await(e.Task)
				e.Check(err)
				rest = rest[n:]
				if len(rest)%3 == 0 {
					e.Check(timer.Sleep(20 * time.Microsecond).Await(e.Task))
				}
			}
			e.Check(client.CloseWrite().Await(e.Task))
		})
		var all []byte
		interrupted := 0
		for i := 0; ; i++ {
			var n int
			var err error
			b := make([]byte, 1+i*131%9_000)
			switch i % 4 {
			case 0: // a deadline that has passed
				e.Check(server.SetReadDeadline(time.Now().Add(time.Duration(i%50) * time.Microsecond)).Await(e.Task))
				n, err = server.Read(b).Await(e.Task)
				e.Check(server.SetReadDeadline(time.Time{}).Await(e.Task))
			case 1: // a scope's
				t, stop := e.Task.WithTimeout(time.Duration(i%50) * time.Microsecond)
				n, err = server.Read(b).Await(t)
				stop()
			case 2: // a Select that a timer wins now and then
				read, sleep := server.Read(b), timer.Sleep(time.Duration(i%50)*time.Microsecond)
				won, e2 := async.Await(e.Task, future.Select[struct{}, int](&sleep, &read))
				if err = e2; won.Won == 0 {
					err = os.ErrDeadlineExceeded
				}
				n = won.B
			default:
				var got []byte
				got, err = server.Recv().Await(e.Task)
				all = append(all, got...)
			}
			all = append(all, b[:n]...)
			if err == io.EOF {
				break
			}
			if err != nil {
				e.Is(err, os.ErrDeadlineExceeded)
				interrupted++
			}
		}
		e.Check(writing.Await(e.Task))
		if !bytes.Equal(all, message) {
			e.Errorf("%d bytes came of %d, or others", len(all), len(message))
		}
		if interrupted == 0 {
			e.Log("nothing was interrupted")
		}
		closeAll(e, client, server)
	})
}

// A Write that is cancelled or out of time says how much the peer will get, and what
// is written afterwards follows that.
func TestInterruptedWrites(t *testing.T) {
	onEach(t, func(e *env) {
		client, server := pair(e)
		message := pattern(16 << 20)
		at := 0
		for i := range 4 {
			task, stop := e.Task, func() {}
			if i%2 == 0 {
				task, stop = e.Task.WithTimeout(10 * time.Millisecond)
			} else {
				e.Check(client.SetWriteDeadline(time.Now().Add(10 * time.Millisecond)).Await(e.Task))
			}
			n, err := client.Write(message[at:]).Await(task)
			stop()
			e.Is(err, os.ErrDeadlineExceeded)
			at += n
			e.Check(client.SetWriteDeadline(time.Time{}).Await(e.Task))
		}
		if at == 0 || at == len(message) {
			e.Fatalf("%d bytes were written", at)
		}
		end := min(at+50_000, len(message))
		reading := e.Spawn(func(e *testworld.Env) {
			all, err := readAll(e.Task, server)
			e.Check(err)
			if !bytes.Equal(all, message[:end]) {
				e.Errorf("%d bytes came of %d, or others", len(all), end)
			}
		})
		_, err := client.Write(message[at:end]).Await(e.Task)
		e.Check(err)
		e.Check(client.CloseWrite().Await(e.Task))
		e.Check(reading.Await(e.Task))
		closeAll(e, client, server)
	})
}

// Goroutines use the connection with Wait.
func TestWait(t *testing.T) {
	onEach(t, func(e *env) {
		client, server := pair(e)
		message := pattern(100_000)
		ctx := context.Background()
		reading := async.Spawn(e.Task, func(t *async.Task) ([]byte, error) { return readAll(t, server) })
		e.Elsewhere(func() error {
			if _, err := client.Write(message).Wait(ctx); err != nil {
				return err
			}
			return client.CloseWrite().Wait(ctx)
		})
		all, err := reading.Await(e.Task)
		e.Check(err)
		e.Equal(string(all), string(message))
		_, err = server.Write([]byte("answer")).Await(e.Task)
		e.Check(err)
		e.Elsewhere(func() error {
			b, err := client.Recv().Wait(ctx)
			if err == nil && string(b) != "answer" {
				err = errors.New("got " + string(b))
			}
			return err
		})
		e.Elsewhere(func() error { return client.Close().Wait(ctx) })
		closeAll(e, server)
	})
}

// Close ends what others wait in, and the peer learns that it was meant.
func TestClose(t *testing.T) {
	onEach(t, func(e *env) {
		client, server := pair(e)
		var waiting []*async.Child
		for range 3 {
			waiting = append(waiting, e.Spawn(func(e *testworld.Env) {
				_, err := client.Read(make([]byte, 1)).Await(e.Task)
				e.Is(err, net.ErrClosed)
			}))
		}
		closeAll(e, client)
		for _, c := range waiting {
			e.Check(c.Await(e.Task))
		}
		_, err := server.Recv().Await(e.Task)
		e.Equal(err, io.EOF)
		closeAll(e, server)
	})
}

// What Recv has lent is not given to others because somebody else closes.
func TestLentBytesOutliveAForeignClose(t *testing.T) {
	onEach(t, func(e *env) {
		a, b := pair(e)
		x, y := pair(e)
		_, err := a.Write([]byte("mine")).Await(e.Task)
		e.Check(err)
		borrowed, closed := false, false
		borrower := e.Spawn(func(e *testworld.Env) {
			lent, err := b.Recv().Await(e.Task)
			e.Check(err)
			for borrowed = true; !closed; {
				e.Check(async.Yield(e.Task))
			}
			e.Equal(string(lent), "mine")
		})
		for !borrowed {
			e.Check(async.Yield(e.Task))
		}
		closeAll(e, b)
		for range 4 {
			_, err = x.Write([]byte("SECRET")).Await(e.Task)
			e.Check(err)
			_, err = y.Recv().Await(e.Task)
			e.Check(err)
		}
		closed = true
		e.Check(borrower.Await(e.Task))
		closeAll(e, a, x, y)
	})
}

// Nor because somebody else reads on, if it was left to whoever has it; and what has come
// with it is not lost.
func TestLeftBytesOutliveForeignReads(t *testing.T) {
	onEach(t, func(e *env) {
		a, b := pair(e)
		for _, s := range []string{"mine", "more"} {
			_, err := a.Write([]byte(s)).Await(e.Task)
			e.Check(err)
		}
		borrowed, read := false, false
		borrower := e.Spawn(func(e *testworld.Env) {
			lent, err := b.Recv().Await(e.Task)
			e.Check(err)
			got := string(lent)
			for borrowed = true; !read; {
				e.Check(async.Yield(e.Task))
			}
			e.Equal(string(lent), got)
		})
		for !borrowed {
			e.Check(async.Yield(e.Task))
		}
		b.LeaveLent()
		for range 4 {
			_, err := a.Write([]byte("SECRET")).Await(e.Task)
			e.Check(err)
		}
		got := make([]byte, len("moreSECRET"))
		_, err := netio.ReadFull(e.Task, b, got)
		e.Check(err)
		e.Equal(string(got), "moreSECRET")
		_, err = b.Recv().Await(e.Task)
		e.Check(err)
		read = true
		e.Check(borrower.Await(e.Task))
		closeAll(e, a, b)
	})
}

// The end of the stream in a record is an error; between two it is taken for the end.
func TestTruncation(t *testing.T) {
	for name, c := range map[string]struct {
		rest string
		want error
	}{
		"between records": {"", io.EOF},
		"in a header":     {"\x17\x03", io.ErrUnexpectedEOF},
		"in a record":     {"\x17\x03\x03\x01\x00abc", io.ErrUnexpectedEOF},
	} {
		t.Run(name, func(t *testing.T) {
			onEach(t, func(e *env) {
				client, server := pair(e)
				_, err := client.Transport().Write([]byte(c.rest)).Await(e.Task)
				e.Check(err)
				e.Check(client.Transport().CloseWrite().Await(e.Task))
				for range 2 {
					_, err = server.Read(make([]byte, 10)).Await(e.Task)
					e.Is(err, c.want)
				}
				closeAll(e, client, server)
			})
		})
	}
}

// What is no record ends the connection, with an alert for the peer.
func TestBadRecord(t *testing.T) {
	for name, bad := range map[string]string{
		"forged":    "\x17\x03\x03\x00\x20" + string(make([]byte, 32)),
		"oversized": "\x17\x03\x03\xff\xff",
		"type":      "\x99\x03\x03\x00\x20" + string(make([]byte, 32)),
		"version":   "\x17\x07\x07\x00\x20" + string(make([]byte, 32)),
	} {
		t.Run(name, func(t *testing.T) {
			onEach(t, func(e *env) {
				client, server := pair(e)
				_, err := client.Transport().Write([]byte(bad)).Await(e.Task)
				e.Check(err)
				var first error
				for range 2 {
					_, err = server.Recv().Await(e.Task)
					if err == nil || err == io.EOF || first != nil && err.Error() != first.Error() {
						e.Fatalf("got %v, after %v", err, first)
					}
					first = err
				}
				_, err = client.Recv().Await(e.Task)
				var op *net.OpError
				if !errors.As(err, &op) || op.Op != "remote error" {
					e.Errorf("the peer was not told: %v", err)
				}
				closeAll(e, client, server)
			})
		})
	}
}
