// Command netpoll is the echo server on netpoll: a goroutine of its pool for
// every request, zero-copy buffers.
package main

import (
	"context"

	"github.com/cloudwego/netpoll"

	"rondo.dev/rondo/bench/internal/serve"
)

func main() {
	f := serve.Parse()
	if err := netpoll.Configure(netpoll.Config{PollerNum: f.Loops}); err != nil {
		serve.Exit(err)
	}
	ln, err := netpoll.CreateListener("tcp", f.Addr)
	if err != nil {
		serve.Exit(err)
	}
	loop, err := netpoll.NewEventLoop(echo)
	if err != nil {
		serve.Exit(err)
	}
	serve.Listening(ln.Addr())
	serve.Exit(loop.Serve(ln))
}

func echo(_ context.Context, conn netpoll.Connection) error {
	r, w := conn.Reader(), conn.Writer()
	buf, err := r.Next(r.Len())
	if err != nil {
		return err
	}
	// The bytes stay valid until Release, so they go out without a copy.
	if _, err := w.WriteBinary(buf); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return r.Release()
}
