// Package serve is the command line that all servers of the comparison share,
// for those written in Go:
//
//	server -addr 127.0.0.1:0 -loops N
//
// prints "listening on ADDR" once it listens, and serves until it is killed.
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
// that a server on N loops may use N cores and not one more.
func Parse() Flags {
	var f Flags
	flag.StringVar(&f.Addr, "addr", "127.0.0.1:0", "`address` to listen on")
	flag.IntVar(&f.Loops, "loops", 1, "`number` of event loops, and of cores to use")
	flag.IntVar(&f.Buf, "buf", 4096, "`bytes` of a connection's buffer, if connections have one of their own")
	flag.Parse()
	runtime.GOMAXPROCS(f.Loops)
	return f
}

// Listening announces the address, which the harness waits for.
func Listening(addr net.Addr) { fmt.Println("listening on", addr) }

// Exit ends the program with an error that the harness shows.
func Exit(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
