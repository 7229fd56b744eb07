// The program echo is a WebSocket server for clients that know nothing of rondo: see
// .ci/websocket. It sends back what it receives; asked to, by "close 4000 reason" as a
// text, it closes instead.
package main

import (
	"bufio"
	"bytes"
	"context"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"strings"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/netio"
	"rondo.dev/rondo/web/websocket"
)

var options = &websocket.Options{MaxMessage: 16 << 20, Subprotocols: []string{"echo"}}

func main() {
	log.SetFlags(0)
	addr := flag.String("addr", "127.0.0.1:0", "where to listen")
	loop := flag.Bool("loop", false, "run on event loops, rather than on goroutines of net/http")
	flag.Parse()
	if *loop {
		log.Fatal(rondo.Run(func(t *async.Task) error {
			ln, err := netio.Listen(t, "tcp", *addr)
			if err != nil {
				return err
			}
			fmt.Println("listening on", ln.Addr())
			return netio.Serve(t, ln, serve)
		}))
	}
	ln, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("listening on", ln.Addr())
	log.Fatal(http.Serve(ln, http.HandlerFunc(plain)))
}

// asked reports whether a message asks for a close, and for which.
func asked(m websocket.Message) (code websocket.Code, reason string, ok bool) {
	if m.Kind != websocket.Text || !bytes.HasPrefix(m.Data, []byte("close ")) {
		return 0, "", false
	}
	n, _ := fmt.Sscanf(string(m.Data), "close %d", &code)
	if f := strings.SplitN(string(m.Data), " ", 3); len(f) == 3 {
		reason = f[2]
	}
	return code, reason, n == 1
}

// plain is the handler that is a goroutine.
func plain(w http.ResponseWriter, r *http.Request) {
	c, err := websocket.Accept(w, r, options)
	if err != nil {
		return
	}
	ctx := context.Background()
	defer c.Close().Wait(ctx)
	for {
		m, err := c.Receive().Wait(ctx)
		if err != nil {
			return
		}
		if code, reason, ok := asked(m); ok {
			c.CloseWith(code, reason).Wait(ctx)
			return
		}
		if _, err := c.Send(m.Kind, m.Data).Wait(ctx); err != nil {
			return
		}
	}
}

// handler is the async one.
func handler(t *async.Task, w http.ResponseWriter, r *http.Request) {
	c, err := websocket.AcceptAsync(t, w, r, options)
	if err != nil {
		return
	}
	defer c.Close().Await(t)
	for {
		m, err := c.Receive().Await(t)
		if err != nil {
			return
		}
		if code, reason, ok := asked(m); ok {
			c.CloseWith(code, reason).Await(t)
			return
		}
		if _, err := c.Send(m.Kind, m.Data).Await(t); err != nil {
			return
		}
	}
}

// serve reads the one request of a connection.
func serve(t *async.Task, conn *netio.Conn) error {
	var head []byte
	for !bytes.Contains(head, []byte("\r\n\r\n")) {
		b, err := conn.Recv().Await(t)
		if err != nil {
			return err
		}
		head = append(head, b...)
	}
	rest := bufio.NewReader(bytes.NewReader(head))
	r, err := http.ReadRequest(rest)
	if err != nil {
		return err
	}
	first, _ := rest.Peek(rest.Buffered())
	handler(t, &response{conn: conn, first: first, header: http.Header{}}, r)
	return nil
}

// response gives its connection away. A refusal is not worth an answer here.
type response struct {
	conn   *netio.Conn
	first  []byte
	header http.Header
}

func (w *response) Header() http.Header               { return w.header }
func (w *response) WriteHeader(int)                   {}
func (w *response) Write(b []byte) (int, error)       { return len(b), nil }
func (w *response) HijackAsync() (any, []byte, error) { return w.conn, w.first, nil }
