// Hello answers every HTTP/1.1 request with the same page. It reads just enough
// HTTP for curl, browsers and load generators: request heads, bodies by
// Content-Length, pipelining, keep-alive and Connection: close.
package main

import (
	"bytes"
	"errors"
	"io"
	"strconv"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/examples/internal/serve"
	"rondo.dev/rondo/netio"
)

func main() { serve.Main("127.0.0.1:8080", hello) }

const (
	body     = "Hello from rondo!\n"
	maxHead  = 64 << 10
	tooLarge = "HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
	bad      = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
)

func hello(t *async.Task, conn *netio.Conn) error {
	var (
		partial []byte // a head that has not come whole yet
		skip    int    // bytes of a request's body that are still to come
	)
	for {
		data, err := conn.Recv().Await(t)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if len(partial) > 0 {
			data = append(partial, data...)
			partial = nil
		}
		var out []byte
		last := false
		for !last {
			n := min(skip, len(data))
			data, skip = data[n:], skip-n
			head, rest, whole := bytes.Cut(data, []byte("\r\n\r\n"))
			if !whole {
				break
			}
			data = rest
			var reply string
			reply, skip, last = answer(head)
			out = append(out, reply...)
		}
		if !last && len(data) > maxHead {
			out, last = append(out, tooLarge...), true
		}
		if len(out) > 0 {
			if _, err := conn.Write(out).Await(t); err != nil || last {
				return err
			}
		}
		// data is lent, so what is kept of it has to be copied.
		partial = append(partial, data...)
	}
}

// answer returns the reply to a request, the length of the body that follows its
// head, and whether it is the connection's last.
func answer(head []byte) (reply string, length int, last bool) {
	line, fields, _ := bytes.Cut(head, []byte("\r\n"))
	method, rest, ok := bytes.Cut(line, []byte(" "))
	_, version, ok2 := bytes.Cut(rest, []byte(" "))
	if !ok || !ok2 || !bytes.HasPrefix(version, []byte("HTTP/1.")) {
		return bad, 0, true
	}
	last = bytes.Equal(version, []byte("HTTP/1.0"))
	for len(fields) > 0 {
		var field []byte
		field, fields, _ = bytes.Cut(fields, []byte("\r\n"))
		name, value, _ := bytes.Cut(field, []byte(":"))
		value = bytes.TrimSpace(value)
		switch {
		case bytes.EqualFold(name, []byte("Content-Length")):
			n, err := strconv.ParseUint(string(value), 10, 31)
			if err != nil {
				return bad, 0, true
			}
			length = int(n)
		case bytes.EqualFold(name, []byte("Transfer-Encoding")):
			return bad, 0, true
		case bytes.EqualFold(name, []byte("Connection")):
			last = last && !bytes.EqualFold(value, []byte("keep-alive")) || bytes.EqualFold(value, []byte("close"))
		}
	}
	return respond(string(method) != "HEAD", last), length, last
}

// responses are the four replies there are.
var responses = func() (r [2][2]string) {
	for withBody := range 2 {
		for last := range 2 {
			s := "HTTP/1.1 200 OK\r\nServer: rondo\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n"
			if last == 1 {
				s += "Connection: close\r\n"
			}
			s += "\r\n"
			if withBody == 1 {
				s += body
			}
			r[withBody][last] = s
		}
	}
	return r
}()

func respond(withBody, last bool) string {
	i, j := 0, 0
	if withBody {
		i = 1
	}
	if last {
		j = 1
	}
	return responses[i][j]
}
