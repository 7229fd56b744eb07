// Command nbio is the echo server on nbio: a callback on each chunk, in the
// poller's own buffer.
package main

import (
	"net"

	"github.com/lesismal/nbio"
	"github.com/lesismal/nbio/logging"

	"rondo.dev/rondo/bench/internal/serve"
)

func main() {
	f := serve.Parse()
	logging.SetLevel(logging.LevelError)
	engine := nbio.NewEngine(nbio.Config{
		Network: "tcp",
		Addrs:   []string{f.Addr},
		NPoller: f.Loops,
	})
	engine.OnData(func(c *nbio.Conn, data []byte) {
		// A failed write closes the connection; there is nothing to add.
		_, _ = c.Write(data)
	})
	if err := engine.Start(); err != nil {
		serve.Exit(err)
	}
	addr, err := net.ResolveTCPAddr("tcp", engine.Addrs[0])
	if err != nil {
		serve.Exit(err)
	}
	serve.Listening(addr)
	select {}
}
