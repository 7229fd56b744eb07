// Proxy passes TCP connections on to another address, both ways: the end of one
// direction is passed on while the other goes on, and a connection on which
// nothing moves for a while is closed.
package main

import (
	"flag"
	"time"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/examples/internal/serve"
	"rondo.dev/rondo/netio"
)

var (
	to   = flag.String("to", "127.0.0.1:7007", "address to pass connections on to")
	idle = flag.Duration("idle", 5*time.Minute, "close a connection on which nothing has moved for so long")
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
	_, _, err = netio.CopyBidirectional(t, client, server, netio.IdleTimeout(*idle))
	return err
}
