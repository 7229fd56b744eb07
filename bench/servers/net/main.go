// Command net is the echo server that every Go programmer writes first: a
// goroutine a connection, with a buffer of its own.
package main

import (
	"net"

	"rondo.dev/rondo/bench/internal/serve"
)

func main() {
	f := serve.Parse()
	ln, err := net.Listen("tcp", f.Addr)
	if err != nil {
		serve.Exit(err)
	}
	serve.Listening(ln.Addr())
	for {
		conn, err := ln.Accept()
		if err != nil {
			serve.Exit(err)
		}
		go echo(conn, f.Buf)
	}
}

func echo(conn net.Conn, size int) {
	defer conn.Close()
	buf := make([]byte, size)
	for {
		n, err := conn.Read(buf)
		if err != nil {
			return
		}
		if _, err := conn.Write(buf[:n]); err != nil {
			return
		}
	}
}
