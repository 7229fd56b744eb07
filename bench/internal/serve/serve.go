// Package serve is the command line that all servers of the comparison share,
// for those written in Go:
//
//	server -addr 127.0.0.1:0 -loops N
//
// prints "listening on ADDR" once it listens, and serves until it is killed. With
// -compute N it does so beside N goroutines that compute without a pause.
package serve

import (
	"flag"
	"fmt"
	"net"
	"os"
	"runtime"
)

// Flags are the parsed command line.
type Flags struct {
	Addr  string // host and port; port 0 asks for any
	Loops int    // event loops, and GOMAXPROCS
	Buf   int    // bytes of a connection's own buffer, where it has one
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
	flag.Parse()
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

// Listening announces the address, which the harness waits for.
func Listening(addr net.Addr) { fmt.Println("listening on", addr) }

// Exit ends the program with an error that the harness shows.
func Exit(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
