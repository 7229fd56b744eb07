// Echo sends back what it receives. While a connection is silent it costs its
// task and no buffer.
package main

import (
	"errors"
	"io"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/examples/internal/serve"
	"rondo.dev/rondo/netio"
)

func main() { serve.Main("127.0.0.1:7007", echo) }

func echo(t *async.Task, conn *netio.Conn) error {
	for {
		data, err := conn.Recv().Await(t) // lent until the next Recv
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if _, err := conn.Write(data).Await(t); err != nil {
			return err
		}
	}
}
