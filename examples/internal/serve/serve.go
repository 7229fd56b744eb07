// Package serve is what the example servers have in common: flags, signals, and
// the line that says where they listen.
package serve

import (
	"errors"
	"flag"
	"fmt"
	"os"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/netio"
	"rondo.dev/rondo/signals"
)

// Main parses the command line and serves connections until SIGINT or SIGTERM.
// addr is the default of -addr. Flags of the program's own are defined before.
func Main(addr string, handler func(t *async.Task, c *netio.Conn) error, opts ...netio.ServeOption) {
	flag.StringVar(&addr, "addr", addr, "address to listen on; port 0 picks a free one")
	driver := flag.String("driver", "", "io_uring, epoll or auto")
	loops := flag.Int("loops", 0, "number of event loops; 0 is one a processor")
	flag.Parse()

	err := rondo.Run(func(t *async.Task) error {
		t, stop := signals.WithCancel(t) // by SIGINT and SIGTERM
		defer stop()
		ln, err := netio.Listen(t, "tcp", addr)
		if err != nil {
			return err
		}
		fmt.Println("listening on", ln.Addr())
		return netio.Serve(t, ln, handler, opts...)
	}, rondo.Driver(*driver), rondo.Loops(*loops))
	if sig := (*signals.Error)(nil); err != nil && !errors.As(err, &sig) {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
