// Command gnet is the echo server on gnet: callbacks on event loops, the
// loop's own buffer.
package main

import (
	"net"
	"os"

	"github.com/panjf2000/gnet/v2"

	"rondo.dev/rondo/bench/internal/serve"
)

type server struct{ gnet.BuiltinEventEngine }

// OnBoot finds the port that the kernel chose: gnet does not tell.
func (*server) OnBoot(eng gnet.Engine) gnet.Action {
	fd, err := eng.Dup()
	if err != nil {
		serve.Exit(err)
	}
	file := os.NewFile(uintptr(fd), "listener")
	defer file.Close()
	ln, err := net.FileListener(file)
	if err != nil {
		serve.Exit(err)
	}
	defer ln.Close()
	serve.Listening(ln.Addr())
	return gnet.None
}

func (*server) OnTraffic(c gnet.Conn) gnet.Action {
	buf, err := c.Next(-1)
	if err != nil {
		return gnet.Close
	}
	if _, err := c.Write(buf); err != nil {
		return gnet.Close
	}
	return gnet.None
}

func main() {
	f := serve.Parse()
	err := gnet.Run(&server{}, "tcp://"+f.Addr, gnet.WithNumEventLoop(f.Loops))
	if err != nil {
		serve.Exit(err)
	}
}
