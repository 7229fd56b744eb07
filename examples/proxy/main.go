// Proxy passes TCP connections on to another address, both ways: the end of one
// direction is passed on while the other goes on, and a connection on which
// nothing moves for a while is closed.
package main

import (
	"errors"
	"flag"
	"io"
	"time"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/examples/internal/serve"
	"rondo.dev/rondo/netio"
)

var (
	to   = flag.String("to", "127.0.0.1:7007", "address to pass connections on to")
	idle = flag.Duration("idle", 5*time.Minute, "close a direction on which nothing has moved for so long")
	dial = flag.Duration("dial", 5*time.Second, "time limit for connecting")
)

func main() { serve.Main("127.0.0.1:7008", proxy) }

func proxy(t *async.Task, client *netio.Conn) error {
	dialer := netio.Dialer{Timeout: *dial}
	server, err := dialer.Dial(t, "tcp", *to)
	if err != nil {
		return err
	}
	defer server.Close().Await(t)

	// The first direction that fails cancels the other; both have to end.
	g := async.NewGroup(t, 0)
	g.Go(func(t *async.Task) error { return pass(t, server, client) })
	g.Go(func(t *async.Task) error { return pass(t, client, server) })
	return g.Wait(t)
}

// pass copies what src sends to dst, and then its end.
func pass(t *async.Task, dst, src *netio.Conn) error {
	for {
		if err := src.SetReadDeadline(time.Now().Add(*idle)).Await(t); err != nil {
			return err
		}
		data, err := src.Recv().Await(t)
		if errors.Is(err, io.EOF) {
			return dst.CloseWrite().Await(t)
		}
		if err != nil {
			return err
		}
		if _, err := dst.Write(data).Await(t); err != nil {
			return err
		}
	}
}
