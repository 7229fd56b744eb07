package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"runtime/debug"

	"github.com/gorilla/websocket"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/netio"
	rondows "rondo.dev/rondo/web/websocket"
)

// servers echo what they are told, until the parent ends.
var servers = map[string]func() error{
	"rondo":           serveRondo,
	"lowered":         serveLowered,
	"rondo, net/http": func() error { return serveHTTP(plain) },
	"gorilla":         func() error { return serveHTTP(gorilla) },
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

func serveHTTP(handler http.HandlerFunc) error {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go obey(ln.Addr())
	return http.Serve(ln, handler)
}

var upgrader websocket.Upgrader

func gorilla(w http.ResponseWriter, r *http.Request) {
	c, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer c.Close()
	for {
		kind, b, err := c.ReadMessage()
		if err != nil {
			return
		}
		if err := c.WriteMessage(kind, b); err != nil {
			return
		}
	}
}

func plain(w http.ResponseWriter, r *http.Request) {
	c, err := rondows.Accept(w, r, nil)
	if err != nil {
		return
	}
	ctx := context.Background()
	defer c.CloseNow().Wait(ctx)
	for {
		m, err := c.Receive().Wait(ctx)
		if err != nil {
			return
		}
		if _, err := c.Send(m.Kind, m.Data).Wait(ctx); err != nil {
			return
		}
	}
}

func serveRondo() error {
	return rondo.Run(func(t *async.Task) error {
		ln, err := netio.Listen(t, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		go obey(ln.Addr())
		return netio.Serve(t, ln, serveOne)
	})
}

// serveOne is as much of a web server as is needed. The request is gone when the
// connection has changed hands.
func serveOne(t *async.Task, conn *netio.Conn) error {
	c, err := accept(t, conn)
	if err != nil {
		return err
	}
	return echo(t, c)
}

func echo(t *async.Task, c *rondows.Conn) error {
	for {
		m, err := c.Receive().Await(t)
		if err != nil {
			return err
		}
		if _, err := c.Send(m.Kind, m.Data).Await(t); err != nil {
			return err
		}
	}
}

func accept(t *async.Task, conn *netio.Conn) (*rondows.Conn, error) {
	var head []byte
	for !bytes.Contains(head, []byte("\r\n\r\n")) {
		b, err := conn.Recv().Await(t)
		if err != nil {
			return nil, err
		}
		head = append(head, b...)
	}
	r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(head)))
	if err != nil {
		return nil, err
	}
	return rondows.AcceptAsync(t, &response{conn: conn, header: http.Header{}}, r, nil)
}

// response gives its connection away.
type response struct {
	conn   *netio.Conn
	header http.Header
}

func (w *response) Header() http.Header               { return w.header }
func (w *response) WriteHeader(int)                   {}
func (w *response) Write(b []byte) (int, error)       { return len(b), nil }
func (w *response) HijackAsync() (any, []byte, error) { return w.conn, nil, nil }
