package serve

import (
	"context"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"rondo.dev/rondo"
	"rondo.dev/rondo/web"
)

// HTTP is Main for a web server. At the end the requests that are being served have five
// seconds.
func HTTP(addr string, handler http.Handler) {
	flag.StringVar(&addr, "addr", addr, "address to listen on; port 0 picks a free one")
	driver := flag.String("driver", "", "io_uring, epoll or auto")
	loops := flag.Int("loops", 0, "number of event loops; 0 is one a processor")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	rt, err := rondo.New(rondo.Driver(*driver), rondo.Loops(*loops))
	exitOn(err)
	l, err := net.Listen("tcp", addr)
	exitOn(err)
	fmt.Println("listening on", l.Addr())

	server := &web.Server{Handler: handler, Runtime: rt}
	ended := make(chan error, 1)
	go func() {
		<-ctx.Done()
		limited, stop := context.WithTimeout(context.Background(), 5*time.Second)
		defer stop()
		ended <- server.Shutdown(limited)
	}()
	if err := server.Serve(l); err != http.ErrServerClosed {
		exitOn(err)
	}
	exitOn(<-ended)
}

func exitOn(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
