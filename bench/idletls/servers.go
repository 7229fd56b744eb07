package main

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime/debug"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/internal/testcert"
	"rondo.dev/rondo/netio"
	"rondo.dev/rondo/netio/tlsio"
)

// servers echo what they are told, over TLS, until the parent ends.
var servers = map[string]func() error{
	"rondo":      serveRondo,
	"lowered":    serveLowered,
	"goroutines": serveGoroutines,
	"net/http":   serveHTTP,
	"nbio":       serveNbio,
}

func config() (*tls.Config, error) {
	ca, err := testcert.New()
	if err != nil {
		return nil, err
	}
	cert, err := ca.Issue("server.test")
	return &tls.Config{Certificates: []tls.Certificate{cert}}, err
}

// obey tells the parent the address, and does what it asks until it ends.
func obey(addr net.Addr) {
	fmt.Println(addr)
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		for range 5 { // each halves the stacks that are too large
			debug.FreeOSMemory()
		}
		fmt.Println("done")
	}
	os.Exit(0)
}

func serveRondo() error {
	cfg, err := config()
	if err != nil {
		return err
	}
	return rondo.Run(func(t *async.Task) error {
		ln, err := netio.Listen(t, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		go obey(ln.Addr())
		return tlsio.Serve(t, ln, cfg, echoRondo)
	})
}

func echoRondo(t *async.Task, c *tlsio.Conn) error {
	for {
		b, err := c.Recv().Await(t)
		if err != nil {
			return err
		}
		if _, err := c.Write(b).Await(t); err != nil {
			return err
		}
	}
}

func serveGoroutines() error {
	cfg, err := config()
	if err != nil {
		return err
	}
	ln, err := tls.Listen("tcp", "127.0.0.1:0", cfg)
	if err != nil {
		return err
	}
	go obey(ln.Addr())
	for {
		c, err := ln.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer c.Close()
			b := make([]byte, 4096)
			for {
				n, err := c.Read(b)
				if err != nil {
					return
				}
				if _, err := c.Write(b[:n]); err != nil {
					return
				}
			}
		}()
	}
}

func serveHTTP() error {
	cfg, err := config()
	if err != nil {
		return err
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go obey(ln.Addr())
	s := http.Server{TLSConfig: cfg, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(w, r.Body)
	})}
	if err := s.ServeTLS(ln, "", ""); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
