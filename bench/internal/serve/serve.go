// Package serve is the command line that all servers of the comparison share,
// for those written in Go:
//
//	server -addr 127.0.0.1:0 -loops N
//
// prints "listening on ADDR" once it listens, and serves until it is killed. With
// -compute N it does so beside N goroutines that compute without a pause; with -collect
// it collects its garbage on SIGUSR1. Servers of HTTP answer as Handler does, and with
// -tls over TLS.
package serve

import (
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"
)

// Flags are the parsed command line.
type Flags struct {
	Addr  string // host and port; port 0 asks for any
	Loops int    // event loops, and GOMAXPROCS
	Buf   int    // bytes of a connection's own buffer, where it has one
	TLS   bool   // serve HTTPS instead of HTTP
}

// Parse parses the command line and sets GOMAXPROCS to the number of loops, so
// that a server on N loops may use N cores and not one more. Then it starts the
// goroutines that compute.
func Parse() Flags {
	var f Flags
	flag.StringVar(&f.Addr, "addr", "127.0.0.1:0", "`address` to listen on")
	flag.IntVar(&f.Loops, "loops", 1, "`number` of event loops, and of cores to use")
	flag.IntVar(&f.Buf, "buf", 4096, "`bytes` of a connection's buffer, if connections have one of their own")
	computing := flag.Int("compute", 0, "`number` of goroutines that compute beside")
	collects := flag.Bool("collect", false, "collect garbage on SIGUSR1")
	flag.BoolVar(&f.TLS, "tls", false, "serve HTTPS, and HTTP/2 if that is asked for, with a certificate made for it")
	flag.Parse()
	if *collects {
		collect()
	}
	runtime.GOMAXPROCS(f.Loops)
	for range *computing {
		go compute()
	}
	return f
}

// compute keeps a processor busy and never enters the kernel by itself.
func compute() {
	for x := uint64(1); x != 0; { // an odd number times an odd number is not 0
		x *= 6364136223846793005
	}
}

// collect waits for the signal to collect.
func collect() {
	told := make(chan os.Signal, 1)
	signal.Notify(told, syscall.SIGUSR1)
	go func() {
		for range told {
			for range 5 { // each halves the stacks that are too large
				debug.FreeOSMemory()
			}
		}
	}()
}

// Listening announces the address, which the harness waits for.
func Listening(addr net.Addr) { fmt.Println("listening on", addr) }

// Exit ends the program with an error that the harness shows.
func Exit(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
